"""The changes that interventions make of what a source finds at places of a network.

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
from peerattn.recording.observing import Source
from peerattn.recording.stretches import Clips


def given(source: Source, places: tuple[Place, ...]) -> Change:
    """What the source finds at the places stands there."""

    def values(clips: Clips) -> Values:
        found = source(clips)
        return {place: found[place] for place in places if place in found}

    return Change(places, values)


def at_mean(source: Source, places: tuple[Place, ...]) -> Change:
    """The mean over the frames of the factors that the source finds."""

    def values(clips: Clips) -> Values:
        found = source(clips)
        return {place: found[place].mean(dim=1, keepdim=True) for place in places if place in found}

    return Change(places, values, changes_baselines=True)


def ones(places: tuple[Place, ...]) -> Change:
    """A = 1."""
    return Change(places, lambda clips: dict.fromkeys(places), changes_baselines=True)


def in_order(source: Source, places: tuple[Place, ...], seed: int) -> Change:
    """What the source finds, its frames in the order of the seed."""

    def values(clips: Clips) -> Values:
        found, order = source(clips), frame_order(clips.shape[1], seed)
        return {place: _ordered(found[place], order) for place in places if place in found}

    return Change(places, values)


def frame_order(frames: int, seed: int) -> NDArray[np.int64]:
    """The numbers of the frames in an order that is not their own, but for a single frame."""
    generator, own_order = np.random.default_rng((seed, frames)), np.arange(frames)
    order = own_order
    while frames > 1 and np.array_equal(order, own_order):
        order = generator.permutation(frames)
    return order


def _ordered(value: Tensor, order: NDArray[np.int64]) -> Tensor:
    chosen = torch.from_numpy(order).to(value.device)
    if value.ndim == 5:
        return value.index_select(2, chosen).contiguous(memory_format=torch.channels_last_3d)
    return value.index_select(1, chosen)


def at_values(network: Network, places: tuple[Place, ...], to: Any) -> Change:
    """Factors of given values (C,) or (T, C), in the network's type of numbers and on its device."""
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
                f"the factors of {place.name} are finite values ({channels},) or (frames, {channels}), "
                f"not {tuple(numbers.shape)}"
            )
    held = network.to_own_device(numbers.detach()).reshape(1, -1, numbers.shape[-1])

    def values(clips: Clips) -> Values:
        start, stop = clips.within or (0, None)
        part = held if numbers.ndim == 1 else held[:, start:stop]
        if numbers.ndim == 2 and part.shape[1] != clips.shape[1]:
            raise PeerattnError(
                f"there are factors for {len(numbers)} frames and the clip has {clips.shape[1]}: give as many"
            )
        return dict.fromkeys(places, part)

    return Change(places, values, changes_baselines=True)
