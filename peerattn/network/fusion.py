"""Fusion: how a target block receives its connections.

The sources are pooled to the size that the target reads, scaled by their connections' weights and attention
factors, summed, and brought to the target's width.

Shapes: B clips, C channels, T frames, H, W pixels, P peers, A attention width.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from peerattn.errors import PeerattnError
from peerattn.graph.specs import BlockSpec, ConnectionSpec
from peerattn.graph.structure import Structure
from peerattn.network.attention import (
    NoAttention,
    PeerAttention,
    SelfAttention,
    StaticAttention,
    spatial_mean,
)
from peerattn.network.blocks.layers import by_clip, by_frame, max_pool


class ConnectionOutput(NamedTuple):
    """The output of a `Connection` in one pass; the recorder reads it with a forward hook.

    `scale` is σ(w) · A, broadcastable to (B, C, T, H, W), or None where it is 1. `connection_weight` is σ(w),
    a scalar, or None where the connection has no weight. `factors` is A, broadcastable to (B, T, C), or None
    where it is 1. `attention_weights` (P,) is None where no block is attended.
    """

    scale: Tensor | None
    connection_weight: Tensor | None
    factors: Tensor | None
    attention_weights: Tensor | None

    @classmethod
    def from_factors(
        cls, connection_weight: Tensor | None, factors: Tensor | None, attention_weights: Tensor | None
    ) -> ConnectionOutput:
        """Create the output with the scale that follows from the weight and the factors."""
        return cls(_scale(connection_weight, factors), connection_weight, factors, attention_weights)


class Connection(nn.Module):
    """σ(w) · A for one connection: its connection weight times its attention factors."""

    def __init__(self, spec: ConnectionSpec, structure: Structure) -> None:
        super().__init__()
        channels = structure.block(spec.source).width
        width = structure.block(spec.target).attention_width
        attentions = {
            "none": lambda: NoAttention(),
            "static": lambda: StaticAttention(channels),
            "self": lambda: SelfAttention(channels),
            "peer": lambda: PeerAttention(len(spec.peers), width, channels),
        }
        self.attention: nn.Module = attentions[spec.attention]()
        self.weight: nn.Parameter | None = None
        if spec.weight is not None:
            initial = torch.tensor(spec.weight)
            if not initial.is_meta:  # on the meta device, logit would import torch's compiler
                initial = torch.logit(initial)
            self.weight = nn.Parameter(initial, requires_grad=spec.learned)

    def forward(
        self, source: Tensor, peers: Tensor | None, kept: Sequence[int] | None = None
    ) -> ConnectionOutput:
        """Return the weight and factors for `source` (B, C, T, H, W), which has the size that the target
        reads.

        `peers` (P, B, T, A) are the peer vectors, for peer attention only. `kept` are the indices of the
        peers that take part in the softmax; None: all of them.
        """
        connection_weight = None if self.weight is None else torch.sigmoid(self.weight)
        pooled = spatial_mean(source) if isinstance(self.attention, SelfAttention) else None
        if pooled is not None and connection_weight is not None:
            pooled = connection_weight * pooled
        inputs = (pooled, peers) if kept is None else (pooled, peers, kept)
        return ConnectionOutput.from_factors(connection_weight, *self.attention(*inputs))


def _scale(weight: Tensor | None, factors: Tensor | None) -> Tensor | None:
    """Return weight times factors, broadcastable to (B, C, T, H, W); None counts as 1."""
    if factors is None:
        return weight
    scale = factors if weight is None else weight * factors
    return scale.transpose(1, 2)[..., None, None] if scale.ndim == 3 else scale[:, None, None, None]


class ModuleMap(nn.ModuleDict):
    """Modules by block id or connection key.

    Unlike `nn.ModuleDict` it accepts every name, also that of a module's attribute: a block may be called
    `train`.
    """

    def __setattr__(self, name: str, value: object) -> None:
        """Set an ordinary attribute; else no block could be called `training`, which every module sets."""
        object.__setattr__(self, name, value)

    def __setitem__(self, key: str, module: nn.Module) -> None:
        self._modules[key] = module


class Fusion(nn.Module):
    """The layers with which a target block receives its connections.

    `peers` holds one projection to the attention width per peer; `align` one 1×1 convolution per source width
    that is not the target's.
    """

    def __init__(self, target: BlockSpec, incoming: Sequence[ConnectionSpec], structure: Structure) -> None:
        super().__init__()
        self.peers = ModuleMap()
        needed = [peer for connection in incoming for peer in connection.peers]
        for peer in dict.fromkeys([*needed, *target.unused_projections]):
            self.peers[peer] = nn.Linear(structure.block(peer).width, target.attention_width)
        self.align = ModuleMap()
        for width in dict.fromkeys(structure.block(connection.source).width for connection in incoming):
            if width != target.input_width:
                self.align[str(width)] = nn.Conv2d(width, target.input_width, 1, bias=False)

    def project(self, peer: str, vector: Tensor) -> Tensor:
        """Project the pooled output (B, T, C) of a peer to a peer vector (B, T, A)."""
        projected: Tensor = self.peers[peer](vector)
        return projected

    def to_target_width(self, width: int, total: Tensor) -> Tensor:
        """Bring the sum of all sources of one width (B, C, T, H, W) to the target's width."""
        if str(width) not in self.align:
            return total
        return by_clip(self.align[str(width)](by_frame(total)), total.shape[0])


class BlockOutputs:
    """The block outputs of one pass, with their pooled forms cached.

    Each output is pooled at most once to vectors and once for each size at which targets read it. `sides` are
    the clip's height and width in pixels; `full` holds the outputs (B, C, T, H, W) by block id.
    """

    def __init__(self, structure: Structure, sides: Sequence[int]) -> None:
        self.structure = structure
        self.sides = tuple(sides)
        self.full: dict[str, Tensor] = {}
        self._pooled: dict[tuple[str, int], Tensor] = {}
        self._vectors: dict[str, Tensor] = {}

    def detached(self) -> BlockOutputs:
        """Return the same outputs, through which no gradient flows."""
        copy = BlockOutputs(self.structure, self.sides)
        copy.full = {block_id: output.detach() for block_id, output in self.full.items()}
        return copy

    def without(self, blocks: Collection[str]) -> BlockOutputs:
        """Return the outputs of all other blocks, with their pooled forms."""
        rest = BlockOutputs(self.structure, self.sides)
        rest.full = {block_id: output for block_id, output in self.full.items() if block_id not in blocks}
        rest._pooled = {key: output for key, output in self._pooled.items() if key[0] not in blocks}
        rest._vectors = {name: vector for name, vector in self._vectors.items() if name not in blocks}
        return rest

    def vector(self, block_id: str) -> Tensor:
        """Return the spatial mean (B, T, C) of a block's output."""
        if block_id not in self._vectors:
            self._vectors[block_id] = spatial_mean(self.full[block_id])
        return self._vectors[block_id]

    def input_sides(self, target: BlockSpec) -> tuple[int, ...]:
        """Return the height and width, in pixels, at which a target reads its sources."""
        return tuple(-(-side // target.input_reduction) for side in self.sides)

    def pooled_for(self, block_id: str, target: BlockSpec) -> Tensor:
        """Return a block's output (B, C, T, h, w), max-pooled to the size that a target reads.

        Raises PeerattnError where the pooling of a published network does not fit the clip's size.
        """
        window = self._pooling_window(block_id, target)
        key = (block_id, window)
        if key not in self._pooled:
            self._pooled[key] = max_pool(self.full[block_id], window)
        return self._pooled[key]

    def _pooling_window(self, block_id: str, target: BlockSpec) -> int:
        """Return the side of the max-pool windows, in pixels, that bring a block to a target's input size."""
        ratio = target.input_reduction // self.structure.block(block_id).reduction
        if target.pooling == "reduction" or ratio == 1:
            return ratio
        source_sides, target_sides = self.full[block_id].shape[3:], self.input_sides(target)
        window = (source_sides[0] + 1) // target_sides[0]
        pooled_sides = tuple(-(-side // window) for side in source_sides)
        if pooled_sides != target_sides:
            height, width = self.sides
            raise PeerattnError(
                f"the published network does not fit clips of {width}x{height} px: block {target.id} cannot "
                f"pool block {block_id} from {source_sides[1]}x{source_sides[0]} to "
                f"{target_sides[1]}x{target_sides[0]} px; choose sides that are multiples of 32"
            )
        return window
