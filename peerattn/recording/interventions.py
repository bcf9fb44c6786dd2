"""Interventions: changing a part of a network, to measure whether its answers need that part.

    with without(network, modality="flow"):
        evaluate(network, examples, window=16)

Each intervention is a `with` block around `record`, `evaluate`, `predict`, a training step or
`network(clip)`. Blocks can be nested; leaving one, also by an exception, restores the network exactly. In a
network wrapped by DataParallel or `torch.compile`, the network inside is changed. Other threads that would
record or predict wait until the block is left. An attention connection is named SOURCE_to_TARGET:PEER.
Factors A and weights σ(w), softmax(h) are those of `network.attention` (US20230114556A1, claims 2 to 8).

Values that an intervention takes from a clip (factors, block outputs) come from an extra run in evaluation
mode, without gradients. Shapes: C channels of a connection's source, T frames.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Literal

from numpy.typing import ArrayLike
from torch import Tensor

from peerattn.errors import PeerattnError
from peerattn.graph import components
from peerattn.graph.connectivity import survey
from peerattn.graph.specs import ConnectionSpec
from peerattn.graph.structure import Structure
from peerattn.modalities.clip import Clip
from peerattn.network.network import Network
from peerattn.network.unwrapping import unwrap
from peerattn.recording.changes import Change, Place, changed
from peerattn.recording.lock import RECORDING
from peerattn.recording.observing import from_clips, from_donor, from_whole_clip
from peerattn.recording.substitutes import (
    held_at_mean,
    held_at_values,
    ones,
    replaced,
    shuffled_frames,
    silent,
    unattended,
)

Names = str | Iterable[str] | None
Donor = Clip | Mapping[str, Tensor]
"""A clip, or modality → (B, C, T, H, W): one for all clips that run, or one for each of them."""


@contextmanager
def swapped(
    network: Network,
    donor: Donor,
    *,
    modality: Names = None,
    blocks: Names = None,
    connections: Names = None,
    peers: Names = None,
) -> Iterator[Network]:
    """Put the values of a donor clip in place of the clips' own.

    For a modality, these are its tensors as input blocks read them (even if the network computes the
    modality); for a block its output; for a connection its attention factors; for a peer
    (SOURCE_to_TARGET:PEER) its pooled output for that connection. Connection weights stay. Raises
    PeerattnError for an unknown name and for a donor without a modality, and, once clips run, unless the
    donor has frames of the same number and size.
    """
    names = {"modality": modality, "block": blocks, "connection": connections, "attention": peers}
    inner = unwrap(network)
    places = find_places(inner.structure, names)
    source = from_donor(inner, _tensors(donor), places)
    with changed(inner, replaced(source, places)):
        yield network


@contextmanager
def without(
    network: Network,
    *,
    modality: Names = None,
    blocks: Names = None,
    connections: Names = None,
    attention: Names = None,
) -> Iterator[Network]:
    """Disable connections, as if their weights were zero: the network that pruning them would leave.

    For a modality, these are all connections from its input blocks; for a block, all from it. Both may still
    be peers of others. For an attention connection (SOURCE_to_TARGET:PEER), the peer is left out of the
    softmax. Raises PeerattnError for an unknown name, for a block without outgoing connections, and if an
    output block would be cut off from every input block or a connection would lose its last peer.
    """
    names = {"modality": modality, "block": blocks, "connection": connections, "attention": attention}
    inner = unwrap(network)
    removed = removed_keys(inner.structure, names)
    with RECORDING:
        before = inner.disabled
        check_removal(inner.structure, before | removed)
        inner.disabled = before | removed
        try:
            yield network
        finally:
            inner.disabled = before


@contextmanager
def frozen(
    network: Network,
    *,
    connections: Names,
    to: Literal["mean", "one"] | ArrayLike | Tensor = "mean",
    clip: Donor | None = None,
) -> Iterator[Network]:
    """Hold the factors of connections still, or set them to values.

    `mean` holds them at their mean over the frames of the clip that runs, as they are without this
    intervention, or over the frames of `clip` if there is one. `one` sets A = 1. Values are (C,), or (T, C)
    for clips of T frames. With static or no attention, `mean` changes nothing. Raises PeerattnError for an
    unknown name, for values of another shape, and once clips run with a number of frames other than T.
    """
    inner = unwrap(network)
    places = find_places(inner.structure, {"connection": connections})
    with changed(inner, _frozen(inner, places, to, clip)):
        yield network


@contextmanager
def silenced(
    network: Network, *, connections: Names = None, attention: Names = None, frames: tuple[int, int]
) -> Iterator[Network]:
    """Let connections add nothing to their targets in frames start ≤ t < stop, by factors of 0.

    For an attention connection (SOURCE_to_TARGET:PEER), the peer is left out of the softmax in these frames;
    the attention weights that a recording shows are those of all other frames. There, factors are those that
    follow from what arrives, which may have changed too. Raises PeerattnError for an unknown name, and if a
    connection would lose its last peer.
    """
    inner = unwrap(network)
    keys = removed_keys(inner.structure, {"connection": connections, "attention": attention})
    for spec in inner.structure.connections:
        check_peers(spec, inner.disabled | keys)
    with ExitStack() as stack:
        for specs in _by_target_level(inner.structure).values():  # since factors depend on the levels below
            silenced_ones = [spec for spec in specs if spec.key in keys]
            attended = [
                spec for spec in specs if spec.key not in keys and not keys.isdisjoint(spec.attention_keys)
            ]
            for own, change in ((attended, partial(unattended, keys=keys)), (silenced_ones, silent)):
                if places := tuple(Place("factors", spec.key) for spec in own):
                    applied = change(inner, from_clips(inner, places), places, frames)
                    stack.enter_context(changed(inner, applied))
        yield network


def _by_target_level(structure: Structure) -> dict[int, list[ConnectionSpec]]:
    """Return level, upward → the connections whose targets are on it."""
    levels = defaultdict[int, list[ConnectionSpec]](list)
    for spec in structure.connections:
        levels[structure.block(spec.target).level].append(spec)
    return dict(sorted(levels.items()))


def _frozen(network: Network, places: tuple[Place, ...], to: Any, clip: Donor | None) -> Change:
    """Return the change for each way of freezing factors."""
    if not isinstance(to, str):
        change = held_at_values(network, places, to)
    elif to == "one":
        change = ones(places)
    elif to == "mean":
        if clip is None:
            source = from_clips(network, places)
        else:
            source = from_whole_clip(network, _tensors(clip), places)
        return held_at_mean(source, places)
    else:
        raise PeerattnError(f"factors cannot be frozen to {to!r}: give 'mean', 'one' or values")
    if clip is not None:
        raise PeerattnError("a clip only gives the mean of factors: leave it out, or freeze them to 'mean'")
    return change


@contextmanager
def shuffled(
    network: Network, *, modality: Names = None, connections: Names = None, seed: int = 0
) -> Iterator[Network]:
    """Shuffle the frames of a modality, or of the factors of connections.

    The order depends only on the seed and the number of frames, so clips of equal length get the same one.
    Factors are those that connections have without this intervention. A clip of one frame, and factors that
    are the same in every frame, stay unchanged. Raises PeerattnError for an unknown name.
    """
    inner = unwrap(network)
    places = find_places(inner.structure, {"modality": modality, "connection": connections})
    with changed(inner, shuffled_frames(from_clips(inner, places), places, seed)):
        yield network


def find_places(structure: Structure, names: Mapping[str, Names]) -> tuple[Place, ...]:
    """Return the places of components, kind → names. Raises PeerattnError for unknown or no names."""
    places: dict[Place, None] = {}
    for of, known in _known_names(structure, names).items():
        for name in known:
            places |= dict.fromkeys(_places(structure, of, name))
    return tuple(places)


def _places(structure: Structure, of: str, name: str) -> tuple[Place, ...]:
    if of == "modality":
        return tuple(Place("reading", block_id) for block_id in structure.input_blocks(name))
    if of == "block":
        return (Place("output", name),)
    if of == "connection":
        return (Place("factors", name),)
    spec, number = components.attention_connections(structure)[name]
    if spec.attention == "self":  # the source is its only peer
        return (Place("factors", spec.key),)
    return (Place("peer", spec.key, number),)


def removed_keys(structure: Structure, names: Mapping[str, Names]) -> frozenset[str]:
    """Return the keys of the connections and attention connections of components, kind → names.

    Raises PeerattnError for an unknown name, and for a block without outgoing connections.
    """
    removed: set[str] = set()
    for of, known in _known_names(structure, names).items():
        for name in known:
            if of in ("connection", "attention"):
                removed.add(name)
                continue
            sources = [name] if of == "block" else structure.input_blocks(name)
            outgoing = [spec.key for spec in structure.connections if spec.source in sources]
            if not outgoing:
                raise PeerattnError(f"{of} {name} has no outgoing connections: there is nothing to remove")
            removed.update(outgoing)
    return frozenset(removed)


def check_removal(structure: Structure, removed: frozenset[str]) -> None:
    """Raises PeerattnError if an output block would be cut off, or a connection would lose its last peer."""
    if not survey(structure, dict.fromkeys(removed, 0.0), 1.0).output_connected:
        raise PeerattnError("this would cut an output block off from every input block: remove less")
    for spec in structure.connections:
        check_peers(spec, removed)


def check_peers(spec: ConnectionSpec, removed: frozenset[str]) -> None:
    """Raises PeerattnError if a connection that stays would lose its last peer."""
    if spec.key not in removed and spec.attending and removed.issuperset(spec.attention_keys):
        raise PeerattnError(
            f"the last peer of {spec.key} cannot be removed: keep one, or freeze the connection's factors"
        )


def _tensors(clip: Donor) -> Mapping[str, Tensor]:
    return clip.tensors if isinstance(clip, Clip) else clip


def _known_names(structure: Structure, names: Mapping[str, Names]) -> dict[str, tuple[str, ...]]:
    """Return kind of component → checked names. Raises PeerattnError for an unknown name, or for none."""
    lists = {of: (one,) if isinstance(one, str) else one for of, one in names.items()}
    known = {of: components.select(structure, of, one) for of, one in lists.items() if one is not None}
    if not known:
        raise PeerattnError(f"name {' or '.join(components.PLURALS[of] for of in names)}")
    return known
