"""The changes that interventions make, from the values that a source observes at places of a network.

Shapes: B clips, C channels, T frames, H, W pixels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from peerattn.errors import PeerattnError
from peerattn.network.network import Network
from peerattn.recording.changes import Change, Place, Values
from peerattn.recording.observing import ValueSource
from peerattn.recording.stretches import ClipBatch


def replaced(source: ValueSource, places: tuple[Place, ...]) -> Change:
    """Return the change that puts the source's values at the places."""

    def values(clips: ClipBatch) -> Values:
        observed = source(clips)
        return {place: observed[place] for place in places if place in observed}

    return Change(places, values)


def held_at_mean(source: ValueSource, places: tuple[Place, ...]) -> Change:
    """Return the change that holds factors at the mean over frames of the source's."""

    def values(clips: ClipBatch) -> Values:
        observed = source(clips)
        return {place: observed[place].mean(dim=1, keepdim=True) for place in places if place in observed}

    return Change(places, values, changes_baselines=True)


def silent(network: Network, source: ValueSource, places: tuple[Place, ...], span: tuple[int, int]) -> Change:
    """Return the change that sets factors to 0 in a span of frames; elsewhere they are the source's."""

    def values(clips: ClipBatch) -> Values:
        observed, sounds = source(clips), network.to_own_device(_outside(span, clips))
        return {place: sounds * observed[place] if place in observed else sounds for place in places}

    return Change(places, values, changes_baselines=True)


def unattended(
    network: Network,
    source: ValueSource,
    places: tuple[Place, ...],
    span: tuple[int, int],
    *,
    keys: frozenset[str],
) -> Change:
    """Return the change to the factors without these attention connections in a span of frames.

    Elsewhere they are the source's.
    """

    def values(clips: ClipBatch) -> Values:
        whole, before = source(clips), network.disabled
        network.disabled = before | keys
        try:
            without = source(clips)
        finally:
            network.disabled = before
        outside = network.to_own_device(_outside(span, clips)).bool()
        return {place: torch.where(outside, whole[place], without[place]) for place in whole}

    return Change(places, values)


def _outside(span: tuple[int, int], clips: ClipBatch) -> Tensor:
    """Return for each frame whether it is outside a span (1, T, 1)."""
    first = (clips.within or (0, 0))[0]
    frames = torch.arange(first, first + clips.shape[1])
    return ((frames < span[0]) | (frames >= span[1]))[None, :, None]


def ones(places: tuple[Place, ...]) -> Change:
    """Return the change that sets factors to 1."""
    return Change(places, lambda clips: dict.fromkeys(places), changes_baselines=True)


def shuffled_frames(source: ValueSource, places: tuple[Place, ...], seed: int) -> Change:
    """Return the change that shuffles the frames of the source's values, in an order drawn from the seed."""

    def values(clips: ClipBatch) -> Values:
        observed, order = source(clips), frame_order(clips.shape[1], seed)
        return {place: _ordered(observed[place], order) for place in places if place in observed}

    return Change(places, values)


def frame_order(frames: int, seed: int) -> NDArray[np.int64]:
    """Return the frame numbers in a random order that is not the original one, unless there is one frame."""
    generator, original = np.random.default_rng((seed, frames)), np.arange(frames)
    order = original
    while frames > 1 and np.array_equal(order, original):
        order = generator.permutation(frames)
    return order


def _ordered(value: Tensor, order: NDArray[np.int64]) -> Tensor:
    index = torch.from_numpy(order).to(value.device)
    if value.ndim == 5:
        return value.index_select(2, index).contiguous(memory_format=torch.channels_last_3d)
    return value.index_select(1, index)


def held_at_values(network: Network, places: tuple[Place, ...], to: Any) -> Change:
    """Return the change that sets factors to values (C,) or (T, C), in the network's dtype and on its device.

    Raises PeerattnError for values that are not finite or not of such a shape.
    """
    try:
        numbers = torch.as_tensor(to)
    except (TypeError, ValueError, RuntimeError) as error:
        raise PeerattnError(
            f"factors cannot be frozen to {str(to)[:60]}: give 'mean', 'one' or values"
        ) from error
    for place in places:
        spec = network.structure.connection(place.name)
        channels = network.structure.block(spec.source).width
        if numbers.ndim not in (1, 2) or numbers.shape[-1] != channels or not numbers.isfinite().all():
            raise PeerattnError(
                f"the factors of {place.name} must be finite values of shape ({channels},) or "
                f"(frames, {channels}), not {tuple(numbers.shape)}"
            )
    fixed = network.to_own_device(numbers.detach()).reshape(1, -1, numbers.shape[-1])

    def values(clips: ClipBatch) -> Values:
        start, stop = clips.within or (0, None)
        part = fixed if numbers.ndim == 1 else fixed[:, start:stop]
        if numbers.ndim == 2 and part.shape[1] != clips.shape[1]:
            raise PeerattnError(
                f"there are factors for {len(numbers)} frames, but the clip has {clips.shape[1]}: "
                "give one row per frame"
            )
        return dict.fromkeys(places, part)

    return Change(places, values, changes_baselines=True)
