"""Pairs of components that cost more together than each alone, on the Effect screen."""

from __future__ import annotations

import streamlit as st

from app import keys
from app.explorer import panels
from app.parts.elements import progress_now, table_with_csv
from app.parts.words import clips, plain
from app.state import measurements
from app.work.effects import EffectQuestion
from app.work.jobs import Job
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.errors import PeerattnError
from peerattn.figures.effect_pairs import pair_dots
from peerattn.graph import components
from peerattn.graph.components import CHANGES_IN_WORDS, PLURALS
from peerattn.scores.effect_pairs import PAIR_DEFINITION, PairAnswers, score_pairs
from peerattn.scores.kinds import HEADLINES
from peerattn.tables.effect_pairs import pairs_table

OFFERED = ("modality", "block", "connection")
ABOUT = (
    "Two components that can stand in for each other cost little alone, but much together. Up to ten pairs "
    "are measured; of more, five are chosen on some of the source videos and measured on the others, because "
    "the greatest of many values is too great on the clips by which it was chosen."
)
EVERY = 2.0
"""Seconds after which the results so far are drawn again."""


def show(question: EffectQuestion, loaded: Checkpoint) -> None:
    """Draw the button, the progress with what is done, or the pairs."""
    if question.of not in OFFERED or len(components.names(loaded.structure, question.of)) < 2:
        return
    st.subheader(f"Pairs of {PLURALS[question.of]}", anchor=False)
    st.caption(ABOUT)
    try:
        key = measurements.pairs_key(question)
    except PeerattnError as error:
        st.error(plain(error))
        return
    job = measurements.pairs_job(key)
    if job and job.error:
        st.error(plain(job.error))
    if job and job.running:
        st.fragment(_growing, run_every=EVERY)(question, job)
    elif answers := measurements.pairs_answers(key):
        _results(question, answers)
    elif st.button(f"Measure pairs of {PLURALS[question.of]}"):
        measurements.start_pairs(question, key)
        st.rerun()


def _growing(question: EffectQuestion, job: Job) -> None:
    progress_now(job, "runs of a clip", key=keys.CANCEL_PAIRS, time_left=True)
    if job.results:
        answers = PairAnswers.concatenated(list(job.results))
        st.caption(
            f"So far {len(answers.answers.before)} of {clips(answers.answers.about.total)}. Wait for all "
            "clips before you conclude anything."
        )
        _results(question, answers)


def _results(question: EffectQuestion, answers: PairAnswers) -> None:
    found = score_pairs(answers)
    table, score = pairs_table(found), HEADLINES[found.before.kind].title
    held = "" if len(table) < 2 else f"; the {len(table)} intervals of a column hold at once"
    panels.show_chart(
        f"Pairs of {PLURALS[question.of]}: {CHANGES_IN_WORDS[question.how]}",
        f"{PAIR_DEFINITION[0].upper()}{PAIR_DEFINITION[1:]}. On the same {clips(found.before.n)}, with 95 % "
        f"intervals{held}. The table has the change in {score} with both changed.",
        pair_dots(table),
        table,
        key=keys.EFFECT_PAIRS,
    )
    table_with_csv(
        {"Pairs": lambda: table},
        stem=f"{question.checkpoint}-{question.of}-{question.how}",
        key=keys.EFFECT_PAIRS_CSV,
    )
    st.caption(f"Measured on {clips(found.before.n)}; {found.selection.words}.")
    if found.not_measured:
        with st.expander(f"Not measured: {len(found.not_measured)}"):
            for name, reason in found.not_measured.items():
                st.text(f"{name}: {reason}")
