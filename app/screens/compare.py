"""Compare: two clips, two checkpoints, or one network before and after pruning, in one linked view."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

import streamlit as st

from app import keys
from app.explorer.component import Comparison, load_script, show_explorer
from app.keys import Key
from app.parts import bar
from app.parts.answers import WORDINGS
from app.parts.elements import table_with_csv
from app.parts.words import plain
from app.state import address, clips, pictures
from app.state.opened import DEFAULT_SECONDS, OpenedClip
from peerattn.errors import PeerattnError
from peerattn.graph.connectivity import survey
from peerattn.scores.verdict import verdict
from peerattn.traces.comparison import comparison_table, merge_structures, predictions_comparison
from peerattn.traces.trace import Trace


@dataclass(frozen=True)
class Side:
    """One of the two sides: its title, its clip, and its trace (of the pruned network if it is pruned)."""

    name: str
    opened: OpenedClip
    trace: Trace


def show() -> None:
    """Draw the screen; the first side is the clip that the bar has opened."""
    opened = bar.opened_clip()
    if opened is None:
        st.info(bar.no_clip_message())
        return
    _resume()
    _drop_unavailable(keys.COMPARE, KINDS)
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
        sides = KINDS[kind](opened)
        if sides:
            _comparison(*sides)
    except PeerattnError as error:
        st.error(plain(error))


def _resume() -> None:
    """Take over the choices of a session file that was opened since this screen was last drawn."""
    start = keys.START_VIEW.get()
    if start is None or keys.COMPARE_RESUMED.get() == start["token"]:
        return
    keys.COMPARE_RESUMED.value = start["token"]
    saved = dict(parse_qsl(start["query"]))
    if address.is_fraction(threshold := saved.pop(keys.COMPARE_THRESHOLD, "")):
        keys.COMPARE_THRESHOLD.value = float(threshold)
    for key in address.COMPARISON_KEYS:
        if key in saved:
            key.value = saved[key]


def _drop_unavailable(key: Key[str], options: Collection[str]) -> None:
    """Drop a stored choice that is not among the options."""
    if key.get() not in options:
        key.pop()


def _clips(opened: OpenedClip) -> tuple[Side, Side] | None:
    """Choose a second clip and return both sides, or None; both run through the network of the bar."""
    others = {
        label: source for label, source in bar.clip_sources().items() if source.id != opened.choice.source.id
    }
    if not others:
        st.info("There is no second clip. Upload one above.")
        return None
    _drop_unavailable(keys.SECOND_CLIP, others)
    label = st.selectbox(
        "Second clip", list(others), key=keys.SECOND_CLIP, bind="query-params", persist_state="session"
    )
    choice = replace(opened.choice, source=others[label], start=0.0, stop=DEFAULT_SECONDS, hold=False)
    other = clips.open_clip(choice)
    return (
        Side(opened.choice.source.name, opened, opened.trace),
        Side(label, other, other.trace),
    )


def _checkpoints(opened: OpenedClip) -> tuple[Side, Side] | None:
    """Choose a second checkpoint and return both sides, or None; both run on the clip of the bar."""
    names = [name for name in bar.network_names() if name != opened.checkpoint.name]
    if not names:
        st.info("There is no second checkpoint. Save a pruned one on the Prune screen, or train one.")
        return None
    _drop_unavailable(keys.SECOND_CHECKPOINT, names)
    name = st.selectbox(
        "Second checkpoint", names, key=keys.SECOND_CHECKPOINT, bind="query-params", persist_state="session"
    )
    other = clips.open_clip(replace(opened.choice, checkpoint=name))
    return (
        Side(opened.checkpoint.name, opened, opened.trace),
        Side(name, other, other.trace),
    )


def _pruning(opened: OpenedClip) -> tuple[Side, Side] | None:
    """Choose a threshold and return the clip before and after pruning, or None if no output is left."""
    threshold = st.slider(
        "Remove connections weaker than",
        0.0,
        1.0,
        0.2,
        step=0.001,
        format="%.3f",
        key=keys.COMPARE_THRESHOLD,
        bind="query-params",
        persist_state="session",
    )
    weights = opened.checkpoint.network.connection_weights()
    removal = survey(opened.checkpoint.structure, weights, threshold)
    if not removal.output_connected:
        st.warning("This threshold disconnects the output from every input. Choose a lower one to compare.")
        return None
    st.caption(f"{len(removal.kept)} connections kept, {len(removal.removed)} removed.")
    return (
        Side("before pruning", opened, opened.trace),
        Side(f"without connections below {threshold:.3f}", opened, clips.pruned_trace(opened, removal)),
    )


KINDS: dict[str, Callable[[OpenedClip], tuple[Side, Side] | None]] = {
    "Two clips": _clips,
    "Two checkpoints": _checkpoints,
    "Before and after pruning": _pruning,
}


def _comparison(first: Side, second: Side) -> None:
    layout = merge_structures(first.trace.structure, second.trace.structure)
    _predictions(first, second)
    load_script()
    show_explorer(
        first.trace,
        pictures.packed_on_layout(layout, first.opened, first.trace),
        comparison=Comparison(
            pictures.packed_on_layout(layout, second.opened, second.trace), (first.name, second.name)
        ),
        key=keys.COMPARE_EXPLORER,
        selected=keys.SELECTED.get(),
        export_names={"clip": f"A {first.name}, B {second.name}"},
    )
    st.subheader("Numbers", anchor=False)
    table_with_csv(
        {
            "Connections": lambda: comparison_table(first.trace, second.trace),
            "Predictions": lambda: predictions_comparison(first.trace, second.trace),
        },
        stem="comparison",
    )


def _predictions(first: Side, second: Side) -> None:
    """Draw the prediction of each side."""
    for column, letter, side in zip(st.columns(2), "AB", (first, second), strict=True):
        result = verdict(side.trace, side.opened.checkpoint.card)
        answer = WORDINGS[result.kind].comparison(result)
        column.markdown(f"**{letter}** · {plain(side.name)}: {answer}, {len(side.trace.times)} frames")


show()
