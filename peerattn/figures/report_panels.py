"""The panels of a report, the most important first: of the clip, of each connection and of each block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from peerattn.figures.panels import Panel, block_panels, clip_panels, connection_panels
from peerattn.tables.attention import object_channels
from peerattn.traces.factor_steps import FactorSteps
from peerattn.traces.trace import ConnectionTrace, Trace

STEPS_PANEL = "inside"
"""Id of the panel that shows the steps inside a factor: much larger than the others, so it comes last."""


@dataclass(frozen=True)
class ReportPanel:
    """A panel, its owner (`clip`, `connection KEY` or `block ID`) and its index among the owner's panels."""

    owner: str
    title: str
    index: int
    panel: Panel


def report_panels(
    trace: Trace,
    inside: Callable[[str], FactorSteps] | None = None,
    object_names: Mapping[int, str] | None = None,
) -> Iterator[ReportPanel]:
    """Yield panels by importance: clip, connections by descending weight, blocks, steps inside the factors.

    `inside` returns the steps of a connection by its key. `object_names` maps ids of object classes to names.
    """
    yield from _with_owner("clip", "whole clip", clip_panels(trace))
    steps_panels: list[ReportPanel] = []
    for connection in sorted(trace.connections, key=_weight, reverse=True):
        channels = object_channels(trace.structure, connection.source, object_names or {})
        steps = inside(connection.key) if inside else None
        panels = connection_panels(trace, connection.key, steps, channels)
        title = f"{connection.source} → {connection.target}"
        for each in _with_owner(f"connection {connection.key}", title, panels):
            if each.panel["id"] == STEPS_PANEL:
                steps_panels.append(each)
            else:
                yield each
    for block in trace.structure.blocks:
        yield from _with_owner(f"block {block.id}", block.id, block_panels(trace, block.id))
    yield from steps_panels


def _with_owner(owner: str, title: str, panels: list[Panel]) -> Iterator[ReportPanel]:
    for index, panel in enumerate(panels):
        yield ReportPanel(owner, title, index, panel)


def _weight(connection: ConnectionTrace) -> float:
    return 1.0 if connection.connection_weight is None else connection.connection_weight
