"""What has been put on a report's page, within the bytes that it may have."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable
from html import escape

from peerattn.errors import PeerattnError
from peerattn.figures.report_panels import ReportPanel
from peerattn.figures.shrinking import shrink_recording
from peerattn.moved import moved

__getattr__ = moved(__name__)

PAGE_BUDGET = 5_000_000
"""Bytes beyond the scripts; what does not fit is left out, and the report says what."""
RECORDING_RESERVE = 2_500_000
"""Bytes that the recording may keep from panels and tables; it has those that they leave too."""
MARKUP = 4_000
"""Bytes that suffice for what stands around the parts of the page."""


class ReportPage:
    """What has been put on the page, the bytes that are free, and what was left out.

    `taken` bytes are others'. The recording comes last: its frames become as small as the rest wants them.
    """

    def __init__(self, recording: bytes, taken: int) -> None:
        self.whole, self.least = recording, shrink_recording(recording, _decoded_size(RECORDING_RESERVE))
        self.free = PAGE_BUDGET - MARKUP - taken - _base64_size(self.least.recording)
        self.data: list[str] = []
        self.sections: list[str] = []
        self.left_out: list[str] = []
        self.frame_format = ""

    def add(self, name: str, text: str) -> None:
        """A block of data that runs nothing: `<` cannot end it."""
        block = f'<script type="text/plain" id="{name}">{text.replace("<", chr(92) + "u003c")}</script>'
        self.data.append(block)
        self.free -= byte_size(block)

    def add_if_it_fits(self, name: str, title: str, text: str) -> None:
        """A block of data, where it still fits."""
        if len(text) > self.free:
            self.left_out.append(title)
        else:
            self.add(name, text)

    def add_recording(self) -> None:
        """The recording, in as many bytes as are left for it."""
        room = self.free + _base64_size(self.least.recording)
        found = shrink_recording(self.whole, _decoded_size(room))
        if _base64_size(found.recording) > room:
            raise PeerattnError(
                f"the numbers of all frames do not fit in {PAGE_BUDGET // 1_000_000} MB: "
                "choose a shorter stretch"
            )
        self.add("recording", base64.b64encode(found.recording).decode())
        self.frame_format = found.frame_format
        self.left_out += found.left_out

    def add_panels(self, panels: Iterable[ReportPanel]) -> None:
        """As many as fit, each packed by itself; a reader unpacks those that are looked at."""
        room, found = self.free, []
        missing: dict[str, list[str]] = {}
        for each in panels:
            entry = [each.owner, each.title, each.index, compress_text(json.dumps(each.panel))]
            length = len(json.dumps(entry)) + 2
            if length > room:
                missing.setdefault(f"the panel {each.panel['title']}", []).append(each.title)
            else:
                found.append(entry)
                room -= length
        self.add("packed", json.dumps(found))
        self.left_out += [f"{panel} of {', '.join(titles)}" for panel, titles in missing.items()]

    def add_section(self, title: str, html: str) -> None:
        """A part of the page that is read, where it still fits."""
        if byte_size(html) > self.free:
            self.left_out.append(title)
        else:
            self.sections.append(html)
            self.free -= byte_size(html)

    def tables_html(self) -> str:
        """The tables, and below them what was left out or made smaller to fit."""
        items = "".join(f"<li>{escape(item)}</li>" for item in self.left_out)
        within = f"to stay within {PAGE_BUDGET // 1_000_000} MB"
        left_out = f"<p>Left out, {within}:</p><ul>{items}</ul>"
        frames = f"<p>Frames made smaller, {within}: {self.frame_format}.</p>"
        return "\n".join(
            [
                '<section class="tables"><h2>Tables</h2>',
                *self.sections,
                "</section>",
                '<footer><button type="button" id="save" hidden>Save the trace (JSON)</button>',
                frames if self.frame_format else "",
                left_out if self.left_out else "",
                "</footer>",
            ]
        )


def byte_size(*texts: str) -> int:
    return sum(len(text.encode()) for text in texts)


def _base64_size(data: bytes) -> int:
    """Characters of the data in base64, and of its block."""
    return 4 * -(-len(data) // 3) + 60


def _decoded_size(coded: int) -> int:
    """The most bytes that `_coded` makes so many characters of."""
    return (coded - 60) // 4 * 3


def compress_text(text: str) -> str:
    """The text's exact bytes, gzip in base64; the same text gives the same bytes."""
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()
