"""The long computations that users share: accuracy curves, effects, checks and evaluations, films.

Films are made in threads of the server. Everything that runs networks or reads folders runs in the worker
process.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import streamlit as st

from app.state.networks import checkpoint, device
from app.work import attention as attention_work
from app.work import effect_pairs
from app.work.attention import AttentionQuestion
from app.work.curves import accuracy_curve, modality_accuracy_curve
from app.work.datasets import EvaluationRequest, check, measure_folder
from app.work.effects import EffectQuestion, kept_answers, measure_effects, question_key
from app.work.health import health_report
from app.work.jobs import Job, Jobs, Work
from app.work.process import PROCESS
from peerattn.checkpoints.resolving import stamp
from peerattn.data.labelled_set import LabelledSet
from peerattn.scores.attention_answers import AblationAnswers
from peerattn.scores.effect_answers import EffectAnswers
from peerattn.scores.effect_pairs import PairAnswers
from peerattn.scores.effects import Effects


@st.cache_resource(max_entries=1, show_spinner=False)
def film_jobs() -> Jobs:
    """Return the jobs of films, including those that finished last."""
    return Jobs(capacity=4)


@st.cache_resource(max_entries=1, show_spinner=False)
def process_jobs() -> Jobs:
    """Return the jobs that run in the worker process."""
    return Jobs(capacity=16)


def curve_job(name: str, examples: LabelledSet) -> Job | None:
    """Return the job of the accuracy curve of a checkpoint on a labelled set, if it was started."""
    return process_jobs().get((name, stamp(name), examples))


def start_curve(name: str, examples: LabelledSet) -> Job:
    return _start((name, stamp(name), examples), partial(accuracy_curve, name, examples, device()))


def modality_curve_job(name: str, examples: LabelledSet, modality: str) -> Job | None:
    """Return the job of the curve over a modality's connections, if it was started."""
    return process_jobs().get((name, stamp(name), examples, modality))


def start_modality_curve(name: str, examples: LabelledSet, modality: str) -> Job:
    work = partial(modality_accuracy_curve, name, examples, modality, device())
    return _start((name, stamp(name), examples, modality), work)


def health_job(name: str, examples: LabelledSet) -> Job | None:
    """Return the job that examines a checkpoint, if it was started; its only result is a `Report`."""
    return process_jobs().get(("health", name, stamp(name), examples))


def start_health(name: str, examples: LabelledSet) -> Job:
    return _start(("health", name, stamp(name), examples), partial(health_report, name, examples, device()))


def check_job(folder: Path) -> Job | None:
    """Return the job that checks a folder, if it was started; its only result is a `FolderReport`."""
    return process_jobs().get(("check", folder))


def start_check(folder: Path) -> Job:
    """Start the check, again if it was done before, because files may have changed."""
    return _restart(("check", folder), partial(check, folder))


def measurement_job(request: EvaluationRequest) -> Job | None:
    """Return the job of an evaluation, if it was started; its only result is a `FolderEvaluation`."""
    return process_jobs().get((request, stamp(request.checkpoint)))


def start_measurement(request: EvaluationRequest) -> Job:
    """Start the evaluation, again if it was done before."""
    return _restart((request, stamp(request.checkpoint)), partial(measure_folder, request, device()))


def effect_key(question: EffectQuestion) -> str:
    """Return the key of a question; raises PeerattnError if its checkpoint or its clips are not found."""
    return question_key(question, checkpoint(question.checkpoint))


def effect_job(key: str) -> Job | None:
    """Return the job that measures effects, if it was started; its results are `EffectAnswers` in parts."""
    return process_jobs().get(("effects", key))


def start_effects(question: EffectQuestion, key: str) -> Job:
    return _start(("effects", key), partial(measure_effects, question, key, device()))


def restart_effects(question: EffectQuestion, key: str) -> Job:
    """Measure effects again, although they are known."""
    _memory.clear()
    return _restart(("effects", key), partial(measure_effects, question, key, device()))


def effect_answers(question: EffectQuestion, key: str) -> EffectAnswers | None:
    """Return the answers to all clips if they were measured, now or on an earlier visit; else None."""
    job = effect_job(key)
    if job and not job.running and not job.error and job.results:
        return joined_answers(job)
    memory = _memory(key)
    if memory.answers is None:
        memory.answers = kept_answers(question, key)
    return memory.answers


def joined_answers(job: Job) -> EffectAnswers:
    """Return the answers that a job has yielded so far."""
    return EffectAnswers.concatenated(list(job.results))


def effects_of(key: str, answers: EffectAnswers) -> Effects:
    """Return the effects that follow from answers; those of the same number of clips are scored once."""
    memory, count = _memory(key), len(answers.before)
    if memory.effects is None or memory.effects.before.n != count:
        memory.effects = answers.effects()
    return memory.effects


@dataclass
class _Memory:
    """What is known about a question since the server started."""

    answers: EffectAnswers | None = None
    effects: Effects | None = None


@st.cache_resource(max_entries=8, show_spinner=False)
def _memory(key: str) -> _Memory:
    return _Memory()


def attention_key(question: AttentionQuestion) -> str:
    """Return the key of a question; raises PeerattnError if its checkpoint or its clips are not found."""
    return attention_work.attention_key(question, checkpoint(question.checkpoint))


def attention_job(key: str) -> Job | None:
    """Return the job that measures whether attention matters, if it was started; its results are
    `AblationAnswers` in parts.
    """
    return process_jobs().get(("attention", key))


def start_attention(question: AttentionQuestion, key: str) -> Job:
    return _start(("attention", key), partial(attention_work.measure_attention, question, key, device()))


def attention_answers(question: AttentionQuestion, key: str) -> AblationAnswers | None:
    """Return the answers to all clips if they were measured, now or on an earlier visit; else None."""
    job = attention_job(key)
    if job and not job.running and not job.error and job.results:
        return AblationAnswers.concatenated(list(job.results))
    return attention_work.kept_attention(question, key)


def pairs_key(question: EffectQuestion) -> str:
    """Return the key of the pairs of a question; raises PeerattnError like `effect_key`."""
    return effect_pairs.pairs_key(question, checkpoint(question.checkpoint))


def pairs_job(key: str) -> Job | None:
    """Return the job that measures pairs, if it was started; its results are `PairAnswers` in parts."""
    return process_jobs().get(("pairs", key))


def start_pairs(question: EffectQuestion, key: str) -> Job:
    return _start(("pairs", key), partial(effect_pairs.measure_pairs, question, key, device()))


def pairs_answers(key: str) -> PairAnswers | None:
    """Return the answers to all clips if they were measured, now or on an earlier visit; else None."""
    job = pairs_job(key)
    if job and not job.running and not job.error and job.results:
        return PairAnswers.concatenated(list(job.results))
    return effect_pairs.kept_pairs(key)


def _restart(key: Hashable, work: Work) -> Job:
    if (previous := process_jobs().get(key)) and not previous.running:
        previous.cancel()  # a cancelled job is not returned again
    return _start(key, work)


def _start(key: Hashable, work: Work) -> Job:
    return process_jobs().start(key, partial(PROCESS.results, work))
