"""Replay: how a network learned, step by step, in the same layout as Explore."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app import keys
from app.explorer.component import load_script, show_explorer
from app.parts import bar, network_choice
from app.parts.elements import table_with_csv
from app.parts.words import plain
from app.state import networks
from peerattn.errors import PeerattnError
from peerattn.tables.history import METRIC_NAMES, attention_history, connection_history, scores_history
from peerattn.traces.history import HISTORY_FILE, History

INITIAL_WEIGHT, NEAR = 0.5, 0.05


def show() -> None:
    """Draw the screen, which needs no clip."""
    name = network_choice.show(bar.network_names())
    try:
        packed_history = networks.training_history(name)
    except PeerattnError as error:
        st.error(plain(error))
        return
    if packed_history is None:
        st.info(plain(f"{name} has no training history. {_how_to_get_one()}"))
        return
    history = packed_history.history
    st.caption(plain(_summary(history)))
    load_script()
    show_explorer(
        history,
        packed_history.packed,
        key=keys.REPLAY,
        selected=keys.SELECTED.get(),
        export_names={"checkpoint": name},
    )
    _tables(name, history)


def _how_to_get_one() -> str:
    return (
        f"peerattn train writes one next to the weights ({HISTORY_FILE}). In a training loop of your own, "
        "peerattn.training.history_log writes it with one line of code."
    )


def _summary(history: History) -> str:
    steps, epochs = history.steps, int(history.epochs[-1]) + 1
    scores = ", ".join(METRIC_NAMES.get(name, name) for name in history.metrics) or "none"
    return (
        f"{len(history)} logged steps, from step {steps[0]} to {steps[-1]}, over {epochs} "
        f"epoch{'s' * (epochs > 1)}. Logged scores: {scores}.{_initial_weights(history)} To move through the "
        "training, press play, drag the slider or use the arrow keys."
    )


def _initial_weights(history: History) -> str:
    """Say where the connection weights start if that is not near their usual initial weight."""
    first = history.connection_weights[0]
    first = first[~np.isnan(first)]
    if history.steps[0] or not first.size or abs(first - INITIAL_WEIGHT).max() <= NEAR:
        return ""
    return (
        f" At step {history.steps[0]} the connection weights range from {first.min():.2f} to "
        f"{first.max():.2f}, not near the default {INITIAL_WEIGHT}, so training probably started from "
        "another checkpoint."
    )


def _tables(name: str, history: History) -> None:
    st.subheader("Numbers", anchor=False)
    table_with_csv(
        {
            "Connection weights": lambda: connection_history(history),
            "Attention weights": lambda: attention_history(history),
            "Scores": lambda: scores_history(history),
        },
        stem=f"{name}-history",
    )


show()
