"""What `effect` measures, and how it reports it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.cli.console import percent, progress_bar
from peerattn.cli.measuring import say_precision
from peerattn.cli.reports import maps_used, points
from peerattn.graph.things import PLURALS
from peerattn.recording.donors import LabelledClips
from peerattn.recording.effects import Effects, effects
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
                "difference": effect.difference,
                "difference_interval": list(effect.interval),
            }
            for effect in found.effects
        ],
        "not_measured": [{"name": name, "reason": why} for name, why in found.not_measured.items()],
        "skipped": [*skipped, *found.left_out],
    }


def table(result: Mapping[str, Any], name: str, of: str, how: str) -> Table:
    """One row for each thing, the greatest loss first."""
    before = result["before"]
    lines = [f"{one['name']}: {one['reason']}" for one in result["not_measured"]]
    if before["objects"]:
        lines.insert(0, maps_used(before["objects"]))
    if result["skipped"]:
        lines.append(f"not among the clips: {len(result['skipped'])}, see --json")
    table = Table(
        title=Text(f"{name}: {PLURALS[of]}, {SAID[how]}; {result['n']} clips, 95 % intervals"),
        caption=Text("\n".join([_ORDER, *lines])),
    )
    whole = next(known for known in HEADLINES.values() if known.name in before)
    for column in ("", whole.short, "difference, in points"):
        table.add_column(column, justify="right" if column else "left")
    table.add_row("before", percent(before[whole.name], before[f"{whole.name}_interval"]), "")
    table.add_section()
    for effect in sorted(result["effects"], key=lambda one: one["difference"]):
        after = effect["after"]
        accuracy = percent(after[whole.name], after[f"{whole.name}_interval"])
        table.add_row(Text(effect["name"]), accuracy, points(effect))
    return table


_ORDER = (
    "greatest loss first, else in the order of the network; difference: after minus before, paired, "
    "each interval for itself"
)
