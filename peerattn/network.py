"""The network: an interpreter of a Structure.

Blocks run from the inputs upward. What a target block receives is Σ_j σ(w_j) · (A_j ⊙ X_j) over its incoming
connections (US20230114556A1, claims 7 and 8), each source first brought to the target's size by a max pool,
sources of one width summed before one 1×1 convolution brings them to the target's width.

Shapes: B clips, C channels, T frames, H, W pixels, P peers, A attention width, K classes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import reduce
from typing import NamedTuple

import torch
from torch import Tensor, nn

from peerattn.attention import NoAttention, PeerAttention, SelfAttention, StaticAttention, spatial_mean
from peerattn.blocks import (
    SHARED_HEADS,
    RepresentationFlow,
    build_block,
    build_head,
    by_clip,
    by_frame,
    max_pool,
)
from peerattn.errors import PeerattnError
from peerattn.structure import BlockSpec, ConnectionSpec, Structure


class Passed(NamedTuple):
    """What a connection did in one pass; the recorder reads it from the connection's forward hook.

    `scale`: σ(w) · A as it multiplies (B, C, T, H, W), None for 1; `connection_weight` a scalar or None;
    `factors` A, broadcastable to (B, T, C), or None for 1; `attention_weights` (P,) or None.
    """

    scale: Tensor | None
    connection_weight: Tensor | None
    factors: Tensor | None
    attention_weights: Tensor | None


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
            self.weight = nn.Parameter(torch.logit(torch.tensor(spec.weight)), requires_grad=spec.learned)

    def forward(self, source: Tensor | None, peers: Tensor | None) -> Passed:
        """`source` (B, T, C), pooled, for self attention; `peers` (P, B, T, A) for peer attention."""
        connection_weight = None if self.weight is None else torch.sigmoid(self.weight)
        if source is not None and connection_weight is not None:
            source = connection_weight * source
        factors, attention_weights = self.attention(source, peers)
        return Passed(_scale(connection_weight, factors), connection_weight, factors, attention_weights)


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


class Network(nn.Module):
    """Builds and runs any structure.

    Parameters are keyed by block id and connection key: a pruned network's are a subset of the full one's.
    Connections named in `disabled` count nothing.
    """

    def __init__(self, structure: Structure, class_names: Sequence[str]) -> None:
        super().__init__()
        self.structure = structure
        self.class_names = tuple(class_names)
        self.disabled: frozenset[str] = frozenset()
        self.blocks, self.connections, self.fusions, self.heads = Parts(), Parts(), Parts(), Parts()
        self.flows = Parts()
        for name in structure.computed:
            self.flows[name] = RepresentationFlow(structure.modality(name).iterations)
        for block in structure.in_order:
            arriving = structure.into(block.id)
            if block.modality:
                channels = structure.modality(_read_by(block, structure)).channels
            else:
                channels = block.input_width
                self.fusions[block.id] = Fusion(block, arriving, structure)
            self.blocks[block.id] = build_block(block, channels)
            for connection in arriving:
                self.connections[connection.key] = Connection(connection, structure)
        self.head_reads = _head_reads(structure)
        for output in structure.outputs:
            if output.block in self.head_reads:
                width = structure.block(output.block).width
                self.heads[output.block] = build_head(output.head, width, len(self.class_names))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            elif isinstance(module, nn.Conv3d):
                module.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]

    def forward(self, clip: Mapping[str, Tensor]) -> Tensor:
        """Modality → (B, C, T, H, W); returns logits (B, K), the mean over the heads.

        Raises PeerattnError when a modality is missing, has the wrong channels, or differs in size.
        """
        clip = self._checked(clip)
        outputs = Outputs(self.structure, next(iter(clip.values())).shape[3:])
        for block in self.structure.in_order:
            arriving = self._read(block, clip) if block.modality else self._fused(block, outputs, clip)
            outputs.full[block.id] = self.blocks[block.id](arriving)
        scores = [
            head(*(outputs.full[block_id] for block_id in self.head_reads[key]))
            for key, head in self.heads.items()
        ]
        return torch.stack(scores).mean(dim=0)

    def connection_weights(self) -> dict[str, float]:
        """Connection → σ(w) in float32; a connection that has no weight is left out."""
        weights = {spec.key: self.connection(spec.key).weight for spec in self.structure.connections}
        return {key: torch.sigmoid(w.detach()).item() for key, w in weights.items() if w is not None}

    def connection(self, key: str) -> Connection:
        module = self.connections[key]
        assert isinstance(module, Connection)
        return module

    def _checked(self, clip: Mapping[str, Tensor]) -> dict[str, Tensor]:
        checked = {}
        for modality in self.structure.read_modalities:
            tensor = clip.get(modality.name)
            if tensor is None:
                raise PeerattnError(
                    f"the clip has no {modality.name} modality, which this network reads: prepare it"
                )
            if tensor.ndim != 5 or tensor.shape[1] != modality.channels:
                raise PeerattnError(
                    f"modality {modality.name} has shape {tuple(tensor.shape)}, but this network reads "
                    f"(clips, {modality.channels}, frames, height, width)"
                )
            checked[modality.name] = tensor.contiguous(memory_format=torch.channels_last_3d)
        sizes = {name: (len(tensor), *tensor.shape[2:]) for name, tensor in checked.items()}
        if len(set(sizes.values())) > 1:
            said = ", ".join(f"{name} {size}" for name, size in sizes.items())
            raise PeerattnError(
                f"the modalities differ in (clips, frames, height, width): {said}, make them one"
            )
        return checked

    def _read(self, block: BlockSpec, clip: dict[str, Tensor]) -> Tensor:
        """What an input block reads; a modality that the network computes itself joins the clip."""
        name = _read_by(block, self.structure)
        if name not in clip:
            clip[name] = self.flows[name](clip[str(block.reads)])
        return clip[name]

    def _fused(self, target: BlockSpec, outputs: Outputs, clip: Mapping[str, Tensor]) -> Tensor:
        """What the target receives: (B, input_width, T, ceil(H / r), ceil(W / r)), r its input reduction."""
        fusion = self.fusions[target.id]
        assert isinstance(fusion, Fusion)
        arriving = [spec for spec in self.structure.into(target.id) if spec.key not in self.disabled]
        peers = self._peers(fusion, dict.fromkeys(spec.peers for spec in arriving if spec.peers), outputs)
        totals: dict[int, Tensor] = {}
        for spec in arriving:
            source = outputs.reduced(spec.source, target)
            scale = self._scale(spec, source, peers.get(spec.peers))
            width = source.shape[1]
            totals[width] = _accumulated(totals.get(width), source, scale)
        if not totals:
            return self._nothing(target, next(iter(clip.values())), outputs.read_sides(target))
        aligned = [fusion.aligned(width, total) for width, total in totals.items()]
        return reduce(torch.add, aligned)

    def _peers(
        self, fusion: Fusion, sets: Collection[tuple[str, ...]], outputs: Outputs
    ) -> dict[tuple[str, ...], Tensor]:
        """Set of peers → their vectors (P, B, T, A), stacked once for all connections that share the set."""
        needed = dict.fromkeys(peer for peers in sets for peer in peers)
        vectors = {peer: fusion.project(peer, outputs.vector(peer)) for peer in needed}
        return {peers: torch.stack([vectors[peer] for peer in peers]) for peers in sets}

    def _scale(self, spec: ConnectionSpec, source: Tensor, peers: Tensor | None) -> Tensor | None:
        pooled = spatial_mean(source) if spec.attention == "self" else None
        passed: Passed = self.connections[spec.key](pooled, peers)
        return passed.scale

    def _nothing(self, target: BlockSpec, like: Tensor, sides: Sequence[int]) -> Tensor:
        zeros = like.new_zeros(like.shape[0], target.input_width, like.shape[2], *sides)
        return zeros.contiguous(memory_format=torch.channels_last_3d)


def _read_by(block: BlockSpec, structure: Structure) -> str:
    """The modality whose tensor an input block gets: its own, unless it reads another one directly."""
    assert block.modality is not None
    return block.modality if block.modality in structure.computed else block.reads or block.modality


def _head_reads(structure: Structure) -> dict[str, tuple[str, ...]]:
    """Head → the output blocks that it reads; it has the id of the first. Heads of shared kinds read all."""
    reads: dict[str, tuple[str, ...]] = {}
    for output in structure.outputs:
        sharing = tuple(other.block for other in structure.outputs if other.head == output.head)
        if output.head not in SHARED_HEADS:
            reads[output.block] = (output.block,)
        elif output.block == sharing[0]:
            widths = {structure.block(block_id).width for block_id in sharing}
            if len(widths) > 1:
                raise PeerattnError(
                    f"blocks {', '.join(sharing)} share a head, which reads their mean, but have "
                    f"{', '.join(map(str, sorted(widths)))} channels: give them one width"
                )
            reads[output.block] = sharing
    return reads


def _accumulated(total: Tensor | None, source: Tensor, scale: Tensor | None) -> Tensor:
    """total + scale · source, in place: the sum over connections is the greatest memory traffic of a pass."""
    if total is None:
        return source.clone() if scale is None else source * scale
    return total.add_(source) if scale is None else total.addcmul_(source, scale)
