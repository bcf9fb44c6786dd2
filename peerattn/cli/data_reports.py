"""What the commands about folders report: tables for a person, and plain results for JSON."""

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


def decides(found: FolderReport) -> dict[str, DetectableDifferences]:
    """Split → what its clips can decide."""
    groups = {split: [clip.group for clip in found.clips if clip.split == split] for split in found.splits}
    return {split: detectable_differences(own) for split, own in groups.items()}


def checked(found: FolderReport) -> dict[str, Any]:
    """The report, for JSON."""
    said = {split: one.to_json() for split, one in decides(found).items()}
    return {**found.to_json(), "decides": said}


def deciding_table(found: FolderReport) -> Table:
    """What the clips of each split can decide."""
    table = Table(
        title="What can this set decide?",
        caption=f"the smallest loss found in {POWER:.0%} of the time, {GAINED:.0%} being gained beside it; "
        f"the interval of a difference with {LOST:.0%} lost and {GAINED:.0%} gained; likeness: how much "
        "clips of one video change together, of real clips 0.2 to 0.5",
    )
    for column in (
        "",
        "likeness",
        "smallest loss, points",
        "width of the interval, points",
        "clips for half of it",
    ):
        table.add_column(column, justify="right" if column else "left")
    for split, own in decides(found).items():
        name = Text(f"{split or 'all'}: {own.clips}")
        if own.remark:
            table.add_row(name, "", own.remark, "", "")
        for one in own.decisions:
            loss = f"{100 * one.loss:.1f}" if one.loss else "none"
            row = f"{one.likeness:.1f}", loss, f"{100 * one.width:.1f}", f"{one.clips_for_half:,}"
            table.add_row(name, *row)
            name = Text("")
    return table


def warmed(done: CacheReport, cache: Cache) -> dict[str, Any]:
    """What was done, for JSON."""
    return {
        "cache": str(cache.folder),
        "made": done.prepared,
        "found": done.present,
        "skipped": done.skipped,
        "seconds": done.seconds,
        "bytes": cache.size(),
    }


def warmed_table(done: CacheReport, cache: Cache) -> Table:
    """The same for a person."""
    table = Table(title=f"{cache.folder}: {cache.size() / GIGABYTE:.2f} of {cache.limit / GIGABYTE:.0f} GB")
    for heading in ("prepared now", "there already", "skipped", "s of decoding"):
        table.add_column(heading, justify="right")
    table.add_row(str(done.prepared), str(done.present), str(len(done.skipped)), f"{done.seconds:.1f}")
    return table
