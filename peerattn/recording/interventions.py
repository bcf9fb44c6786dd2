"""What a network answers when a part of it is another: to ask what it needs.

    with without(network, modality="flow"):
        evaluate(network, examples, window=16)

Each intervention is a `with` block around `record`, `evaluate`, `predict`, a training step or
`network(clip)`. They may be nested; leaving a block, also by an exception, leaves the network as it was to
the bit. One wrapped by DataParallel or `torch.compile` is changed inside. While one is in force, another
thread that would record or predict waits. An attention connection is named SOURCE_to_TARGET:PEER. Factors A
and weights σ(w), softmax(h) are those of `network.attention` (US20230114556A1, claims 2 to 8).

What an intervention takes from a clip (factors, block outputs) is found in a run of its own, in evaluation
mode and without gradients. Shapes: C channels of a connection's source, T frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

from numpy.typing import ArrayLike
from torch import Tensor

from peerattn.errors import PeerattnError
from peerattn.graph import components
from peerattn.graph.connectivity import survey
from peerattn.graph.structure import Structure
from peerattn.modalities.clip import Clip
from peerattn.network.network import Network
from peerattn.network.unwrapping import unwrap
from peerattn.recording.changes import Change, Place, changed
from peerattn.recording.lock import RECORDING
from peerattn.recording.observing import of_clip, of_donor, own
from peerattn.recording.substitutes import at_mean, at_values, given, in_order, ones

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
    """The network, in which stands what the donor clip has there.

    Of a modality, its tensors as input blocks read them (a modality that the network computes, too); of a
    block, its output; of a connection, its attention factors; of a peer (SOURCE_to_TARGET:PEER), its pooled
    output for that connection. Connection weights stay. The donor has as many frames as the clips that run,
    of the same size: else a run raises PeerattnError. So does an unknown name, or a donor without a modality.
    """
    asked = {"modality": modality, "block": blocks, "connection": connections, "attention": peers}
    inner = unwrap(network)
    places = places_of(inner.structure, asked)
    with changed(inner, given(of_donor(inner, _tensors(donor), places), places)):
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
    """The network, as if the connection weights were zero: what pruning these connections would leave.

    Of a modality, all connections from its input blocks; of a block, all from it. Both may still attend
    others. Of an attention connection (SOURCE_to_TARGET:PEER) the peer leaves the softmax. Raises
    PeerattnError where an output block would be cut off from every input block, where the last peer of a
    connection would leave, where no connection leaves a block, or for an unknown name.
    """
    asked = {"modality": modality, "block": blocks, "connection": connections, "attention": attention}
    inner = unwrap(network)
    removed = removed_by(inner.structure, asked)
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
    """The network, in which the factors of connections stand still, or are what is given.

    `mean`: at their mean over the frames of the clip that runs, as they are while these connections are free;
    with `clip`, over the frames of that one. `one`: A = 1. Values are (C,), or (T, C) for clips of T frames.
    Where there is no attention or a static one, `mean` changes nothing. Raises PeerattnError for an unknown
    name, for values of another shape, and in a run of clips that have other than T frames.
    """
    inner = unwrap(network)
    places = places_of(inner.structure, {"connection": connections})
    with changed(inner, _frozen(inner, places, to, clip)):
        yield network


def _frozen(network: Network, places: tuple[Place, ...], to: Any, clip: Donor | None) -> Change:
    """The change for each way to say at what factors stand still."""
    if not isinstance(to, str):
        change = at_values(network, places, to)
    elif to == "one":
        change = ones(places)
    elif to == "mean":
        source = own(network, places) if clip is None else of_clip(network, _tensors(clip), places)
        return at_mean(source, places)
    else:
        raise PeerattnError(f"factors cannot be frozen to {to!r}: give 'mean', 'one' or values")
    if clip is not None:
        raise PeerattnError("a clip is for the mean of its factors: leave it out, or freeze them to 'mean'")
    return change


@contextmanager
def shuffled(
    network: Network, *, modality: Names = None, connections: Names = None, seed: int = 0
) -> Iterator[Network]:
    """The network, which is given the frames of a modality, or of factors, in another order.

    The order depends on the seed and the number of frames alone: clips of one length have the same. Factors
    are those that connections have while these are free. Where a clip has one frame, or factors are the same
    for every frame, nothing changes. Raises PeerattnError for an unknown name.
    """
    inner = unwrap(network)
    places = places_of(inner.structure, {"modality": modality, "connection": connections})
    with changed(inner, in_order(own(inner, places), places, seed)):
        yield network


def places_of(structure: Structure, asked: Mapping[str, Names]) -> tuple[Place, ...]:
    """Where the things of each kind are; raises PeerattnError for an unknown name, or where there is none."""
    found: dict[Place, None] = {}
    for of, names in _named(structure, asked).items():
        for name in names:
            found |= dict.fromkeys(_places(structure, of, name))
    return tuple(found)


def _places(structure: Structure, of: str, name: str) -> tuple[Place, ...]:
    if of == "modality":
        return tuple(Place("reading", block_id) for block_id in structure.input_blocks(name))
    if of == "block":
        return (Place("output", name),)
    if of == "connection":
        return (Place("factors", name),)
    spec, number = components.attention_connections(structure)[name]
    if spec.attention == "self":  # its factors come from nothing else
        return (Place("factors", spec.key),)
    return (Place("peer", spec.key, number),)


def removed_by(structure: Structure, asked: Mapping[str, Names]) -> frozenset[str]:
    """The keys of connections and attention connections that go with the things of each kind.

    Raises PeerattnError for an unknown name, and for a block that no connection leaves.
    """
    gone: set[str] = set()
    for of, names in _named(structure, asked).items():
        for name in names:
            if of in ("connection", "attention"):
                gone.add(name)
                continue
            sources = [name] if of == "block" else structure.input_blocks(name)
            leaving = [spec.key for spec in structure.connections if spec.source in sources]
            if not leaving:
                raise PeerattnError(f"no connection leaves {of} {name}: there is nothing to remove")
            gone.update(leaving)
    return frozenset(gone)


def check_removal(structure: Structure, gone: frozenset[str]) -> None:
    """Raises PeerattnError where an output block would be cut off, or a connection lose its last peer."""
    if not survey(structure, dict.fromkeys(gone, 0.0), 1.0).output_connected:
        raise PeerattnError("this would cut an output block off from every input block: remove less")
    for spec in structure.connections:
        if spec.key not in gone and spec.attending and gone.issuperset(spec.attention_keys):
            raise PeerattnError(
                f"the last peer of {spec.key} cannot leave its softmax: keep one, or freeze its factors"
            )


def _tensors(clip: Donor) -> Mapping[str, Tensor]:
    return clip.tensors if isinstance(clip, Clip) else clip


def _named(structure: Structure, asked: Mapping[str, Names]) -> dict[str, tuple[str, ...]]:
    """Kind of thing → the names that are asked for, checked."""
    several = {of: (names,) if isinstance(names, str) else names for of, names in asked.items()}
    found = {
        of: components.select(structure, of, names) for of, names in several.items() if names is not None
    }
    if not found:
        raise PeerattnError(f"name {' or '.join(components.PLURALS[of] for of in asked)}")
    return found
