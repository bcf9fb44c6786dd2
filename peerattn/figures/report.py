"""The standalone report: one HTML file that opens by double-click and asks nothing of any network.

It holds the explorer with its recording, the panels, the tables and the trace itself. What changes from
moment to moment is given: two reports of the same trace are the same bytes.
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
from peerattn.figures.scripts import explorer_script, panels_script, read_part
from peerattn.moved import moved
from peerattn.tables.attention import attention_weights_table, connections_table, factors_table
from peerattn.tables.clip import blocks_table, predictions_table
from peerattn.traces.predicted import no_label_text, predicted_names
from peerattn.traces.trace import Trace

__getattr__ = moved(__name__)

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; img-src blob: data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)
"""No request of any kind; scripts are allowed one by one, by their hashes."""
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
    """The report's head: names, date, further facts."""

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
    about: ReportHeading,
    *,
    panels: Iterable[ReportPanel] = (),
    start: Mapping[str, str] | None = None,
) -> str:
    """The page of one clip; `recording` is that of `figures.recording`, `panels` are `report_panels`.

    `start` is how the explorer begins: what the query of the app's address says, by name.
    PeerattnError where the numbers of the recording alone are too many for one page.
    """
    head, header, predictions = _head(about), _header(trace, about), _predictions(trace)
    page = ReportPage(recording, byte_size(head, header, predictions) + _left_out_names_size(trace))
    page.add("said", json.dumps(_explorer_data(recording, about, start or {})))
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


def _explorer_data(recording: bytes, about: ReportHeading, start: Mapping[str, str]) -> dict[str, Any]:
    """What the explorer is told, as a page of the app would."""
    kind, _, name = start.get("pin", "").partition(" ")
    selected = {"kind": kind, "id": name} if name else None
    began = {"token": "report", "query": urlencode(start)}
    names = {"clip": about.clip, "checkpoint": about.checkpoint}
    shown = {"recording": digest(recording), "selected": selected, "start": began, "about": names}
    return {"stem": about.stem, "data": {**NOTHING_REMOVED, **shown}}


def _left_out_names_size(trace: Trace) -> int:
    """Bytes that are enough to name all panels that are left out: at most four of a connection or block."""
    connections = [f"{each.source} → {each.target}, " for each in trace.connections]
    blocks = [f"{block.id}, " for block in trace.structure.blocks]
    return 4 * byte_size(*map(escape, (*connections, *blocks)))


def _scripts() -> tuple[str, ...]:
    """As a browser reads them, which turns every line end into one character before it hashes."""
    texts = (explorer_script(), panels_script(), read_part("report.js"))
    return tuple(text.replace("\r\n", "\n").replace("\r", "\n") for text in texts)


def _head(about: ReportHeading) -> str:
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in _scripts()]
    allowed = " ".join(f"'sha256-{value}'" for value in hashes)
    policy = f"{CONTENT_SECURITY_POLICY}; script-src {allowed}"
    return "\n".join(
        [
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(about.clip)} · {escape(about.checkpoint)}</title>",
            f"<style>{read_part('report.css')}</style>",
        ]
    )


def _header(trace: Trace, about: ReportHeading) -> str:
    windows = len(trace.windows)
    facts = {
        "checkpoint": about.checkpoint,
        "frames": f"{len(trace.times)}, answers over {windows} window{'s' * (windows > 1)}",
        **({"object maps": trace.objects} if trace.objects else {}),
        **about.facts,
        "made": about.made,
    }
    rows = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items()
    )
    remarks = "".join(f'<p class="remark">{escape(remark)}</p>' for remark in trace.remarks)
    return f"<header><h1>{escape(about.clip)}</h1><dl>{rows}</dl>{remarks}</header>"


def _predictions(trace: Trace) -> str:
    """The five likeliest classes or labels of the clip, each with its bar, under what was found."""
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
"""Kind of answer → what stands over the bars: of labels every one that is found, strongest first."""


def _table(title: str, table: pd.DataFrame) -> str:
    """Closed at first; each number in full stands beside the one that is shown."""
    head = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in table.columns)
    columns = [list(table[name].to_numpy()) for name in table.columns]  # keeps float32 what it is
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in zip(*columns, strict=True))
    save = f'<button type="button" data-save="{escape(title.lower().replace(" ", "-"))}">Save as CSV</button>'
    return (
        f"<details><summary>{escape(title)} <small>{len(table):,} rows</small></summary>{save}"
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(title)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></details>"
    )


def _cell(value: Any) -> str:
    if pd.isna(value):
        return '<td class="number" data-value="">none</td>'
    if isinstance(value, float | np.floating):
        return f'<td class="number" data-value="{value!s}">{value:.3f}</td>'
    kind = ' class="number"' if isinstance(value, int | np.integer) else ""
    return f"<td{kind}>{escape(str(value))}</td>"
