"""What the `structure` command reports: the level graph, what a threshold does to it, what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text


def table(found: Mapping[str, Any]) -> Table:
    """The connections by weight, and the facts beneath."""
    rows = Table()
    for column in ("source", "target", "connection weight", "peers", ""):
        rows.add_column(column, justify="right" if column in ("connection weight", "peers") else "left")
    fresh = {tuple(pair) for pair in found["at_initialisation"]}
    for row in found["connections"]:
        weight = row["connection_weight"]
        shown = "none" if weight is None else f"{weight:.3f}"
        marks = ["removed"] * (not row["kept"])
        marks += ["at initialisation"] * ((row["source"], row["target"]) in fresh)
        ends = (Text(row["source"]), Text(row["target"]))
        rows.add_row(*ends, shown, str(len(row["peers"])), ", ".join(marks))
    whole = Table.grid()
    for part in (Text(found["name"]), rows, Text("\n".join(_facts(found)))):
        whole.add_row(part)
    return whole


def _facts(found: Mapping[str, Any]) -> list[str]:
    clip, means = found["clip"], found["mean_weight_by_modality"].items()
    facts = [
        f"{found['kept']} connections kept, {found['removed']} removed (weight < {found['threshold']:g})",
        *_named(found),
        f"connections still at their initial weight: {len(found['at_initialisation'])}",
    ]
    if means:
        by_source = ", ".join(f"{name} {weight:.3f}" for name, weight in means)
        facts.append(f"mean connection weight by source: {by_source}")
    if found["attention_weights"]:
        peers = [len(row["peers"]) for row in found["connections"] if row["peers"]]
        each = f"{min(peers)} to {max(peers)} a connection"
        facts.append(f"{found['attention_weights']} attention weights, {each}")
    size = f"{clip['frames']} frames of {clip['width']}x{clip['height']} px and {found['classes']} classes"
    facts.append(f"for {size}: {_cost(found)}")
    if not found["output_connected"]:
        return [*facts, "no path is left from an input block to an output block"]
    return [*facts, f"what is left: {_cost(found['after'])}"] if found["removed"] else facts


def _named(found: Mapping[str, Any]) -> list[str]:
    """Those of the lists of names that hold any."""
    titles = {
        "dead_blocks": "dead blocks",
        "peer_only": "of these still computed, as peers",
        "starved": "starved blocks",
        "lost_modalities": "lost modalities",
        "unused_blocks": "blocks from which no connection leaves",
    }
    return [f"{title}: {', '.join(found[key])}" for key, title in titles.items() if found[key]]


def _cost(found: Mapping[str, Any]) -> str:
    memory, work = found["memory_bytes"], found["multiply_adds"]
    weights, activations = (f"{memory[part] / 2**20:,.1f} MiB" for part in ("weights", "activations"))
    counted = f"{work / 1e9:,.2f} G" if work >= 1e9 else f"{work / 1e6:,.1f} M"
    counts = f"{found['parameters']:,} parameters, {counted} multiply-adds a clip"
    return f"{counts}, {weights} of weights, {activations} of activations"
