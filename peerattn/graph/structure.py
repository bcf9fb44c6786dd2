"""What a peer-attention network is, as plain data: blocks in levels, connections and their peers.

A block is in exactly one level; a connection goes from a block to one in any higher level; the attention
factors of a connection come from its peers, which are any blocks below its target (US20230114556A1, claims 1
to 8). Nothing here imports torch: a structure can be read, checked and drawn anywhere.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from peerattn.errors import PeerattnError, lookup
from peerattn.graph.answers import CLASSES, COMBINED, Answer, of_loss
from peerattn.graph.kinds import KINDS
from peerattn.graph.list_format.options import Options
from peerattn.graph.list_format.reading import read as read_published
from peerattn.graph.list_format.writing import write as write_published
from peerattn.graph.specs import BlockSpec, ConnectionSpec, Modality, OutputSpec
from peerattn.graph.validation import validate


@dataclass(frozen=True)
class Structure:
    """The level graph. Refuses, with a plain line, whatever the network could not compute.

    `combination` says how the outputs make the network's answer: one of `answers.COMBINATIONS`.
    """

    blocks: tuple[BlockSpec, ...]
    connections: tuple[ConnectionSpec, ...]
    outputs: tuple[OutputSpec, ...]
    modalities: tuple[Modality, ...]
    combination: str = COMBINED

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
        """Raises MissingError for a block that the structure does not have; so do the others, by name."""
        return lookup("block", block_id, self.by_id)

    @cached_property
    def by_key(self) -> dict[str, ConnectionSpec]:
        return {connection.key: connection for connection in self.connections}

    def connection(self, key: str) -> ConnectionSpec:
        return lookup("connection", key, self.by_key)

    def into(self, target: str) -> tuple[ConnectionSpec, ...]:
        """The connections that arrive at a block, in the order of the structure."""
        return self._into[self.block(target).id]

    def modality(self, name: str) -> Modality:
        return lookup("modality", name, {modality.name: modality for modality in self.modalities})

    def input_blocks(self, modality: str) -> tuple[str, ...]:
        """The blocks that read a modality."""
        return tuple(block.id for block in self.blocks if block.modality == modality)

    @cached_property
    def read_modalities(self) -> tuple[Modality, ...]:
        """What a clip must bring: not those that the network computes from others."""
        read = {block.reads or block.modality for block in self.blocks}
        return tuple(modality for modality in self.modalities if modality.name in read)

    @cached_property
    def computed(self) -> tuple[str, ...]:
        """The modalities that the network computes from another one that their blocks read."""
        return tuple(modality.name for modality in self.modalities if modality.iterations)

    @cached_property
    def levels(self) -> dict[int, tuple[BlockSpec, ...]]:
        """Level → its blocks, from the inputs upward."""
        ranks = sorted({block.level for block in self.blocks})
        return {rank: tuple(b for b in self.blocks if b.level == rank) for rank in ranks}

    @cached_property
    def in_order(self) -> tuple[BlockSpec, ...]:
        """The blocks so that every one comes after what it may read."""
        return tuple(block for level in self.levels.values() for block in level)

    @cached_property
    def attention_mode(self) -> str:
        """The one mode of all connections, or `mixed`."""
        modes = {connection.attention for connection in self.connections}
        return modes.pop() if len(modes) == 1 else "mixed" if modes else "none"

    @cached_property
    def origins(self) -> dict[str, frozenset[str]]:
        """Block → the modalities whose input blocks reach it: one for an input block, none if starved."""
        origins: dict[str, frozenset[str]] = {}
        for block in self.in_order:
            arriving = (origins[connection.source] for connection in self.into(block.id))
            origins[block.id] = frozenset({block.modality} if block.modality else ()).union(*arriving)
        return origins

    def output(self, block_id: str) -> OutputSpec:
        return lookup("output block", block_id, {output.block: output for output in self.outputs})

    @property
    def answer(self) -> Answer:
        """What the network is asked: what all outputs are, or the first of separate ones."""
        return self.outputs[0].answer

    def answering(self, answer: Answer) -> Structure:
        """The same structure, each output of which is asked this."""
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
        """Every block connected to all below it, each connection attended by all blocks below its target.

        The blocks of the top level are the outputs, each with this head. Where a block leaves `input_width`,
        `attention_width` (0) or `input_reduction` (1) open, the widest and the most reduced block
        below it decides. `time_padding` is that of all blocks whose kind can repeat edge frames.
        """
        given = sorted(blocks, key=lambda block: block.level)
        filled: list[BlockSpec] = []
        connections: list[ConnectionSpec] = []
        for block in given:
            below = [other for other in filled if other.level < block.level]
            padded = _padded(block, time_padding)
            filled.append(padded if block.is_input else _fitted(padded, below))
            ids = tuple(other.id for other in below)
            peers = {"peer": ids, "self": (), "static": (), "none": ()}.get(attention, ())
            connections += [ConnectionSpec(source, block.id, peers, attention) for source in ids]
        top = max((block.level for block in given), default=0)
        outputs = tuple(OutputSpec(block.id, head) for block in given if block.level == top)
        return cls(tuple(filled), tuple(connections), outputs, tuple(modalities))

    @classmethod
    def from_published(
        cls, nodes: Sequence[Any], edge_weights: Sequence[Any] = (), options: Options | None = None
    ) -> Structure:
        """The structure of a list in the published format; each node's id is its position.

        `edge_weights` has one entry a node and fixes the connection weights; without it they are learned.
        `options` hold what the list leaves open. Raises PeerattnError, which names the node, for a list that
        is not in the format.
        """
        return cls(*read_published(nodes, edge_weights, options or Options()))

    def to_published(self) -> tuple[list[Any], list[Any]]:
        """Nodes and edge weights in the published format, as `from_published` reads them.

        Raises PeerattnError for a structure that the format cannot say: of other kinds of blocks, with
        learned weights that start elsewhere, or pruned so that a node would be read as a smaller one.
        """
        return write_published(self.blocks, self.connections)

    def to_json(self) -> dict[str, Any]:
        """The fields of every part, as the trace file and the checkpoint card hold them.

        What older files do not have is left out where it says what they mean.
        """
        parts: dict[str, Any] = {name: [_plain(part) for part in getattr(self, name)] for name in _PARTS}
        return parts if self.combination == COMBINED else {**parts, "combination": self.combination}

    @classmethod
    def parse(cls, text: str) -> Structure:
        """The structure of a JSON text; raises PeerattnError on anything else."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:  # ValueError also for numbers of thousands of digits
            raise PeerattnError(f"this is not JSON ({error}): give a structure's JSON file") from error
        return cls.from_json(data)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Structure:
        """The inverse of `to_json`; raises PeerattnError on anything else."""
        if not isinstance(data, Mapping) or not all(isinstance(data.get(name), list) for name in _PARTS):
            raise PeerattnError(
                "this is not a structure: give lists of blocks, connections, outputs and modalities, or of "
                "nodes and edge_weights in the published format"
            )
        parts = {name: tuple(_part(name, item) for item in data[name]) for name in _PARTS}
        try:
            return cls(**parts, combination=data.get("combination", COMBINED))
        except (TypeError, AttributeError) as error:  # a value that the checks cannot even compare
            raise PeerattnError(f"this is not a structure ({error}): give the values their kinds") from error


_PARTS: dict[str, type] = {
    "blocks": BlockSpec,
    "connections": ConnectionSpec,
    "outputs": OutputSpec,
    "modalities": Modality,
}


_UNSAID = {"time_padding": "zeros", "heads": 0, "over": "", "answer": CLASSES.to_json(), "temperature": 1.0}
"""Fields that older files do not have, with what these mean."""


def _plain(part: BlockSpec | ConnectionSpec | OutputSpec | Modality) -> dict[str, Any]:
    values = dataclasses.asdict(part)
    if isinstance(part, OutputSpec):
        values["answer"] = part.answer.to_json()
    return {name: value for name, value in values.items() if (name, value) not in _UNSAID.items()}


def _part(name: str, item: Any) -> Any:
    """A block, connection, output or modality; raises PeerattnError for fields it does not have or lacks."""
    kind = _PARTS[name]
    fields = {field.name: field for field in dataclasses.fields(kind)}
    needed = {field.name for field in fields.values() if field.default is dataclasses.MISSING}
    if not isinstance(item, Mapping) or not needed <= item.keys() <= fields.keys():
        raise PeerattnError(
            f"{name} has {str(item)[:60]!r}: each of its entries gives {', '.join(sorted(needed))}, "
            f"and may give {', '.join(sorted(fields.keys() - needed))}"
        )
    return kind(**{key: _frozen(key, value) for key, value in item.items()})


def _frozen(key: str, value: Any) -> Any:
    if key == "answer":
        return Answer.from_json(value)
    return tuple(value) if isinstance(value, list) else value


def trained_for(structure: Structure, training: Any) -> Structure:
    """A structure read from a file of a network that was trained so: files from before answers do not say.

    `training` is what the file says of its recipe, whatever that is. Where the structure leaves the answers
    out and the loss was that of labels, it is asked labels.
    """
    if any(output.answer != CLASSES for output in structure.outputs):
        return structure
    loss = training.get("loss") if isinstance(training, Mapping) else None
    return structure.answering(of_loss(loss.get("kind") if isinstance(loss, Mapping) else None))


def _padded(block: BlockSpec, time_padding: str) -> BlockSpec:
    able = block.kind in KINDS and KINDS[block.kind].repeats_edges
    return dataclasses.replace(block, time_padding=time_padding) if able else block


def _fitted(block: BlockSpec, below: Sequence[BlockSpec]) -> BlockSpec:
    widest = max((other.width for other in below), default=0)
    return dataclasses.replace(
        block,
        input_width=block.input_width or widest,
        attention_width=block.attention_width or widest,
        input_reduction=max([block.input_reduction, *(other.reduction for other in below)]),
    )
