"""Prune: which connections a threshold removes, which blocks die, and how much accuracy it costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import keys
from app.explorer import panels
from app.explorer.component import load_script, show_explorer
from app.parts import bar
from app.parts.answers import WORDINGS, rejection_note
from app.parts.elements import metric, metric_row
from app.parts.words import DEFINITIONS, dead_block_notes, name_blocks, plain
from app.screens import accuracy, saving
from app.state import clips, pictures
from app.state.opened import OpenedClip, picture_labels
from peerattn.figures.predictions import prediction_bars
from peerattn.graph.connectivity import Removal, survey
from peerattn.scores.verdict import verdict
from peerattn.tables.clip import predictions_table
from peerattn.traces.trace import Trace


def show() -> None:
    """Draw the screen for the checkpoint and clip that the bar has opened."""
    opened = bar.opened_clip()
    if opened is None:
        st.info(bar.no_clip_message())
        return
    weights = opened.checkpoint.network.connection_weights()
    if not weights:
        st.info("No connection of this checkpoint has a connection weight, so there is nothing to prune.")
        return
    threshold = _threshold()
    removal = survey(opened.checkpoint.structure, weights, threshold)
    row = _removal_metrics(removal)
    load_script()
    panels.load_script()
    show_explorer(
        opened.trace,
        pictures.packed(opened),
        removal=removal,
        key=keys.PRUNED_GRAPH,
        selected=keys.SELECTED.get(),
        export_names=picture_labels(opened),
    )
    if removal.removed:
        st.caption(
            "The factors, shares and windows above are those of the unpruned network. The prediction of the "
            "pruned network follows."
        )
    _predictions(opened, removal)
    if opened.checkpoint.remarks:
        st.info(plain(f"No accuracy can be measured: {opened.checkpoint.remarks[0]}."))
    else:
        accuracy.show(opened, removal, row)
    saving.show(opened, removal)


def _threshold() -> float:
    return st.slider(
        "Remove connections weaker than",
        0.0,
        1.0,
        0.0,
        step=0.001,
        format="%.3f",
        key=keys.THRESHOLD,
        bind="query-params",
    )


def _removal_metrics(removal: Removal) -> DeltaGenerator:
    """Draw what the threshold removes, in numbers and names; return the row, for the accuracy to be added."""
    row = metric_row()
    total = len(removal.kept) + len(removal.removed)
    metric(row, "Connections kept", f"{len(removal.kept)} of {total}")
    dead, starved, lost = removal.dead_blocks, removal.starved, removal.lost_modalities
    metric(row, "Dead blocks", len(dead), *dead_block_notes(removal), meaning=DEFINITIONS["dead"])
    metric(row, "Starved blocks", len(starved), name_blocks(starved), meaning=DEFINITIONS["starved"])
    metric(row, "Lost modalities", len(lost), ", ".join(lost), meaning=DEFINITIONS["lost"])
    if not removal.output_connected:
        st.warning(
            "This threshold disconnects the output from every input, so there is no prediction and nothing "
            "to save. Choose a lower one."
        )
    return row


def _predictions(opened: OpenedClip, removal: Removal) -> None:
    st.subheader("Prediction for this clip, before and after", anchor=False)
    before, after = st.columns(2)
    with before:
        _prediction("Before", opened.trace, opened.checkpoint.card)
    with after:
        if removal.output_connected:
            _prediction("After", clips.pruned_trace(opened, removal), opened.checkpoint.card)
        else:
            st.text("After: no prediction, because the output is disconnected.")


def _prediction(when: str, trace: Trace, card: Mapping[str, Any]) -> None:
    result = verdict(trace, card)
    wording = WORDINGS[result.kind]
    st.markdown(f"{when}: {wording.summary(result)}", help=rejection_note(result))
    panels.show_chart(
        f"{when}: {wording.ranking.lower()}",
        f"The {wording.ranking.lower()} of the clip. Probabilities are averaged over its windows.",
        prediction_bars(trace),
        predictions_table(trace),
        key=keys.PROBABILITIES.scoped(when.lower()),
    )


show()
