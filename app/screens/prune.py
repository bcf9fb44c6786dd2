"""Prune: what a threshold on the connection weights removes, what dies of it, and what it costs in accuracy."""

from __future__ import annotations

import streamlit as st

from app import state
from app.bar import opened
from app.explorer import explorer
from app.screens import accuracy, saving
from app.screens.parts import chart
from app.state import Opened
from app.words import DEFINITIONS, percent, plain
from peerattn import figures
from peerattn.pruning import Pruning, survey
from peerattn.trace import Trace


def show() -> None:
    """The screen, for the checkpoint and clip that the bar has opened."""
    shown = opened()
    if shown is None:
        st.info("Nothing is open yet: choose a sample clip above, or drop a clip of your own there.")
        return
    weights = shown.checkpoint.network.connection_weights()
    if not weights:
        st.info("No connection of this checkpoint has a connection weight: there is nothing to remove.")
        return
    threshold = _threshold(max(weights.values()))
    pruning = survey(shown.checkpoint.structure, weights, threshold)
    _what_dies(pruning)
    explorer(
        shown.trace,
        shown.clip.images,
        object_ids=shown.clip.object_ids,
        object_names=shown.object_names,
        pruning=pruning,
        key="pruned-graph",
    )
    _predictions(shown, pruning)
    accuracy.show(shown, pruning)
    saving.show(shown, pruning)


def _threshold(greatest: float) -> float:
    return st.slider(
        "Pruning threshold: connections whose connection weight is below it are removed",
        0.0,
        min(1.0, round(greatest + 0.005, 2)),
        0.0,
        step=0.001,
        format="%.3f",
        key="threshold",
        bind="query-params",
    )


def _what_dies(pruning: Pruning) -> None:
    total = len(pruning.kept) + len(pruning.removed)
    kept, *places = st.columns(5)
    kept.metric("Connections kept", f"{len(pruning.kept)} of {total}")
    for place, title, names, meaning in zip(
        places,
        ("Dead blocks", "of these, still read as peers", "Starved blocks", "Lost modalities"),
        (pruning.dead_blocks, pruning.peer_only, pruning.starved, pruning.lost_modalities),
        ("dead", "peer-only", "starved", "lost"),
        strict=True,
    ):
        place.metric(title, len(names), help=DEFINITIONS[meaning])
        place.caption(plain(", ".join(names)) if names else "none")
    if not pruning.output_connected:
        st.warning(
            "This threshold cuts the output off from every input: nothing is predicted, nothing can be saved."
        )


def _predictions(shown: Opened, pruning: Pruning) -> None:
    st.subheader("Prediction for this clip, before and after", anchor=False)
    before, after = st.columns(2)
    with before:
        _prediction("Before", shown.trace)
    with after:
        if pruning.output_connected:
            _prediction("After", state.pruned_trace(shown, pruning.threshold))
        else:
            st.text("After: no prediction, the output is cut off.")


def _prediction(when: str, trace: Trace) -> None:
    best = trace.probabilities.argmax()
    st.markdown(
        f"{when}: **{plain(trace.class_names[best])}**, probability {percent(trace.probabilities[best])}"
    )
    chart(figures.prediction_bars(trace), f"bars-{when}", f"{when}: most probable classes of the clip")


show()
