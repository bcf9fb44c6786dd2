"""The charts that the explorer's timeline can draw: tables with one row per frame, and their looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import pandas as pd

from peerattn.figures.palette import LEVELS, PATTERNS, share_looks
from peerattn.figures.shares import CONTRIBUTION_FORMULA, MAGNITUDE_FORMULA, share_basis, with_nothing_arrives
from peerattn.tables.attention import attention_by, attention_groups
from peerattn.tables.moments import strength_by_modality
from peerattn.tables.share import BASELINE_NOTE, OLD_SHARES_NOTE, modality_share
from peerattn.traces.arriving import has_contributions
from peerattn.traces.trace import Trace

LEAST_STRENGTH = 0.3
"""The range of the chart of shifts is at least from 0 to this strength, so that a quiet clip looks quiet."""


@dataclass(frozen=True)
class Line:
    """The name, CSS colour and dash pattern (canvas pixels, empty: solid) of a line.

    `label` is shown in place of the name, if there is one. A line that is a mean over connections has their
    number in `connections`.
    """

    name: str
    color: str
    pattern: tuple[int, ...]
    label: str = ""
    connections: int | None = None


@dataclass(frozen=True)
class Chart:
    """Lines, or stacked areas, of a table with one row per frame; values lie between 0 and `maximum`.

    `note` defines what is drawn. `connection_array` names an array of the recording with one row per
    connection; the row of the selected connection is drawn too. `remark` is shown next to the chart.
    """

    title: str
    note: str
    form: Literal["lines", "areas"]
    lines: tuple[Line, ...]
    table: pd.DataFrame
    connection_array: str | None = None
    maximum: float = 1.0
    remark: str = ""

    @property
    def header(self) -> dict[str, Any]:
        """Everything except the numbers, as JSON data for the browser."""
        return {
            "title": self.title,
            "note": self.note,
            "form": self.form,
            "lines": [asdict(line) for line in self.lines],
            "of": self.connection_array,
            "most": self.maximum,
            "remark": self.remark,
        }


def trace_charts(trace: Trace) -> dict[str, Chart]:
    """Map names to the charts for which the trace has numbers."""
    return {name: chart for name, make in _CHARTS.items() if (chart := make(trace))}


def _strength(trace: Trace) -> Chart | None:
    if any(connection.magnitude is None for connection in trace.connections):
        return None
    note = (
        "how far the shift of attention is above its usual value, summed over the connections by their share "
        "of what arrives at their target; each connection counts with the modality of its source, in frames "
        "that no end of the clip reaches for it"
    )
    table = strength_by_modality(trace)
    lines = _count_connections(_lines(trace, table.columns), attention_groups(trace))
    most = max(float(table.sum(axis=1).max()), LEAST_STRENGTH)
    return Chart("shift of attention by source modality", note, "areas", lines, table, maximum=most)


def _by_modality(trace: Trace) -> Chart:
    note = (
        "mean attention factor of the connections that leave a modality's input blocks; mixed: inner blocks"
    )
    table = attention_by(trace)
    lines = _count_connections(_lines(trace, table.columns), attention_groups(trace))
    title = "mean attention factor by source modality"
    return Chart(title, note, "lines", lines, table, connection_array="shade")


def _by_level(trace: Trace) -> Chart:
    note = "mean attention factor of the connections that arrive at each level"
    table = attention_by(trace, "level")
    lines = tuple(
        Line(name, LEVELS[index % len(LEVELS)], PATTERNS[index % len(PATTERNS)])
        for index, name in enumerate(table.columns)
    )
    lines = _count_connections(lines, attention_groups(trace, "level"))
    title = "mean attention factor by target level"
    return Chart(title, note, "lines", lines, table, connection_array="shade")


def _share(trace: Trace) -> Chart | None:
    if any(connection.magnitude is None for connection in trace.connections):
        return None
    formula, remark = f"{CONTRIBUTION_FORMULA}, ° the baseline", BASELINE_NOTE
    if not has_contributions(trace):
        formula, remark = MAGNITUDE_FORMULA, OLD_SHARES_NOTE
    note = (
        f"each incoming connection of a block has its share of {formula} and passes on the modality shares "
        f"of its source; shown here for the output. {remark}"
    )
    table = with_nothing_arrives(modality_share(trace))
    lines = _lines(trace, table.columns)
    return Chart(f"modality share of {share_basis(trace)}", note, "areas", lines, table, remark=remark)


def _lines(trace: Trace, names: Sequence[str] | pd.Index[str]) -> tuple[Line, ...]:
    styles = share_looks([modality.name for modality in trace.structure.modalities])
    return tuple(Line(name, styles[name].color, styles[name].pattern) for name in names)


def _count_connections(lines: Sequence[Line], groups: Mapping[str, Sequence[str]]) -> tuple[Line, ...]:
    return tuple(replace(line, connections=len(groups[line.name])) for line in lines)


_CHARTS: dict[str, Callable[[Trace], Chart | None]] = {
    "strength": _strength,
    "modality": _by_modality,
    "level": _by_level,
    "share": _share,
}
