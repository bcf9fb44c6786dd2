"""Runs of the same clips with replaced attention factors, and with random deviations of the same size.

Random deviations are the control for any change of the factors: a network that loses more by the change than
by random deviations which change what its blocks receive as much needs what the change takes away, and not
just any undisturbed input. All runs go through the network together, block by block, so that the size of the
deviations can be set for each clip and each block.

Shapes: B clips, C channels of a connection's source, T frames, D draws of deviations, G targets (blocks that
are not inputs).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from peerattn.graph.specs import BlockSpec
from peerattn.network.fusion import BlockOutputs
from peerattn.network.network import Network
from peerattn.recording.factors import Factors, with_factors
from peerattn.recording.modifiers import running_clips
from peerattn.recording.stretches import ClipBatch, Stretch, begin_pass

ROUNDING = 1e-6
"""Changes of an input that are smaller than this, relative to the input, count as none."""


@dataclass(frozen=True)
class Copies:
    """Copies of a network in evaluation mode, which share its parameters but not its statistics."""

    unchanged: Network
    replaced: Sequence[Network]
    deviating: Sequence[Network]

    @classmethod
    def of(cls, network: Network, *, replaced: int, deviating: int) -> Copies:
        """Return this many copies for replaced factors and for random deviations."""

        def copied() -> Network:
            shared = {id(parameter): parameter for parameter in network.parameters()}
            return copy.deepcopy(network, shared).eval()

        return cls(copied(), [copied() for _ in range(replaced)], [copied() for _ in range(deviating)])

    @property
    def all(self) -> list[Network]:
        return [self.unchanged, *self.replaced, *self.deviating]


@dataclass(frozen=True)
class MatchedOutputs:
    """The block outputs of each copy, in the order of `Copies.all`, and how well the deviations match.

    `ratios` (D, B, G) are the changes of a block's input by deviations, relative to those by replaced
    factors, both as root mean squares over a clip; NaN where replaced factors change nothing.
    """

    outputs: list[dict[str, Tensor]]
    ratios: Tensor


def random_deviations(own: Factors, replaced: Factors, seed: int) -> dict[str, Tensor]:
    """Return the deviations `replaced` − `own` of other channels, with random signs: connection → (B, T, C).

    Each channel gets the deviation of another channel of its connection, so that deviations are as large and
    move in time in the same way. Which one, and the sign, depend on the seed and on nothing else.
    """
    deviations = {}
    for number, key in enumerate(sorted(own)):
        random = np.random.default_rng((seed, number))
        deviation = replaced[key] - own[key]
        channels = deviation.shape[-1]
        order = torch.from_numpy(random.permutation(channels)).to(deviation.device)
        signs = torch.from_numpy(random.choice([-1.0, 1.0], channels)).to(deviation)
        deviations[key] = deviation[..., order] * signs
    return deviations


def run_matched(
    copies: Copies,
    clips: Mapping[str, Tensor],
    own: Factors,
    replaced: Sequence[Factors],
    seeds: Sequence[int],
) -> MatchedOutputs:
    """Run clips, modality → (B, C, T, H, W), in one pass through all copies.

    The unchanged copy has the clips' `own` factors; each of the others has `replaced` ones, or deviations
    from the clips' own ones. There is one seed for each draw; the deviations of draw d match the replaced
    factors of number d, or the only ones. In each clip, a target's deviations are multiplied by the factor at
    which both changes of its input are equal, given the changes in the levels below; if these alone are
    greater, by the one at which the change is smallest.
    """
    run = _Runs(copies, clips)
    matches = [draw % len(replaced) for draw in range(len(seeds))]
    deviations = [
        random_deviations(own, replaced[match], seed) for match, seed in zip(matches, seeds, strict=True)
    ]
    structure, ratios = copies.unchanged.structure, []
    for block in structure.in_order:
        if block.modality:
            run.add_input(block)
            continue
        reference = run.input_of(0, block, own)
        inputs = [run.input_of(number, block, factors) for number, factors in enumerate(replaced, start=1)]
        least = ROUNDING**2 * _mean_square(reference)
        squares = (_mean_square(value - reference) for value in inputs)
        sizes = [torch.where(size > least, size, 0.0) for size in squares]
        row = []
        for draw, deviation in enumerate(deviations):
            number = 1 + len(replaced) + draw
            carried = run.input_of(number, block, own)
            moved = run.input_of(number, block, {key: own[key] + deviation[key] for key in own})
            size = sizes[matches[draw]]
            scale = _matching_scale(carried - reference, moved - carried, size)
            deviating = carried + scale.view(-1, 1, 1, 1, 1) * (moved - carried)
            row.append((_mean_square(deviating - reference) / size).sqrt())
            inputs.append(deviating)
        ratios.append(torch.stack(row))
        run.add(block, [reference, *inputs])
    return MatchedOutputs([one.full for one in run.outputs], torch.stack(ratios, dim=-1))


class _Runs:
    """The outputs so far of the same clips in each of the copies."""

    def __init__(self, copies: Copies, clips: Mapping[str, Tensor]) -> None:
        self.networks = copies.all
        self.clips = copies.unchanged.check_clip(clips)
        self.extremes = copies.unchanged.brightness_extremes(self.clips)
        _, _, frames, *sides = next(iter(self.clips.values())).shape
        self.whole = Stretch(0, frames, 0, frames)
        self.outputs = [BlockOutputs(one.structure, sides) for one in self.networks]

    def add_input(self, block: BlockSpec) -> None:
        """Run an input block, in the unchanged copy for all: nothing that changes lies below it."""
        first = self.networks[0]
        output = first.blocks[block.id](first.input_of(block, self.clips, self.extremes))
        for outputs in self.outputs:
            outputs.full[block.id] = output

    def add(self, block: BlockSpec, inputs: Sequence[Tensor]) -> None:
        """Run a block in each copy, on these inputs."""
        for network, outputs, value in zip(self.networks, self.outputs, inputs, strict=True):
            outputs.full[block.id] = network.blocks[block.id](value)

    def input_of(self, number: int, block: BlockSpec, factors: Factors) -> Tensor:
        """Return what a block receives in one copy with these factors, after the levels below have run."""
        network = self.networks[number]
        incoming = {spec.key for spec in network.structure.into(block.id)}
        arriving = {key: value for key, value in factors.items() if key in incoming}
        batch = ClipBatch(self.clips, (self.whole,))
        with with_factors(network, arriving), running_clips(network, batch):
            begin_pass(network, batch, self.whole)
            return network.fuse(block, self.outputs[number], self.clips)


def _mean_square(value: Tensor) -> Tensor:
    """Return the mean square of each clip, (B,)."""
    return value.double().square().mean(dim=(1, 2, 3, 4))


def _matching_scale(carried: Tensor, direction: Tensor, size: Tensor) -> Tensor:
    """Return s ≥ 0 (B,) at which the mean square of carried + s · direction is `size`, or nearest to it."""
    along = (carried.double() * direction.double()).mean(dim=(1, 2, 3, 4))
    length = _mean_square(direction)
    under_root = along.square() - length * (_mean_square(carried) - size)
    scale = (under_root.clamp_min(0).sqrt() - along) / length
    return torch.where(length > 0, scale, 0.0).clamp_min(0).to(direction)
