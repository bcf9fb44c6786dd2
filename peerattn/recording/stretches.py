"""A whole clip through a network: in one pass where that fits in memory, else stretch by stretch.

A stretch is run together with as many frames around it as the network reaches, so its own frames have the
numbers that they would have in one pass; where a stretch begins says nothing about the clip. A window is
something else: a stretch of the whole recording over which the heads give an answer.

Shapes: B clips, C channels, T frames, H, W pixels, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from peerattn.graph.reach import Reach, network_reach
from peerattn.graph.specs import BlockSpec
from peerattn.graph.structure import Structure
from peerattn.network.blocks.flow import Extremes
from peerattn.network.network import Network
from peerattn.network.precision import apply_precision
from peerattn.recording.changing import CHANGING, met
from peerattn.recording.lock import RECORDING
from peerattn.recording.windows import windows

MEMORY = 4 * 2**30
"""Bytes that the numbers of one pass may take, the network's weights left out."""
SHORTEST = 16
"""Frames of its own that a stretch has at least, whatever memory that takes: the rest of it is context."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Stretch:
    """Frames start ≤ t < stop of a clip, run as part of frames first ≤ t < last."""

    start: int
    stop: int
    first: int
    last: int

    @property
    def own(self) -> slice:
        """Its own frames among those that are run."""
        return slice(self.start - self.first, self.stop - self.first)


def stretches(frames: int, most: int, reach: Reach) -> tuple[Stretch, ...]:
    """As few stretches as possible, as equal as possible: at most `most` frames each, and their context."""
    return tuple(
        Stretch(start, stop, max(start - reach.before, 0), min(stop + reach.after, frames))
        for start, stop in windows(frames, most)
    )


def longest(structure: Structure, reach: Reach, *, clips: int, frames: int, sides: Sequence[int]) -> int:
    """How many frames of its own a stretch may have, for so many clips of frames of (H, W) pixels.

    Where memory leaves little beside the context, a stretch has half as many frames of its own as context
    all the same, and at least `SHORTEST`: so no clip costs more than four passes.
    """
    fitting, context = MEMORY // (clips * bytes_a_frame(structure, sides)), reach.before + reach.after
    shortest = max(SHORTEST, context // 2)
    if frames <= max(fitting, context + shortest):
        return frames
    return max(fitting - context, shortest)


def clips_together(structure: Structure, *, frames: int, sides: Sequence[int]) -> int:
    """How many clips fit in one pass; at least 1."""
    return int(max(1, MEMORY // (frames * bytes_a_frame(structure, sides))))


def bytes_a_frame(structure: Structure, sides: Sequence[int]) -> int:
    """What a pass holds at once for one frame of (H, W) pixels, in float32: more rather than less.

    The clip is held twice, once as given; all outputs are held to the end, each once more for every smaller
    size at which it is read. While a block runs, what arrives is held once for every width of a source and
    once in sum, and its widest layer up to four times.
    """
    held = 2 * sum(modality.channels for modality in structure.modalities) * prod(sides)
    held += sum(block.width * _places(sides, block.reduction) for block in structure.blocks)
    held += numbers_read(structure, sides, pooled_only=True)
    return 4 * (held + max(_at_work(block, structure, sides) for block in structure.blocks))


def numbers_read(structure: Structure, sides: Sequence[int], *, pooled_only: bool = False) -> int:
    """Numbers a frame of what connections read: each source once for every size at which it is read.

    With `pooled_only`, only where that is smaller than the source itself.
    """
    reads = {(spec.source, structure.block(spec.target).input_reduction) for spec in structure.connections}
    sources = [(structure.block(source), reduction) for source, reduction in reads]
    return sum(
        block.width * _places(sides, reduction)
        for block, reduction in sources
        if not pooled_only or reduction > block.reduction
    )


def _at_work(block: BlockSpec, structure: Structure, sides: Sequence[int]) -> int:
    """Numbers that a block holds a frame while it runs."""
    arriving = {structure.block(spec.source).width for spec in structure.into(block.id)}
    fused = (sum(arriving) + block.input_width) * _places(sides, block.input_reduction)
    widest = max(block.input_width, block.width, block.inner_width, block.middle_width)
    reduction = block.input_reduction
    if block.is_input:  # its first layer strides, by 2 at least where it pools afterwards
        reduction *= min(block.spatial_stride, 2)
    return fused + 4 * widest * _places(sides, reduction)


def _places(sides: Sequence[int], reduction: int) -> int:
    return prod(-(-side // reduction) for side in sides)


@dataclass(frozen=True)
class Clips:
    """Whole clips of one shape, modality → (B, C, T, H, W), and the stretches in which they are run.

    The last `baselines` of them are baseline clips beside the others. `within` says which frames start ≤ t <
    stop of longer clips these are, where they are part of such.
    """

    tensors: Mapping[str, Tensor]
    plan: tuple[Stretch, ...]
    extremes: Mapping[str, Extremes] | None = None
    baselines: int = 0
    within: tuple[int, int] | None = None

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(B, T, H, W), the baseline clips counted too."""
        clips, _, frames, height, width = next(iter(self.tensors.values())).shape
        return clips, frames, height, width

    @property
    def measured(self) -> int:
        """How many they are without the baseline clips."""
        return self.shape[0] - self.baselines


def planned(
    network: Network,
    tensors: Mapping[str, Tensor],
    *,
    most: int | None = None,
    baselines: int = 0,
    within: tuple[int, int] | None = None,
) -> Clips:
    """The clips in stretches of at most `most` frames of their own; without it, as many as fit in memory."""
    clips, _, frames, *sides = next(iter(tensors.values())).shape
    reach = network_reach(network.structure, network.disabled)
    most = most or longest(network.structure, reach, clips=clips, frames=frames, sides=sides)
    plan = stretches(frames, most, reach)
    extremes = network.brightness_extremes(tensors) if len(plan) > 1 or clips > 1 else None
    return Clips(tensors, plan, extremes, baselines, within)


def passes(
    network: Network, clips: Clips, entering: Callable[[Stretch], None] | None = None
) -> Iterator[tuple[Stretch, dict[str, Tensor]]]:
    """Each stretch with the block outputs of its pass; `entering` is told of it before it runs."""
    changing = CHANGING.get(network)
    for stretch in clips.plan:
        if changing:
            changing.enter(stretch)
        if entering:
            entering(stretch)
        part = {name: tensor[:, :, stretch.first : stretch.last] for name, tensor in clips.tensors.items()}
        yield stretch, network.run(part, clips.extremes)


def answers(
    network: Network,
    clip: Mapping[str, Tensor],
    spans: Sequence[tuple[int, int]],
    *,
    most: int | None = None,
    baselines: int = 0,
    within: tuple[int, int] | None = None,
    entering: Callable[[Stretch], None] | None = None,
    progress: Progress | None = None,
) -> list[Tensor]:
    """The logits (B, K) of each window (start, stop), from the block outputs of the whole clip.

    Runs in evaluation mode, modality → (B, C, T, H, W). The windows lie one behind the other. A stretch has
    at most `most` frames of its own; without it, as many as fit in memory. `entering` is told of each stretch
    before it runs, so that hooks know which frames are its own. The last `baselines` of the clips are
    baseline clips, and `within` says which frames of longer clips these are: interventions go by both. While
    another thread records, this one waits. `progress(done, total)` counts blocks that have run and may raise
    to cancel.
    """
    held = _Held(network, spans)
    with RECORDING, evaluating(network):
        clips = planned(network, clip, most=most, baselines=baselines, within=within)
        with met(network, clips), _counted(network, len(clips.plan), progress):
            for stretch, outputs in passes(network, clips, entering):
                held.add(outputs, stretch)
    return held.logits


class _Held:
    """The outputs that the heads read, kept until the windows that they lie in are whole."""

    def __init__(self, network: Network, spans: Sequence[tuple[int, int]]) -> None:
        self.network, self.waiting = network, list(spans)
        self.read = dict.fromkeys(block for blocks in network.head_reads.values() for block in blocks)
        self.outputs: dict[str, Tensor] = {}
        self.begin = 0  # the frame of the clip with which the outputs begin
        self.logits: list[Tensor] = []

    def add(self, outputs: Mapping[str, Tensor], stretch: Stretch) -> None:
        """Keep what the heads read of a stretch, and answer over each window that is whole now."""
        for block in self.read:
            own = outputs[block][:, :, stretch.own]
            before = self.outputs.get(block)
            self.outputs[block] = own if before is None else torch.cat([before, own], dim=2)
        while self.waiting and self.waiting[0][1] <= stretch.stop:
            start, stop = self.waiting.pop(0)
            self.logits.append(self.network.combined_logits(self._part(start, stop)).float())
        left = self.waiting[0][0] if self.waiting else stretch.stop
        self.outputs, self.begin = self._part(left, stretch.stop), left

    def _part(self, start: int, stop: int) -> dict[str, Tensor]:
        part = slice(start - self.begin, stop - self.begin)
        return {block: output[:, :, part] for block, output in self.outputs.items()}


@contextmanager
def evaluating(network: Network) -> Iterator[None]:
    """Evaluation mode without gradients, in the precision asked for; each module's own mode afterwards."""
    before = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        with torch.inference_mode(), apply_precision(next(network.parameters()).device):
            yield
    finally:
        for module, training in before:
            module.training = training


@contextmanager
def _counted(network: Network, passes: int, progress: Progress | None) -> Iterator[None]:
    """Tells of every block that has run inside the `with` block, in so many passes."""
    if progress is None:
        yield
        return
    blocks, done = list(network.blocks.values()), 0

    def count(*_: object) -> None:
        nonlocal done
        done += 1
        progress(done, passes * len(blocks))

    handles = [block.register_forward_hook(count) for block in blocks]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
