"""Prune: what a threshold on the connection weights removes, what dies, and what it costs in accuracy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import keys
from app.explorer import panels
from app.explorer.component import load_script, show_explorer
from app.parts import bar
from app.parts.answers import WORDINGS, meaning
from app.parts.bar import opened
from app.parts.elements import number, numbers
from app.parts.words import DEFINITIONS, plain
from app.screens import accuracy, saving
from app.state import clips, pictures
from app.state.shown import Opened, about
from peerattn.figures.predictions import prediction_bars
from peerattn.graph.connectivity import Removal, survey
from peerattn.scores.verdict import verdict
from peerattn.tables.clip import predictions_table
from peerattn.traces.trace import Trace


def show() -> None:
    """The screen, for the checkpoint and clip that the bar has opened."""
    shown = opened()
    if shown is None:
        st.info(bar.nothing_to_run())
        return
    weights = shown.checkpoint.network.connection_weights()
    if not weights:
        st.info("No connection of this checkpoint has a connection weight: there is nothing to remove.")
        return
    threshold = _threshold()
    removal = survey(shown.checkpoint.structure, weights, threshold)
    row = _what_dies(removal)
    load_script()
    panels.load_script()
    show_explorer(
        shown.trace,
        pictures.packed(shown),
        removal=removal,
        key=keys.PRUNED_GRAPH,
        selected=keys.SELECTED.get(),
        about=about(shown),
    )
    if removal.removed:
        st.caption(
            "Factors, shares and windows above are the whole network's; the pruned one's prediction follows."
        )
    _predictions(shown, removal)
    if shown.checkpoint.remarks:
        st.info(plain(f"No accuracy can be measured: {shown.checkpoint.remarks[0]}."))
    else:
        accuracy.show(shown, removal, row)
    saving.show(shown, removal)


def _threshold() -> float:
    return st.slider(
        "Pruning threshold: connections whose connection weight is below it are removed",
        0.0,
        1.0,
        0.0,
        step=0.001,
        format="%.3f",
        key=keys.THRESHOLD,
        bind="query-params",
    )


def _what_dies(removal: Removal) -> DeltaGenerator:
    """What the threshold removes, in numbers and names; returns the row, where the accuracy goes too."""
    row = numbers()
    total = len(removal.kept) + len(removal.removed)
    number(row, "Connections kept", f"{len(removal.kept)} of {total}")
    dead, starved, lost = removal.dead_blocks, removal.starved, removal.lost_modalities
    read = [f"still read as peers: {', '.join(removal.peer_only)}"] if removal.peer_only else []
    number(row, "Dead blocks", len(dead), ", ".join(dead), *read, meaning=DEFINITIONS["dead"])
    number(row, "Starved blocks", len(starved), ", ".join(starved), meaning=DEFINITIONS["starved"])
    number(row, "Lost modalities", len(lost), ", ".join(lost), meaning=DEFINITIONS["lost"])
    if not removal.output_connected:
        st.warning("This threshold cuts the output off from every input: no prediction, nothing to save.")
    return row


def _predictions(shown: Opened, removal: Removal) -> None:
    st.subheader("Prediction for this clip, before and after", anchor=False)
    before, after = st.columns(2)
    with before:
        _prediction("Before", shown.trace, shown.checkpoint.card)
    with after:
        if removal.output_connected:
            _prediction("After", clips.pruned_trace(shown, removal), shown.checkpoint.card)
        else:
            st.text("After: no prediction, the output is cut off.")


def _prediction(when: str, trace: Trace, card: Mapping[str, Any]) -> None:
    said = verdict(trace, card)
    wording = WORDINGS[said.kind]
    st.markdown(f"{when}: {wording.short(said)}", help=meaning(said))
    panels.show_chart(
        f"{when}: {wording.most.lower()}",
        f"The {wording.most.lower()} of the clip: probabilities are the mean over its windows, stretches of "
        "one recording.",
        prediction_bars(trace),
        predictions_table(trace),
        key=keys.PROBABILITIES.of(when.lower()),
    )


show()
