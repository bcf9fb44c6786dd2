"""The panels of a report: of the clip, of each connection and of each block, those that matter most first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from peerattn.figures.panels import Panel, block_panels, clip_panels, connection_panels
from peerattn.tables.attention import object_channels
from peerattn.traces.inside import Inside
from peerattn.traces.trace import ConnectionTrace, Trace

INSIDE = "inside"
"""The panel that is much larger than the others: it comes last."""


@dataclass(frozen=True)
class Placed:
    """A panel, its place among those of the same: `clip`, `connection KEY` or `block ID`."""

    of: str
    title: str
    place: int
    panel: Panel


def report_panels(
    trace: Trace,
    inside: Callable[[str], Inside] | None = None,
    object_names: Mapping[int, str] | None = None,
) -> Iterator[Placed]:
    """In the order of their worth: the clip's, connections by their weight, blocks, the steps inside."""
    yield from _placed("clip", "whole clip", clip_panels(trace))
    later: list[Placed] = []
    for connection in sorted(trace.connections, key=_weight, reverse=True):
        channels = object_channels(trace.structure, connection.source, object_names or {})
        steps = inside(connection.key) if inside else None
        found = connection_panels(trace, connection.key, steps, channels)
        title = f"{connection.source} → {connection.target}"
        for each in _placed(f"connection {connection.key}", title, found):
            if each.panel["id"] == INSIDE:
                later.append(each)
            else:
                yield each
    for block in trace.structure.blocks:
        yield from _placed(f"block {block.id}", block.id, block_panels(trace, block.id))
    yield from later


def _placed(of: str, title: str, panels: list[Panel]) -> Iterator[Placed]:
    for place, panel in enumerate(panels):
        yield Placed(of, title, place, panel)


def _weight(connection: ConnectionTrace) -> float:
    return 1.0 if connection.connection_weight is None else connection.connection_weight
