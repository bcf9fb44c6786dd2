"""The report of the command `structure`: the level graph, what a threshold removes, what it all costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text


def table(facts: Mapping[str, Any]) -> Table:
    """Return a table of the connections and their weights, with the other facts below it."""
    rows = Table()
    for column in ("source", "target", "connection weight", "peers", ""):
        rows.add_column(column, justify="right" if column in ("connection weight", "peers") else "left")
    untrained = {tuple(pair) for pair in facts["at_initialisation"]}
    for row in facts["connections"]:
        weight = row["connection_weight"]
        shown = "none" if weight is None else f"{weight:.3f}"
        marks = ["removed"] * (not row["kept"])
        marks += ["at initialisation"] * ((row["source"], row["target"]) in untrained)
        ends = (Text(row["source"]), Text(row["target"]))
        rows.add_row(*ends, shown, str(len(row["peers"])), ", ".join(marks))
    whole = Table.grid()
    for part in (Text(facts["name"]), rows, Text("\n".join(_lines(facts)))):
        whole.add_row(part)
    return whole


def _lines(facts: Mapping[str, Any]) -> list[str]:
    clip, means = facts["clip"], facts["mean_weight_by_modality"].items()
    lines = [
        f"{facts['kept']} connections kept, {facts['removed']} removed (weight < {facts['threshold']:g})",
        *_name_lists(facts),
        f"connections still at their initial weight: {len(facts['at_initialisation'])}",
    ]
    if means:
        by_source = ", ".join(f"{name} {weight:.3f}" for name, weight in means)
        lines.append(f"mean connection weight by source: {by_source}")
    if facts["attention_weights"]:
        peers = [len(row["peers"]) for row in facts["connections"] if row["peers"]]
        each = f"{min(peers)} to {max(peers)} per connection"
        lines.append(f"{facts['attention_weights']} attention weights, {each}")
    size = f"{clip['frames']} frames of {clip['width']}x{clip['height']} px and {facts['classes']} classes"
    lines.append(f"for {size}: {_cost(facts)}")
    if not facts["output_connected"]:
        return [*lines, "no path remains from an input block to an output block"]
    return [*lines, f"the remaining network: {_cost(facts['after'])}"] if facts["removed"] else lines


def _name_lists(facts: Mapping[str, Any]) -> list[str]:
    """Return a line for each list of names that is not empty."""
    titles = {
        "dead_blocks": "dead blocks",
        "peer_only": "dead blocks that still run, as peers",
        "starved": "starved blocks",
        "lost_modalities": "lost modalities",
        "unused_blocks": "blocks without outgoing connections",
    }
    return [f"{title}: {', '.join(facts[key])}" for key, title in titles.items() if facts[key]]


def _cost(facts: Mapping[str, Any]) -> str:
    memory, work = facts["memory_bytes"], facts["multiply_adds"]
    weights, activations = (f"{memory[part] / 2**20:,.1f} MiB" for part in ("weights", "activations"))
    counted = f"{work / 1e9:,.2f} G" if work >= 1e9 else f"{work / 1e6:,.1f} M"
    counts = f"{facts['parameters']:,} parameters, {counted} multiply-adds per clip"
    return f"{counts}, {weights} of weights, {activations} of activations"
