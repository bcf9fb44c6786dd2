"""Other values than the network's own, put at places of it while clips run through it.

    with changed(network, Change(places, values)):
        network(clip)

A place is what an input block reads, what a block gives, the attention factors of a connection, or a peer's
pooled output, projected, as a connection reads it. Values are those of whole clips: however a clip is cut
into stretches or clips are put into batches, each pass is given its part of them.

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
from peerattn.recording.changing import CHANGING
from peerattn.recording.lock import RECORDING
from peerattn.recording.stretches import Clips, Stretch


class Place(NamedTuple):
    """Where in a network: of a block by its id, of a connection by its key; a peer by its number there."""

    kind: Literal["reading", "output", "factors", "peer"]
    name: str
    peer: int = 0


Values = Mapping[Place, Tensor | None]
"""Of a reading or an output (B, C, T, H, W), of factors (B, T, C), of a peer (B, T, A), over all frames.

One clip stands for any number of them, one frame for all; factors may be None: 1.
"""


@dataclass(frozen=True, eq=False)
class Change:
    """At these places stands what `values` finds for the clips that are about to run, where it finds some.

    A baseline clip beside them, from which a recording counts contributions, is changed too if
    `changes_baselines`: where the network is another one, not where the clip is.
    """

    places: tuple[Place, ...]
    values: Callable[[Clips], Values]
    changes_baselines: bool = False


@contextmanager
def changed(network: Network, change: Change) -> Iterator[None]:
    """Clips run through the changed network inside the `with` block; leaving it removes every hook.

    The changes of nested blocks apply together, and at one place the innermost. Another thread that would
    record or predict waits until the block is left.
    """
    with RECORDING:
        applied = applied_to(network) or Applied(network)
        applied.add(change)
        try:
            yield
        finally:
            applied.remove(change)


def applied_to(network: Network) -> Applied | None:
    """The changes that are in force."""
    changing = CHANGING.get(network)
    return changing if isinstance(changing, Applied) else None


class Applied:
    """The changes of one network in the order in which they were entered, and the hooks that apply them.

    The hooks stand before all others, so that whoever records sees the changed values.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._changes: list[Change] = []
        self._handles: list[RemovableHandle] = []
        self._now: list[tuple[Change, Values]] | None = None  # of the clips that run now
        self._stretch = Stretch(0, 0, 0, 0)
        self._measured = 0  # clips of a pass, without baselines

    @property
    def changes_baselines(self) -> bool:
        return any(change.changes_baselines for change in self._changes)

    def add(self, change: Change) -> None:
        self._changes.append(change)
        self._hook()

    def remove(self, change: Change) -> None:
        self._changes.remove(change)
        self._hook()

    def _hook(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []
        if not self._changes:
            CHANGING.pop(self._network, None)
            return
        CHANGING[self._network] = self
        self._handles = [
            self._network.register_forward_pre_hook(self._called, with_kwargs=True, prepend=True),
            self._network.register_forward_hook(self._returned, always_call=True),
        ]
        for kind, name in dict.fromkeys((p.kind, p.name) for change in self._changes for p in change.places):
            self._handles.append(self._hooked(kind, name))

    def _hooked(self, kind: str, name: str) -> RemovableHandle:
        """The hook at all places of one kind in a block or connection, before those of anyone else."""
        parts = self._network.blocks if kind in ("reading", "output") else self._network.connections
        hooks: dict[str, Callable[..., Any]] = {
            "reading": self._reading,
            "output": self._output,
            "peer": self._peers,
            "factors": self._factors,
        }
        before = kind in ("reading", "peer")
        register: Any = parts[name].register_forward_pre_hook if before else parts[name].register_forward_hook
        handle: RemovableHandle = register(partial(hooks[kind], name), prepend=True)
        return handle

    # What is about to run

    def meet(self, clips: Clips) -> None:
        """Find the values of each change; while one looks at the clips, those before it are in force."""
        self._measured, self._now = clips.measured, []
        for change in self._changes:
            # A training step may use what is found, also where a measurement has found it before.
            with torch.inference_mode(False), torch.no_grad():
                values = change.values(clips)
            self._now.append((change, values))

    def enter(self, stretch: Stretch) -> None:
        self._stretch = stretch

    def leave(self) -> None:
        self._now = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        before, self._now = (self._now, self._stretch), []
        try:
            yield
        finally:
            self._now, self._stretch = before

    def _called(self, network: nn.Module, args: Any, kwargs: Any) -> Any:
        """A whole clip in one pass, as the network itself is called: in a notebook, or in a training step."""
        clip = self._network.check_clip(*args, **kwargs)
        frames = next(iter(clip.values())).shape[2]
        whole = Stretch(0, frames, 0, frames)
        try:
            self.meet(Clips(clip, (whole,)))
        except BaseException:
            self.leave()
            raise
        self.enter(whole)
        return (clip,), {}

    def _returned(self, *_: object) -> None:
        self.leave()

    # What stands at each place

    def at(self, place: Place, value: Tensor | None) -> Tensor | None:
        """What stands there in this pass instead of the network's own value."""
        if self._now is None:
            raise PeerattnError(
                "a network with interventions has to be given whole clips: call it, network(clip), or use "
                "record, predict or evaluate"
            )
        for change, values in self._now:
            if place in values:
                value = self._put(values[place], value, all_clips=change.changes_baselines)
        return value

    def _put(self, given: Tensor | None, value: Tensor | None, *, all_clips: bool) -> Tensor | None:
        """This pass's part of what is given, in place of the values of all its clips or the measured ones."""
        if given is None:
            return None
        given = frames_of(given, self._stretch.first, self._stretch.last)
        if value is None or value.ndim < given.ndim:  # factors that are the same for every clip and frame
            return given
        clips = len(value) if all_clips else self._measured
        if given.shape == value.shape and clips == len(value):
            return given
        whole = value.detach().clone()
        whole[:clips] = given
        return whole

    def _reading(self, block: str, module: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor | None]:
        return (self.at(Place("reading", block), inputs[0]),)

    def _output(self, block: str, module: nn.Module, inputs: Any, output: Tensor) -> Tensor | None:
        return self.at(Place("output", block), output)

    def _factors(
        self, key: str, module: nn.Module, inputs: Any, output: ConnectionOutput
    ) -> ConnectionOutput:
        factors = self.at(Place("factors", key), output.factors)
        if factors is output.factors:
            return output
        return ConnectionOutput.from_factors(output.connection_weight, factors, output.attention_weights)

    def _peers(self, key: str, module: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Their vectors are stacked once for all connections that share the set, so these are others."""
        source, peers, *rest = inputs
        own = [self.at(Place("peer", key, number), vector) for number, vector in enumerate(peers)]
        return source, torch.stack([vector for vector in own if vector is not None]), *rest


def frames_of(value: Tensor, start: int, stop: int) -> Tensor:
    """Frames start ≤ t < stop of a value at a place; a single one stands for all."""
    if value.ndim == 5:
        return value[:, :, start:stop] if value.shape[2] > 1 else value
    return value[:, start:stop] if value.shape[1] > 1 else value
