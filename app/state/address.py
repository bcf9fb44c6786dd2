"""The address of the page: what it selects, and a warning for each thing it names that does not exist."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from urllib.parse import parse_qsl

import streamlit as st

from app import keys
from app.explorer.component import Selection
from app.keys import ComponentState, Key
from app.state import left_out
from peerattn.figures.scripts import read_part
from peerattn.traces.trace import Trace

COMPARISON_KEYS = (keys.COMPARE, keys.SECOND_CLIP, keys.SECOND_CHECKPOINT, keys.COMPARE_THRESHOLD)
"""The choices on Compare, which are not in the address of the other screens."""

_address_reader = st.components.v2.component(
    "peerattn_address", html="<span hidden></span>", js=read_part("streamlit/address.js")
)


def current_query(*, key: Key[ComponentState]) -> dict[str, str] | None:
    """Return the current query parameters, or None in the first run, before the browser has reported them.

    The explorer changes the address without a rerun, which `st.query_params` does not notice.
    """
    known = key.get({}).get("query")
    state = _address_reader(
        key=key, data={"known": known}, default={"query": None}, on_query_change=lambda: None
    )
    query = state.get("query")
    return None if query is None else parse_query(query)


def parse_query(query: str) -> dict[str, str]:
    """Return the parameters of a query string; several values of one name stand on lines."""
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(query.removeprefix("?"), keep_blank_values=True):
        values.setdefault(name, []).append(value)
    return {name: "\n".join(several) for name, several in values.items()}


def comparison_choices() -> dict[str, str]:
    """Return the choices made on Compare by their names in the address."""
    return {str(key): str(key.value) for key in COMPARISON_KEYS if key.is_set}


def parse_selection(pin: str | None) -> Selection | None:
    """Parse `connection KEY` or `block ID`, as written by the explorer; return None for any other text."""
    kind, _, name = (pin or "").partition(" ")
    if not name:
        return None
    if kind == "connection":
        return Selection("connection", name)
    return Selection("block", name) if kind == "block" else None


def warnings(
    address: Mapping[str, str], *, checkpoints: Collection[str], clips: Collection[str]
) -> Iterator[str]:
    """Yield a line for each checkpoint or clip in the address that is not found and each bad threshold."""
    if (name := address.get("checkpoint")) and name not in checkpoints:
        yield f"The address names the checkpoint {name}, which was not found. Another one is shown."
    if (name := address.get("clip")) and name not in clips:
        yield (
            f"The address names the clip {name}, which was not found, so another clip is shown. Upload the "
            "clip, or open its session file."
        )
    yield from left_out.warnings(address, clips)
    if (text := address.get("threshold")) and not is_fraction(text):
        yield f"The address names the pruning threshold {text}, which is not a number from 0 to 1."


def selection_warnings(address: Mapping[str, str], trace: Trace) -> Iterator[str]:
    """Yield a line for a connection or block in the address that the current network does not have."""
    pin = address.get("pin")
    selection = parse_selection(pin)
    known = {connection.key for connection in trace.connections}
    if selection and selection.kind == "block":
        known = {block.id for block in trace.structure.blocks}
    if pin and (selection is None or selection.id not in known):
        yield f"The address names the {pin}, which this network does not have, so nothing is selected."


def is_fraction(text: str) -> bool:
    """Whether a text is a number from 0 to 1."""
    try:
        return 0 <= float(text) <= 1
    except ValueError:
        return False
