"""Replacing values inside a network while clips run through it.

    with changed(network, Change(places, values)):
        network(clip)

A place is the input of an input block, the output of a block, the attention factors of a connection, or the
pooled and projected output of a peer as a connection reads it. Values are those of whole clips: if clips are
cut into stretches or combined in batches, each pass gets its own part of the values.

Shapes: B clips, C channels, T frames, H, W pixels, A attention width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from peerattn.errors import PeerattnError
from peerattn.network.fusion import ConnectionOutput
from peerattn.network.network import Network
from peerattn.recording.lock import RECORDING
from peerattn.recording.modifiers import MODIFIERS
from peerattn.recording.stretches import ClipBatch, Stretch


class Place(NamedTuple):
    """A place in a network: `name` is a block's id or a connection's key, `peer` a peer's number there."""

    kind: Literal["reading", "output", "factors", "peer"]
    name: str
    peer: int = 0


Values = Mapping[Place, Tensor | None]
"""Place → its values over all frames: input or output (B, C, T, H, W), factors (B, T, C), peer (B, T, A).

B = 1 stands for any number of clips, T = 1 for any number of frames; None for factors means 1.
"""


@dataclass(frozen=True, eq=False)
class Change:
    """Puts the result of `values` at places in the network; places missing from the result stay unchanged.

    `values` is called with the clips that are about to run. With `changes_baselines`, the baseline clip from
    which a recording counts contributions is changed as well: set it if the change is one of the network and
    not one of the clip.
    """

    places: tuple[Place, ...]
    values: Callable[[ClipBatch], Values]
    changes_baselines: bool = False


@contextmanager
def changed(network: Network, change: Change) -> Iterator[None]:
    """Run clips through the changed network inside the `with` block; leaving it removes every hook.

    The changes of nested blocks all apply; at the same place, the innermost one does. Other threads that
    record or predict wait until the block is left.
    """
    with RECORDING:
        applied = applied_changes(network) or AppliedChanges(network)
        applied.add(change)
        try:
            yield
        finally:
            applied.remove(change)


def applied_changes(network: Network) -> AppliedChanges | None:
    """Return the changes that apply to the network now, or None."""
    modifier = MODIFIERS.get(network)
    return modifier if isinstance(modifier, AppliedChanges) else None


class AppliedChanges:
    """The changes of one network in the order in which their blocks were entered, and their hooks.

    These hooks run before all others, so that a recording sees the changed values.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._changes: list[Change] = []
        self._handles: list[RemovableHandle] = []
        self._values: list[tuple[Change, Values]] | None = None  # for the clips that run now
        self._stretch = Stretch(0, 0, 0, 0)
        self._clips = 0  # clips in a pass, without baseline clips

    @property
    def changes_baselines(self) -> bool:
        """Whether one of the changes applies to baseline clips as well."""
        return any(change.changes_baselines for change in self._changes)

    def add(self, change: Change) -> None:
        """Apply this change too."""
        self._changes.append(change)
        self._hook()

    def remove(self, change: Change) -> None:
        """Stop applying this change."""
        self._changes.remove(change)
        self._hook()

    def _hook(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []
        if not self._changes:
            MODIFIERS.pop(self._network, None)
            return
        MODIFIERS[self._network] = self
        self._handles = [
            self._network.register_forward_pre_hook(self._called, with_kwargs=True, prepend=True),
            self._network.register_forward_hook(self._returned, always_call=True),
        ]
        for kind, name in dict.fromkeys((p.kind, p.name) for change in self._changes for p in change.places):
            self._handles.append(self._register_hook(kind, name))

    def _register_hook(self, kind: str, name: str) -> RemovableHandle:
        """Hook all places of one kind in a block or connection, before any other hook."""
        parts = self._network.blocks if kind in ("reading", "output") else self._network.connections
        hooks: dict[str, Callable[..., Any]] = {
            "reading": self._reading,
            "output": self._output,
            "peer": self._peers,
            "factors": self._factors,
        }
        is_input = kind in ("reading", "peer")
        register: Any = (
            parts[name].register_forward_pre_hook if is_input else parts[name].register_forward_hook
        )
        handle: RemovableHandle = register(partial(hooks[kind], name), prepend=True)
        return handle

    # Announcements of what runs next

    def begin_clips(self, clips: ClipBatch) -> None:
        """Compute the values of each change; while one runs the clips for that, the earlier ones apply."""
        self._clips, self._values = clips.count, []
        for change in self._changes:
            # A training step may use these values, even if they were computed before, in a measurement.
            with torch.inference_mode(False), torch.no_grad():
                values = change.values(clips)
            self._values.append((change, values))

    def begin_pass(self, stretch: Stretch) -> None:
        self._stretch = stretch

    def end_clips(self) -> None:
        self._values = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        before, self._values = (self._values, self._stretch), []
        try:
            yield
        finally:
            self._values, self._stretch = before

    def _called(self, network: nn.Module, args: Any, kwargs: Any) -> Any:
        """Announce clips that run whole because the network itself is called, as in a training step."""
        clip = self._network.check_clip(*args, **kwargs)
        frames = next(iter(clip.values())).shape[2]
        whole = Stretch(0, frames, 0, frames)
        try:
            self.begin_clips(ClipBatch(clip, (whole,)))
        except BaseException:
            self.end_clips()
            raise
        self.begin_pass(whole)
        return (clip,), {}

    def _returned(self, *_: object) -> None:
        self.end_clips()

    # The values at each place

    def value_at(self, place: Place, value: Tensor | None) -> Tensor | None:
        """Return the value at a place in this pass: a replacement if there is one, or the network's own."""
        if self._values is None:
            raise PeerattnError(
                "a network under interventions can only run whole clips: call network(clip), or use record, "
                "predict or evaluate"
            )
        for change, values in self._values:
            if place in values:
                value = self._replace(values[place], value, all_clips=change.changes_baselines)
        return value

    def _replace(self, new: Tensor | None, value: Tensor | None, *, all_clips: bool) -> Tensor | None:
        """Return this pass's part of the new value, leaving baseline clips as they are unless `all_clips`."""
        if new is None:
            return None
        new = select_frames(new, self._stretch.first, self._stretch.last)
        if value is None or value.ndim < new.ndim:  # factors that are the same for every clip and frame
            return new
        clips = len(value) if all_clips else self._clips
        if new.shape == value.shape and clips == len(value):
            return new
        whole = value.detach().clone()
        whole[:clips] = new
        return whole

    def _reading(self, block: str, module: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor | None]:
        return (self.value_at(Place("reading", block), inputs[0]),)

    def _output(self, block: str, module: nn.Module, inputs: Any, output: Tensor) -> Tensor | None:
        return self.value_at(Place("output", block), output)

    def _factors(
        self, key: str, module: nn.Module, inputs: Any, output: ConnectionOutput
    ) -> ConnectionOutput:
        factors = self.value_at(Place("factors", key), output.factors)
        if factors is output.factors:
            return output
        return ConnectionOutput.from_factors(output.connection_weight, factors, output.attention_weights)

    def _peers(self, key: str, module: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return a new stack of the peers' vectors; connections with the same peers share the original."""
        source, peers, *rest = inputs
        own = [self.value_at(Place("peer", key, number), vector) for number, vector in enumerate(peers)]
        return source, torch.stack([vector for vector in own if vector is not None]), *rest


def select_frames(value: Tensor, start: int, stop: int) -> Tensor:
    """Return frames start ≤ t < stop of a value at a place; a single frame stands for all."""
    if value.ndim == 5:
        return value[:, :, start:stop] if value.shape[2] > 1 else value
    return value[:, start:stop] if value.shape[1] > 1 else value
