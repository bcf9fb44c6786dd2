"""The health report on the Structures screen: what the weights show at once, the rest on a button."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from app import keys
from app.opening.structures import StructureChoice
from app.parts.elements import progress, table_with_csv
from app.parts.words import clips, plain
from app.state import measurements, networks
from peerattn.actionworld.clips import version_of
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.checkpoints.weighted_structure import WeightedStructure
from peerattn.data.labelled_set import LabelledSet
from peerattn.pruning.health.findings import KINDS, Report, notes
from peerattn.pruning.health.report import examine_structure, examine_weights

CLIPS = LabelledSet(count=192)
NOT_RUN = "no clips were run yet"
NO_CLIPS = "there are no generated clips of its classes; enter a folder of labelled clips"


def show(choice: StructureChoice, weighted: WeightedStructure) -> None:
    """Show what is wrong with the whole network, whatever the threshold removes."""
    st.subheader("Health", anchor=False)
    if choice.kind != "checkpoint":
        _show_report(examine_structure(weighted.structure, weighted.weights), choice)
        return
    loaded = networks.checkpoint(choice.name)
    labelled_set = _choose_clips(loaded)
    if labelled_set is None:
        _show_report(examine_weights(loaded.network, no_clips=NO_CLIPS), choice)
        return
    job = measurements.health_job(choice.name, labelled_set)
    if job and job.results:
        _show_report(job.results[0], choice)
        return
    _show_report(examine_weights(loaded.network, no_clips=NOT_RUN), choice)
    if job and job.error:
        st.error(plain(job.error))
    which = "the clips of the folder" if labelled_set.folder else f"{CLIPS.count} generated clips"
    if job and job.running:
        progress(job, "clips read and run", key=keys.CANCEL_HEALTH)
    elif st.button(f"Examine on {which}"):
        measurements.start_health(choice.name, labelled_set)
        st.rerun()


def _choose_clips(loaded: Checkpoint) -> LabelledSet | None:
    """Return the clips of a folder, if one is entered, or else generated clips, if the network knows them."""
    folder = st.text_input(
        "Folder of labelled clips on this machine",
        key=keys.HEALTH_FOLDER,
        placeholder="/path/to/clips",
        help="One subfolder per class, or a manifest.csv with the columns path, label and split.",
        persist_state="session",
    ).strip()
    if folder:
        return LabelledSet(folder=Path(folder))
    return CLIPS if version_of(loaded.class_names) is not None else None


def _show_report(report: Report, choice: StructureChoice) -> None:
    count = len(report.findings)
    found = f"{count} finding{'s' * (count != 1)}" if count else "Nothing was found"
    st.caption(plain(f"{found} · {clips(report.clips)}" if report.clips else found))
    if count:
        makers = {"Findings": lambda: findings_table(report)}
        table_with_csv(makers, stem=f"{choice.stem}-health", key=keys.HEALTH_CSV)
    for line in notes(report.to_json()):
        st.caption(plain(line))


def findings_table(report: Report) -> pd.DataFrame:
    """Return one row for each finding: where it is, what it is, its value and its limit."""
    rows = [(one.place, KINDS[one.kind].title, one.value, KINDS[one.kind].limit) for one in report.findings]
    return pd.DataFrame(rows, columns=["place", "finding", "value", "limit"])
