"""A checkpoint measured on a folder: its scores with intervals, of each class or label too, and clips."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app import keys
from app.parts import bar, network_choice
from app.parts.elements import numbers, progress, table_with_csv
from app.parts.words import maps_used, plain
from app.screens import results
from app.state import measurements, networks
from app.work import datasets
from app.work.datasets import Chosen, Measured
from app.work.jobs import Job
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.data.folder import LabelledFile
from peerattn.errors import PeerattnError
from peerattn.scores.deciding import LIKENESSES, alike, what_it_decides
from peerattn.tables.deciding import deciding_table
from peerattn.tables.evaluation import RESULTS

ALL = "all"
OWN_MAPS, ESTIMATED = "from files", "estimated"
DECIDES = (
    "A loss of this size, with 1 % of the clips gained beside it, is found in 90 % of the time. The widths "
    "are those of the 95 % interval of a difference (3 % lost, 1 % gained) and of an accuracy of 80 %; so "
    "many clips, in as large videos, halve the first. Likeness says how much clips of one video change "
    "together: from 0, not at all, to 1; of real clips it is 0.2 to 0.5."
)
TITLES = {"classes": "Classes", "labels": "Labels"}
"""Kind of answer → the title of its table."""


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
    chosen = datasets.choose(files, split, loaded.class_names, loaded.structure.answer.kind)
    with right:
        estimated = _estimated(loaded, chosen)
    _said(loaded, chosen, estimated=estimated)
    if chosen.files:
        choice = datasets.Choice(name, folder, split, estimated)
        _deciding(name, chosen, measurements.measurement(choice))
        _measuring(choice, loaded)


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
        plural = loaded.structure.answer.kind
        lines.append(f"{loaded.name} does not know {len(chosen.unknown)} of the {plural}: {few}")
    if chosen.several:
        lines.append(f"{chosen.several} clips of several classes are left out")
    say = st.caption if chosen.files else st.warning
    say(plain(" · ".join(lines)))


def _deciding(name: str, chosen: Chosen, job: Job | None) -> None:
    """What these clips can decide, whatever is measured; with a measurement, as alike as it finds them."""
    likenesses, said = LIKENESSES, ""
    if job and job.results and (measured := alike(job.results[0].evaluation)) is not None:
        likenesses = tuple(sorted({*likenesses, round(measured, 2)}))
        said = f" Of the right answers of {name} on these clips it is {measured:.2f}."
    found = what_it_decides([file.group for file in chosen.files], likenesses)
    if found.remark:
        st.warning(f"{found.remark.capitalize()}: nothing that is measured on them gets an interval.")
        return
    with st.expander("What can this set decide?"):
        st.caption(plain(f"{found.clips}. {DECIDES}{said}"))
        makers = {"What it decides": lambda: deciding_table(found)}
        table_with_csv(makers, stem="decides", key=keys.DECIDES_CSV)


def _measuring(choice: datasets.Choice, loaded: Checkpoint) -> None:
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
        _results(job.results[0], loaded)


def _results(measured: Measured, loaded: Checkpoint) -> None:
    found, names = measured.evaluation, loaded.class_names
    results.NUMBERS[found.kind](numbers(), measured, names)
    if found.objects:
        st.caption(maps_used(found.objects))
    if count := len(measured.skipped):
        clips = f"{count} clips" if count > 1 else "One clip"
        with st.expander(f"{clips} could not be read and {'were' if count > 1 else 'was'} passed over"):
            for line in measured.skipped:
                st.text(line)
    title = TITLES[found.kind]
    table_with_csv({title: lambda: RESULTS[found.kind](found)}, stem="accuracy", key=keys.CLASSES_CSV)
    results.CLIPS[found.kind](measured, names, loaded.structure.answer)
