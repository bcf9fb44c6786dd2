"""Explore: what the network predicts for a clip, and how its attention shifts over the frames."""

from __future__ import annotations

import streamlit as st

from app import state
from app.bar import opened
from app.explorer import explorer
from app.screens import details
from app.screens.parts import chart, table_with_downloads
from app.state import Opened
from app.words import percent, plain
from peerattn import figures, tables


def show() -> None:
    """The screen, for the clip that the bar has opened."""
    shown = opened()
    if shown is None:
        st.info("Nothing is open yet: choose a sample clip above, or drop a clip of your own there.")
        return
    _predictions(shown)
    selection = explorer(
        shown.trace,
        state.packed(shown),
        key="explorer",
        selected=st.session_state.get("selected"),
    )
    st.session_state.selected = selection  # for the way back from another screen
    details.show(shown, selection)
    _over_frames(shown)
    _exports(shown)


def _predictions(shown: Opened) -> None:
    trace, label = shown.trace, shown.choice.source.label
    best = trace.probabilities.argmax()
    words, bars, windows = st.columns([2, 3, 4])
    with words:
        st.metric(
            "Clip prediction",
            plain(trace.class_names[best]),
            help="The class of the highest probability, averaged over the windows of the clip.",
        )
        count = len(trace.class_names)
        said = f"Probability **{percent(trace.probabilities[best])}** among the {count} classes it knows"
        if label is not None:
            verdict = "as predicted" if label == trace.class_names[best] else "not as predicted"
            if label not in trace.class_names:
                verdict = "not among them"
            said += f"  \nTrue label: **{plain(label)}**, {verdict}"
        st.markdown(said)
    with bars:
        chart(figures.prediction_bars(trace), "bars", "Most probable classes of the clip")
    with windows:
        chart(figures.window_strip(trace), "windows", "Probabilities of each window")


def _over_frames(shown: Opened) -> None:
    st.subheader("Attention over the frames", anchor=False)
    modality, level = st.columns(2)
    with modality:
        st.caption(
            "Connections that leave the input blocks of each modality; *mixed*: that leave inner blocks."
        )
        chart(figures.attention_lines(shown.trace, "modality"), "by-modality", "Attention by modality")
    with level:
        st.caption("Connections that arrive at each level.")
        chart(figures.attention_lines(shown.trace, "level"), "by-level", "Attention by level")


def _exports(shown: Opened) -> None:
    st.subheader("Numbers", anchor=False)
    trace = shown.trace
    table_with_downloads(
        {
            "Connections": lambda: tables.connections_table(trace),
            "Factors by frame": lambda: tables.factors_table(trace),
            "Attention weights": lambda: tables.attention_weights_table(trace),
            "Blocks": lambda: tables.blocks_table(trace),
            "Predictions": lambda: tables.predictions_table(trace),
        },
        trace,
        stem=shown.choice.source.path.stem,
    )


show()
