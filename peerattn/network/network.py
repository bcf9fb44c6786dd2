"""The network: an interpreter of a Structure.

Blocks run from the inputs upward. What a target block receives is Σ_j σ(w_j) · (A_j ⊙ X_j) over its incoming
connections (US20230114556A1, claims 7 and 8), each source first brought to the target's size by a max pool,
sources of one width summed before one 1×1 convolution brings them to the target's width.

Shapes: B clips, C channels, T frames, H, W pixels, P peers, A attention width, K classes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import reduce

import torch
from torch import Tensor, nn

from peerattn.errors import PeerattnError
from peerattn.graph.answers import Answer
from peerattn.graph.kinds import HEAD_KINDS
from peerattn.graph.specs import BlockSpec, ConnectionSpec
from peerattn.graph.structure import Structure
from peerattn.network.answers import COMBINING, PROBABILITIES
from peerattn.network.blocks.flow import Extremes, RepresentationFlow, brightness_extremes
from peerattn.network.blocks.registry import build_block, build_head
from peerattn.network.fusion import Connection, Fusion, Outputs, Parts, Passed


class Network(nn.Module):
    """Builds and runs any structure.

    Parameters are keyed by block id and connection key: a pruned network's are a subset of the full one's.
    Connections named in `disabled` (SOURCE_to_TARGET) count nothing; of attention connections that it names
    (SOURCE_to_TARGET:PEER) the peer leaves the softmax, and one peer at least has to stay.
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
        _check_thresholds(structure, len(self.class_names))
        self.head_reads = _head_reads(structure)
        for output in structure.outputs:
            if output.block in self.head_reads:
                width = structure.block(output.block).width
                self.heads[output.block] = build_head(output, width, len(self.class_names))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            elif isinstance(module, nn.Conv3d):
                module.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]

    def forward(self, clip: Mapping[str, Tensor], *, each: bool = False) -> Tensor:
        """Modality → (B, C, T, H, W); returns logits (B, K), or with `each` those of each head (H, B, K).

        Raises PeerattnError when a modality is missing, has the wrong channels, or differs in size.
        """
        outputs = self.run(clip)
        return self.answers(outputs) if each else self.answer(outputs)

    def run(
        self, clip: Mapping[str, Tensor], extremes: Mapping[str, Extremes] | None = None
    ) -> dict[str, Tensor]:
        """Block → its output (B, C, T, h, w) on a clip as `forward` takes it, without the heads.

        `extremes` of `brightness_extremes` are those of the clip that these frames are a part of; without
        them, a modality that the network computes is scaled by what is given, as published.
        """
        clip = self.checked(clip)
        outputs = Outputs(self.structure, next(iter(clip.values())).shape[3:])
        for block in self.structure.in_order:
            if block.modality:
                arriving = self.read(block, clip, extremes or {})
            else:
                arriving = self._fused(block, outputs, clip)
            outputs.full[block.id] = self.blocks[block.id](arriving)
        return outputs.full

    def answer(self, outputs: Mapping[str, Tensor]) -> Tensor:
        """Logits (B, K) of the output blocks' outputs over the frames that are given, heads combined."""
        structure = self.structure
        return COMBINING[structure.combination](self.answers(outputs), structure.answer.kind)

    def answers(self, outputs: Mapping[str, Tensor]) -> Tensor:
        """Logits (H, B, K) of each head, in the order of `head_answers`."""
        logits = []
        for key, head in self.heads.items():
            own = head(*(outputs[block_id] for block_id in self.head_reads[key]))
            by = self.structure.output(key).temperature
            logits.append(own if by == 1 else own / by)
        return torch.stack(logits)

    @property
    def head_answers(self) -> tuple[Answer, ...]:
        """What each head is asked."""
        asked = {output.block: output.answer for output in self.structure.outputs}
        return tuple(asked[key] for key in self.head_reads)

    def probabilities(self, logits: Tensor) -> Tensor:
        """Of logits (..., K) of the network's answer: shares of 1 for classes, one by one for labels."""
        return PROBABILITIES[self.structure.answer.kind](logits)

    def brightness_extremes(self, clip: Mapping[str, Tensor]) -> dict[str, Extremes]:
        """Modality that the network computes → the extremes over each whole clip of what it is made from."""
        reads = {str(block.modality): str(block.reads) for block in self.structure.blocks if block.reads}
        return {name: brightness_extremes(clip[reads[name]]) for name in self.flows if name in reads}

    def __repr__(self) -> str:
        """One line a block, level by level, with the connections that arrive and their weights."""
        structure, weights = self.structure, self.connection_weights()
        counts = f"{len(structure.blocks)} blocks, {len(structure.connections)} connections"
        numbers = sum(parameter.numel() for parameter in self.parameters())
        lines = [f"{type(self).__name__}: {counts}, {len(self.class_names)} classes, {numbers:,} parameters"]
        width = max(len(block.id) for block in structure.blocks)
        for block in structure.in_order:
            arriving = (
                f"{spec.source} {weights[spec.key]:.2f}" if spec.key in weights else spec.source
                for spec in structure.connections
                if spec.target == block.id
            )
            said = f"reads {block.modality}" if block.modality else ", ".join(arriving)
            lines.append(f"  level {block.level}  {block.id:{width}}  {block.kind}, {block.width}: {said}")
        return "\n".join(lines)

    def connection_weights(self) -> dict[str, float]:
        """Connection → σ(w) in float32; a connection that has no weight is left out."""
        weights = {spec.key: self.connection(spec.key).weight for spec in self.structure.connections}
        return {key: torch.sigmoid(w.detach()).item() for key, w in weights.items() if w is not None}

    def connection(self, key: str) -> Connection:
        module = self.connections[self.structure.connection(key).key]
        assert isinstance(module, Connection)
        return module

    def attending(self, spec: ConnectionSpec) -> tuple[int, ...] | None:
        """The numbers of the peers of a connection that are not disabled; nothing where none of them is."""
        if not self.disabled or not spec.peers or self.disabled.isdisjoint(spec.attention_keys):
            return None
        return tuple(n for n, key in enumerate(spec.attention_keys) if key not in self.disabled)

    def placed(self, tensor: Tensor) -> Tensor:
        """The tensor on the network's device, in its float type."""
        like = next(self.parameters())
        return tensor.to(like.device, like.dtype)

    def checked(self, clip: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The modalities that are read, in the order of memory in which blocks read them.

        Raises PeerattnError when one is missing, has the wrong channels, or differs in size.
        """
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
        sizes = {name: (tensor.shape[0], *tensor.shape[2:]) for name, tensor in checked.items()}
        if len(set(sizes.values())) > 1:
            said = ", ".join(f"{name} {size}" for name, size in sizes.items())
            raise PeerattnError(
                f"the modalities differ in (clips, frames, height, width): {said}, make them one"
            )
        return checked

    def read(self, block: BlockSpec, clip: dict[str, Tensor], extremes: Mapping[str, Extremes]) -> Tensor:
        """What an input block reads; a modality that the network computes itself joins the clip."""
        name = _read_by(block, self.structure)
        if name not in clip:
            clip[name] = self.flows[name](clip[str(block.reads)], extremes.get(name))
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
        kept = self.attending(spec)
        given = (source, peers) if kept is None else (source, peers, kept)
        passed: Passed = self.connections[spec.key](*given)
        return passed.scale

    def _nothing(self, target: BlockSpec, like: Tensor, sides: Sequence[int]) -> Tensor:
        zeros = like.new_zeros(like.shape[0], target.input_width, like.shape[2], *sides)
        return zeros.contiguous(memory_format=torch.channels_last_3d)


def _read_by(block: BlockSpec, structure: Structure) -> str:
    """The modality whose tensor an input block gets: its own, unless it reads another one directly."""
    assert block.modality is not None
    return block.modality if block.modality in structure.computed else block.reads or block.modality


def _check_thresholds(structure: Structure, classes: int) -> None:
    for output in structure.outputs:
        if len(output.answer.thresholds) not in (0, classes):
            raise PeerattnError(
                f"output {output.block} has {len(output.answer.thresholds)} thresholds for {classes} labels: "
                "give one a label, or none"
            )


def _head_reads(structure: Structure) -> dict[str, tuple[str, ...]]:
    """Head → the output blocks that it reads; it has the id of the first. Heads of shared kinds read all."""
    reads: dict[str, tuple[str, ...]] = {}
    for output in structure.outputs:
        sharing = tuple(other.block for other in structure.outputs if other.head == output.head)
        if not HEAD_KINDS[output.head].shared:
            reads[output.block] = (output.block,)
        elif output.block == sharing[0]:
            if len({other.answer for other in structure.outputs if other.head == output.head}) > 1:
                raise PeerattnError(f"blocks {', '.join(sharing)} share a head: ask them the same")
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
