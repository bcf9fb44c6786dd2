"""What pruning saves in size, and saving the pruned checkpoint under a name of its own."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import keys
from app.parts.elements import number, numbers
from app.parts.words import multiples, plain, thousands
from app.state import networks
from app.state.saved import save_pruned
from app.state.shown import Opened
from peerattn.errors import PeerattnError
from peerattn.graph.connectivity import Removal


def show(shown: Opened, removal: Removal) -> None:
    """Size before and after, then a name and a button."""
    st.subheader("Size, and saving", anchor=False)
    if not removal.output_connected:
        st.text("Nothing to save: the output is cut off. Choose a lower threshold.")
        return
    before, after = networks.size(shown, 0.0), networks.size(shown, removal.threshold)
    row = numbers()
    _size(row, "Parameters", before.parameters, after.parameters, thousands)
    _size(row, "Multiply-adds a window", before.multiply_adds, after.multiply_adds, multiples)
    with st.form("save", border=False, width=424):
        st.text_input("Name of the pruned checkpoint", f"{shown.checkpoint.name}-pruned", key=keys.NEW_NAME)
        st.form_submit_button("Save the pruned checkpoint", on_click=_save, args=(shown,))
    _outcome()


def _size(row: DeltaGenerator, title: str, before: int, after: int, said: Callable[[int], str]) -> None:
    number(row, title, said(after), f"before {said(before)}, {1 - after / before:.1%} saved")


def _save(shown: Opened) -> None:
    """Runs before the page is drawn again, so that the list of checkpoints has the new one.

    The threshold is that of the slider now: it may have moved after the button was drawn.
    """
    name = keys.NEW_NAME.value.strip()
    try:
        keys.SAVED.value = save_pruned(shown.checkpoint, keys.THRESHOLD.value, name)
    except PeerattnError as error:
        keys.REFUSED.value = str(error)


def _outcome() -> None:
    """Said once, right after saving."""
    if refused := keys.REFUSED.pop():
        st.error(plain(refused))
    if folder := keys.SAVED.pop():
        st.success(f"Saved in {plain(folder)}. The list of checkpoints has it now; in Python it is loaded by")
        st.code(
            f'from peerattn.checkpoints import checkpoint\nloaded = checkpoint.load("{folder.name}")',
            language="python",
        )
