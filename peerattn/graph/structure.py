"""The structure of a peer-attention network, as plain data: blocks in levels, connections and their peers.

Every block is in exactly one level. A connection goes from a block to a block in any higher level. Its
attention factors come from its peers, which can be any blocks below its target (US20230114556A1, claims 1 to
8). Nothing here imports torch, so a structure can be read, checked and drawn anywhere.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from peerattn.errors import PeerattnError, lookup
from peerattn.files.decoding import decode, parse
from peerattn.graph.answers import CLASSES, DEFAULT_COMBINATION, Answer, answer_for_loss
from peerattn.graph.kinds import KINDS
from peerattn.graph.list_format.options import Options
from peerattn.graph.list_format.reading import read as read_published
from peerattn.graph.list_format.writing import write as write_published
from peerattn.graph.specs import BlockSpec, ConnectionSpec, Modality, OutputSpec
from peerattn.graph.validation import validate


@dataclass(frozen=True)
class Structure:
    """The level graph of a network. Raises PeerattnError if a network with this structure cannot be computed.

    `combination`, one of `answers.COMBINATIONS`, says how the outputs are combined into the network's answer.
    """

    blocks: tuple[BlockSpec, ...]
    connections: tuple[ConnectionSpec, ...]
    outputs: tuple[OutputSpec, ...]
    modalities: tuple[Modality, ...]
    combination: str = DEFAULT_COMBINATION

    def __post_init__(self) -> None:
        validate(self.blocks, self.connections, self.outputs, self.modalities, self.combination)

    @cached_property
    def by_id(self) -> dict[str, BlockSpec]:
        return {block.id: block for block in self.blocks}

    @cached_property
    def _into(self) -> dict[str, tuple[ConnectionSpec, ...]]:
        into: dict[str, list[ConnectionSpec]] = {block.id: [] for block in self.blocks}
        for connection in self.connections:
            into[connection.target].append(connection)
        return {target: tuple(arriving) for target, arriving in into.items()}

    def block(self, block_id: str) -> BlockSpec:
        """Return the block with this id; raises MissingError if there is none, as do the lookups below."""
        return lookup("block", block_id, self.by_id)

    @cached_property
    def by_key(self) -> dict[str, ConnectionSpec]:
        return {connection.key: connection for connection in self.connections}

    def connection(self, key: str) -> ConnectionSpec:
        return lookup("connection", key, self.by_key)

    def into(self, target: str) -> tuple[ConnectionSpec, ...]:
        """Return the connections into a block, in the order of the structure."""
        return self._into[self.block(target).id]

    def modality(self, name: str) -> Modality:
        return lookup("modality", name, {modality.name: modality for modality in self.modalities})

    def input_blocks(self, modality: str) -> tuple[str, ...]:
        """Return the ids of the input blocks of a modality."""
        return tuple(block.id for block in self.blocks if block.modality == modality)

    @cached_property
    def read_modalities(self) -> tuple[Modality, ...]:
        """The modalities that a clip must contain, without those that the network computes itself."""
        read = {block.reads or block.modality for block in self.blocks}
        return tuple(modality for modality in self.modalities if modality.name in read)

    @cached_property
    def reads_pixels(self) -> bool:
        """Whether the modalities are pictures; else each frame is described by numbers, 1 × 1."""
        return any(modality.pixels for modality in self.read_modalities)

    def clip_sides(self, height: int, width: int) -> tuple[int, int]:
        """Return the height and width of the tensors in which a clip of this size is read."""
        return (height, width) if self.reads_pixels else (1, 1)

    @cached_property
    def computed(self) -> tuple[str, ...]:
        """The modalities that the network computes from another modality."""
        return tuple(modality.name for modality in self.modalities if modality.iterations)

    @cached_property
    def levels(self) -> dict[int, tuple[BlockSpec, ...]]:
        """Level → its blocks, from the inputs upwards."""
        ranks = sorted({block.level for block in self.blocks})
        return {rank: tuple(b for b in self.blocks if b.level == rank) for rank in ranks}

    @cached_property
    def in_order(self) -> tuple[BlockSpec, ...]:
        """The blocks in topological order: every block comes after all blocks it may read."""
        return tuple(block for level in self.levels.values() for block in level)

    @cached_property
    def attention_mode(self) -> str:
        """The attention mode of all connections, or `mixed` if they differ."""
        modes = {connection.attention for connection in self.connections}
        return modes.pop() if len(modes) == 1 else "mixed" if modes else "none"

    @cached_property
    def reaching_modalities(self) -> dict[str, frozenset[str]]:
        """Block → the modalities whose input blocks reach it: one for an input block, none if starved."""
        reaching: dict[str, frozenset[str]] = {}
        for block in self.in_order:
            arriving = (reaching[connection.source] for connection in self.into(block.id))
            reaching[block.id] = frozenset({block.modality} if block.modality else ()).union(*arriving)
        return reaching

    def output(self, block_id: str) -> OutputSpec:
        return lookup("output block", block_id, {output.block: output for output in self.outputs})

    @property
    def answer(self) -> Answer:
        """The network's answer: that of all outputs, or of the first one if they are separate."""
        return self.outputs[0].answer

    def with_answer(self, answer: Answer) -> Structure:
        """Return the same structure with this answer for every output."""
        outputs = tuple(dataclasses.replace(output, answer=answer) for output in self.outputs)
        return dataclasses.replace(self, outputs=outputs)

    @classmethod
    def complete(
        cls,
        blocks: Iterable[BlockSpec],
        *,
        modalities: Iterable[Modality],
        attention: str = "peer",
        time_padding: str = "repeat",
        head: str = "classification",
    ) -> Structure:
        """Connect every block to all blocks below it, with all blocks below its target as each connection's
        peers.

        The blocks of the top level become the outputs, each with this head. Where a block leaves
        `input_width` or `attention_width` at 0, it gets the width of the widest block below it; its
        `input_reduction` becomes at least that of the most reduced block below it. `time_padding` applies to
        all blocks whose kind can repeat edge frames.
        """
        by_level = sorted(blocks, key=lambda block: block.level)
        completed: list[BlockSpec] = []
        connections: list[ConnectionSpec] = []
        for block in by_level:
            below = [other for other in completed if other.level < block.level]
            padded = _with_padding(block, time_padding)
            completed.append(padded if block.is_input else _with_input_size(padded, below))
            ids = tuple(other.id for other in below)
            peers = {"peer": ids, "self": (), "static": (), "none": ()}.get(attention, ())
            connections += [ConnectionSpec(source, block.id, peers, attention) for source in ids]
        top = max((block.level for block in by_level), default=0)
        outputs = tuple(OutputSpec(block.id, head) for block in by_level if block.level == top)
        return cls(tuple(completed), tuple(connections), outputs, tuple(modalities))

    @classmethod
    def from_published(
        cls, nodes: Sequence[Any], edge_weights: Sequence[Any] = (), options: Options | None = None
    ) -> Structure:
        """Build the structure from a list in the published format; a node's position becomes its block's id.

        `edge_weights` has one entry per node and fixes the connection weights; without it they are learned.
        `options` settles what the list leaves open. Raises PeerattnError, which names the node, if the list
        does not follow the format.
        """
        return cls(*read_published(nodes, edge_weights, options or Options()))

    def to_published(self) -> tuple[list[Any], list[Any]]:
        """Return nodes and edge weights in the published format, as `from_published` reads them.

        Raises PeerattnError for a structure that the format cannot express: one with other kinds of blocks,
        with learned weights whose initial value is not 0.5, or pruned such that a node would be read as a
        smaller one.
        """
        return write_published(self.blocks, self.connections)

    def to_json(self) -> dict[str, Any]:
        """Return the fields of every part, as they are stored in trace files and checkpoint cards.

        Fields that older files lack are left out if they have the value that older files imply.
        """
        parts: dict[str, Any] = {name: [_part_json(part) for part in getattr(self, name)] for name in _PARTS}
        return (
            parts if self.combination == DEFAULT_COMBINATION else {**parts, "combination": self.combination}
        )

    @classmethod
    def parse(cls, text: str) -> Structure:
        """Read a structure from JSON text; raises PeerattnError if the text is anything else."""
        return cls.from_json(parse(text, "the JSON file of a structure"))

    @classmethod
    def from_json(cls, data: Any) -> Structure:
        """The inverse of `to_json`; raises PeerattnError on anything else."""
        if not isinstance(data, Mapping) or not all(isinstance(data.get(name), list) for name in _PARTS):
            raise PeerattnError(
                "this is not a structure: it needs lists of blocks, connections, outputs and modalities, or "
                "of nodes and edge_weights in the published format"
            )
        known = {field.name: data[field.name] for field in dataclasses.fields(cls) if field.name in data}
        return decode(known, cls, "a structure")


_PARTS = ("blocks", "connections", "outputs", "modalities")
_OMITTED = {
    "time_padding": "zeros",
    "heads": 0,
    "over": "",
    "channels": (),
    "answer": CLASSES.to_json(),
    "temperature": 1.0,
    "pixels": True,
}
"""Fields that older files lack → the value that their absence implies; such a value is not written."""


def _part_json(part: BlockSpec | ConnectionSpec | OutputSpec | Modality) -> dict[str, Any]:
    values = dataclasses.asdict(part)
    if isinstance(part, OutputSpec):
        values["answer"] = part.answer.to_json()
    return {name: value for name, value in values.items() if (name, value) not in _OMITTED.items()}


def restore_answers(structure: Structure, training: Any) -> Structure:
    """Return a structure read from a file, with the answer that its training implies if the file states none.

    Files written before answers were stored do not say whether a network predicts classes or labels.
    `training` is the recipe in the file, which may be anything. If the structure has no answers of its own
    and the network was trained with the loss for labels, its outputs predict labels.
    """
    if any(output.answer != CLASSES for output in structure.outputs):
        return structure
    loss = training.get("loss") if isinstance(training, Mapping) else None
    return structure.with_answer(answer_for_loss(loss.get("kind") if isinstance(loss, Mapping) else None))


def _with_padding(block: BlockSpec, time_padding: str) -> BlockSpec:
    able = block.kind in KINDS and KINDS[block.kind].repeats_edges
    return dataclasses.replace(block, time_padding=time_padding) if able else block


def _with_input_size(block: BlockSpec, below: Sequence[BlockSpec]) -> BlockSpec:
    widest = max((other.width for other in below), default=0)
    return dataclasses.replace(
        block,
        input_width=block.input_width or widest,
        attention_width=block.attention_width or widest,
        input_reduction=max([block.input_reduction, *(other.reduction for other in below)]),
    )
