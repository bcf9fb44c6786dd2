"""What arrives at a target block: connections, the peers that attend them, sizes and widths brought together.

Shapes: B clips, C channels, T frames, H, W pixels, P peers, A attention width.
"""

from __future__ import annotations

from collections.abc import Sequence
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


class Passed(NamedTuple):
    """What a connection did in one pass; the recorder reads it from the connection's forward hook.

    `scale`: σ(w) · A as it multiplies (B, C, T, H, W), None for 1; `connection_weight` a scalar or None;
    `factors` A, broadcastable to (B, T, C), or None for 1; `attention_weights` (P,) or None.
    """

    scale: Tensor | None
    connection_weight: Tensor | None
    factors: Tensor | None
    attention_weights: Tensor | None

    @classmethod
    def of(
        cls, connection_weight: Tensor | None, factors: Tensor | None, attention_weights: Tensor | None
    ) -> Passed:
        """With the scale that the weight and the factors make."""
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
            start = torch.tensor(spec.weight)
            if not start.is_meta:  # where there are no numbers, this would import torch's compiler
                start = torch.logit(start)
            self.weight = nn.Parameter(start, requires_grad=spec.learned)

    def forward(self, source: Tensor, peers: Tensor | None, kept: Sequence[int] | None = None) -> Passed:
        """`source` (B, C, T, H, W), at the size its target reads; `peers` (P, B, T, A) for peer attention.

        `kept` are the numbers of the peers that attend, where not all of them do.
        """
        connection_weight = None if self.weight is None else torch.sigmoid(self.weight)
        pooled = spatial_mean(source) if isinstance(self.attention, SelfAttention) else None
        if pooled is not None and connection_weight is not None:
            pooled = connection_weight * pooled
        attended = (pooled, peers) if kept is None else (pooled, peers, kept)
        return Passed.of(connection_weight, *self.attention(*attended))


def _scale(weight: Tensor | None, factors: Tensor | None) -> Tensor | None:
    """The product of what there is, shaped to multiply (B, C, T, H, W)."""
    if factors is None:
        return weight
    scale = factors if weight is None else weight * factors
    return scale.transpose(1, 2)[..., None, None] if scale.ndim == 3 else scale[:, None, None, None]


class Parts(nn.ModuleDict):
    """Modules by block id or connection key, whatever the name (a block may be called `train`)."""

    def __setattr__(self, name: str, value: object) -> None:
        """As on any object: else `training`, an attribute of every module, could not be a block's name."""
        object.__setattr__(self, name, value)

    def __setitem__(self, key: str, module: nn.Module) -> None:
        self._modules[key] = module


class Fusion(nn.Module):
    """What a target block needs to receive its connections: peer projections and alignment convolutions."""

    def __init__(self, target: BlockSpec, arriving: Sequence[ConnectionSpec], structure: Structure) -> None:
        super().__init__()
        self.peers = Parts()
        needed = [peer for connection in arriving for peer in connection.peers]
        for peer in dict.fromkeys([*needed, *target.unused_projections]):
            self.peers[peer] = nn.Linear(structure.block(peer).width, target.attention_width)
        self.align = Parts()
        for width in dict.fromkeys(structure.block(connection.source).width for connection in arriving):
            if width != target.input_width:
                self.align[str(width)] = nn.Conv2d(width, target.input_width, 1, bias=False)

    def project(self, peer: str, vector: Tensor) -> Tensor:
        """The pooled output of a peer (B, T, C) as a peer vector (B, T, A)."""
        projected: Tensor = self.peers[peer](vector)
        return projected

    def aligned(self, width: int, total: Tensor) -> Tensor:
        """The sum of all sources of one width, brought to the target's width."""
        if str(width) not in self.align:
            return total
        return by_clip(self.align[str(width)](by_frame(total)), total.shape[0])


class Outputs:
    """The block outputs of one pass, each pooled at most once: to vectors, and to the sizes targets read.

    `sides` are the height and width of the clip in pixels.
    """

    def __init__(self, structure: Structure, sides: Sequence[int]) -> None:
        self.structure = structure
        self.sides = tuple(sides)
        self.full: dict[str, Tensor] = {}
        self._pooled: dict[tuple[str, int], Tensor] = {}
        self._vectors: dict[str, Tensor] = {}

    def vector(self, block_id: str) -> Tensor:
        """The spatial mean (B, T, C) of a block's output."""
        if block_id not in self._vectors:
            self._vectors[block_id] = spatial_mean(self.full[block_id])
        return self._vectors[block_id]

    def read_sides(self, target: BlockSpec) -> tuple[int, ...]:
        """The height and width at which a target reads."""
        return tuple(-(-side // target.input_reduction) for side in self.sides)

    def reduced(self, block_id: str, target: BlockSpec) -> Tensor:
        """A block's output at the size a target reads."""
        window = self._window(block_id, target)
        key = (block_id, window)
        if key not in self._pooled:
            self._pooled[key] = max_pool(self.full[block_id], window)
        return self._pooled[key]

    def _window(self, block_id: str, target: BlockSpec) -> int:
        """Pixels per side of the windows that bring a block's output to the size a target reads."""
        ratio = target.input_reduction // self.structure.block(block_id).reduction
        if target.pooling == "reduction" or ratio == 1:
            return ratio
        given, wanted = self.full[block_id].shape[3:], self.read_sides(target)
        window = (given[0] + 1) // wanted[0]
        if any(-(-have // window) != want for have, want in zip(given, wanted, strict=True)):
            height, width = self.sides
            raise PeerattnError(
                f"the published network does not fit clips of {width}x{height} px: block {target.id} cannot "
                f"pool block {block_id} from {given[1]}x{given[0]} to {wanted[1]}x{wanted[0]} px, "
                "choose sides that are multiples of 32"
            )
        return window
