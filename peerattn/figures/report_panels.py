"""The panels of a report: of the clip, of each connection and of each block, those that matter most first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from peerattn.figures.panels import Panel, block_panels, clip_panels, connection_panels
from peerattn.moved import moved
from peerattn.tables.attention import object_channels
from peerattn.traces.factor_steps import FactorSteps
from peerattn.traces.trace import ConnectionTrace, Trace

__getattr__ = moved(__name__)

STEPS_PANEL = "inside"
"""The panel that is much larger than the others: it comes last."""


@dataclass(frozen=True)
class ReportPanel:
    """A panel, its place among those of the same: `clip`, `connection KEY` or `block ID`."""

    owner: str
    title: str
    index: int
    panel: Panel


def report_panels(
    trace: Trace,
    inside: Callable[[str], FactorSteps] | None = None,
    object_names: Mapping[int, str] | None = None,
) -> Iterator[ReportPanel]:
    """In the order of their worth: the clip's, connections by their weight, blocks, the steps inside."""
    yield from _with_owner("clip", "whole clip", clip_panels(trace))
    later: list[ReportPanel] = []
    for connection in sorted(trace.connections, key=_weight, reverse=True):
        channels = object_channels(trace.structure, connection.source, object_names or {})
        steps = inside(connection.key) if inside else None
        found = connection_panels(trace, connection.key, steps, channels)
        title = f"{connection.source} → {connection.target}"
        for each in _with_owner(f"connection {connection.key}", title, found):
            if each.panel["id"] == STEPS_PANEL:
                later.append(each)
            else:
                yield each
    for block in trace.structure.blocks:
        yield from _with_owner(f"block {block.id}", block.id, block_panels(trace, block.id))
    yield from later


def _with_owner(of: str, title: str, panels: list[Panel]) -> Iterator[ReportPanel]:
    for place, panel in enumerate(panels):
        yield ReportPanel(of, title, place, panel)


def _weight(connection: ConnectionTrace) -> float:
    return 1.0 if connection.connection_weight is None else connection.connection_weight
