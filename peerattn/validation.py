"""What a structure must obey, each rule with the plain line that names the value and the rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from peerattn.errors import PeerattnError

if TYPE_CHECKING:
    from peerattn.structure import BlockSpec, ConnectionSpec, Structure

ATTENTION_MODES = ("none", "static", "self", "peer")
LIMITS = {
    "level": 256,
    "width": 8192,
    "temporal_dilation": 64,
    "spatial_stride": 8,
    "repeats": 64,
    "input_reduction": 1024,
    "input_width": 8192,
    "attention_width": 8192,
}
"""The greatest value of each size in a block: above it, a typing error is likelier than a network."""
MAX_BLOCKS = 2_000
MAX_CONNECTIONS = 50_000


def validate(structure: Structure) -> None:
    """Raise PeerattnError, naming the value and the rule, when the structure cannot be computed."""
    ids = Counter(block.id for block in structure.blocks)
    for block_id, times in ids.items():
        if not isinstance(block_id, str) or not block_id or "." in block_id or times > 1:
            raise PeerattnError(
                f"block id {block_id!r} must be a unique name without a dot: rename the block"
            )
    if len(ids) > MAX_BLOCKS or len(structure.connections) > MAX_CONNECTIONS:
        raise PeerattnError(
            f"{len(ids)} blocks and {len(structure.connections)} connections are too many: "
            f"at most {MAX_BLOCKS} and {MAX_CONNECTIONS}"
        )
    modalities = {modality.name for modality in structure.modalities}
    for block in structure.blocks:
        _validate_block(block, modalities)
    pairs: set[tuple[str, str]] = set()
    for connection in structure.connections:
        _validate_connection(connection, structure)
        if (connection.source, connection.target) in pairs:
            raise PeerattnError(f"connection {connection.key} appears twice: keep one")
        pairs.add((connection.source, connection.target))
    _validate_outputs(structure)


def _validate_block(block: BlockSpec, modalities: set[str]) -> None:
    for field, most in LIMITS.items():
        value = getattr(block, field)
        least = 0 if field in ("input_width", "attention_width") else 1
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise PeerattnError(
                f"block {block.id}: {field} is {value!r}, but must be a whole number from {least} to {most}"
            )
    if block.is_input != (block.level == 1):
        raise PeerattnError(
            f"block {block.id} is in level {block.level}: input blocks, and only they, name a modality "
            "and stand in level 1"
        )
    read = block.reads or block.modality
    if read is not None and read not in modalities:
        raise PeerattnError(
            f"block {block.id} reads {read!r}, which is not among the modalities {sorted(modalities)}"
        )
    if not block.is_input and block.input_width == 0:
        raise PeerattnError(f"block {block.id}: input_width is 0, but what arrives needs a width: give it")


def _validate_connection(connection: ConnectionSpec, structure: Structure) -> None:
    blocks = structure.by_id
    for block_id in (connection.source, connection.target, *connection.peers):
        if block_id not in blocks:
            raise PeerattnError(f"connection {connection.key} names block {block_id!r}, which does not exist")
    source, target = blocks[connection.source], blocks[connection.target]
    if source.level >= target.level:
        raise PeerattnError(
            f"connection {connection.key} goes {_direction(connection, structure)} (level {source.level} to "
            f"{target.level}): connections only go up"
        )
    if target.input_reduction % source.reduction:
        raise PeerattnError(
            f"connection {connection.key}: block {target.id} reads at 1/{target.input_reduction} of the "
            f"clip's size, which 1/{source.reduction} cannot be pooled to: make one a multiple of the other"
        )
    weight = connection.weight
    if weight is not None and not 0.0 < weight < 1.0:
        raise PeerattnError(
            f"connection {connection.key}: weight {weight!r} must lie between 0 and 1, or be none"
        )
    _validate_peers(connection, blocks)


def _direction(connection: ConnectionSpec, structure: Structure) -> str:
    reached, frontier = {connection.target}, [connection.target]
    while frontier:
        here = frontier.pop()
        onward = {other.target for other in structure.connections if other.source == here} - reached
        reached |= onward
        frontier += onward
    if connection.source in reached:
        return "in a cycle"
    levels = [structure.block(block_id).level for block_id in (connection.source, connection.target)]
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
            f"connection {connection.key}: peer attention, and only it, names its peers, each once "
            f"({connection.attention} with {list(connection.peers)})"
        )
    if connection.attention == "peer" and set(connection.peers) == {connection.source}:
        raise PeerattnError(f"connection {connection.key}: at least one peer must differ from the source")
    if connection.attention == "peer" and target.attention_width == 0:
        raise PeerattnError(f"block {target.id}: attention_width is 0, but its peers need a width: give it")
    for peer in connection.peers:
        if blocks[peer].level >= target.level:
            raise PeerattnError(
                f"connection {connection.key}: peer {peer} (level {blocks[peer].level}) is not below "
                f"its target (level {target.level})"
            )


def _validate_outputs(structure: Structure) -> None:
    outputs = [output.block for output in structure.outputs]
    if not outputs or len(set(outputs)) < len(outputs):
        raise PeerattnError("a structure needs at least one output block, each named once")
    for block_id in outputs:
        if block_id not in structure.by_id:
            raise PeerattnError(f"output {block_id!r} is not a block")
    if not any(structure.origins[block_id] for block_id in outputs):
        raise PeerattnError(f"no path leads from an input block to an output block ({', '.join(outputs)})")
