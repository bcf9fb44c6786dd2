"""Effect: what a checkpoint needs, measured by changing one component at a time on labelled clips."""

from __future__ import annotations

import streamlit as st

from app import keys
from app.explorer import panels
from app.parts import bar, labelled_set_choice, network_choice
from app.parts.elements import progress_now
from app.parts.words import clips, plain
from app.screens import attention, effect_pairs, effect_results, measured_set, modality_curve
from app.state import measurements, networks
from app.work.attention import AttentionQuestion
from app.work.effects import EffectQuestion
from app.work.jobs import Job
from app.work.shipped import SHIPPED_CLIPS, SHIPPED_SET, has_own_set
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.errors import PeerattnError
from peerattn.graph.components import CHANGES_IN_WORDS, INTERVENTIONS, PLURALS
from peerattn.scores.effects import DEFINITION

ABOUT = (
    "Weights, shares and attention say what a network does. What it needs is measured: one component at a "
    "time is changed, and the same clips are run again. In a swap, each clip gets the component from "
    "another clip, of another class where there is one."
)
FACTORS = "factors"
"""The choice to replace all attention factors, beside the kinds of single components."""
EVERY = 2.0
"""Seconds after which the results so far are drawn again."""


def show() -> None:
    """Draw the choices, then the progress of the measurement with what is done, or its results."""
    name, of, how = _choose()
    try:
        loaded = networks.checkpoint(name)
    except PeerattnError as error:
        st.error(plain(error))
        return
    if of != FACTORS:
        st.caption(f"{ABOUT} {DEFINITION[0].upper()}{DEFINITION[1:]}.")
    if loaded.remarks:
        st.info(plain(f"No effect can be measured: {loaded.remarks[0]}."))
        return
    labelled_set = labelled_set_choice.show(
        loaded, count=SHIPPED_CLIPS, in_address=True, measured=has_own_set(name)
    )
    if labelled_set is None:
        st.info("Enter a folder of labelled clips.")
        return
    if of == FACTORS:
        panels.load_script()
        attention.show(AttentionQuestion(name, labelled_set), loaded)
        return
    question = EffectQuestion(name, of, how, labelled_set)
    try:
        key = measurements.effect_key(question)
    except PeerattnError as error:
        st.error(plain(error))
        return
    panels.load_script()
    _measurement(question, key, loaded)
    if labelled_set == SHIPPED_SET:
        return
    effect_pairs.show(question, loaded)
    if of == "modality":
        modality_curve.show(name, labelled_set, loaded)


def _choose() -> tuple[str, str, str]:
    """Return the chosen checkpoint, the kind of component, and what is done to each."""
    left, middle, right = st.columns(3)
    with left:
        name = network_choice.show(bar.network_names())
    kept = {"bind": "query-params", "persist_state": "session"}
    with middle:
        words = {**{kind: PLURALS[kind] for kind in INTERVENTIONS}, FACTORS: attention.LABEL}
        of = st.selectbox(
            "What is changed", list(words), key=keys.EFFECT_OF, format_func=words.__getitem__, **kept
        )
    if of == FACTORS:
        right.selectbox("How", [attention.HOW], disabled=True)
        right.caption(attention.WHY_NO_CHOICE)
        return name, of, ""
    ways = measured_set.ways(name, of)
    keys.EFFECT_HOW.keep_among(ways)
    measured_set.follow_measured(name, of)
    with right:
        how = st.selectbox("How", ways, key=keys.EFFECT_HOW, format_func=CHANGES_IN_WORDS.__getitem__, **kept)
    return name, of, how


def _measurement(question: EffectQuestion, key: str, loaded: Checkpoint) -> None:
    """Draw the button, the progress or the results of a question."""
    job = measurements.effect_job(key)
    if job and job.error:
        st.error(plain(job.error))
    if job and job.running:
        st.fragment(_growing, run_every=EVERY)(question, key, job)
    elif answers := measurements.effect_answers(question, key):
        measured_set.say_origin(question.checkpoint, question.file)
        effect_results.show(question, key, answers, loaded)
    elif question.labelled_set == SHIPPED_SET:
        asked = f"{PLURALS[question.of]}, {CHANGES_IN_WORDS[question.how]}"
        measured_set.say_missing(question.checkpoint, asked, question.of)
    elif st.button(f"Measure the effect of all {PLURALS[question.of]}"):
        measurements.start_effects(question, key)
        st.rerun()


def _growing(question: EffectQuestion, key: str, job: Job) -> None:
    """Draw the progress and the results so far."""
    progress_now(job, "runs of a clip", key=keys.CANCEL_EFFECTS, time_left=True)
    if job.results:
        answers = measurements.joined_answers(job)
        st.caption(
            f"So far {len(answers.before)} of {clips(answers.about.total)}. What is called needed can still "
            "change: wait for all clips before you conclude anything."
        )
        effect_results.overview(question, key, answers)


show()
