"""What the commands about folders report: tables for a person, and plain results for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

from peerattn.data.cache import Cache
from peerattn.data.cache_folder import GIGABYTE
from peerattn.data.report import FolderReport

if TYPE_CHECKING:
    from peerattn.data.warming import Warmed


def counts_table(found: FolderReport) -> Table:
    """Clips by class and split."""
    table = Table(title=found.folder)
    table.add_column("class")
    for split in found.splits:
        table.add_column(split or "clips", justify="right")
    for label, counts in found.counts().items():
        table.add_row(label, *(str(counts[split]) for split in found.splits))
    return table


def summary(found: FolderReport) -> str:
    """The clips in one line."""
    numbers = found.to_json()
    parts = [f"{numbers['n']} clips of {numbers['groups']} groups", f"{numbers['seconds']:.0f} s"]
    if frames := numbers["frames"]:
        parts.append(f"{frames['least']} to {frames['most']} frames (median {frames['median']:g})")
    parts += [f"{size} px ({count} clips)" for size, count in numbers["sizes"].items()]
    return ", ".join(parts)


def warmed(done: Warmed, cache: Cache) -> dict[str, Any]:
    """What was done, for JSON."""
    return {
        "cache": str(cache.folder),
        "made": done.made,
        "found": done.found,
        "skipped": done.skipped,
        "seconds": done.seconds,
        "bytes": cache.size(),
    }


def warmed_table(done: Warmed, cache: Cache) -> Table:
    """The same for a person."""
    table = Table(title=f"{cache.folder}: {cache.size() / GIGABYTE:.2f} of {cache.limit / GIGABYTE:.0f} GB")
    for heading in ("prepared now", "there already", "skipped", "s of decoding"):
        table.add_column(heading, justify="right")
    table.add_row(str(done.made), str(done.found), str(len(done.skipped)), f"{done.seconds:.1f}")
    return table
