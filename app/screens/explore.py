"""Explore: what the network predicts for a clip, and how its attention changes from frame to frame."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from app import keys
from app.explorer import panels
from app.explorer.component import load_script, show_explorer
from app.parts import bar, mattered
from app.parts.answers import WORDINGS, rejection_note
from app.parts.elements import table_with_downloads
from app.parts.words import plain
from app.screens import details, exports, leaving_out
from app.screens.leaving_out import Without
from app.state import pictures
from app.state.opened import Opened, OpenedClip, picture_labels
from peerattn.figures.predictions import (
    prediction_bars,
    prediction_pair_bars,
    prediction_pair_words,
    window_strip,
)
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
from peerattn.tables.moments import moments_table
from peerattn.tables.share import BASELINE_NOTE, OLD_SHARES_NOTE, modality_share
from peerattn.traces.arriving import has_contributions
from peerattn.traces.trace import Trace


def show() -> None:
    """Draw the screen for the clip or trace file that the bar has opened."""
    opened = bar.opened()
    if opened is None:
        st.info(bar.no_clip_message())
        return
    exports.show(opened)
    mattered.seek(opened)
    load_script()
    panels.load_script()
    _explorer_with_panels(opened)
    _tables(opened)


@st.fragment
def _explorer_with_panels(opened: Opened) -> None:
    """Draw predictions, explorer and panels; a click in them reruns only this fragment."""
    predictions = st.container()
    without = leaving_out.choose(opened)
    with predictions:
        _predictions(opened, without)
    selection = show_explorer(
        opened.trace,
        pictures.packed(opened),
        key=keys.EXPLORER,
        removal=without.removal if without else None,
        selected=keys.SELECTED.get(),
        initial_view=keys.START_VIEW.get(),
        comparison=without.comparison() if without else None,
        export_names=picture_labels(opened),
    )
    keys.SELECTED.value = selection  # restored when the user returns from another screen
    details.show(opened, selection)


def _predictions(opened: Opened, without: Without | None) -> None:
    """Draw the answer; the probabilities of the network without some parts stand beside its own."""
    trace, label = opened.trace, opened.choice.source.label
    result = verdict(trace, opened.checkpoint.card if isinstance(opened, OpenedClip) else None)
    wording = WORDINGS[result.kind]
    answer, bars, windows = st.columns([2, 3, 4] if without is None else [2, 4, 3])
    with answer:
        rejection = f" {none}" if (none := rejection_note(result)) else ""
        st.metric(wording.title, plain(result.answer), help=wording.help + rejection)
        st.markdown(wording.detail(result, trace, label))
    title, name = f"{wording.ranking} of the clip", "" if without is None else "A"
    with bars:
        if without is None:
            panels.show_bare_chart(title, prediction_bars(trace), key=keys.BARS)
        else:
            pair = trace, without.trace
            title = f"{title} by the whole network (A) and {without.name} (B): {prediction_pair_words(*pair)}"
            panels.show_bare_chart(title, prediction_pair_bars(*pair), key=keys.BARS)
    with windows:
        strip = window_strip(trace, name=name)
        panels.show_bare_chart(
            "Probabilities of each window" + (f" by {name}" if name else ""), strip, key=keys.WINDOWS
        )


def _tables(opened: Opened) -> None:
    st.subheader("Numbers", anchor=False)
    trace = opened.trace
    modality_share_table = _modality_share_table(trace)
    if modality_share_table:
        st.caption(plain(f"Modality share: {_share_definition(trace)}"))
        st.page_link("screens/effect.py", label="Measure what the network needs, on the Effect screen")
    table_with_downloads(
        {
            "Connections": lambda: connections_table(trace),
            "Factors by frame": lambda: factors_table(trace),
            "Moments": lambda: moments_table(trace),
            "Attention weights": lambda: attention_weights_table(trace),
            "Entropies": lambda: entropies_table(trace),
            "Mean attention factor by source modality": lambda: attention_by(trace, "modality").reset_index(),
            "Mean attention factor by target level": lambda: attention_by(trace, "level").reset_index(),
            **modality_share_table,
            "Distribution of attention factors by target level": lambda: level_distribution(trace),
            "Blocks": lambda: blocks_table(trace),
            "Predictions": lambda: predictions_table(trace),
        },
        trace,
        stem=opened.choice.source.path.stem,
    )


def _modality_share_table(trace: Trace) -> dict[str, Callable[[], pd.DataFrame]]:
    """Return the modality share table by its title; empty for an old trace without magnitudes."""
    if any(connection.magnitude is None for connection in trace.connections):
        return {}
    return {"Modality share": lambda: modality_share(trace).reset_index()}


def _share_definition(trace: Trace) -> str:
    """Say what the modality shares are shares of."""
    if has_contributions(trace):
        return f"each modality's part of what this clip adds. {BASELINE_NOTE}"
    return OLD_SHARES_NOTE


show()
