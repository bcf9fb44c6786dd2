"""The rules that a structure must obey; the error for a broken rule names the value and the rule."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from peerattn.errors import MissingError, PeerattnError, lookup
from peerattn.graph.answers import DEFAULT_COMBINATION, validate_answers
from peerattn.graph.kinds import HEAD_KINDS, KINDS
from peerattn.graph.specs import BlockSpec, ConnectionSpec, Modality, OutputSpec

ATTENTION_MODES = ("none", "static", "self", "peer")
POOLINGS = ("reduction", "height")
TIME_PADDINGS = {"zeros": "zeros", "repeat": "the edge frame repeated"}
"""What temporal convolutions read beyond the ends of the clip → a description."""
LIMITS = {
    "level": 256,
    "width": 8192,
    "temporal_dilation": 64,
    "spatial_stride": 8,
    "repeats": 64,
    "input_reduction": 1024,
    "input_width": 8192,
    "attention_width": 8192,
    "inner_width": 8192,
    "middle_width": 8192,
    "heads": 64,
}
"""The greatest allowed value of each size in a block; a larger one is more likely a typo."""
MAX_BLOCKS = 2_000
MAX_CONNECTIONS = 50_000
MAX_CHANNELS = 8192
MAX_ITERATIONS = 1_000
SMALLEST_WEIGHT = 1e-6
"""Connection weights closer than this to 0 or 1 are refused: in float32 their parameter would be infinite."""


def validate(
    blocks: Sequence[BlockSpec],
    connections: Sequence[ConnectionSpec],
    outputs: Sequence[OutputSpec],
    modalities: Sequence[Modality],
    combination: str = DEFAULT_COMBINATION,
) -> None:
    """Raise PeerattnError, naming the value and the rule, if no network can have this structure."""
    ids = Counter(block.id for block in blocks)
    for block_id, times in ids.items():
        if not block_id or "." in block_id or times > 1:
            raise PeerattnError(
                f"block id {block_id!r} must be a unique name without a dot: rename the block"
            )
    if len(ids) > MAX_BLOCKS or len(connections) > MAX_CONNECTIONS:
        raise PeerattnError(
            f"{len(ids)} blocks and {len(connections)} connections are too many: "
            f"use at most {MAX_BLOCKS} and {MAX_CONNECTIONS}"
        )
    by_name: dict[str, Modality] = {}
    for modality in modalities:
        _validate_modality(modality, by_name)
        by_name[modality.name] = modality
    if len({modality.pixels for modality in modalities}) > 1:
        mixed = ", ".join(modality.name for modality in modalities if not modality.pixels)
        raise PeerattnError(
            f"modalities with pixels cannot be read beside those without ({mixed}): choose one kind"
        )
    by_id = {block.id: block for block in blocks}
    for block in blocks:
        _validate_block(block, by_name)
    for block in blocks:
        _validate_projections(block, by_id)
    keys: set[str] = set()
    for connection in connections:
        _validate_connection(connection, by_id, connections)
        if connection.key in keys:
            raise PeerattnError(
                f"connection {connection.key} appears twice: keep one, or rename blocks with '_to_' in the id"
            )
        keys.add(connection.key)
    _validate_outputs(outputs, by_id, connections)
    validate_answers({output.block: output.answer for output in outputs}, combination)


def _validate_modality(modality: Modality, others: Mapping[str, Modality]) -> None:
    name, channels, class_ids = modality.name, modality.channels, modality.class_ids
    if not name or name in others:
        raise PeerattnError(f"modality {name!r} must have a unique name: rename it")
    if not _whole(channels, 1, MAX_CHANNELS):
        raise PeerattnError(
            f"modality {name}: channels is {channels!r}, but must be a whole number from 1 to {MAX_CHANNELS}"
        )
    if not _whole(modality.iterations, 0, MAX_ITERATIONS) or (modality.iterations and channels != 2):
        raise PeerattnError(
            f"modality {name}: iterations is {modality.iterations!r}, but must be a whole number from 0 to "
            f"{MAX_ITERATIONS}, and 0 for a modality that is not optical flow with 2 channels"
        )
    if not all(_whole(each, 1, 255) for each in class_ids) or len(set(class_ids)) not in (0, channels):
        raise PeerattnError(
            f"modality {name}: class_ids {class_ids!r} must contain a different whole number from 1 to "
            f"255 for each of its {channels} channels, or be empty"
        )


def _whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _validate_block(block: BlockSpec, modalities: Mapping[str, Modality]) -> None:
    for field, most in LIMITS.items():
        value = getattr(block, field)
        may_be_0 = field == "heads" or field.endswith("_width")
        least = 0 if may_be_0 or (block.is_input and field == "temporal_dilation") else 1
        if not _whole(value, least, most):
            raise PeerattnError(
                f"block {block.id}: {field} is {value!r}, but must be a whole number from {least} to {most}"
            )
    if block.kind not in KINDS:
        raise PeerattnError(f"block {block.id}: kind {block.kind!r} is not one of {', '.join(sorted(KINDS))}")
    if block.pooling not in POOLINGS:
        raise PeerattnError(
            f"block {block.id}: pooling {block.pooling!r} must be one of {', '.join(POOLINGS)}"
        )
    if block.time_padding not in TIME_PADDINGS:
        raise PeerattnError(
            f"block {block.id}: time_padding {block.time_padding!r} must be one of {', '.join(TIME_PADDINGS)}"
        )
    _validate_input(block, modalities)
    modality = modalities.get(_received_modality(block, modalities) or "")
    _validate_channels(block, modality)
    arriving = block.count_channels(modality) if modality else block.input_width
    if problem := KINDS[block.kind].find_problem(block, arriving):
        raise PeerattnError(f"block {block.id} of kind {block.kind!r}: {problem}")


def _validate_channels(block: BlockSpec, modality: Modality | None) -> None:
    if not block.channels:
        return
    last = modality.channels if modality else 0
    whole = all(_whole(number, 0, last) for number in block.channels)
    if not whole or len(block.channels) != 2 or block.channels[0] >= block.channels[1]:
        raise PeerattnError(
            f"block {block.id}: channels is {block.channels!r}, but must be the first channel that it reads "
            f"and the one after the last, from 0 to {last}, or empty to read all"
        )


def _received_modality(block: BlockSpec, modalities: Mapping[str, Modality]) -> str | None:
    """Return the modality whose tensor an input block receives.

    This is its own if the network computes it from the one that the block reads, else the one that it reads.
    """
    modality = modalities.get(block.modality or "")
    computed = modality is not None and modality.iterations > 0
    return block.modality if computed else block.reads or block.modality


def _validate_input(block: BlockSpec, modalities: Mapping[str, Modality]) -> None:
    if block.is_input != (block.level == 1):
        raise PeerattnError(
            f"block {block.id} in level {block.level} names "
            f"{f'modality {block.modality}' if block.is_input else 'no modality'}: level 1 contains exactly "
            "the input blocks, the blocks that name a modality"
        )
    read = block.reads or block.modality
    if read is not None and read not in modalities:
        raise PeerattnError(
            f"block {block.id} reads {read!r}, which is not among the modalities {sorted(modalities)}"
        )
    modality = modalities.get(block.modality or "")
    if modality and modality.iterations and block.reads in (None, block.modality):
        raise PeerattnError(
            f"block {block.id}: the network computes modality {block.modality} itself, so the block must "
            "read another one to compute it from"
        )
    if block.is_input and block.input_reduction != 1:
        raise PeerattnError(
            f"block {block.id}: input_reduction is {block.input_reduction}, but an input block reads "
            "the clip at full size: set it to 1 and use spatial_stride"
        )
    if block.reads is not None and not block.is_input:
        raise PeerattnError(f"block {block.id} reads {block.reads!r}, but only input blocks read a modality")
    if not block.is_input and block.input_width == 0:
        raise PeerattnError(f"block {block.id}: input_width is 0, but its inputs need a width: set it")


def _validate_projections(block: BlockSpec, blocks: Mapping[str, BlockSpec]) -> None:
    for other in block.unused_projections:
        if other not in blocks or blocks[other].level >= block.level:
            raise PeerattnError(
                f"block {block.id}: unused projection of {other!r}, which is not a block in a lower level"
            )
    if block.unused_projections and block.attention_width == 0:
        raise PeerattnError(f"block {block.id}: attention_width is 0, but its peers need a width: set it")


def _validate_connection(
    connection: ConnectionSpec, blocks: Mapping[str, BlockSpec], connections: Sequence[ConnectionSpec]
) -> None:
    for block_id in (connection.source, connection.target, *connection.peers):
        if block_id not in blocks:
            raise PeerattnError(f"connection {connection.key} names block {block_id!r}, which does not exist")
    source, target = blocks[connection.source], blocks[connection.target]
    if source.level >= target.level:
        raise PeerattnError(
            f"connection {connection.key} goes {_direction(connection, blocks, connections)} "
            f"(level {source.level} to {target.level}): connections must go to a higher level"
        )
    if target.input_reduction % source.reduction:
        raise PeerattnError(
            f"connection {connection.key}: block {target.id} reads at 1/{target.input_reduction} of the "
            f"clip's size, which 1/{source.reduction} cannot be pooled to: set its input_reduction to a "
            f"multiple of {source.reduction}"
        )
    _validate_weight(connection)
    _validate_peers(connection, blocks)


def _validate_weight(connection: ConnectionSpec) -> None:
    weight = connection.weight
    if weight is not None and not SMALLEST_WEIGHT <= weight <= 1 - SMALLEST_WEIGHT:
        raise PeerattnError(
            f"connection {connection.key}: weight {weight!r} must lie between 0 and 1, at least "
            f"{SMALLEST_WEIGHT:g} away from both, or be null"
        )


def _direction(
    connection: ConnectionSpec, blocks: Mapping[str, BlockSpec], connections: Sequence[ConnectionSpec]
) -> str:
    """Say in which wrong direction a connection goes: in a cycle, sideways or down."""
    reached, frontier = {connection.target}, [connection.target]
    while frontier:
        here = frontier.pop()
        onward = {other.target for other in connections if other.source == here} - reached
        reached |= onward
        frontier += onward
    if connection.source in reached:
        return "in a cycle"
    levels = [blocks[block_id].level for block_id in (connection.source, connection.target)]
    return "sideways" if levels[0] == levels[1] else "down"


def _validate_peers(connection: ConnectionSpec, blocks: Mapping[str, BlockSpec]) -> None:
    target = blocks[connection.target]
    if connection.attention not in ATTENTION_MODES:
        raise PeerattnError(
            f"connection {connection.key}: attention {connection.attention!r} must be one of "
            f"{', '.join(ATTENTION_MODES)}"
        )
    if (connection.attention == "peer") != bool(connection.peers) or len(set(connection.peers)) < len(
        connection.peers
    ):
        raise PeerattnError(
            f"connection {connection.key} has attention {connection.attention!r} and peers "
            f"{list(connection.peers)}: attention 'peer' needs peers, each named once, and other kinds of "
            "attention have none"
        )
    below = [block for block in blocks.values() if block.level < target.level]
    if connection.attention == "peer" and set(connection.peers) == {connection.source} and len(below) > 1:
        raise PeerattnError(f"connection {connection.key}: at least one peer must differ from the source")
    if connection.attention == "peer" and target.attention_width == 0:
        raise PeerattnError(f"block {target.id}: attention_width is 0, but its peers need a width: set it")
    for peer in connection.peers:
        if blocks[peer].level >= target.level:
            raise PeerattnError(
                f"connection {connection.key}: peer {peer} (level {blocks[peer].level}) is not below "
                f"its target (level {target.level})"
            )


def _validate_outputs(
    outputs: Sequence[OutputSpec], blocks: Mapping[str, BlockSpec], connections: Sequence[ConnectionSpec]
) -> None:
    ids = [output.block for output in outputs]
    if not ids or len(set(ids)) < len(ids):
        raise PeerattnError("a structure needs at least one output block, and must name each only once")
    for block_id in ids:
        if block_id not in blocks:
            raise PeerattnError(f"output {block_id!r} is not a block: name an existing block")
    for output in outputs:
        try:
            lookup("head", output.head, HEAD_KINDS)
        except MissingError as error:
            raise error.with_subject(f"output {output.block}") from None
        if not 0 < output.temperature < math.inf:
            raise PeerattnError(
                f"output {output.block}: temperature {output.temperature!r} must be a number above 0"
            )
    reached = {block.id for block in blocks.values() if block.is_input}
    for connection in sorted(connections, key=lambda connection: blocks[connection.target].level):
        if connection.source in reached:
            reached.add(connection.target)
    starved = [block_id for block_id in ids if block_id not in reached]
    if starved:
        raise PeerattnError(
            f"no path leads from an input block to output block {', '.join(starved)}: connect it"
        )
