"""Compare: two clips, two checkpoints, or before and after pruning, on one layout with linked cursors."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

import streamlit as st

from app import keys
from app.explorer.component import SecondTrace, load_script, show_explorer
from app.keys import Key
from app.parts import bar
from app.parts.answers import WORDINGS
from app.parts.bar import opened
from app.parts.elements import table_with_csv
from app.parts.words import plain
from app.state import address, clips, pictures
from app.state.shown import FIRST_STRETCH, Opened
from peerattn.errors import PeerattnError
from peerattn.graph.connectivity import survey
from peerattn.scores.verdict import verdict
from peerattn.traces.comparison import comparison_table, merged, predictions_comparison
from peerattn.traces.trace import Trace


@dataclass(frozen=True)
class Side:
    """One of the two: what it is called, the clip it runs, and its trace (of a pruned network, if pruned)."""

    name: str
    shown: Opened
    trace: Trace


def show() -> None:
    """The screen; the first side is what the bar has opened."""
    shown = opened()
    if shown is None:
        st.info(bar.nothing_to_run())
        return
    _resume()
    _offer(keys.COMPARE, KINDS)
    kind = st.segmented_control(
        "Compare",
        list(KINDS),
        default=next(iter(KINDS)),
        required=True,
        key=keys.COMPARE,
        bind="query-params",
        persist_state="session",
        width="content",
    )
    try:
        sides = KINDS[kind](shown)
        if sides:
            _compared(*sides)
    except PeerattnError as error:
        st.error(plain(error))


def _resume() -> None:
    """The choices of a session file that was opened since this screen was shown."""
    start = keys.START.get()
    if start is None or keys.COMPARE_RESUMED.get() == start["token"]:
        return
    keys.COMPARE_RESUMED.value = start["token"]
    said = dict(parse_qsl(start["query"]))
    if address.is_share(threshold := said.pop(keys.COMPARE_THRESHOLD, "")):
        keys.COMPARE_THRESHOLD.value = float(threshold)
    for key in address.COMPARED:
        if key in said:
            key.value = said[key]


def _offer(key: Key[str], offered: Collection[str]) -> None:
    """Forget a choice that cannot be made here."""
    if key.get() not in offered:
        key.pop()


def _clips(shown: Opened) -> tuple[Side, Side] | None:
    """The clip of the bar and another one, through one network."""
    others = {
        label: source for label, source in bar.clip_sources().items() if source.id != shown.choice.source.id
    }
    if not others:
        st.info("There is no second clip: upload another one above.")
        return None
    _offer(keys.SECOND_CLIP, others)
    label = st.selectbox(
        "Second clip", list(others), key=keys.SECOND_CLIP, bind="query-params", persist_state="session"
    )
    choice = replace(shown.choice, source=others[label], start=0.0, stop=FIRST_STRETCH, hold=False)
    other = clips.open_clip(choice)
    return (
        Side(shown.choice.source.name, shown, shown.trace),
        Side(label, other, other.trace),
    )


def _checkpoints(shown: Opened) -> tuple[Side, Side] | None:
    """One clip through the network of the bar and another one."""
    names = [name for name in bar.network_names() if name != shown.checkpoint.name]
    if not names:
        st.info("There is no second checkpoint: save a pruned one in the Prune screen, or train one.")
        return None
    _offer(keys.SECOND_CHECKPOINT, names)
    name = st.selectbox(
        "Second checkpoint", names, key=keys.SECOND_CHECKPOINT, bind="query-params", persist_state="session"
    )
    other = clips.open_clip(replace(shown.choice, checkpoint=name))
    return (
        Side(shown.checkpoint.name, shown, shown.trace),
        Side(name, other, other.trace),
    )


def _pruning(shown: Opened) -> tuple[Side, Side] | None:
    """One clip before and after the connections below a threshold are removed."""
    threshold = st.slider(
        "Pruning threshold: connections whose connection weight is below it are removed",
        0.0,
        1.0,
        0.2,
        step=0.001,
        format="%.3f",
        key=keys.COMPARE_THRESHOLD,
        bind="query-params",
        persist_state="session",
    )
    weights = shown.checkpoint.network.connection_weights()
    removal = survey(shown.checkpoint.structure, weights, threshold)
    if not removal.output_connected:
        st.warning("This threshold cuts the output off from every input: there is nothing to compare with.")
        return None
    st.caption(f"{len(removal.kept)} connections kept, {len(removal.removed)} removed.")
    return (
        Side("before pruning", shown, shown.trace),
        Side(f"without connections below {threshold:.3f}", shown, clips.pruned_trace(shown, removal)),
    )


KINDS: dict[str, Callable[[Opened], tuple[Side, Side] | None]] = {
    "Two clips": _clips,
    "Two checkpoints": _checkpoints,
    "Before and after pruning": _pruning,
}


def _compared(first: Side, second: Side) -> None:
    layout = merged(first.trace.structure, second.trace.structure)
    _said(first, second)
    load_script()
    show_explorer(
        first.trace,
        pictures.packed_on(layout, first.shown, first.trace),
        other=SecondTrace(pictures.packed_on(layout, second.shown, second.trace), (first.name, second.name)),
        key=keys.COMPARE_EXPLORER,
        selected=keys.SELECTED.get(),
        about={"clip": f"A {first.name}, B {second.name}"},
    )
    st.subheader("Numbers", anchor=False)
    table_with_csv(
        {
            "Connections": lambda: comparison_table(first.trace, second.trace),
            "Predictions": lambda: predictions_comparison(first.trace, second.trace),
        },
        stem="comparison",
    )


def _said(first: Side, second: Side) -> None:
    """What each of the two predicts."""
    for column, letter, side in zip(st.columns(2), "AB", (first, second), strict=True):
        said = verdict(side.trace, side.shown.checkpoint.card)
        answer = WORDINGS[said.kind].beside(said)
        column.markdown(f"**{letter}** · {plain(side.name)}: {answer}, {len(side.trace.times)} frames")


show()
