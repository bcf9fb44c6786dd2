"""What `effect` measures, and how it reports it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.cli.console import progress_bar
from peerattn.cli.measuring import say_precision
from peerattn.cli.reports import maps_used, points, share_said
from peerattn.graph.components import PLURALS
from peerattn.recording.donors import LabelledClips
from peerattn.recording.effects import Effects, effects
from peerattn.scores.intervals import interval_json
from peerattn.scores.kinds import HEADLINES

SAID = {
    "swap": "another clip's",
    "remove": "removed",
    "mean": "factors at their mean over time",
    "one": "factors at 1",
    "shuffle": "frames in another order",
}


def measured(
    loaded: Checkpoint,
    examples: LabelledClips,
    *,
    of: str,
    how: str,
    names: Sequence[str] | None,
    seed: int,
) -> Effects:
    """The effects on the clips, with progress on stderr."""
    say_precision(loaded)
    with progress_bar("clips read and run") as progress:
        return effects(
            loaded.network,
            examples,
            of=of,
            how=how,
            names=names,
            window=loaded.settings.window,
            seed=seed,
            progress=progress,
        )


def to_json(found: Effects, skipped: Sequence[str]) -> dict[str, Any]:
    """What `effect --json` gives; the effects in the order of the network."""
    return {
        "n": found.before.n,
        "before": found.before.to_json(),
        "effects": [
            {
                "what": effect.of,
                "name": effect.name,
                "how": effect.how,
                "after": effect.after.to_json(),
                **effect.difference.to_json(),
                **interval_json("adjusted_interval", effect.adjusted.interval, effect.adjusted.remark),
                "adjusted_in_words": effect.adjusted.words,
            }
            for effect in found.effects
        ],
        "not_measured": [{"name": name, "reason": why} for name, why in found.not_measured.items()],
        "skipped": [*skipped, *found.left_out],
    }


def table(result: Mapping[str, Any], name: str, of: str, how: str, *, pointwise: bool = False) -> Table:
    """One row for each thing, the greatest loss first; intervals hold at once unless `pointwise`."""
    before = result["before"]
    lines = [f"{one['name']}: {one['reason']}" for one in result["not_measured"]]
    if before["objects"]:
        lines.insert(0, maps_used(before["objects"]))
    if result["skipped"]:
        lines.append(f"not among the clips: {len(result['skipped'])}, see --json")
    table = Table(
        title=Text(f"{name}: {PLURALS[of]}, {SAID[how]}; {result['n']} clips, 95 % intervals"),
        caption=Text("\n".join([f"{_ORDER}; {_held(len(result['effects']), pointwise)}", *lines])),
    )
    whole = next(known for known in HEADLINES.values() if known.name in before)
    for column in ("", whole.short, "difference, in points"):
        table.add_column(column, justify="right" if column else "left")
    table.add_column("what that says")
    interval, words = (
        ("difference_interval", "in_words") if pointwise else ("adjusted_interval", "adjusted_in_words")
    )
    table.add_row("before", share_said(before, whole.name), "", "")
    table.add_section()
    for effect in sorted(result["effects"], key=lambda one: one["difference"]):
        accuracy = share_said(effect["after"], whole.name)
        change = points(effect, interval)
        table.add_row(Text(effect["name"]), accuracy, change, effect[words])
    return table


_ORDER = "greatest loss first, else in the order of the network; difference: after minus before, paired"


def _held(count: int, pointwise: bool) -> str:
    """For what the intervals hold."""
    return "each interval for itself" if pointwise or count < 2 else f"all {count} intervals hold at once"
