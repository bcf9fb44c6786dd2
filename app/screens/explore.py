"""Explore: what the network predicts for a clip, and how its attention shifts over the frames."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from app import keys
from app.explorer import panels
from app.explorer.component import load_script, show_explorer
from app.parts import bar
from app.parts.answers import WORDINGS, meaning
from app.parts.elements import chart, table_with_downloads
from app.parts.words import plain
from app.screens import details, exports
from app.state import pictures
from app.state.shown import Opened, Shown, about
from peerattn.figures.predictions import prediction_bars, window_strip
from peerattn.scores.verdict import verdict
from peerattn.tables.attention import (
    attention_by,
    attention_weights_table,
    connections_table,
    entropies_table,
    factors_table,
    level_distribution,
)
from peerattn.tables.clip import blocks_table, predictions_table
from peerattn.tables.share import BASELINE, OLD_SHARES, contributed, modality_share
from peerattn.traces.trace import Trace


def show() -> None:
    """The screen, for the clip that the bar has opened."""
    shown = bar.shown()
    if shown is None:
        st.info("Nothing is open yet: choose a sample clip above, or drop a clip of your own there.")
        return
    exports.show(shown)
    _predictions(shown)
    load_script()
    panels.load_script()
    _explored(shown)
    _exports(shown)


@st.fragment
def _explored(shown: Shown) -> None:
    """The explorer and its panels: a click there runs this alone."""
    selection = show_explorer(
        shown.trace,
        pictures.packed(shown),
        key=keys.EXPLORER,
        selected=keys.SELECTED.get(),
        start=keys.START.get(),
        about=about(shown),
    )
    keys.SELECTED.value = selection  # for the way back from another screen
    details.show(shown, selection)


def _predictions(shown: Shown) -> None:
    trace, label = shown.trace, shown.choice.source.label
    said = verdict(trace, shown.checkpoint.card if isinstance(shown, Opened) else None)
    wording = WORDINGS[said.kind]
    words, bars, windows = st.columns([2, 3, 4])
    with words:
        more = f" {none}" if (none := meaning(said)) else ""
        st.metric(wording.title, plain(said.answer), help=wording.about + more)
        st.markdown(wording.line(said, trace, label))
    with bars:
        chart(prediction_bars(trace), keys.BARS, f"{wording.most} of the clip")
    with windows:
        chart(window_strip(trace), keys.WINDOWS, "Probabilities of each window")


def _exports(shown: Shown) -> None:
    st.subheader("Numbers", anchor=False)
    trace = shown.trace
    share = _share(trace)
    if share:
        st.caption(plain(f"Modality share: {_meaning(trace)}"))
    table_with_downloads(
        {
            "Connections": lambda: connections_table(trace),
            "Factors by frame": lambda: factors_table(trace),
            "Attention weights": lambda: attention_weights_table(trace),
            "Entropies": lambda: entropies_table(trace),
            "Attention by modality": lambda: attention_by(trace, "modality").reset_index(),
            "Attention by level": lambda: attention_by(trace, "level").reset_index(),
            **share,
            "Factors by level": lambda: level_distribution(trace),
            "Blocks": lambda: blocks_table(trace),
            "Predictions": lambda: predictions_table(trace),
        },
        trace,
        stem=shown.choice.source.path.stem,
    )


def _share(trace: Trace) -> dict[str, Callable[[], pd.DataFrame]]:
    """Nothing for a trace from before magnitudes were recorded."""
    if any(connection.magnitude is None for connection in trace.connections):
        return {}
    return {"Modality share": lambda: modality_share(trace).reset_index()}


def _meaning(trace: Trace) -> str:
    """What shares are of."""
    return f"of what this clip adds. {BASELINE}" if contributed(trace) else OLD_SHARES


show()
