"""Running a whole clip through a network: in one pass if that fits in memory, else stretch by stretch.

A stretch runs together with as many frames around it as the network reaches, so that its own frames have the
same numbers as in one pass: where a stretch begins does not affect the result. A window is something else: a
part of the whole recording over which the heads answer.

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
from peerattn.recording.lock import RECORDING
from peerattn.recording.modifiers import MODIFIERS, running_clips
from peerattn.recording.windows import windows

MEMORY = 4 * 2**30
"""The most bytes that the values in one pass may take, without the network's weights."""
SHORTEST = 16
"""The fewest frames that a stretch has of its own, whatever memory that takes; the others are context."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Stretch:
    """Frames start ≤ t < stop of a clip, run together with their context, frames first ≤ t < last."""

    start: int
    stop: int
    first: int
    last: int

    @property
    def own(self) -> slice:
        """The stretch's own frames among those that run."""
        return slice(self.start - self.first, self.stop - self.first)


def stretches(frames: int, most: int, reach: Reach) -> tuple[Stretch, ...]:
    """Split frames into as few and as equal stretches as possible, each of at most `most` own frames."""
    return tuple(
        Stretch(start, stop, max(start - reach.before, 0), min(stop + reach.after, frames))
        for start, stop in windows(frames, most)
    )


def longest_stretch(
    structure: Structure, reach: Reach, *, clips: int, frames: int, sides: Sequence[int]
) -> int:
    """Return how many frames of its own a stretch may have, for `clips` clips of frames of (H, W) pixels.

    If memory leaves little room beyond the context, a stretch still has half as many frames of its own as
    context, and at least `SHORTEST`: so no clip costs more than four passes.
    """
    fitting, context = MEMORY // (clips * bytes_per_frame(structure, sides)), reach.before + reach.after
    shortest = max(SHORTEST, context // 2)
    if frames <= max(fitting, context + shortest):
        return frames
    return max(fitting - context, shortest)


def clips_together(structure: Structure, *, frames: int, sides: Sequence[int]) -> int:
    """Return how many clips fit in one pass; at least 1."""
    return int(max(1, MEMORY // (frames * bytes_per_frame(structure, sides))))


def bytes_per_frame(structure: Structure, sides: Sequence[int]) -> int:
    """Return an upper estimate of the bytes that a pass needs for one frame of (H, W) pixels, in float32.

    The clip is in memory twice, once as it was passed in. All outputs stay to the end, with another copy for
    every smaller size at which they are read. While a block runs, there is one copy of its input per width of
    its sources, their sum, and up to four copies of its widest layer.
    """
    values = 2 * sum(modality.channels for modality in structure.modalities) * prod(sides)
    values += sum(block.width * _pixels(sides, block.reduction) for block in structure.blocks)
    values += values_read(structure, sides, pooled_only=True)
    return 4 * (values + max(_working_values(block, structure, sides) for block in structure.blocks))


def values_read(structure: Structure, sides: Sequence[int], *, pooled_only: bool = False) -> int:
    """Return how many values connections read per frame: each source once for every size at which it is read.

    With `pooled_only`, only sizes smaller than the source itself count.
    """
    reads = {(spec.source, structure.block(spec.target).input_reduction) for spec in structure.connections}
    sources = [(structure.block(source), reduction) for source, reduction in reads]
    return sum(
        block.width * _pixels(sides, reduction)
        for block, reduction in sources
        if not pooled_only or reduction > block.reduction
    )


def _working_values(block: BlockSpec, structure: Structure, sides: Sequence[int]) -> int:
    """Return how many values per frame a block needs while it runs."""
    arriving = {structure.block(spec.source).width for spec in structure.into(block.id)}
    fused = (sum(arriving) + block.input_width) * _pixels(sides, block.input_reduction)
    widest = max(block.input_width, block.width, block.inner_width, block.middle_width)
    reduction = block.input_reduction
    if block.is_input:  # its first layer has a stride: at least 2 if it pools afterwards
        reduction *= min(block.spatial_stride, 2)
    return fused + 4 * widest * _pixels(sides, reduction)


def _pixels(sides: Sequence[int], reduction: int) -> int:
    return prod(-(-side // reduction) for side in sides)


@dataclass(frozen=True)
class ClipBatch:
    """Whole clips of one shape, modality → (B, C, T, H, W), and the stretches in which they run.

    The last `baselines` clips are baseline clips. If the clips are parts of longer ones, `within` says which
    of their frames, start ≤ t < stop.
    """

    tensors: Mapping[str, Tensor]
    plan: tuple[Stretch, ...]
    extremes: Mapping[str, Extremes] | None = None
    baselines: int = 0
    within: tuple[int, int] | None = None

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(B, T, H, W), including the baseline clips."""
        clips, _, frames, height, width = next(iter(self.tensors.values())).shape
        return clips, frames, height, width

    @property
    def count(self) -> int:
        """How many clips there are, without the baseline clips."""
        return self.shape[0] - self.baselines


def plan_stretches(
    network: Network,
    tensors: Mapping[str, Tensor],
    *,
    most: int | None = None,
    baselines: int = 0,
    within: tuple[int, int] | None = None,
) -> ClipBatch:
    """Plan to run clips in stretches of at most `most` frames of their own (default: what fits in memory)."""
    clips, _, frames, *sides = next(iter(tensors.values())).shape
    reach = network_reach(network.structure, network.disabled)
    most = most or longest_stretch(network.structure, reach, clips=clips, frames=frames, sides=sides)
    plan = stretches(frames, most, reach)
    extremes = network.brightness_extremes(tensors) if len(plan) > 1 or clips > 1 else None
    return ClipBatch(tensors, plan, extremes, baselines, within)


def run_stretches(
    network: Network, clips: ClipBatch, on_stretch: Callable[[Stretch], None] | None = None
) -> Iterator[tuple[Stretch, dict[str, Tensor]]]:
    """Yield each stretch with the block outputs of its pass; `on_stretch` is called before it runs."""
    for stretch in clips.plan:
        if on_stretch:
            on_stretch(stretch)
        yield stretch, network.run(begin_pass(network, clips, stretch), clips.extremes)


def begin_pass(network: Network, clips: ClipBatch, stretch: Stretch) -> dict[str, Tensor]:
    """Announce a pass to the network's modifier, and return the frames that run in it."""
    if modifier := MODIFIERS.get(network):
        modifier.begin_pass(stretch)
    return {name: tensor[:, :, stretch.first : stretch.last] for name, tensor in clips.tensors.items()}


def window_logits(
    network: Network,
    clip: Mapping[str, Tensor],
    spans: Sequence[tuple[int, int]],
    *,
    most: int | None = None,
    baselines: int = 0,
    within: tuple[int, int] | None = None,
    on_stretch: Callable[[Stretch], None] | None = None,
    progress: Progress | None = None,
) -> list[Tensor]:
    """Return the logits (B, K) of each window (start, stop), from the block outputs over the whole clip.

    Runs in evaluation mode, on modality → (B, C, T, H, W). Windows must be in order, without gaps. A stretch
    has at most `most` frames of its own (default: what fits in memory). `on_stretch` is called before each
    stretch runs, so that hooks know its own frames. The last `baselines` clips are baseline clips, and
    `within` says which frames of longer clips these are: interventions use both. If another thread is
    recording, this one waits. `progress(done, total)` counts blocks that have run and may raise to cancel.
    """
    buffer = HeadInputs(network, spans)
    with RECORDING, evaluation_mode(network):
        clips = plan_stretches(network, clip, most=most, baselines=baselines, within=within)
        with running_clips(network, clips), _report_progress(network, len(clips.plan), progress):
            for stretch, outputs in run_stretches(network, clips, on_stretch):
                buffer.add(outputs, stretch)
    return buffer.logits


class HeadInputs:
    """The block outputs that the heads read, buffered until all frames of their window have been run."""

    def __init__(self, network: Network, spans: Sequence[tuple[int, int]]) -> None:
        self.network, self.waiting = network, list(spans)
        self.read = dict.fromkeys(block for blocks in network.head_reads.values() for block in blocks)
        self.outputs: dict[str, Tensor] = {}
        self.begin = 0  # the clip's frame at which the buffered outputs begin
        self.logits: list[Tensor] = []

    def add(self, outputs: Mapping[str, Tensor], stretch: Stretch) -> None:
        """Buffer what the heads read of a stretch, and answer over each window that is now complete."""
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
def evaluation_mode(network: Network) -> Iterator[None]:
    """Use evaluation mode, without gradients and in the chosen precision; then restore each module's mode."""
    before = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        with torch.inference_mode(), apply_precision(next(network.parameters()).device):
            yield
    finally:
        for module, training in before:
            module.training = training


@contextmanager
def _report_progress(network: Network, passes: int, progress: Progress | None) -> Iterator[None]:
    """Call `progress` after every block that runs inside the `with` block, in this number of passes."""
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
