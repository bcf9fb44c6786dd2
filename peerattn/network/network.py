"""The network: an interpreter of a Structure.

Blocks run from the inputs upward. A target block receives Σ_j σ(w_j) · (A_j ⊙ X_j) over its incoming
connections (US20230114556A1, claims 7 and 8). Each source is first max-pooled to the size that the target
reads; sources of the same width are summed, and one 1×1 convolution brings the sum to the target's width.

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
from peerattn.graph.specs import BlockSpec, ConnectionSpec, Modality
from peerattn.graph.structure import Structure
from peerattn.network.answers import COMBINING, PROBABILITIES
from peerattn.network.blocks.flow import Extremes, RepresentationFlow, brightness_extremes
from peerattn.network.blocks.registry import build_block, build_head
from peerattn.network.fusion import BlockOutputs, Connection, ConnectionOutput, Fusion, ModuleMap


class Network(nn.Module):
    """A network built from any structure.

    Parameters are keyed by block id and connection key, so those of a pruned network are a subset of the full
    one's.

    `disabled` switches connections off without rebuilding the network: a connection (SOURCE_to_TARGET)
    contributes nothing; of an attention connection (SOURCE_to_TARGET:PEER) the peer is left out of the
    softmax. At least one peer of each connection has to remain.

    `detached` names blocks through which no gradient reaches the blocks below them: those learn from other
    heads alone.
    """

    def __init__(self, structure: Structure, class_names: Sequence[str]) -> None:
        super().__init__()
        self.structure = structure
        self.class_names = tuple(class_names)
        self.disabled: frozenset[str] = frozenset()
        self.detached: frozenset[str] = frozenset()
        self.blocks, self.connections, self.fusions, self.heads = (
            ModuleMap(),
            ModuleMap(),
            ModuleMap(),
            ModuleMap(),
        )
        self.flows = ModuleMap()
        for name in structure.computed:
            self.flows[name] = RepresentationFlow(structure.modality(name).iterations)
        for block in structure.in_order:
            incoming = structure.into(block.id)
            if block.modality:
                channels = block.count_channels(structure.modality(_modality_of(block, structure)))
            else:
                channels = block.input_width
                self.fusions[block.id] = Fusion(block, incoming, structure)
            self.blocks[block.id] = build_block(block, channels)
            for connection in incoming:
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

    def forward(self, clip: Mapping[str, Tensor], *, per_head: bool = False) -> Tensor:
        """Return the logits (B, K) of a clip, modality → (B, C, T, H, W); with `per_head` those of all heads
        (H, B, K).

        Raises PeerattnError if a modality is missing, has the wrong number of channels, or differs in size.
        """
        outputs = self.run(clip)
        return self.head_logits(outputs) if per_head else self.combined_logits(outputs)

    def run(
        self, clip: Mapping[str, Tensor], extremes: Mapping[str, Extremes] | None = None
    ) -> dict[str, Tensor]:
        """Run the blocks, without the heads; return block id → output (B, C, T, h, w).

        `clip` is as in `forward`. If its frames are part of a longer clip, `extremes` are that clip's
        `brightness_extremes`. Without them, computed modalities are scaled by the frames passed, as
        published.
        """
        return self.run_blocks(clip, extremes).full

    def run_blocks(
        self,
        clip: Mapping[str, Tensor],
        extremes: Mapping[str, Extremes] | None = None,
        *,
        known: BlockOutputs | None = None,
    ) -> BlockOutputs:
        """Run the blocks as in `run`, but not those whose outputs are `known`; return all outputs.

        The known outputs must be those of the same clip. Those of the blocks that run are added to them.
        """
        clip = self.check_clip(clip)
        outputs = known or BlockOutputs(self.structure, next(iter(clip.values())).shape[3:])
        for block in self.structure.in_order:
            if block.id in outputs.full:
                continue
            if block.modality:
                block_input = self.input_of(block, clip, extremes or {})
            else:
                block_input = self.fuse(block, outputs, clip)
            outputs.full[block.id] = self.blocks[block.id](block_input)
        return outputs

    def fuse(self, target: BlockSpec, outputs: BlockOutputs, clip: Mapping[str, Tensor]) -> Tensor:
        """Return a target's input (B, input_width, T, ceil(H / r), ceil(W / r)), r its input reduction.

        `outputs` must hold all blocks that the target reads or attends to, on `clip`.
        """
        fusion = self.fusions[target.id]
        assert isinstance(fusion, Fusion)
        if target.id in self.detached:
            outputs = outputs.detached()
        incoming = [spec for spec in self.structure.into(target.id) if spec.key not in self.disabled]
        peers = self._peers(fusion, dict.fromkeys(spec.peers for spec in incoming if spec.peers), outputs)
        totals: dict[int, Tensor] = {}
        for spec in incoming:
            source = outputs.pooled_for(spec.source, target)
            scale = self._scale(spec, source, peers.get(spec.peers))
            width = source.shape[1]
            totals[width] = _accumulate(totals.get(width), source, scale)
        if not totals:
            return self._zero_input(target, next(iter(clip.values())), outputs.input_sides(target))
        aligned = [fusion.to_target_width(width, total) for width, total in totals.items()]
        return reduce(torch.add, aligned)

    def combined_logits(self, outputs: Mapping[str, Tensor]) -> Tensor:
        """Return the network's logits (B, K), combined over heads, from the output blocks' outputs.

        The outputs may be cut to a range of frames, such as a window.
        """
        structure = self.structure
        return COMBINING[structure.combination](self.head_logits(outputs), structure.answer.kind)

    def head_logits(self, outputs: Mapping[str, Tensor]) -> Tensor:
        """Return the logits (H, B, K) of each head, in the order of `head_answers`."""
        logits = []
        for key, head in self.heads.items():
            scores = head(*(outputs[block_id] for block_id in self.head_reads[key]))
            temperature = self.structure.output(key).temperature
            logits.append(scores if temperature == 1 else scores / temperature)
        return torch.stack(logits)

    @property
    def head_answers(self) -> tuple[Answer, ...]:
        """The kind of answer that each head gives: classes or labels."""
        answers = {output.block: output.answer for output in self.structure.outputs}
        return tuple(answers[key] for key in self.head_reads)

    def probabilities(self, logits: Tensor) -> Tensor:
        """Turn logits (..., K) into probabilities (..., K): a softmax for classes, a sigmoid for labels."""
        return PROBABILITIES[self.structure.answer.kind](logits)

    def brightness_extremes(self, clip: Mapping[str, Tensor]) -> dict[str, Extremes]:
        """Return computed modality → extremes of brightness over each whole clip that it is computed from."""
        reads = {str(block.modality): str(block.reads) for block in self.structure.blocks if block.reads}
        return {name: brightness_extremes(clip[reads[name]]) for name in self.flows if name in reads}

    def __repr__(self) -> str:
        """Describe each block in one line, level by level, with its incoming connections and weights."""
        structure, weights = self.structure, self.connection_weights()
        counts = f"{len(structure.blocks)} blocks, {len(structure.connections)} connections"
        numbers = sum(parameter.numel() for parameter in self.parameters())
        lines = [f"{type(self).__name__}: {counts}, {len(self.class_names)} classes, {numbers:,} parameters"]
        width = max(len(block.id) for block in structure.blocks)
        for block in structure.in_order:
            sources = (
                f"{spec.source} {weights[spec.key]:.2f}" if spec.key in weights else spec.source
                for spec in structure.connections
                if spec.target == block.id
            )
            inputs = f"reads {block.modality}" if block.modality else ", ".join(sources)
            lines.append(f"  level {block.level}  {block.id:{width}}  {block.kind}, {block.width}: {inputs}")
        return "\n".join(lines)

    def connection_weights(self) -> dict[str, float]:
        """Return connection → σ(w) in float32; connections without a weight are left out."""
        weights = {spec.key: self.connection(spec.key).weight for spec in self.structure.connections}
        return {key: torch.sigmoid(w.detach()).item() for key, w in weights.items() if w is not None}

    def mean_of(self, modality: Modality) -> Tensor:
        """Return the mean (C,) over the training clips of a modality, in the blocks that standardise it.

        Channels that no such block reads have 0.
        """
        mean = torch.zeros(modality.channels)
        for block_id in self.structure.input_blocks(modality.name):
            layer = getattr(self.blocks[block_id], "standardise", None)
            if layer is not None:
                mean[slice(*self.structure.block(block_id).channels or (None,))] = layer.running_mean.cpu()
        return mean

    def connection(self, key: str) -> Connection:
        """Return the module of a connection; raise MissingError if the structure has no such connection."""
        module = self.connections[self.structure.connection(key).key]
        assert isinstance(module, Connection)
        return module

    def attending_peers(self, spec: ConnectionSpec) -> tuple[int, ...] | None:
        """Return the indices of a connection's enabled peers, or None if all of them are enabled."""
        if not self.disabled or not spec.peers or self.disabled.isdisjoint(spec.attention_keys):
            return None
        return tuple(n for n, key in enumerate(spec.attention_keys) if key not in self.disabled)

    def to_own_device(self, tensor: Tensor) -> Tensor:
        """Move a tensor to the network's device and convert it to its float type."""
        parameter = next(self.parameters())
        return tensor.to(parameter.device, parameter.dtype)

    def check_clip(self, clip: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the modalities that the network reads, in channels-last memory format.

        Raises PeerattnError if one is missing, has the wrong number of channels, or differs in size.
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
            listed = ", ".join(f"{name} {size}" for name, size in sizes.items())
            raise PeerattnError(
                f"the modalities differ in (clips, frames, height, width): {listed}; make them the same"
            )
        return checked

    def input_of(self, block: BlockSpec, clip: dict[str, Tensor], extremes: Mapping[str, Extremes]) -> Tensor:
        """Return the tensor that an input block reads; computed modalities are added to `clip`."""
        name = _modality_of(block, self.structure)
        if name not in clip:
            clip[name] = self.flows[name](clip[str(block.reads)], extremes.get(name))
        if not block.channels:
            return clip[name]
        return clip[name][:, slice(*block.channels)].contiguous(memory_format=torch.channels_last_3d)

    def _peers(
        self, fusion: Fusion, sets: Collection[tuple[str, ...]], outputs: BlockOutputs
    ) -> dict[tuple[str, ...], Tensor]:
        """Return peers → their vectors (P, B, T, A), stacked once for all connections with the same peers."""
        needed = dict.fromkeys(peer for peers in sets for peer in peers)
        vectors = {peer: fusion.project(peer, outputs.vector(peer)) for peer in needed}
        return {peers: torch.stack([vectors[peer] for peer in peers]) for peers in sets}

    def _scale(self, spec: ConnectionSpec, source: Tensor, peers: Tensor | None) -> Tensor | None:
        """Run a connection's module; return its scale, or None where that is 1."""
        kept = self.attending_peers(spec)
        inputs = (source, peers) if kept is None else (source, peers, kept)
        output: ConnectionOutput = self.connections[spec.key](*inputs)
        return output.scale

    def _zero_input(self, target: BlockSpec, like: Tensor, sides: Sequence[int]) -> Tensor:
        """Return the input of a target without enabled connections; batch and frames are those of `like`."""
        zeros = like.new_zeros(like.shape[0], target.input_width, like.shape[2], *sides)
        return zeros.contiguous(memory_format=torch.channels_last_3d)


def _modality_of(block: BlockSpec, structure: Structure) -> str:
    """Return the name of the modality whose tensor an input block receives.

    It is the block's own modality, unless the block reads another one directly.
    """
    assert block.modality is not None
    return block.modality if block.modality in structure.computed else block.reads or block.modality


def _check_thresholds(structure: Structure, classes: int) -> None:
    for output in structure.outputs:
        if len(output.answer.thresholds) not in (0, classes):
            raise PeerattnError(
                f"output {output.block} has {len(output.answer.thresholds)} thresholds for {classes} labels: "
                "specify one per label, or none"
            )


def _head_reads(structure: Structure) -> dict[str, tuple[str, ...]]:
    """Return head → the output blocks that it reads.

    A head has the id of the first block it reads. A head of a shared kind reads all the outputs of that kind.
    Raises PeerattnError if blocks that share a head differ in answer or width.
    """
    reads: dict[str, tuple[str, ...]] = {}
    for output in structure.outputs:
        sharing = tuple(other.block for other in structure.outputs if other.head == output.head)
        if not HEAD_KINDS[output.head].shared:
            reads[output.block] = (output.block,)
        elif output.block == sharing[0]:
            if len({other.answer for other in structure.outputs if other.head == output.head}) > 1:
                raise PeerattnError(
                    f"blocks {', '.join(sharing)} share a head, but not an answer: give them the same one"
                )
            widths = {structure.block(block_id).width for block_id in sharing}
            if len(widths) > 1:
                raise PeerattnError(
                    f"blocks {', '.join(sharing)} share a head, which reads their mean, but have "
                    f"{', '.join(map(str, sorted(widths)))} channels: give them the same width"
                )
            reads[output.block] = sharing
    return reads


def _accumulate(total: Tensor | None, source: Tensor, scale: Tensor | None) -> Tensor:
    """Return total + scale · source, computed in place: these sums are most of a pass's memory traffic."""
    if total is None:
        return source.clone() if scale is None else source * scale
    return total.add_(source) if scale is None else total.addcmul_(source, scale)
