"""The long computations that users share: accuracy curves, checks and evaluations of folders, films.

Films are made in threads of the server. Everything that runs networks or reads folders runs in the worker
process.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from pathlib import Path

import streamlit as st

from app.state.networks import device
from app.work.curves import accuracy_curve
from app.work.datasets import EvaluationRequest, check, measure_folder
from app.work.health import health_report
from app.work.jobs import Job, Jobs, Work
from app.work.process import PROCESS
from peerattn.checkpoints.resolving import stamp
from peerattn.data.labelled_set import LabelledSet


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


def _restart(key: Hashable, work: Work) -> Job:
    if (previous := process_jobs().get(key)) and not previous.running:
        previous.cancel()  # a cancelled job is not returned again
    return _start(key, work)


def _start(key: Hashable, work: Work) -> Job:
    return process_jobs().start(key, partial(PROCESS.results, work))
