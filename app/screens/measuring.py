"""A checkpoint measured on a folder: accuracies with intervals, each class, and what was taken for what."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from app import keys
from app.explorer import panels
from app.parts import bar, network_choice, visitor_files
from app.parts.elements import number, numbers, progress, table_with_csv
from app.parts.words import interval, maps_used, percent, plain
from app.state import measurements, networks
from app.work import datasets
from app.work.datasets import Chosen, Measured
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.data.folder import LabelledFile
from peerattn.errors import PeerattnError
from peerattn.figures.confusion import confusion_matrix
from peerattn.tables.evaluation import classes_table, confusion_table, present

ALL = "all"
OWN_MAPS, ESTIMATED = "from files", "estimated"
MOST_CLIPS = 60
"""Clips of one cell that get a button."""
CONFUSION = (
    "Rows are the true classes, columns what the network answered; a number counts clips, the colour is the "
    "share of the row. On the diagonal it was right. Click a cell for its clips."
)


def show(folder: Path, files: tuple[LabelledFile, ...]) -> None:
    """The choices, then the measuring, then its results."""
    st.subheader("A checkpoint on these clips", anchor=False)
    left, middle, right = st.columns([3, 2, 2])
    with left:
        name = network_choice.show(bar.network_names())
    with middle:
        split = _split(files)
    try:
        loaded = networks.checkpoint(name)
    except PeerattnError as error:
        st.error(plain(error))
        return
    if loaded.remarks:
        st.info(plain(f"No accuracy can be measured: {loaded.remarks[0]}."))
        return
    chosen = datasets.choose(files, split, loaded.class_names)
    with right:
        estimated = _estimated(loaded, chosen)
    _said(loaded, chosen, estimated=estimated)
    if chosen.files:
        _measuring(datasets.Choice(name, folder, split, estimated), loaded.class_names)


def _split(files: tuple[LabelledFile, ...]) -> str | None:
    """One of the splits that there are, else all clips."""
    names = sorted({file.split for file in files} - {""})
    usual = next((name for name in ("test", "val") if name in names), ALL)
    offered = [ALL, *names]
    if keys.SPLIT.get() not in offered:
        keys.SPLIT.pop()
    split = st.selectbox(
        "Split", offered, offered.index(usual), key=keys.SPLIT, bind="query-params", persist_state="session"
    )
    return None if split == ALL else split


def _estimated(loaded: Checkpoint, chosen: Chosen) -> bool:
    """Whether object maps are estimated even of clips that have some: what an upload gets."""
    if not _reads_objects(loaded) or not any(file.objects for file in chosen.files):
        return False
    return st.selectbox("Object maps", (OWN_MAPS, ESTIMATED), key=keys.CLIPS_MAPS) == ESTIMATED


def _reads_objects(loaded: Checkpoint) -> bool:
    return loaded.reader().reads_objects


def _said(loaded: Checkpoint, chosen: Chosen, *, estimated: bool) -> None:
    """What is measured and what is not, and where object maps come from."""
    lines = [f"{len(chosen.files)} clips"]
    if _reads_objects(loaded):
        own = sum(file.objects is not None and not estimated for file in chosen.files)
        lines.append(f"object maps: {own} from files, {len(chosen.files) - own} estimated")
    if chosen.unknown:
        few = ", ".join(chosen.unknown[:8]) + (" …" if len(chosen.unknown) > 8 else "")
        lines.append(f"{loaded.name} does not know {len(chosen.unknown)} of the classes: {few}")
    if chosen.several:
        lines.append(f"{chosen.several} clips of several classes are left out")
    say = st.caption if chosen.files else st.warning
    say(plain(" · ".join(lines)))


def _measuring(choice: datasets.Choice, class_names: tuple[str, ...]) -> None:
    job = measurements.measurement(choice)
    if job and job.error:
        st.error(plain(job.error))
    if job and job.running:
        progress(job, "clips", key=keys.CANCEL_MEASUREMENT)
        return
    if st.button("Measure again" if job else "Measure the accuracy"):
        measurements.start_measurement(choice)
        st.rerun()
    if job and job.results:
        _results(job.results[0], class_names)


def _results(measured: Measured, class_names: tuple[str, ...]) -> None:
    found, row = measured.evaluation, numbers()
    groups = len(set(found.groups))
    sources = f"of {groups} source videos" if groups < found.n else ""
    _accuracy(row, "Top-1", found.top1, found.top1_interval, f"n = {found.n}", sources)
    if len(class_names) > 5:
        _accuracy(row, "Top-5", found.top5, found.top5_interval, f"n = {found.n}")
    with_clips = sum(each.n > 0 for each in found.classes)
    _accuracy(row, "Mean of classes", found.macro, found.macro_interval, f"{with_clips} classes with clips")
    if found.objects:
        st.caption(maps_used(found.objects))
    if count := len(measured.skipped):
        clips = f"{count} clips" if count > 1 else "One clip"
        with st.expander(f"{clips} could not be read and {'were' if count > 1 else 'was'} passed over"):
            for line in measured.skipped:
                st.text(line)
    table_with_csv({"Classes": lambda: classes_table(found.classes)}, stem="accuracy", key=keys.CLASSES_CSV)
    _confusion(measured, class_names)


def _accuracy(
    row: DeltaGenerator, title: str, share: float, bounds: tuple[float, float], *notes: str
) -> None:
    number(row, title, percent(share), interval(bounds), *notes)


def _confusion(measured: Measured, class_names: tuple[str, ...]) -> None:
    """What was taken for what, and the clips of one cell."""
    places = present(measured.evaluation.confusion)
    names = [class_names[place] for place in places]
    matrix = measured.evaluation.confusion[places][:, places]

    def pick(row: int, column: int) -> None:
        keys.TRUE.value, keys.PREDICTED.value = names[row], names[column]

    panels.script()
    panels.chart(
        "Confusion matrix",
        CONFUSION,
        confusion_matrix(matrix, names),
        confusion_table(matrix, names),
        key=keys.CONFUSION,
        on_pick=pick,
    )
    st.subheader("Clips of one cell", anchor=False)
    true, predicted = _cell(matrix, names)
    clips = measured.cell(class_names.index(true), class_names.index(predicted))
    _clips(clips, true, predicted)


def _cell(matrix: NDArray[np.int64], names: list[str]) -> tuple[str, str]:
    """The keyboard's way to a cell, which follows a click; at first that of the most mistakes."""
    wrong = matrix * (1 - np.eye(len(names), dtype=np.int64))
    first = np.unravel_index((wrong if wrong.any() else matrix).argmax(), matrix.shape)
    chosen = []
    titles = {keys.TRUE: "True class", keys.PREDICTED: "Predicted class"}
    for place, (key, title), start in zip(st.columns(2), titles.items(), first, strict=True):
        if key.get() not in names:
            key.pop()
        with place:
            chosen.append(st.selectbox(title, names, int(start), key=key, bind="query-params"))
    return chosen[0], chosen[1]


def _clips(clips: list[tuple[LabelledFile, float]], true: str, predicted: str) -> None:
    """A button each, which opens the clip in Explore."""
    what = "recognised" if true == predicted else f"taken for {predicted}"
    count = {0: "No clip", 1: "One clip"}.get(len(clips), f"{len(clips)} clips")
    st.caption(plain(f"{count} of {true} {what}" + ("; a click opens it in Explore" if clips else "")))
    with st.container(horizontal=True):
        for place, (file, probability) in enumerate(clips[:MOST_CLIPS]):
            title = f"{plain(file.path.name)} · {percent(probability)}"
            if st.button(title, key=keys.CLIP.of(f"{true}-{predicted}-{place}"), help=plain(file.path)):
                try:
                    visitor_files.bring(file)
                except PeerattnError as error:
                    st.error(plain(error))
                else:
                    st.switch_page("screens/explore.py", query_params={})  # None: refused where one is bound
    if len(clips) > MOST_CLIPS:
        st.caption(f"and {len(clips) - MOST_CLIPS} more, less sure ones")
