"""Observing values at places of a network, for interventions to put in place or to compute from.

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
from peerattn.recording.changes import Place, applied_changes, select_frames
from peerattn.recording.hooks import recording_paused
from peerattn.recording.modifiers import unmodified
from peerattn.recording.stretches import ClipBatch, Stretch, evaluation_mode, plan_stretches, run_stretches

PlaceValues = dict[Place, Tensor]
ValueSource = Callable[[ClipBatch], PlaceValues]
"""Returns the values at places, for the clips that are about to run."""


def from_clips(network: Network, places: Sequence[Place]) -> ValueSource:
    """Return the source of the clips' own values, from an extra run in evaluation mode without gradients."""
    return partial(observe, network, places)


def from_donor(network: Network, tensors: Mapping[str, Tensor], places: Sequence[Place]) -> ValueSource:
    """Return the source of donor clips' values, modality → (1 or B, C, T, H, W), without any change applied.

    The donors run once for each part of them that is needed, and again after the network has changed. Raises
    PeerattnError if a donor lacks a modality; once clips run, if its frames differ in number or size.
    """
    donor = _network_input(network, tensors)

    def run_donor(clips: ClipBatch) -> PlaceValues:
        with unmodified(network):
            batch = plan_stretches(network, _part(donor, clips), within=clips.within)
            return observe(network, places, batch)

    source = cached(network, run_donor)

    def checked(clips: ClipBatch) -> PlaceValues:
        _check_alike(_part(donor, clips), clips)
        return source(clips)

    return checked


def from_whole_clip(network: Network, tensors: Mapping[str, Tensor], places: Sequence[Place]) -> ValueSource:
    """Return the source of one clip's values over all its frames; like `from_donor`, but of any length."""
    clip = _network_input(network, tensors)

    def run_clip(clips: ClipBatch) -> PlaceValues:
        with unmodified(network):
            return observe(network, places, plan_stretches(network, clip))

    return cached(network, run_clip)


def _network_input(network: Network, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the modalities of a clip that the network reads, on its device and in its float type."""
    read = [modality.name for modality in network.structure.read_modalities]
    if missing := [name for name in read if name not in tensors]:
        raise PeerattnError(
            f"the clip to take values from has no {', '.join(missing)} modality, which this network reads"
        )
    return {name: network.to_own_device(tensors[name].detach()) for name in read}


def cached(network: Network, source: ValueSource) -> ValueSource:
    """Cache a source's values for each part of the clips until the network changes.

    Only valid if the clips are the same each time they are about to run.
    """
    state, values = _state(network), dict[object, PlaceValues]()

    def cached_source(clips: ClipBatch) -> PlaceValues:
        nonlocal state, values
        if (now := _state(network)) != state:
            state, values = now, {}
        if clips.within not in values:
            values[clips.within] = source(clips)
        return values[clips.within]

    return cached_source


def observe(network: Network, places: Sequence[Place], clips: ClipBatch) -> PlaceValues:
    """Return the values of clips at places over all their frames, without the baseline clips.

    Factors that are the same for every clip and frame are left out.
    """
    observer = _Observer(clips.count)
    readings = [place for place in places if place.kind == "reading"]
    with recording_paused(), evaluation_mode(network):
        if readings:
            _observe_readings(network, readings, clips, observer)
        if len(readings) < len(places):
            with observer.hooked(network, [place for place in places if place.kind != "reading"]):
                for _ in run_stretches(network, clips, observer.begin_stretch):
                    pass
    return {place: _joined(parts) for place, parts in observer.parts.items()}


def _observe_readings(
    network: Network, readings: Sequence[Place], clips: ClipBatch, observer: _Observer
) -> None:
    """Observe what input blocks read, which needs no pass through the network."""
    frames, changes = clips.shape[1], applied_changes(network)
    tensors, whole = network.check_clip(clips.tensors), Stretch(0, frames, 0, frames)
    observer.begin_stretch(whole)
    if changes:
        changes.begin_pass(whole)
    for place in readings:
        block = network.structure.block(place.name)
        value: Tensor | None = network.input_of(block, tensors, clips.extremes or {})
        observer.add(place, changes.value_at(place, value) if changes else value)


class _Observer:
    """Collects the values of the first `clips` clips of a pass, stretch by stretch."""

    def __init__(self, clips: int) -> None:
        self.parts: dict[Place, list[Tensor]] = {}
        self._clips = clips
        self._stretch = Stretch(0, 0, 0, 0)

    def begin_stretch(self, stretch: Stretch) -> None:
        self._stretch = stretch

    def add(self, place: Place, value: Tensor | None) -> None:
        """Keep the values of the current stretch at a place; values without frames are ignored."""
        if value is None or value.ndim < 3:
            return
        own = select_frames(value[: self._clips], self._stretch.own.start, self._stretch.own.stop)
        self.parts.setdefault(place, []).append(own)

    @contextmanager
    def hooked(self, network: Network, places: Sequence[Place]) -> Iterator[None]:
        """Collect the values at these places in every pass inside the `with` block, then remove the hooks."""
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
    """Concatenate stretches in time; a single one is cloned, which keeps its memory format."""
    return parts[0].clone() if len(parts) == 1 else torch.cat(parts, dim=2 if parts[0].ndim == 5 else 1)


def _part(tensors: Mapping[str, Tensor], clips: ClipBatch) -> dict[str, Tensor]:
    """Return the frames of donor clips that correspond to those of the clips."""
    start, stop = clips.within or (0, None)
    return {name: tensor[:, :, start:stop] for name, tensor in tensors.items()}


def _check_alike(donor: Mapping[str, Tensor], clips: ClipBatch) -> None:
    """Raises PeerattnError unless donor clips fit: as many frames, of that size, of one donor or one each."""
    _, frames, height, width = clips.shape
    for name, tensor in donor.items():
        if tensor.ndim != 5 or tuple(tensor.shape[2:]) != (frames, height, width):
            donor_shape = _shape_text(tensor.shape[2:])
            clip_shape = _shape_text((frames, height, width))
            raise PeerattnError(
                f"the donor's {name} has {donor_shape}, the clip {clip_shape}: choose a donor with as many "
                "frames of that size"
            )
        if len(tensor) not in (1, clips.count):
            raise PeerattnError(
                f"{len(tensor)} donors cannot stand in for {clips.count} clips: give one, or one for each"
            )


def _shape_text(shape: Sequence[int]) -> str:
    frames, *sides = shape
    return f"{frames} frames of {'x'.join(map(str, reversed(sides)))} px"


def _state(network: Network) -> object:
    """Return what determines a clip's values: the weights, their versions and the disabled connections."""
    tensors = (*network.parameters(), *network.buffers())
    return network.disabled, tuple((id(tensor), tensor._version) for tensor in tensors)
