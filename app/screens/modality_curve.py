"""Accuracy by the share of a modality's connections that is kept, on the Effect screen."""

from __future__ import annotations

import streamlit as st

from app import keys
from app.explorer import panels
from app.parts.elements import progress, table_with_csv
from app.parts.words import clips, plain
from app.state import measurements
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.data.labelled_set import LabelledSet
from peerattn.figures.modality_curve import modality_curve_figure
from peerattn.graph.structure import Structure
from peerattn.scores.kinds import HEADLINES
from peerattn.tables.modality_curve import modality_curve_table

ABOUT = (
    "The connections of one modality are left out one after another, those of the least weight first, until "
    "none is kept. The network is not trained again, so a fall also shows that it is used to its input."
)


def show(name: str, labelled_set: LabelledSet, loaded: Checkpoint) -> None:
    """Draw the choice of a modality, and the button, the progress or the curve."""
    modalities = connected_modalities(loaded.structure)
    if not modalities:
        return
    st.subheader("Share of a modality’s connections kept", anchor=False)
    st.caption(ABOUT)
    keys.CURVE_MODALITY.keep_among(modalities)
    modality = st.selectbox("Modality", modalities, key=keys.CURVE_MODALITY, bind="query-params")
    job = measurements.modality_curve_job(name, labelled_set, modality)
    if job and job.error:
        st.error(plain(job.error))
    if job and job.running:
        progress(job, "points of the curve", key=keys.CANCEL_MODALITY_CURVE)
    elif job and job.results:
        table = modality_curve_table(
            (point.kept, point.total, point.evaluation, point.change) for point in job.results
        )
        kind = loaded.structure.answer.kind
        score, count = HEADLINES[kind].title, clips(int(table["n"].max()))
        panels.show_chart(
            f"{score[0].upper()}{score[1:]} by the share of {modality}’s connections kept",
            f"On the same {count}, with 95 % intervals, each on its own. The table has the paired difference "
            "from all connections, with intervals that hold for all points at once.",
            modality_curve_figure(table),
            table,
            key=keys.MODALITY_CURVE,
        )
        stem = f"{name}-{modality}-connections-kept"
        table_with_csv({"Connections kept": lambda: table}, stem=stem, key=keys.MODALITY_CURVE_CSV)
    elif st.button(f"Measure with fewer connections of {modality}"):
        measurements.start_modality_curve(name, labelled_set, modality)
        st.rerun()


def connected_modalities(structure: Structure) -> list[str]:
    """Return the modalities whose input blocks have connections."""
    sources = {spec.source for spec in structure.connections}
    names = [modality.name for modality in structure.modalities]
    return [name for name in names if sources.intersection(structure.input_blocks(name))]
