"""The size before and after pruning, and the form that saves the pruned checkpoint."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import keys
from app.parts.elements import metric, metric_row
from app.parts.words import multiples, plain, thousands
from app.state import networks
from app.state.opened import OpenedClip
from app.state.saved import save_pruned
from peerattn.errors import PeerattnError
from peerattn.graph.connectivity import Removal


def show(opened: OpenedClip, removal: Removal) -> None:
    """Draw the size before and after, then a name field and a button."""
    st.subheader("Size and saving", anchor=False)
    if not removal.output_connected:
        st.text("There is nothing to save, because the output is disconnected. Choose a lower threshold.")
        return
    before, after = networks.size(opened, 0.0), networks.size(opened, removal.threshold)
    row = metric_row()
    _size(row, "Parameters", before.parameters, after.parameters, thousands)
    _size(row, "Multiply-adds per window", before.multiply_adds, after.multiply_adds, multiples)
    with st.form("save", border=False, width=424):
        st.text_input("Name of the pruned checkpoint", f"{opened.checkpoint.name}-pruned", key=keys.NEW_NAME)
        st.form_submit_button("Save the pruned checkpoint", on_click=_save, args=(opened,))
    _outcome()


def _size(
    row: DeltaGenerator, title: str, before: int, after: int, format_count: Callable[[int], str]
) -> None:
    metric(row, title, format_count(after), f"before {format_count(before)}, {1 - after / before:.1%} saved")


def _save(opened: OpenedClip) -> None:
    """Save before the page is drawn again, so the list of checkpoints includes the new one.

    The threshold is read from the slider, which may have moved since the button was drawn.
    """
    name = keys.NEW_NAME.value.strip()
    try:
        keys.SAVED_FOLDER.value = save_pruned(opened.checkpoint, keys.THRESHOLD.value, name)
    except PeerattnError as error:
        keys.SAVE_ERROR.value = str(error)


def _outcome() -> None:
    """Draw the result of saving once, right afterwards."""
    if error_line := keys.SAVE_ERROR.pop():
        st.error(plain(error_line))
    if folder := keys.SAVED_FOLDER.pop():
        st.success(f"Saved in {plain(folder)}. It is now in the list of checkpoints. To load it in Python:")
        st.code(
            f'from peerattn.checkpoints import checkpoint\nloaded = checkpoint.load("{folder.name}")',
            language="python",
        )
