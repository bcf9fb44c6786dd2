"""What clips have at places of a network: what an intervention puts there, or makes from it.

Shapes: B clips, C channels, T frames, H, W pixels, A attention width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from peerattn.errors import PeerattnError
from peerattn.network.fusion import ConnectionOutput
from peerattn.network.network import Network
from peerattn.recording.changes import Place, applied_to, frames_of
from peerattn.recording.changing import unchanged
from peerattn.recording.hooks import unheard
from peerattn.recording.stretches import Clips, Stretch, evaluating, passes, planned

Found = dict[Place, Tensor]
Source = Callable[[Clips], Found]
"""What there is at places, for the clips that are about to run."""


def own(network: Network, places: Sequence[Place]) -> Source:
    """What the clips have themselves, in a run of their own before; in evaluation mode, without gradients."""
    return partial(observed, network, places)


def of_donor(network: Network, tensors: Mapping[str, Tensor], places: Sequence[Place]) -> Source:
    """What donor clips have, modality → (1 or B, C, T, H, W), without any change that is in force.

    They are run once for each part of them that is asked for, and again where the network has changed. Raises
    PeerattnError where one lacks a modality; once clips run, where its frames are not as many and as large.
    """
    given = _given(network, tensors)

    def found(clips: Clips) -> Found:
        with unchanged(network):
            return observed(network, places, planned(network, _part(given, clips), within=clips.within))

    remembered = kept(network, found)

    def checked(clips: Clips) -> Found:
        _check_alike(_part(given, clips), clips)
        return remembered(clips)

    return checked


def of_clip(network: Network, tensors: Mapping[str, Tensor], places: Sequence[Place]) -> Source:
    """As `of_donor`, of a clip of any length, over all its frames whatever clips run."""
    given = _given(network, tensors)

    def found(clips: Clips) -> Found:
        with unchanged(network):
            return observed(network, places, planned(network, given))

    return kept(network, found)


def _given(network: Network, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What the network reads of a clip, on its device and in its float type."""
    read = [modality.name for modality in network.structure.read_modalities]
    if missing := [name for name in read if name not in tensors]:
        raise PeerattnError(f"the given clip has no {', '.join(missing)} modality, which this network reads")
    return {name: network.to_own_device(tensors[name].detach()) for name in read}


def kept(network: Network, source: Source) -> Source:
    """The same, found once for each part of the clips as long as the network stays what it is.

    For clips that are the same whenever they are about to run.
    """
    state, found = _state(network), dict[object, Found]()

    def remembered(clips: Clips) -> Found:
        nonlocal state, found
        if (now := _state(network)) != state:
            state, found = now, {}
        if clips.within not in found:
            found[clips.within] = source(clips)
        return found[clips.within]

    return remembered


def observed(network: Network, places: Sequence[Place], clips: Clips) -> Found:
    """What the clips have at these places over all their frames, without the baseline clips among them.

    Factors that are the same for every clip and frame are left out.
    """
    seen = _Seen(clips.measured)
    readings = [place for place in places if place.kind == "reading"]
    with unheard(), evaluating(network):
        if readings:
            _read(network, readings, clips, seen)
        if len(readings) < len(places):
            with seen.hooked(network, [place for place in places if place.kind != "reading"]):
                for _ in passes(network, clips, seen.entering):
                    pass
    return {place: _joined(parts) for place, parts in seen.parts.items()}


def _read(network: Network, readings: Sequence[Place], clips: Clips, seen: _Seen) -> None:
    """What input blocks read needs no pass through the network."""
    frames, applied = clips.shape[1], applied_to(network)
    given, whole = network.check_clip(clips.tensors), Stretch(0, frames, 0, frames)
    seen.entering(whole)
    if applied:
        applied.enter(whole)
    for place in readings:
        value: Tensor | None = network.input_of(
            network.structure.block(place.name), given, clips.extremes or {}
        )
        seen.add(place, applied.at(place, value) if applied else value)


class _Seen:
    """What was seen of so many clips, stretch after stretch."""

    def __init__(self, clips: int) -> None:
        self.parts: dict[Place, list[Tensor]] = {}
        self._clips = clips
        self._stretch = Stretch(0, 0, 0, 0)

    def entering(self, stretch: Stretch) -> None:
        self._stretch = stretch

    def add(self, place: Place, value: Tensor | None) -> None:
        if value is None or value.ndim < 3:
            return
        own = frames_of(value[: self._clips], self._stretch.own.start, self._stretch.own.stop)
        self.parts.setdefault(place, []).append(own)

    @contextmanager
    def hooked(self, network: Network, places: Sequence[Place]) -> Iterator[None]:
        """Keeps what these places hold in every pass inside the `with` block; no hook is left after it."""
        handles = []
        try:
            for place in places:
                if place.kind == "output":
                    block = network.blocks[place.name]
                    handles.append(block.register_forward_hook(partial(self._output, place)))
                else:
                    connection = network.connection(place.name)
                    handles.append(connection.register_forward_hook(partial(self._passed, place)))
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _output(self, place: Place, module: nn.Module, inputs: Any, output: Tensor) -> None:
        self.add(place, output)

    def _passed(self, place: Place, module: nn.Module, inputs: Any, output: ConnectionOutput) -> None:
        self.add(place, inputs[1][place.peer] if place.kind == "peer" else output.factors)


def _joined(parts: list[Tensor]) -> Tensor:
    """One behind the other in time; a single one in the same order of memory."""
    return parts[0].clone() if len(parts) == 1 else torch.cat(parts, dim=2 if parts[0].ndim == 5 else 1)


def _part(tensors: Mapping[str, Tensor], clips: Clips) -> dict[str, Tensor]:
    """The frames of donor clips that belong to those of the clips."""
    start, stop = clips.within or (0, None)
    return {name: tensor[:, :, start:stop] for name, tensor in tensors.items()}


def _check_alike(donor: Mapping[str, Tensor], clips: Clips) -> None:
    """Raises PeerattnError where donor clips do not stand in for these, one for each or one for all."""
    _, frames, height, width = clips.shape
    for name, tensor in donor.items():
        if tensor.ndim != 5 or tuple(tensor.shape[2:]) != (frames, height, width):
            one, other = _said(tensor.shape[2:]), _said((frames, height, width))
            raise PeerattnError(
                f"the donor's {name} has {one}, the clip {other}: give one with as many frames of that size"
            )
        if len(tensor) not in (1, clips.measured):
            raise PeerattnError(
                f"{len(tensor)} donors cannot stand in for {clips.measured} clips: give one, or one for each"
            )


def _said(shape: Sequence[int]) -> str:
    frames, *sides = shape
    return f"{frames} frames of {'x'.join(map(str, reversed(sides)))} px"


def _state(network: Network) -> object:
    """What decides what a clip has: which weights, how often they were changed, what is disabled."""
    tensors = (*network.parameters(), *network.buffers())
    return network.disabled, tuple((id(tensor), tensor._version) for tensor in tensors)
