"""The table `screens` of `benchmarks.coverage`: how often a screen of many effects calls a component needed.

A screen has 50 components, each measured alone on the same 600 clips. What each change does to the answers is
drawn from known shares: nothing on balance, or a loss of 3 points.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from peerattn.scores.comparison import Difference
from peerattn.scores.effects import find_needed
from peerattn.scores.intervals import paired_p
from tests.draws import Numbers, Random, draw_groups, draw_shared_outcomes

CLIPS, VIDEOS, CORRELATION = 600, 150, 0.2
"""The clips, and for the lines on source videos their number and the correlation of clips of one video."""


class Planted(NamedTuple):
    """How many components of a screen change the answers alike, and the shares of lost and gained clips."""

    count: int
    lost: float
    gained: float

    def __str__(self) -> str:
        return f"{100 * self.lost:g} % lost, {100 * self.gained:g} % gained"


NULLS = (Planted(50, 0.02, 0.02), Planted(50, 0.005, 0.005))
LOSSES = (Planted(8, 0.03, 0.0), Planted(8, 0.035, 0.005), Planted(8, 0.04, 0.01))
"""Three ways to lose 3 points: the more clips are gained beside it, the harder the loss is to see."""
OTHERS = Planted(42, 0.02, 0.02)
"""The components without effect beside those that lose."""


def screens(trials: int) -> Iterator[str]:
    """Components called needed on screens of 50 effects, on 600 clips, without effect or losing 3 points."""
    trials = max(trials // 10, 1)
    yield f"{trials} screens of each kind"
    for grouped in (False, True):
        videos = f"{VIDEOS} source videos, correlation {CORRELATION}" if grouped else "independent clips"
        yield f"\n{videos}\n"
        yield from _without_effect(trials, grouped)
        yield from _with_losses(trials, grouped)


def _without_effect(trials: int, grouped: bool) -> Iterator[str]:
    yield "| 50 without effect | any called needed | judged one by one: any loss | losses a screen |"
    yield "|---|---|---|---|"
    for kind in NULLS:
        found, alone = (_many(trials, (kind,), grouped, alone=alone) for alone in (False, True))
        shares = (100 * one.any(axis=1).mean() for one in (found, alone))
        yield f"| {kind} | {' | '.join(f'{share:.1f} %' for share in shares)} | {alone.sum(1).mean():.2f} |"


def _with_losses(trials: int, grouped: bool) -> Iterator[str]:
    yield "\n| 8 of 50 lose 3 points | found | wrong among those called needed |\n|---|---|---|"
    for kind in LOSSES:
        found = _many(trials, (kind, OTHERS), grouped)
        wrong = found[:, kind.count :].sum(axis=1) / np.maximum(found.sum(axis=1), 1)
        yield f"| {kind} | {100 * found[:, : kind.count].mean():.1f} % | {100 * wrong.mean():.1f} % |"


def _many(
    trials: int, kinds: tuple[Planted, ...], grouped: bool, *, alone: bool = False
) -> NDArray[np.bool_]:
    rng = np.random.default_rng(7)
    return np.array([draw_screen(rng, kinds, grouped=grouped, alone=alone) for _ in range(trials)])


def draw_screen(
    rng: Random, kinds: tuple[Planted, ...], *, grouped: bool = False, alone: bool = False
) -> list[bool]:
    """Return which components of a drawn screen are called needed; with `alone`, each judged by itself."""
    clip_groups = draw_groups(rng, VIDEOS, CLIPS) if grouped else np.arange(CLIPS)
    correlation = CORRELATION if grouped else 0.0
    measured = [_difference(rng, clip_groups, kind, correlation) for kind in kinds for _ in range(kind.count)]
    if alone:
        return [bool(find_needed([one])[0]) for one in measured]
    return [bool(needed) for needed in find_needed(measured)]


def _difference(rng: Random, clip_groups: Numbers, kind: Planted, correlation: float) -> Difference:
    outcomes = (kind.lost, kind.gained, 1 - kind.lost - kind.gained)
    change = draw_shared_outcomes(rng, clip_groups, outcomes, correlation)
    before, after = change != 1, change != 0
    value = float(after.mean() - before.mean())
    return Difference(value, None, "", len(change), p=paired_p(before, after, clip_groups))
