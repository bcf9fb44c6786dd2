"""The reports of the commands about folders: tables to read, and plain data for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from peerattn.data.cache import Cache
from peerattn.data.cache_folder import GIGABYTE
from peerattn.data.report import FolderReport
from peerattn.scores.detectable import GAINED, LOST, POWER, DetectableDifferences, detectable_differences

if TYPE_CHECKING:
    from peerattn.data.warming import CacheReport


def counts_table(report: FolderReport) -> Table:
    """Return a table of the clips by class and split."""
    table = Table(title=report.folder)
    table.add_column("class")
    for split in report.splits:
        table.add_column(split or "clips", justify="right")
    for label, counts in report.counts().items():
        table.add_row(label, *(str(counts[split]) for split in report.splits))
    return table


def summary(report: FolderReport) -> str:
    """Return one line on the clips: how many, how long, how large."""
    numbers = report.to_json()
    parts = [f"{numbers['n']} clips of {numbers['groups']} groups", f"{numbers['seconds']:.0f} s"]
    if frames := numbers["frames"]:
        parts.append(f"{frames['least']} to {frames['most']} frames (median {frames['median']:g})")
    parts += [f"{size} px ({count} clips)" for size, count in numbers["sizes"].items()]
    return ", ".join(parts)


def decisions_by_split(report: FolderReport) -> dict[str, DetectableDifferences]:
    """Return, for each split, which differences its clips can detect."""
    groups = {split: [clip.group for clip in report.clips if clip.split == split] for split in report.splits}
    return {split: detectable_differences(own) for split, own in groups.items()}


def folder_json(report: FolderReport) -> dict[str, Any]:
    """Return the whole report as JSON."""
    decisions = {split: one.to_json() for split, one in decisions_by_split(report).items()}
    return {**report.to_json(), "decides": decisions}


def decisions_table(report: FolderReport) -> Table:
    """Return a table of the smallest loss that the clips of each split can detect."""
    table = Table(
        title="What can this set decide?",
        caption=f"smallest loss: detected {POWER:.0%} of the time, with {GAINED:.0%} of the clips gained; "
        f"width of the interval: of a difference with {LOST:.0%} lost and {GAINED:.0%} gained; likeness: how "
        "much the clips of one video change together, 0.2 to 0.5 for real clips",
    )
    for column in (
        "",
        "likeness",
        "smallest loss, points",
        "width of the interval, points",
        "clips for half the width",
    ):
        table.add_column(column, justify="right" if column else "left")
    for split, deciding in decisions_by_split(report).items():
        name = Text(f"{split or 'all'}: {deciding.clips}")
        if deciding.remark:
            table.add_row(name, "", deciding.remark, "", "")
        for one in deciding.decisions:
            loss = f"{100 * one.loss:.1f}" if one.loss else "none"
            row = f"{one.likeness:.1f}", loss, f"{100 * one.width:.1f}", f"{one.clips_for_half:,}"
            table.add_row(name, *row)
            name = Text("")
    return table


def cache_json(done: CacheReport, cache: Cache) -> dict[str, Any]:
    """Return what `data cache` did, as JSON."""
    return {
        "cache": str(cache.folder),
        "made": done.prepared,
        "found": done.present,
        "skipped": done.skipped,
        "seconds": done.seconds,
        "bytes": cache.size(),
    }


def cache_table(done: CacheReport, cache: Cache) -> Table:
    """Return what `data cache` did, as a table."""
    table = Table(title=f"{cache.folder}: {cache.size() / GIGABYTE:.2f} of {cache.limit / GIGABYTE:.0f} GB")
    for heading in ("prepared now", "already cached", "skipped", "seconds of decoding"):
        table.add_column(heading, justify="right")
    table.add_row(str(done.prepared), str(done.present), str(len(done.skipped)), f"{done.seconds:.1f}")
    return table
