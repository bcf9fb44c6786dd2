"""Explore without a part: what is left out, and how the answer on the clip changes without it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from app import keys
from app.explorer.component import Comparison, Selection
from app.parts.words import percent, plain
from app.state import clips, pictures
from app.state.opened import Opened, OpenedClip
from peerattn.errors import PeerattnError
from peerattn.graph.components import names as component_names
from peerattn.graph.connectivity import Removal, survey
from peerattn.graph.structure import Structure
from peerattn.recording.altering import Alteration
from peerattn.recording.interventions import removed_keys
from peerattn.traces.trace import Trace

HOW = {"remove": "left out", "mean": "factors at their mean", "one": "factors at 1"}
"""What can be done with a part → in words."""
HELP = (
    "Runs the clip again through the network without the chosen parts, as if the weights of their "
    "connections were zero. The graph and the timeline then show both: A is the "
    "whole network, B the one without them."
)


@dataclass(frozen=True)
class Without:
    """The trace of the clip without some parts, and which parts these are."""

    opened: OpenedClip
    alteration: Alteration
    trace: Trace

    @property
    def name(self) -> str:
        parts = ", ".join(part_label(f"{kind} {name}") for kind, name in self.alteration.parts)
        if self.alteration.how != "remove":
            return f"{parts}: {HOW[self.alteration.how]}"
        return f"without {parts}"

    @property
    def removal(self) -> Removal | None:
        """What is missing in the whole clip; None if nothing is."""
        structure, alteration = self.trace.structure, self.alteration
        if alteration.how != "remove" or alteration.frames:
            return None
        removed = removed_keys(structure, alteration.names())
        return survey(structure, dict.fromkeys(removed, 0.0), 1.0)

    def comparison(self) -> Comparison:
        """Return the second trace for the explorer."""
        packed = pictures.packed_on_layout(self.trace.structure, self.opened, self.trace, self.alteration)
        return Comparison(packed, ("the whole network", self.name))


def choose(opened: Opened) -> Without | None:
    """Draw the choice of what is left out, and say what changes; None if nothing is left out."""
    if not isinstance(opened, OpenedClip):
        return None
    alteration = _alteration(opened)
    if alteration is None:
        return None
    try:
        chosen = Without(opened, alteration, clips.trace_without(opened, alteration))
    except PeerattnError as error:
        st.warning(plain(error))
        return None
    st.markdown(difference_in_words(opened.trace, chosen))
    return chosen


def _alteration(opened: OpenedClip) -> Alteration | None:
    options = part_options(opened.trace.structure)
    keys.LEFT_OUT.value = [part for part in keys.LEFT_OUT.get([]) if part in options]
    parts_column, how_column, time_column = st.columns([5, 3, 3], vertical_alignment="bottom")
    with parts_column:
        chosen = st.multiselect(
            "Without",
            options,
            format_func=part_label,
            key=keys.LEFT_OUT,
            placeholder="Nothing is left out: choose modalities, blocks or connections",
            help=HELP,
            bind="query-params",
            persist_state="session",
        )
    if not chosen:
        return None
    with how_column:
        how = st.selectbox(
            "How", list(HOW), format_func=HOW.__getitem__, key=keys.LEFT_OUT_HOW, persist_state="session"
        )
    parts = tuple((kind, name) for kind, _, name in (part.partition(" ") for part in chosen))
    if how != "remove":
        return Alteration(parts, how)
    with time_column:
        return Alteration(parts, how, _frames(opened))


def _frames(opened: OpenedClip) -> tuple[int, int] | None:
    """Draw the choice of a span of time; None for the whole clip, which may have a single frame."""
    times = opened.trace.times
    if len(times) < 2:
        return None
    ends = 0.0, round(float(times[-1] - times[0]), 2)
    key = keys.LEFT_OUT_TIMES.scoped(f"{opened.choice.source.id}-{ends[1]}")
    start, stop = st.slider("From, to (s)", *ends, ends, key=key, persist_state="session")
    if (start, stop) == ends:
        return None
    first, last = np.searchsorted(times - times[0], [start - 1e-6, stop + 1e-6])
    return int(first), max(int(last), int(first) + 1)


def part_options(structure: Structure) -> list[str]:
    """Return the parts that can be left out, as `KIND NAME`."""
    return [
        f"{kind} {name}"
        for kind in ("modality", "block", "connection")
        for name in component_names(structure, kind)
    ]


def part_label(part: str) -> str:
    """Return the name of a part `KIND NAME` for people."""
    kind, _, name = part.partition(" ")
    if kind == "modality":
        return f"all of {name}"
    return name.replace("_to_", " → ") if kind == "connection" else f"block {name}"


def offer(opened: Opened, selection: Selection) -> None:
    """Draw a button that leaves the selected part out too; none if it is left out, or without a network."""
    part = f"{selection.kind} {selection.id}"
    left_out = keys.LEFT_OUT.get([])
    if isinstance(opened, OpenedClip) and part not in left_out:
        st.button("Leave it out", key=keys.LEAVE_OUT, on_click=_leave_out, args=(part,))


def _leave_out(part: str) -> None:
    keys.LEFT_OUT.value = [*keys.LEFT_OUT.get([]), part]


def difference_in_words(trace: Trace, chosen: Without) -> str:
    """Say how the probability of the clip's best class changes, and what the network then says."""
    best = int(trace.probabilities.argmax())
    before, after = trace.probabilities[best], chosen.trace.probabilities[best]
    other = int(chosen.trace.probabilities.argmax())
    line = (
        f"**{plain(trace.class_names[best])}** {percent(before)} → **{percent(after)}** {plain(chosen.name)}"
    )
    if alteration := _span_in_words(trace, chosen.alteration):
        line += f" {alteration}"
    if other != best:
        share = percent(chosen.trace.probabilities[other])
        return f"{line}: this network then says **{plain(trace.class_names[other])}** ({share}). One clip."
    return f"{line}; it remains the most probable. One clip."


def _span_in_words(trace: Trace, alteration: Alteration) -> str:
    if alteration.frames is None:
        return ""
    start, stop = alteration.frames
    return f"from {trace.times[start] - trace.times[0]:.2f} to {trace.times[stop - 1] - trace.times[0]:.2f} s"
