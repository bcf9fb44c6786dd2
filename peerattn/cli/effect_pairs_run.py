"""The measurement of pairs that the command `effect --pairs` makes, and its report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.cli.console import progress_bar
from peerattn.cli.measuring import print_precision
from peerattn.cli.reports import difference_text, maps_used
from peerattn.graph.components import CHANGES_IN_WORDS, PLURALS
from peerattn.recording.donors import LabelledClips
from peerattn.recording.effect_pairs import PairEffects, effect_pairs
from peerattn.scores.effect_pairs import PAIR_DEFINITION, PairEffect
from peerattn.scores.intervals import interval_json
from peerattn.scores.kinds import HEADLINES


def measure_pairs(
    loaded: Checkpoint,
    examples: LabelledClips,
    *,
    of: str,
    how: str,
    names: Sequence[str] | None,
    seed: int,
) -> PairEffects:
    """Measure the pairs on the clips, with progress on stderr."""
    print_precision(loaded)
    with progress_bar("runs of a clip") as progress:
        return effect_pairs(
            loaded.network,
            examples,
            of=of,
            how=how,
            names=names,
            window=loaded.settings.window,
            seed=seed,
            progress=progress,
        )


def to_json(found: PairEffects, skipped: Sequence[str]) -> dict[str, Any]:
    """Return the output of `effect --pairs --json`, the pairs that cost most beyond the sum first."""
    return {
        "n": found.before.n,
        "before": found.before.to_json(),
        "chosen": vars(found.selection),
        "pairs": [_pair_json(pair, found.remark) for pair in found.pairs],
        "not_measured": [{"name": name, "reason": why} for name, why in found.not_measured.items()],
        "skipped": [*skipped, *found.left_out],
    }


def _pair_json(pair: PairEffect, remark: str) -> dict[str, Any]:
    return {
        "names": list(pair.parts),
        "sum_of_rises": pair.alone,
        "rise_of_both": pair.both,
        "beyond_sum": pair.beyond,
        **interval_json("beyond_sum_interval", pair.interval, remark),
        **pair.change.to_json(),
        "conclusion": pair.conclusion,
    }


def table(found: PairEffects, name: str, of: str, how: str) -> Table:
    """Return a table of the pairs, those that cost most beyond the sum first."""
    short = HEADLINES[found.before.kind].short
    lines = [found.selection.words, PAIR_DEFINITION]
    if len(found.pairs) > 1:
        lines.insert(0, f"all {len(found.pairs)} intervals of a column hold at once")
    if found.before.objects:
        lines.append(maps_used(found.before.objects))
    if found.not_measured:
        lines.append(f"not measured: {len(found.not_measured)}, listed by --json")
    title = f"{name}: pairs of {PLURALS[of]}, {CHANGES_IN_WORDS[how]}; {found.before.n} clips, 95 % intervals"
    table = Table(title=Text(title), caption=Text("\n".join(lines)))
    for column in ("", "sum of each alone, in nats", "both", "beyond the sum", f"{short}, in points"):
        table.add_column(column, justify="right" if column else "left")
    table.add_column("conclusion")
    for pair in found.pairs:
        bounds = "" if pair.interval is None else " ({:+.3f} to {:+.3f})".format(*pair.interval)
        change = difference_text(pair.change.to_json(), "difference_interval")
        table.add_row(
            Text(pair.name),
            f"{pair.alone:.3f}",
            f"{pair.both:.3f}",
            f"{pair.beyond:+.3f}{bounds}",
            change,
            pair.conclusion,
        )
    return table
