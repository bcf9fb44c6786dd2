"""What the address names when the page is opened: restored where it is here, said in one line where not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from urllib.parse import parse_qsl

import streamlit as st

from app import keys
from app.explorer.component import Selection
from app.keys import Clicked, Key
from peerattn.traces.trace import Trace

COMPARED = (keys.COMPARE, keys.SECOND_CLIP, keys.SECOND_CHECKPOINT, keys.COMPARE_THRESHOLD)
"""What is chosen on Compare; on other screens the address says nothing of it."""

_asked = st.components.v2.component(
    "peerattn_address",
    html="<span hidden></span>",
    js="""export default ({ data, setStateValue }) => {
  if (location.search !== data.known) setStateValue("query", location.search);
};""",
)


def now(*, key: Key[Clicked]) -> dict[str, str] | None:
    """What the address says now, by name; nothing yet on the run that asks.

    The explorer rewrites it without a run, of which `st.query_params` know nothing.
    """
    known = key.get({}).get("query")
    answer = _asked(key=key, data={"known": known}, default={"query": None}, on_query_change=lambda: None)
    query = answer.get("query")
    return None if query is None else dict(parse_qsl(query.removeprefix("?"), keep_blank_values=True))


def compared() -> dict[str, str]:
    """What was chosen on Compare, by its names in the address."""
    return {str(key): str(key.value) for key in COMPARED if key.held}


def selection(pin: str | None) -> Selection | None:
    """Of `connection KEY` or `block ID`, as the explorer writes it; nothing for any other text."""
    kind, _, name = (pin or "").partition(" ")
    if not name:
        return None
    if kind == "connection":
        return Selection("connection", name)
    return Selection("block", name) if kind == "block" else None


def missing(
    address: Mapping[str, str], *, checkpoints: Collection[str], clips: Collection[str]
) -> Iterator[str]:
    """A line for the checkpoint and the clip of the address that are not here."""
    if (name := address.get("checkpoint")) and name not in checkpoints:
        yield f"The address names the checkpoint {name}, which is not here: another one is shown."
    if (name := address.get("clip")) and name not in clips:
        yield (
            f"The address names the clip {name}, which is not here: upload it, or open its session file. "
            "Another clip is shown."
        )
    if (said := address.get("threshold")) and not is_share(said):
        yield f"The address names the pruning threshold {said}, which is not a number from 0 to 1."


def missing_selection(address: Mapping[str, str], trace: Trace) -> Iterator[str]:
    """A line for a connection or block of the address that the network on the page does not have."""
    pin = address.get("pin")
    found = selection(pin)
    known = {connection.key for connection in trace.connections}
    if found and found.kind == "block":
        known = {block.id for block in trace.structure.blocks}
    if pin and (found is None or found.id not in known):
        yield f"The address names the {pin}, which this network does not have: nothing is selected."


def is_share(text: str) -> bool:
    """Whether a text is a number from 0 to 1."""
    try:
        return 0 <= float(text) <= 1
    except ValueError:
        return False
