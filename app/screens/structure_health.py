"""The health report on the Structures screen: what the weights show at once, the rest on a button."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app import keys
from app.opening.structures import StructureChoice
from app.parts.elements import progress, table_with_csv
from app.parts.words import clips, plain
from app.state import measurements, networks
from peerattn.actionworld.clips import version_of
from peerattn.checkpoints.weighted_structure import WeightedStructure
from peerattn.data.labelled_set import LabelledSet
from peerattn.pruning.health.findings import KINDS, Report, notes
from peerattn.pruning.health.report import examine_structure, examine_weights

CLIPS = LabelledSet(count=192)
NOT_RUN = "no clips were run yet"
NO_CLIPS = "there are no generated clips of its classes; peerattn health measures them on a folder of clips"


def show(choice: StructureChoice, weighted: WeightedStructure) -> None:
    """Show what is wrong with the whole network, whatever the threshold removes."""
    st.subheader("Health", anchor=False)
    if choice.kind != "checkpoint":
        _show_report(examine_structure(weighted.structure, weighted.weights), choice)
        return
    loaded = networks.checkpoint(choice.name)
    if version_of(loaded.class_names) is None:
        _show_report(examine_weights(loaded.network, no_clips=NO_CLIPS), choice)
        return
    job = measurements.health_job(choice.name, CLIPS)
    if job and job.results:
        _show_report(job.results[0], choice)
        return
    _show_report(examine_weights(loaded.network, no_clips=NOT_RUN), choice)
    if job and job.error:
        st.error(plain(job.error))
    if job and job.running:
        progress(job, "clips read and run", key=keys.CANCEL_HEALTH)
    elif st.button(f"Examine on {CLIPS.count} generated clips"):
        measurements.start_health(choice.name, CLIPS)
        st.rerun()


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
