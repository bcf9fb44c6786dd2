"""Assembling a report page within a budget of bytes."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable
from html import escape

from peerattn.errors import PeerattnError
from peerattn.figures.report_panels import ReportPanel
from peerattn.figures.shrinking import shrink_recording

PAGE_BUDGET = 5_000_000
"""Maximum bytes of a report without its scripts. Parts that do not fit are left out, and listed."""
RECORDING_RESERVE = 2_500_000
"""Bytes reserved for the recording; it also gets the bytes that panels and tables leave unused."""
MARKUP = 4_000
"""Upper bound for the bytes of the markup around the parts of the page."""


class ReportPage:
    """The parts added to a page so far, the number of free bytes, and the names of parts left out.

    `taken` bytes are used by parts outside this class. The recording must be added last: its frames are
    shrunk to what the other parts leave free.
    """

    def __init__(self, recording: bytes, taken: int) -> None:
        self.full_recording = recording
        smallest = shrink_recording(recording, _decoded_size(RECORDING_RESERVE))
        self.reserved = _base64_size(smallest.recording)
        self.free = PAGE_BUDGET - MARKUP - taken - self.reserved
        self.data: list[str] = []
        self.sections: list[str] = []
        self.left_out: list[str] = []
        self.frame_format = ""

    def add(self, name: str, text: str) -> None:
        """Add a data block, which browsers do not execute; `<` is escaped so that no text can end it."""
        block = f'<script type="text/plain" id="{name}">{text.replace("<", chr(92) + "u003c")}</script>'
        self.data.append(block)
        self.free -= byte_size(block)

    def add_if_it_fits(self, name: str, title: str, text: str) -> None:
        """Add a data block if it still fits."""
        if len(text) > self.free:
            self.left_out.append(title)
        else:
            self.add(name, text)

    def add_recording(self) -> None:
        """Add the recording, shrunk to the free bytes. Raises PeerattnError if its numbers do not fit."""
        free = self.free + self.reserved
        shrunk = shrink_recording(self.full_recording, _decoded_size(free))
        if _base64_size(shrunk.recording) > free:
            raise PeerattnError(
                f"the numbers of all frames do not fit in {PAGE_BUDGET // 1_000_000} MB: "
                "choose a shorter stretch of the clip"
            )
        self.add("recording", base64.b64encode(shrunk.recording).decode())
        self.frame_format = shrunk.frame_format
        self.left_out += shrunk.left_out

    def add_panels(self, panels: Iterable[ReportPanel]) -> None:
        """Add as many panels as fit, each compressed separately, so the page unpacks only what it shows."""
        free, entries = self.free, []
        missing: dict[str, list[str]] = {}
        for each in panels:
            entry = [each.owner, each.title, each.index, compress_text(json.dumps(each.panel))]
            length = len(json.dumps(entry)) + 2
            if length > free:
                missing.setdefault(f"the panel {each.panel['title']}", []).append(each.title)
            else:
                entries.append(entry)
                free -= length
        self.add("packed", json.dumps(entries))
        self.left_out += [f"{panel} of {', '.join(titles)}" for panel, titles in missing.items()]

    def add_section(self, title: str, html: str) -> None:
        """Add visible HTML if it still fits."""
        if byte_size(html) > self.free:
            self.left_out.append(title)
        else:
            self.sections.append(html)
            self.free -= byte_size(html)

    def tables_html(self) -> str:
        """Return the HTML of the tables, followed by what was left out or shrunk to fit."""
        items = "".join(f"<li>{escape(item)}</li>" for item in self.left_out)
        reason = f"to stay within {PAGE_BUDGET // 1_000_000} MB"
        left_out = f"<p>Left out, {reason}:</p><ul>{items}</ul>"
        frames = f"<p>Frames made smaller, {reason}: {self.frame_format}.</p>"
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
    """Return the total size of texts in bytes of UTF-8."""
    return sum(len(text.encode()) for text in texts)


def _base64_size(data: bytes) -> int:
    """Return the number of characters of a data block with this data in base64."""
    return 4 * -(-len(data) // 3) + 60


def _decoded_size(characters: int) -> int:
    """Return the largest number of bytes whose `_base64_size` is at most `characters`."""
    return (characters - 60) // 4 * 3


def compress_text(text: str) -> str:
    """Return the text as gzip in base64; the same text always gives the same result."""
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()
