"""Accuracy before and after pruning on a labelled set, each with its interval, and along all thresholds."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import keys
from app.explorer import panels
from app.parts.answers import WORDINGS
from app.parts.elements import number, numbers, progress_now
from app.parts.words import interval, maps_used, percent, plain, points, points_interval
from app.state import measurements
from app.state.shown import Opened
from app.work.curves import at
from app.work.jobs import Job
from peerattn.data.labelled_set import LabelledSet
from peerattn.figures.predictions import accuracy_curve
from peerattn.graph.connectivity import Removal
from peerattn.pruning.curve import CurvePoint
from peerattn.scores.intervals import clips_of
from peerattn.scores.kinds import AnyEvaluation, difference, headline
from peerattn.tables.accuracy import SCORES, accuracy_table

COUNTS = (48, 96, 192, 384)


def show(shown: Opened, removal: Removal, row: DeltaGenerator) -> None:
    """The choice of the labelled set, then its curve: offered, growing, or whole; in short in `row`."""
    score = WORDINGS[shown.checkpoint.structure.answer.kind].score
    st.subheader(f"{score} before and after", anchor=False)
    chosen = _labelled_set(shown)
    job = measurements.curve(shown.choice.checkpoint, chosen) if chosen else None
    _summary(row, job, removal, score)
    if job and job.error:
        st.error(plain(job.error))
    if chosen and (job is None or job.error):
        if st.button(f"Measure the {score.lower()} at every threshold"):
            measurements.start_curve(shown.choice.checkpoint, chosen)
            st.rerun()
    elif job and job.running:
        st.fragment(_growing, run_every=1.0)(job, removal)
    elif job:
        _curve(job.results, removal)
        _unread(chosen, job.results)


def _unread(chosen: LabelledSet | None, curve: list[CurvePoint]) -> None:
    """How many clips of the folder are not in the curve."""
    if chosen and chosen.folder and (whole := curve[0].evaluation):
        count = len(chosen.files()) - whole.n
        if count > 0:
            st.caption(
                f"Clips that could not be read and are not counted: {count}; the Data screen names them."
            )


def _summary(row: DeltaGenerator, job: Job | None, removal: Removal, score: str) -> None:
    now = at(job.results, removal) if job else None
    if job is None or now is None or now.evaluation is None:
        number(row, score, None, "the output is cut off" if now else "not measured yet: see below")
        return
    change = difference(job.results[0].evaluation, now.evaluation)
    value = percent(headline(now.evaluation).value)
    said = points_interval(change.interval, change.remark)
    number(row, score, value, f"{points(change.value)} points", said)


def _labelled_set(shown: Opened) -> LabelledSet | None:
    kind, detail, last = st.columns([2, 3, 2])
    with kind:
        source = st.selectbox("Labelled set", ("Generated clips", "A folder of clips"), key=keys.LABELLED)
    if source == "A folder of clips":
        with detail:
            folder = st.text_input(
                "Folder on this machine",
                key=keys.FOLDER,
                placeholder="/path/to/clips",
                help="One subfolder a class, or a manifest.csv with the columns path, label and split.",
            )
        return LabelledSet(folder=Path(folder.strip())) if folder.strip() else None
    with detail:
        count = st.select_slider(
            "Number of clips",
            COUNTS,
            96,
            key=keys.COUNT,
            help="Clips that training never saw. More clips: narrower intervals, and a longer wait.",
        )
    with last:
        reads = shown.checkpoint.reader().reads_objects
        maps = st.selectbox("Object maps", ("true", "estimated"), key=keys.MAPS) if reads else "true"
    return LabelledSet(count=count, objects="estimated" if maps == "estimated" else "true")


def _growing(job: Job, removal: Removal) -> None:
    """Drawn anew every second while the curve is measured."""
    what = "thresholds measured" if job.results else "clips prepared"
    progress_now(job, what, key=keys.CANCEL_CURVE)
    if job.results:
        _curve(list(job.results), removal)


def _curve(curve: list[CurvePoint], removal: Removal) -> None:
    measured = [(point.threshold, point.evaluation, point.removal) for point in curve if point.evaluation]
    table = accuracy_table(measured)
    score = next(known.title for name, known in SCORES.items() if name in table)
    whole = curve[0].evaluation
    panels.show_chart(
        f"{WORDINGS[whole.kind].score if whole else 'Accuracy'} along the pruning thresholds",
        f"{score[0].upper()}{score[1:]} on the labelled set without connections below a threshold, with its "
        "95 % interval.",
        accuracy_curve(table, threshold=removal.threshold),
        table,
        key=keys.ACCURACY_CURVE,
    )
    _before_and_after(curve[0].evaluation, at(curve, removal))


def _before_and_after(before: AnyEvaluation | None, now: CurvePoint | None) -> None:
    row = numbers()
    after = now.evaluation if now else None
    if before:
        if before.objects:
            st.caption(maps_used(before.objects))
        _score(row, "before", before)
    if before is None or after is None:
        score = WORDINGS[before.kind].score if before else "Accuracy"
        number(row, f"{score} after", None, "the output is cut off" if now else "not measured yet")
        return
    _score(row, "after", after)
    change = difference(before, after)
    number(
        row,
        "Difference, in points",
        points(change.value),
        points_interval(change.interval, change.remark),
        meaning="After minus before on the same clips, with the interval of paired measurements.",
    )
    st.caption(plain(f"{change.words[0].upper()}{change.words[1:]}."))


def _score(row: DeltaGenerator, when: str, measured: AnyEvaluation) -> None:
    score, title = headline(measured), f"{WORDINGS[measured.kind].score} {when}"
    number(
        row, title, percent(score.value), interval(score.interval, score.remark), clips_of(measured.groups)
    )
