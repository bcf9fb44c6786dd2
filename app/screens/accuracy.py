"""Accuracy before and after pruning, with intervals, and the curve over all thresholds, on a labelled set."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import keys
from app.explorer import panels
from app.parts import labelled_set_choice
from app.parts.answers import WORDINGS
from app.parts.elements import metric, metric_row, progress_now
from app.parts.words import interval, maps_summary, percent, plain, points, points_interval
from app.state import measurements
from app.state.opened import OpenedClip
from app.work.curves import point_for
from app.work.jobs import Job
from peerattn.data.labelled_set import LabelledSet
from peerattn.figures.predictions import accuracy_curve
from peerattn.graph.connectivity import Removal
from peerattn.pruning.curve import CurvePoint
from peerattn.scores.intervals import describe_clips
from peerattn.scores.kinds import AnyEvaluation, difference, headline
from peerattn.tables.accuracy import HEADLINES_BY_COLUMN, accuracy_table


def show(opened: OpenedClip, removal: Removal, row: DeltaGenerator) -> None:
    """Draw the choice of the labelled set and its accuracy curve, whether offered, growing or complete.

    The accuracy at the current threshold is added to the metrics in `row`.
    """
    score = WORDINGS[opened.checkpoint.structure.answer.kind].score
    st.subheader(f"{score} before and after", anchor=False)
    labelled_set = labelled_set_choice.show(opened.checkpoint)
    job = measurements.curve_job(opened.choice.checkpoint, labelled_set) if labelled_set else None
    _add_metric(row, job, removal, score)
    if job and job.error:
        st.error(plain(job.error))
    if labelled_set and (job is None or job.error):
        if st.button(f"Measure the {score.lower()} at every threshold"):
            measurements.start_curve(opened.choice.checkpoint, labelled_set)
            st.rerun()
    elif job and job.running:
        st.fragment(_growing_curve, run_every=1.0)(job, removal)
    elif job:
        _curve(job.results, removal)
        _unreadable_clips(labelled_set, job.results)


def _unreadable_clips(labelled_set: LabelledSet | None, curve: list[CurvePoint]) -> None:
    """Say how many clips of the folder could not be read and are missing from the curve."""
    if labelled_set and labelled_set.folder and (whole := curve[0].evaluation):
        count = len(labelled_set.files()) - whole.n
        if count > 0:
            st.caption(
                f"Clips not counted because they could not be read: {count}. The Data screen lists them."
            )


def _add_metric(row: DeltaGenerator, job: Job | None, removal: Removal, score: str) -> None:
    point = point_for(job.results, removal) if job else None
    if job is None or point is None or point.evaluation is None:
        state = "being measured" if job and job.running else "not measured yet"
        metric(row, score, None, "the output is disconnected" if point else f"{state}: see below")
        return
    change = difference(job.results[0].evaluation, point.evaluation)
    value = percent(headline(point.evaluation).value)
    change_interval = points_interval(change.interval, change.remark)
    metric(row, score, value, f"{points(change.value)} points", change_interval)


def _growing_curve(job: Job, removal: Removal) -> None:
    """Draw the progress and the curve so far; this is redrawn every second while the curve is measured."""
    counted = "thresholds measured" if job.results else "clips prepared"
    progress_now(job, counted, key=keys.CANCEL_CURVE)
    if job.results:
        _curve(list(job.results), removal)


def _curve(curve: list[CurvePoint], removal: Removal) -> None:
    measured = [(point.threshold, point.evaluation, point.removal) for point in curve if point.evaluation]
    table = accuracy_table(measured)
    score = next(score.title for name, score in HEADLINES_BY_COLUMN.items() if name in table)
    whole = curve[0].evaluation
    panels.show_chart(
        f"{WORDINGS[whole.kind].score if whole else 'Accuracy'} at each pruning threshold",
        f"{score[0].upper()}{score[1:]} on the labelled set without the connections below the threshold, "
        "with its 95 % interval.",
        accuracy_curve(table, threshold=removal.threshold),
        table,
        key=keys.ACCURACY_CURVE,
    )
    _before_and_after(curve[0].evaluation, point_for(curve, removal))


def _before_and_after(before: AnyEvaluation | None, point: CurvePoint | None) -> None:
    row = metric_row()
    after = point.evaluation if point else None
    if before:
        if before.objects:
            st.caption(maps_summary(before.objects))
        _score(row, "before", before)
    if before is None or after is None:
        score = WORDINGS[before.kind].score if before else "Accuracy"
        metric(row, f"{score} after", None, "the output is disconnected" if point else "not measured yet")
        return
    _score(row, "after", after)
    change = difference(before, after)
    metric(
        row,
        "Difference, in points",
        points(change.value),
        points_interval(change.interval, change.remark),
        meaning="After minus before on the same clips, with a paired interval.",
    )
    st.caption(plain(f"{change.words[0].upper()}{change.words[1:]}."))


def _score(row: DeltaGenerator, when: str, measured: AnyEvaluation) -> None:
    score, title = headline(measured), f"{WORDINGS[measured.kind].score} {when}"
    metric(
        row,
        title,
        percent(score.value),
        interval(score.interval, score.remark),
        describe_clips(measured.groups),
    )
