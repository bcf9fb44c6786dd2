"""The standalone report: one HTML file that opens with a double-click and makes no network requests.

It contains the explorer with its recording, the panels, the tables and the trace itself. Reports are
deterministic: the date is an argument, so the same arguments give the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pandas as pd

from peerattn.figures.recording import digest
from peerattn.figures.report_page import ReportPage, byte_size, compress_text
from peerattn.figures.report_panels import ReportPanel
from peerattn.figures.scripts import REPORT_SCRIPT, REPORT_STYLE, explorer_script, panels_script, read_part
from peerattn.tables.attention import attention_weights_table, connections_table, factors_table
from peerattn.tables.clip import blocks_table, predictions_table
from peerattn.tables.column_titles import table_titles
from peerattn.traces.predicted import no_label_text, predicted_names
from peerattn.traces.trace import Trace

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; img-src blob: data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)
"""Forbids all requests. Scripts are allowed individually, by their hashes."""
NOTHING_REMOVED = {"pruned": False, "removed": [], "dead": [], "peerOnly": [], "starved": []}

TABLES: dict[str, Callable[[Trace], pd.DataFrame]] = {
    "Predictions": predictions_table,
    "Connections": connections_table,
    "Attention weights": attention_weights_table,
    "Blocks": blocks_table,
    "Factors by frame": factors_table,
}


@dataclass(frozen=True)
class ReportHeading:
    """The heading of a report: names of clip and checkpoint, date, and further facts by name."""

    clip: str
    checkpoint: str
    made: str
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def stem(self) -> str:
        return self.clip.rpartition(".")[0] or self.clip


def report_html(
    trace: Trace,
    recording: bytes,
    heading: ReportHeading,
    *,
    panels: Iterable[ReportPanel] = (),
    start: Mapping[str, str] | None = None,
) -> str:
    """Return the report of one clip as HTML.

    `recording` comes from `figures.recording.pack_recording`, `panels` from `report_panels`. `start` is the
    initial state of the explorer: the query parameters of the app's address. Panels, tables and the trace are
    left out as far as they do not fit, and the report lists them. Raises PeerattnError if the numbers of the
    recording alone are too large for one page.
    """
    head, header, predictions = _head(heading), _header(trace, heading), _predictions(trace)
    page = ReportPage(recording, byte_size(head, header, predictions) + _left_out_names_size(trace))
    page.add("said", json.dumps(_explorer_data(recording, heading, start or {})))
    tables = [(f"the table {title}", _table(title, make(trace))) for title, make in TABLES.items()]
    for title, html in tables[:-1]:
        page.add_section(title, html)
    page.add_if_it_fits("trace", "the trace file", compress_text(trace.to_json()))
    page.add_panels(panels)
    page.add_section(*tables[-1])
    page.add_recording()
    scripts = [f'<script type="module">{text}</script>' for text in _scripts()]
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            f"<head>{head}</head>",
            "<body><main>",
            header,
            predictions,
            '<section aria-label="explorer"><div id="explorer"></div></section>',
            '<section aria-label="panels"><div id="panels"></div></section>',
            page.tables_html(),
            "</main>",
            *page.data,
            *scripts,
            "</body></html>\n",
        ]
    )


def _explorer_data(recording: bytes, heading: ReportHeading, start: Mapping[str, str]) -> dict[str, Any]:
    """Return the data that the explorer gets from a page of the app, here for the report."""
    kind, _, name = start.get("pin", "").partition(" ")
    selected = {"kind": kind, "id": name} if name else None
    view = {"token": "report", "query": urlencode(start)}
    names = {"clip": heading.clip, "checkpoint": heading.checkpoint}
    data = {"recording": digest(recording), "selected": selected, "start": view, "about": names}
    return {"stem": heading.stem, "data": {**NOTHING_REMOVED, **data}}


def _left_out_names_size(trace: Trace) -> int:
    """Return enough bytes to list all panels as left out: at most four per connection or block."""
    connections = [f"{each.source} → {each.target}, " for each in trace.connections]
    blocks = [f"{block.id}, " for block in trace.structure.blocks]
    return 4 * byte_size(*map(escape, (*connections, *blocks)))


def _scripts() -> tuple[str, ...]:
    """Return the scripts with line ends normalised to \\n, as browsers do before they hash a script."""
    texts = (explorer_script(), panels_script(), read_part(REPORT_SCRIPT))
    return tuple(text.replace("\r\n", "\n").replace("\r", "\n") for text in texts)


def _head(heading: ReportHeading) -> str:
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in _scripts()]
    allowed = " ".join(f"'sha256-{value}'" for value in hashes)
    policy = f"{CONTENT_SECURITY_POLICY}; script-src {allowed}"
    return "\n".join(
        [
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(heading.clip)} · {escape(heading.checkpoint)}</title>",
            f"<style>{read_part(REPORT_STYLE)}</style>",
        ]
    )


def _header(trace: Trace, heading: ReportHeading) -> str:
    windows = len(trace.windows)
    facts = {
        "checkpoint": heading.checkpoint,
        "frames": f"{len(trace.times)}, answers over {windows} window{'s' * (windows > 1)}",
        **({"object maps": trace.objects} if trace.objects else {}),
        **heading.facts,
        "made": heading.made,
    }
    rows = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items()
    )
    remarks = "".join(f'<p class="remark">{escape(remark)}</p>' for remark in trace.remarks)
    return f"<header><h1>{escape(heading.clip)}</h1><dl>{rows}</dl>{remarks}</header>"


def _predictions(trace: Trace) -> str:
    """Return the five most probable classes or labels with bars, under a heading that names the answer."""
    order = np.argsort(-trace.probabilities, kind="stable")[:5]
    rows = "".join(
        f'<li><span>{escape(trace.class_names[index])}</span><span class="track">'
        f'<i style="width:{100 * float(trace.probabilities[index]):.2f}%"></i></span>'
        f'<b data-value="{trace.probabilities[index]!s}">{trace.probabilities[index]:.3f}</b></li>'
        for index in order
    )
    heading = PREDICTION_HEADINGS[trace.structure.answer.kind](trace)
    return f'<section class="predictions"><h2>{escape(heading)}</h2><ol>{rows}</ol></section>'


def _class_heading(trace: Trace) -> str:
    return "Prediction"


def _label_heading(trace: Trace) -> str:
    names = [f"{name} {probability:.1%}" for name, probability in predicted_names(trace, trace.probabilities)]
    return f"Labels: {', '.join(names) or no_label_text(trace)}"


PREDICTION_HEADINGS: Mapping[str, Callable[[Trace], str]] = {
    "classes": _class_heading,
    "labels": _label_heading,
}
"""Kind of answer → function for the heading over the bars; for labels it lists all that were found."""


def _table(title: str, table: pd.DataFrame) -> str:
    """Return a table in a closed details element; each cell also holds its number at full precision."""
    titles = table_titles(list(map(str, table.columns)))
    head = "".join(_column_head(name, title) for name, title in titles.items())
    columns = [list(table[name].to_numpy()) for name in table.columns]  # keeps float32 values as float32
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in zip(*columns, strict=True))
    save = f'<button type="button" data-save="{escape(title.lower().replace(" ", "-"))}">Save as CSV</button>'
    return (
        f"<details><summary>{escape(title)} <small>{len(table):,} rows</small></summary>{save}"
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(title)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></details>"
    )


def _column_head(name: str, title: str) -> str:
    """Return a header cell with a readable title; `data-value` is the column's name in the saved CSV."""
    return f'<th scope="col" data-value="{escape(name)}">{escape(title)}</th>'


def _cell(value: Any) -> str:
    if pd.isna(value):
        return '<td class="number" data-value="">none</td>'
    if isinstance(value, float | np.floating):
        return f'<td class="number" data-value="{value!s}">{value:.3f}</td>'
    kind = ' class="number"' if isinstance(value, int | np.integer) else ""
    return f"<td{kind}>{escape(str(value))}</td>"
