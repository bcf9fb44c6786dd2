"""The evaluation of a checkpoint on a folder: scores with intervals, also per class or label, and clips."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from app import keys
from app.parts import bar, network_choice
from app.parts.elements import metric_row, progress, table_with_csv
from app.parts.words import clips, maps_summary, plain
from app.screens import results
from app.state import measurements, networks
from app.work import datasets
from app.work.datasets import ClipSelection, FolderEvaluation
from app.work.jobs import Job
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.data.folder import LabelledFile
from peerattn.errors import PeerattnError
from peerattn.scores.detectable import CORRELATIONS, detectable_differences, measured_correlation
from peerattn.scores.intervals import MIN_SET_SIZE
from peerattn.tables.detectable import detectable_table
from peerattn.tables.evaluation import RESULTS

ALL_SPLITS = "all"
SUPPLIED_MAPS, ESTIMATED = "supplied with the clips", "estimated"
DETECTABLE = (
    "A loss of this size is detected 90 % of the time if 1 % of the clips are gained at the same time. The "
    "widths are those of the 95 % interval of a difference (3 % lost, 1 % gained) and of an accuracy of "
    "80 %. The first width halves with the number of clips in the last column, in videos with as many clips "
    "each. Likeness says how strongly the answers on clips of one video change together, from 0 (not at all) "
    "to 1; on real clips it is 0.2 to 0.5."
)
TITLES = {"classes": "Classes", "labels": "Labels"}
"""Kind of answer → the title of its table."""


def show(folder: Path, files: tuple[LabelledFile, ...]) -> None:
    """Draw the choices, then the progress of the measurement, then its results."""
    st.subheader("Accuracy of a checkpoint on these clips", anchor=False)
    left, middle, right = st.columns([3, 2, 2])
    with left:
        name = network_choice.show(bar.network_names())
    with middle:
        split = _choose_split(files)
    try:
        loaded = networks.checkpoint(name)
    except PeerattnError as error:
        st.error(plain(error))
        return
    if loaded.remarks:
        st.info(plain(f"No accuracy can be measured: {loaded.remarks[0]}."))
        return
    selection = datasets.select_clips(files, split, loaded.class_names, loaded.structure.answer.kind)
    with right:
        estimated = _choose_estimated_maps(loaded, selection)
    _describe(loaded, selection, estimated=estimated)
    if selection.files:
        request = datasets.EvaluationRequest(name, folder, split, estimated)
        _detectable_differences(name, selection, measurements.measurement_job(request))
        _measurement(request, loaded)


def _choose_split(files: tuple[LabelledFile, ...]) -> str | None:
    """Return the chosen split, or None for all clips."""
    names = sorted({file.split for file in files} - {""})
    default = next((name for name in ("test", "val") if name in names), ALL_SPLITS)
    options = [ALL_SPLITS, *names]
    if keys.SPLIT.get() not in options:
        keys.SPLIT.pop()
    split = st.selectbox(
        "Split", options, options.index(default), key=keys.SPLIT, bind="query-params", persist_state="session"
    )
    return None if split == ALL_SPLITS else split


def _choose_estimated_maps(loaded: Checkpoint, selection: ClipSelection) -> bool:
    """Whether to estimate the object maps even of clips that come with some, as is done for uploads."""
    if not _reads_objects(loaded) or not any(file.objects for file in selection.files):
        return False
    return st.selectbox("Object maps", (SUPPLIED_MAPS, ESTIMATED), key=keys.CLIPS_MAPS_ORIGIN) == ESTIMATED


def _reads_objects(loaded: Checkpoint) -> bool:
    return loaded.reader().reads_objects


def _describe(loaded: Checkpoint, selection: ClipSelection, *, estimated: bool) -> None:
    """Say which clips are measured, which are left out, and where the object maps come from."""
    parts = [clips(len(selection.files))]
    if _reads_objects(loaded):
        from_files = sum(file.objects is not None and not estimated for file in selection.files)
        estimates = len(selection.files) - from_files
        origins = {"true": from_files, "estimated": estimates}
        parts.append(maps_summary({origin: count for origin, count in origins.items() if count}))
    if selection.unknown:
        first_names = ", ".join(selection.unknown[:8]) + (" …" if len(selection.unknown) > 8 else "")
        plural = loaded.structure.answer.kind
        parts.append(f"{loaded.name} does not know {len(selection.unknown)} of the {plural}: {first_names}")
    if selection.several:
        are = "is" if selection.several == 1 else "are"
        parts.append(f"{clips(selection.several)} of several classes {are} left out")
    write = st.caption if selection.files else st.warning
    write(plain(" · ".join(parts)))


def _detectable_differences(name: str, selection: ClipSelection, job: Job | None) -> None:
    """Draw the size of the differences that these clips can detect, for several likenesses of their videos.

    Once a checkpoint has been measured, its own likeness is included.
    """
    likenesses, note = CORRELATIONS, ""
    if job and job.results and (measured := measured_correlation(job.results[0].evaluation)) is not None:
        likenesses = tuple(sorted({*likenesses, round(measured, 2)}))
        note = f" For the correct answers of {name} on these clips it is {measured:.2f}."
    result = detectable_differences([file.group for file in selection.files], likenesses)
    if result.remark:
        st.warning(_too_few_clips([file.group for file in selection.files]))
        return
    with st.expander("How small a difference can these clips detect?"):
        st.caption(plain(f"{result.clips}. {DETECTABLE}{note}"))
        makers = {"Detectable differences": lambda: detectable_table(result)}
        table_with_csv(makers, stem="decides", key=keys.DETECTABLE_CSV)


def _too_few_clips(groups: Sequence[str]) -> str:
    """Say how many clips of how many source videos intervals need."""
    count, sources = len(groups), len(set(groups))
    shown = clips(count) + (f" from {sources} source video{'s' * (sources != 1)}" if sources < count else "")
    return (
        f"{shown} {'is' if count == 1 else 'are'} too few for confidence intervals; at least "
        f"{MIN_SET_SIZE.clips} clips are needed, from at least {MIN_SET_SIZE.groups} source videos."
    )


def _measurement(request: datasets.EvaluationRequest, loaded: Checkpoint) -> None:
    job = measurements.measurement_job(request)
    if job and job.error:
        st.error(plain(job.error))
    if job and job.running:
        progress(job, "clips", key=keys.CANCEL_MEASUREMENT)
        return
    if st.button("Measure again" if job else "Measure the accuracy"):
        measurements.start_measurement(request)
        st.rerun()
    if job and job.results:
        _results(job.results[0], loaded)


def _results(measured: FolderEvaluation, loaded: Checkpoint) -> None:
    evaluation, names = measured.evaluation, loaded.class_names
    results.NUMBERS[evaluation.kind](metric_row(), measured, names)
    if evaluation.objects:
        st.caption(maps_summary(evaluation.objects))
    if count := len(measured.skipped):
        with st.expander(f"{clips(count)} could not be read and {'were' if count > 1 else 'was'} skipped"):
            for line in measured.skipped:
                st.text(line)
    title = TITLES[evaluation.kind]
    table_with_csv(
        {title: lambda: RESULTS[evaluation.kind](evaluation)}, stem="accuracy", key=keys.CLASSES_CSV
    )
    results.CLIPS[evaluation.kind](measured, names, loaded.structure.answer)
