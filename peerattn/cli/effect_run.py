"""The measurement that the command `effect` makes, and its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.cli.console import progress_bar
from peerattn.cli.measuring import print_precision
from peerattn.cli.reports import difference_text, maps_used, score_text
from peerattn.graph.components import CHANGES_IN_WORDS, PLURALS
from peerattn.recording.donors import LabelledClips
from peerattn.recording.effects import Effects, effects
from peerattn.scores.effects import DEFINITION, chance_in_words
from peerattn.scores.intervals import interval_json
from peerattn.scores.kinds import HEADLINES


def measure_effects(
    loaded: Checkpoint,
    examples: LabelledClips,
    *,
    of: str,
    how: str,
    names: Sequence[str] | None,
    seed: int,
) -> Effects:
    """Measure the effects on the clips, with progress on stderr."""
    print_precision(loaded)
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


def to_json(measured: Effects, skipped: Sequence[str]) -> dict[str, Any]:
    """Return the output of `effect --json`, with the effects in the order of the network's structure."""
    return {
        "n": measured.before.n,
        "before": measured.before.to_json(),
        "effects": [
            {
                "what": effect.of,
                "name": effect.name,
                "how": effect.how,
                "after": effect.after.to_json(),
                **effect.difference.to_json(),
                **interval_json("adjusted_interval", effect.adjusted.interval, effect.adjusted.remark),
                "adjusted_in_words": effect.adjusted.words,
                "p": effect.difference.p,
                "needed": effect.needed,
                "conclusion": effect.conclusion(),
                "pointwise_conclusion": effect.conclusion(pointwise=True),
            }
            for effect in measured.effects
        ],
        "not_measured": [{"name": name, "reason": why} for name, why in measured.not_measured.items()],
        "skipped": [*skipped, *measured.left_out],
    }


def table(result: Mapping[str, Any], name: str, of: str, how: str, *, pointwise: bool = False) -> Table:
    """Return a table of the components, greatest loss first; intervals hold jointly unless `pointwise`."""
    before = result["before"]
    lines = [f"{one['name']}: {one['reason']}" for one in result["not_measured"]]
    if before["objects"]:
        lines.insert(0, maps_used(before["objects"]))
    if result["skipped"]:
        lines.append(f"clips left out: {len(result['skipped'])}, listed by --json")
    table = Table(
        title=Text(f"{name}: {PLURALS[of]}, {CHANGES_IN_WORDS[how]}; {result['n']} clips, 95 % intervals"),
        caption=Text("\n".join([_ORDER, _coverage(len(result["effects"]), pointwise), DEFINITION, *lines])),
    )
    whole = next(known for known in HEADLINES.values() if known.name in before)
    for column in ("", whole.short, "difference, in points"):
        table.add_column(column, justify="right" if column else "left")
    table.add_column("conclusion")
    interval, words = (
        ("difference_interval", "pointwise_conclusion") if pointwise else ("adjusted_interval", "conclusion")
    )
    table.add_row("before", score_text(before, whole.name), "", "")
    table.add_section()
    for effect in sorted(result["effects"], key=lambda one: one["difference"]):
        accuracy = score_text(effect["after"], whole.name)
        change = difference_text(effect, interval)
        table.add_row(Text(effect["name"]), accuracy, change, effect[words])
    return table


_ORDER = "greatest loss first, ties in the order of the network; difference: after minus before, paired"


def _coverage(count: int, pointwise: bool) -> str:
    """Say whether the intervals hold each on its own or all at once, and how many stand out by chance."""
    alone = pointwise or count < 2
    held = "each interval holds on its own" if alone else f"all {count} intervals hold at once"
    return held if count < 2 else f"{held}; {chance_in_words(count)}"
