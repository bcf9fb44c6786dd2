"""Tables of a structure: its connections and blocks, what a threshold removes, and the costs of its parts.

Column names are the field's terms with their unit; weights have no unit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Protocol

import pandas as pd

from peerattn.graph.connectivity import Removal, at_initialisation, source_modality, weights_by_modality
from peerattn.graph.structure import Structure


def connections_table(structure: Structure, weights: Mapping[str, float], removal: Removal) -> pd.DataFrame:
    """Return one row per connection; `candidates` is the number of its candidate peers."""
    kept, fresh = set(removal.kept), set(at_initialisation(structure, weights))
    rows = [
        {
            "source": spec.source,
            "target": spec.target,
            "modality": source_modality(structure, spec.source),
            "level": structure.block(spec.target).level,
            "connection_weight": weights.get(spec.key),
            "kept": spec.key in kept,
            "at_initialisation": spec.key in fresh,
            "attention": spec.attention,
            "candidates": len(spec.peers),
        }
        for spec in structure.connections
    ]
    return pd.DataFrame(rows)


def blocks_table(structure: Structure, removal: Removal) -> pd.DataFrame:
    """Return one row per block; `a_peer_of` counts the connections of which it is a candidate peer."""
    rows = [
        {
            "block": block.id,
            "level": block.level,
            "modality": source_modality(structure, block.id),
            "kind": block.kind,
            "width_channels": block.width,
            "temporal_dilation_frames": block.temporal_dilation,
            "time_padding": block.time_padding,
            "fed_by": len(structure.into(block.id)),
            "feeds": sum(spec.source == block.id for spec in structure.connections),
            "a_peer_of": sum(block.id in spec.peers for spec in structure.connections),
            "state": block_state(removal, block.id),
        }
        for block in structure.blocks
    ]
    return pd.DataFrame(rows)


def block_state(removal: Removal, block_id: str) -> str:
    """Return the state of a block after a removal: starved, peer only, dead or alive."""
    if block_id in removal.starved:
        return "starved"
    if block_id in removal.peer_only:
        return "peer only"
    return "dead" if block_id in removal.dead_blocks else "alive"


def candidates_table(structure: Structure, key: str, removal: Removal) -> pd.DataFrame:
    """Return one row per candidate peer of a connection, in the order of its attention weights."""
    peers = structure.connection(key).peers
    rows = [
        {
            "peer": peer,
            "level": structure.block(peer).level,
            "modality": source_modality(structure, peer),
            "width_channels": structure.block(peer).width,
            "state": block_state(removal, peer),
        }
        for peer in peers
    ]
    return pd.DataFrame(rows)


def modalities_table(structure: Structure, weights: Mapping[str, float]) -> pd.DataFrame:
    """Return one row per source modality (`mixed` for inner blocks): mean, least and greatest weight."""
    rows = [
        {
            "modality": name,
            "connections": len(values),
            "mean_weight": sum(values) / len(values),
            "min_weight": min(values),
            "max_weight": max(values),
        }
        for name, values in weights_by_modality(structure, weights).items()
    ]
    return pd.DataFrame(
        rows, columns=pd.Index(["modality", "connections", "mean_weight", "min_weight", "max_weight"])
    )


class PartCosts(Protocol):
    """The attributes of one part's costs that the table reads."""

    @property
    def id(self) -> str: ...
    @property
    def part(self) -> str: ...
    @property
    def parameters(self) -> int: ...
    @property
    def multiply_adds(self) -> int: ...
    @property
    def output(self) -> tuple[int, ...]: ...


def costs_table(parts: Iterable[PartCosts]) -> pd.DataFrame:
    """Return one row per block, head or flow layer, for one clip; `output` is channels × frames × height ×
    width.
    """
    rows = [
        {
            "part": f"{part.id} layer" if part.part == "flow" else f"{part.part} {part.id}",
            "parameters": part.parameters,
            "multiply_adds": part.multiply_adds,
            "output": " × ".join(map(str, part.output)),
            "output_MiB": 4 * math.prod(part.output or (0,)) / 2**20,
        }
        for part in parts
    ]
    return pd.DataFrame(rows)
