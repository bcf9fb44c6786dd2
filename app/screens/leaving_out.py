"""Explore without a part: what is left out, and how the answer on the clip changes without it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

import streamlit as st

from app import keys
from app.explorer.component import Comparison, LeftOutFrames, Selection
from app.opening.files import Source
from app.parts import bar
from app.parts.words import percent, plain
from app.screens import left_out_span
from app.state import clips, pictures
from app.state.left_out import HOW
from app.state.opened import DEFAULT_SECONDS, Choice, Opened, OpenedClip
from peerattn.errors import PeerattnError
from peerattn.graph.components import names as component_names
from peerattn.graph.connectivity import Removal, survey
from peerattn.graph.structure import Structure
from peerattn.recording.altering import Alteration, Parts
from peerattn.recording.interventions import removed_keys
from peerattn.traces.trace import ConnectionTrace, Trace

HELP = (
    "Runs the clip again through the network without the chosen parts, as if the weights of their "
    "connections were zero. A peer of a connection is left out of its attention: the other peers share the "
    "attention weight. The graph and the timeline then show both: A is the whole network, B the one without "
    "them. Type to search."
)
OF_ANOTHER = (
    "In each frame, the connections get the attention factors that they have in the same frame of this clip, "
    "which must be at least as long: shorter ones are not offered. What else they carry is that of the clip "
    "shown."
)
NO_DONOR = "No other clip is as long as this one. Upload one, or choose a shorter time range."
ONLY_REMOVED = "A peer has no attention factors of its own, so it can only be left out."


@dataclass(frozen=True)
class Without:
    """The trace of the clip without some parts, and which parts these are."""

    opened: OpenedClip
    alteration: Alteration
    trace: Trace
    donor: str = ""  # the other clip, for people

    @property
    def name(self) -> str:
        parts = ", ".join(part_label(f"{kind} {name}") for kind, name in self.alteration.parts)
        if self.donor:
            return f"{parts}: factors of {self.donor}"
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
        spans = self.alteration.how == "remove" and len(self.trace.times) > 1
        chosen = LeftOutFrames(self.alteration.frames, partial(left_out_span.choose_frames, self.opened))
        return Comparison(packed, ("the whole network", self.name), chosen if spans else None)


def choose(opened: Opened) -> Without | None:
    """Draw the choice of what is left out, and say what changes; None if nothing is left out."""
    if not isinstance(opened, OpenedClip):
        return None
    alteration, source = _alteration(opened)
    if alteration is None:
        return None
    try:
        donor = _open_donor(opened, source) if source else None
        trace = clips.trace_without(opened, alteration, donor)
        chosen = Without(opened, alteration, trace, source.name if source else "")
    except PeerattnError as error:
        st.warning(plain(error))
        return None
    st.markdown(difference_in_words(opened.trace, chosen))
    return chosen


def _alteration(opened: OpenedClip) -> tuple[Alteration | None, Source | None]:
    """Draw the choices; return what is done, and the other clip whose factors are taken if there is one."""
    options = part_options(opened.trace.structure)
    _drop_lacking(opened, options)
    parts_column, how_column, time_column = st.columns([5, 3, 3], vertical_alignment="bottom")
    with parts_column:
        chosen = st.multiselect(
            "Without",
            options,
            format_func=part_label,
            key=keys.LEFT_OUT,
            placeholder="Nothing is left out: choose modalities, blocks, connections or peers",
            help=HELP,
            bind="query-params",
            persist_state="session",
            on_change=keys.LACKING.pop,
        )
    if not chosen:
        return None, None
    parts = tuple((kind, name) for kind, _, name in (part.partition(" ") for part in chosen))
    with how_column:
        how = _choose_how(parts)
    with time_column:
        if how == "swap":
            donor = _choose_donor(opened)
            return Alteration(parts, how, donor=donor.id if donor else ""), donor
        return Alteration(parts, how, left_out_span.choose(opened) if how == "remove" else None), None


def _choose_donor(opened: OpenedClip) -> Source | None:
    """Draw the choice of the clip whose factors are taken, among those that are long enough; None without."""
    sources = _donors(opened)
    if not sources:
        st.caption(NO_DONOR)
        return None
    if (named := keys.DONOR.get()) and named not in sources:
        st.warning(plain(f"{named} is not there, or too short to take factors from."))
    keys.DONOR.keep_among(sources)
    label = st.selectbox(
        "Of which clip",
        list(sources),
        key=keys.DONOR,
        help=OF_ANOTHER,
        bind="query-params",
        persist_state="session",
    )
    return sources.get(label) if label else None


def _donors(opened: OpenedClip) -> dict[str, Source]:
    """Return the other clips that are at least as long as what is shown of this one, by their labels."""
    times, own = opened.trace.times, opened.choice.source.id
    others = {label: source for label, source in bar.clip_sources().items() if source.id != own}
    needed = float(times[-1] - times[0])
    return {label: source for label, source in others.items() if _seconds(source) > needed}


def _seconds(source: Source) -> float:
    """Return how many seconds of a clip are opened, from its start."""
    return min(clips.video_information(source).duration or DEFAULT_SECONDS, DEFAULT_SECONDS)


def _open_donor(opened: OpenedClip, source: Source) -> OpenedClip:
    """Open the other clip from its start, prepared like this one."""
    return clips.open_clip(Choice(opened.choice.checkpoint, source))


def _choose_how(parts: Parts) -> str:
    """Draw the choice of what is done with the parts; peers can only be left out."""
    only_removed = any(kind == "attention" for kind, _ in parts)
    ways = ["remove"] if only_removed else list(HOW)
    keys.LEFT_OUT_HOW.keep_among(ways)
    return st.selectbox(
        "How",
        ways,
        format_func=HOW.__getitem__,
        key=keys.LEFT_OUT_HOW,
        help=ONLY_REMOVED if only_removed else None,
        bind="query-params",
        persist_state="session",
    )


def _drop_lacking(opened: OpenedClip, options: Collection[str]) -> None:
    """Drop chosen parts that the network lacks, and say so, as for those that only the address names."""
    chosen, known = keys.LEFT_OUT.get([]), set(map(part_label, options))
    named = map(part_label, chosen) if keys.LEFT_OUT.is_set else st.query_params.get_all(keys.LEFT_OUT)
    network = opened.choice.checkpoint
    if lacking := [label for label in named if label not in known]:
        keys.LACKING.value = network, lacking
    by_label = {part_label(option): option for option in options}
    keys.LEFT_OUT.value = [by_label[label] for label in map(part_label, chosen) if label in by_label]
    if keys.LACKING.get(("", []))[0] == network:
        lacking = keys.LACKING.value[1]
        they_are = "they are" if len(lacking) > 1 else "it is"
        st.warning(plain(f"This network does not have {', '.join(lacking)}, so {they_are} not left out."))


def part_options(structure: Structure) -> list[str]:
    """Return the parts that can be left out, as `KIND NAME`: of peers, those that are not the only one."""
    parts = [
        f"{kind} {name}"
        for kind in ("modality", "block", "connection")
        for name in component_names(structure, kind)
    ]
    shared = [spec for spec in structure.connections if len(spec.attention_keys) > 1]
    return [*parts, *(f"attention {key}" for spec in shared for key in spec.attention_keys)]


def part_label(part: str) -> str:
    """Return the name of a part `KIND NAME` for people."""
    kind, _, name = part.partition(" ")
    if kind == "modality":
        return f"all of {name}"
    if kind == "block":
        return f"block {name}"
    connection, _, peer = name.replace("_to_", " → ").partition(":")
    if kind == "attention":
        return f"peer {peer} of {connection}"
    return connection if kind == "connection" else part  # a label already, as browsers send it


def offer(opened: Opened, selection: Selection) -> None:
    """Draw a button that leaves the selected part out too, and a choice of its peers; nothing for a trace."""
    if not isinstance(opened, OpenedClip):
        return
    part = f"{selection.kind} {selection.id}"
    left_out = keys.LEFT_OUT.get([])
    with st.container(horizontal=True, gap="small"):
        if part not in left_out:
            st.button("Leave it out", key=keys.LEAVE_OUT, on_click=_leave_out, args=(part,))
        if selection.kind == "connection":
            _offer_peers(opened.trace.connection(selection.id), left_out)


def _offer_peers(connection: ConnectionTrace, left_out: Collection[str]) -> None:
    """Draw a choice of the peers that can still be left out of a connection, with their attention weights."""
    weights = dict(zip(connection.peers, connection.attention_weights, strict=False))
    keys_of_peers = {peer: f"attention {connection.key}:{peer}" for peer in connection.peers}
    remaining = [peer for peer in connection.peers if keys_of_peers[peer] not in left_out]
    if len(remaining) < 2:
        return
    widget = keys.LEAVE_OUT_PEER.scoped(connection.key)

    def leave_out() -> None:
        if peer := widget.get():
            _leave_out(keys_of_peers[peer])
        widget.value = None

    st.selectbox(
        "Leave out a peer",
        remaining,
        index=None,
        format_func=lambda peer: f"{peer} (attention weight {weights[peer]:.2f})",
        key=widget,
        on_change=leave_out,
        placeholder="Leave out a peer",
        label_visibility="collapsed",
        width=280,
    )


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
    if alteration := left_out_span.in_words(trace, chosen.alteration):
        line += f" {alteration}"
    if other != best:
        share = percent(chosen.trace.probabilities[other])
        return f"{line}: this network then says **{plain(trace.class_names[other])}** ({share}). One clip."
    return f"{line}; it remains the most probable. One clip."
