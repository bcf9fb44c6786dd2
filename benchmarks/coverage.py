"""How often intervals contain the true value, and how wide they are: `python -m benchmarks.coverage`.

    python -m benchmarks.coverage [--trials 10000] [--only paired shares …] [--data FOLDER]

Clips whose answers correlate within groups are drawn many times from known distributions; 95 % of the
intervals should contain the true value. Tables are Markdown: coverage in %, then the mean width in points.
The seeds are fixed. `--data` is a folder of labelled clips with maps, for real changes of answers.
"""

from __future__ import annotations

import argparse
import math
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.verdicts import null, power, speed
from peerattn.scores.auroc import auroc_interval
from peerattn.scores.evaluation import class_weights
from peerattn.scores.intervals import MIN_CLASS_SIZE, MIN_SET_SIZE, Interval, paired_interval, share_interval
from peerattn.scores.jackknife import mean_interval
from peerattn.scores.labels import LabelsEvaluation, paired_precision, summarise_labels
from tests.draws import (
    Numbers,
    Random,
    Values,
    enumerated,
    following,
    labelled,
    normal,
    ranked,
    unequal,
    varying,
)

CELLS = ((0.0, 0.0), (0.01, 0.0), (0.02, 0.0), (0.02, 0.01), (0.03, 0.01), (0.08, 0.02))
"""Shares of the clips whose answer becomes wrong (lost) and right (gained)."""
WIDTHS = {
    (10, 96): (57, 51, 47, 44, 43, 41),
    (20, 192): (30, 24, 21, 20, 20, 23),
    (40, 192): (16.9, 13.9, 13.0, 13.1, 13.3, 16.0),
    (60, 192): (12.2, 10.8, 10.3, 10.8, 11.1, 13.7),
    (60, 640): (10.5, 6.5, 6.5, 7.3, 7.8, 10.7),
}
"""Groups and clips → the expected mean width in points in each cell, at the correlation `USUAL`."""
CORRELATIONS, USUAL = (0.0, 0.2, 0.5), 0.2
INDEPENDENT = (48, 96, 192, 640)
REAL = np.repeat(np.arange(40), [1] * 15 + [2] * 13 + [3] * 7 + [4] * 3 + [6, 9])
"""The source videos of the clips of a real validation set."""
DRAWN = {"following": following, "varying": varying}
SHARES = (0.5, 0.65, 0.8, 0.95, 0.99)
CLASSES = np.linspace(0.5, 1.5, 8)
"""For each class, how often its clips are wrong, or change, relative to the average."""
AREAS = (0.72, 0.85, 0.95, 0.98, 0.995)
SIDES = ((7, 30, 5, 20), (20, 48, 20, 48), (30, 68, 10, 21), (60, 160, 10, 30), (40, 192, 40, 192))
"""Groups and clips of known classes, then groups and clips of other classes."""
LABELS = ((8, 0.25), (14, 0.1))
"""The number of labels, and the share of the clips that have each of them."""
LEADS = (1.0, 2.0, 3.5, 5.0)
"""The lead of the scores of clips that have a label over those that do not, in standard deviations."""
CHANGES = ((2.0, 0.0, 0.5), (2.0, 1.0, 1.0), (3.5, 0.3, 0.5))
"""The lead of scores before a change, by how much it falls, and the noise that is added."""
SURPRISE, OVERLAP, RISE = "-log p of the true class", "intersection over union", "rise of -log p"
MARGIN, SPREAD, FALL, NOISE = 2.0, 2.0, 0.3, 0.5
"""The logit of the true class: its mean and deviation before, its fall, and the noise that is added."""
EVEN = np.array([NormalDist().inv_cdf((place + 0.5) / 10**5) for place in range(10**5)])
"""Quantiles of the normal distribution, evenly spaced in probability: means over them are the true means."""

Lines = Iterator[str]


@dataclass(frozen=True)
class Coverage:
    """The share of intervals that contain the true value, their mean width, and how many trials gave none."""

    share: float
    width: float
    without: int

    def __str__(self) -> str:
        lacking = f" ({self.without} without)" if self.without else ""
        return f"{100 * self.share:.1f} / {100 * self.width:.1f}{lacking}"


def coverage(intervals: Sequence[Interval | None], truth: float) -> Coverage:
    """The coverage of these intervals, of which None means that no interval was given."""
    low, high = np.array([interval for interval in intervals if interval]).T
    contains = (low <= truth + 1e-12) & (truth - 1e-12 <= high)  # 1e-12 allows for rounding
    return Coverage(float(contains.mean()), float((high - low).mean()), len(intervals) - len(contains))


def repeated(draw: Callable[..., Any], trials: int, *cell: Any) -> list[Any]:
    """Draw a cell of a table many times.

    The seed depends on the cell and the name of `draw` only: renaming a drawing function changes the numbers.
    """
    rng = np.random.default_rng(zlib.crc32(repr((draw.__name__, cell)).encode()))
    return [draw(rng, *cell) for _ in range(trials)]


def lower_coverage(draw: Callable[..., Any], trials: int, truth: float, *cell: Any) -> Coverage:
    """The lower coverage of the two ways in which the clips of a group correlate, and the mean width."""
    one, other = (coverage(repeated(draw, trials, way, *cell), truth) for way in DRAWN)
    lower = min(one.share, other.share)
    return Coverage(lower, (one.width + other.width) / 2, one.without + other.without)


def row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def head(*cells: object) -> str:
    return f"{row(*cells)}\n|{'---|' * len(cells)}"


def change_names(cells: Sequence[tuple[float, float]]) -> list[str]:
    return [f"lost/gained {100 * lost:g}/{100 * gained:g} %" for lost, gained in cells]


def independent(_: int) -> Lines:
    """A difference in top-1 accuracy on the same independent clips: enumerated, not sampled."""
    yield head("clips", *change_names(CELLS))
    for clips in INDEPENDENT:
        yield row(clips, *(Coverage(*enumerated(clips, cell), 0) for cell in CELLS))


def paired(trials: int) -> Lines:
    """A difference in top-1 accuracy on the same clips."""
    yield head("groups, clips", "correlation", *change_names(CELLS))
    ratios = []
    for groups, clips in (*WIDTHS, (40, len(REAL))):
        for correlation in CORRELATIONS:
            cells = [
                lower_coverage(_paired, trials, gained - lost, groups, clips, correlation, (lost, gained))
                for lost, gained in CELLS
            ]
            yield row(f"{groups}, {clips}", correlation, *cells)
            if correlation == USUAL and (expected := WIDTHS.get((groups, clips))):
                shares = 100 * np.array([one.width for one in cells]) / expected
                ratios.append(f"{groups}, {clips}: {shares.min():.2f} to {shares.max():.2f}")
    yield f"\nRatio of the mean width to the expected width at a correlation of {USUAL}: {'; '.join(ratios)}"


def _paired(
    rng: Random, way: str, groups: int, clips: int, correlation: float, cell: tuple[float, float]
) -> Interval | None:
    number = REAL if clips == len(REAL) else unequal(rng, groups, clips)
    change = DRAWN[way](rng, number, (*cell, 1 - sum(cell)), correlation)
    return paired_interval(change == 0, change == 1, number)


def shares(trials: int) -> Lines:
    """Top-1 accuracy, and the accuracy of a class of few clips."""
    yield head("groups, clips", "correlation", *(f"{100 * share:g} %" for share in SHARES))
    for groups, clips in (*WIDTHS, (3, 6), (8, 24)):
        for correlation in CORRELATIONS:
            cells = [
                lower_coverage(_share, trials, share, groups, clips, correlation, share) for share in SHARES
            ]
            yield row(f"{groups}, {clips}", correlation, *cells)


def _share(
    rng: Random, way: str, groups: int, clips: int, correlation: float, share: float
) -> Interval | None:
    number = unequal(rng, groups, clips)
    right = DRAWN[way](rng, number, (share, 1 - share), correlation) == 0
    return share_interval(
        right, number, least=MIN_SET_SIZE if groups >= MIN_SET_SIZE.groups else MIN_CLASS_SIZE
    )


def macro(trials: int) -> Lines:
    """Macro accuracy of classes, the worst wrong three times as often as the best, and its difference."""
    trials //= 2
    yield f"{trials} trials\n"
    wrong, changed = (0.35, 0.2, 0.05), (CELLS[0], CELLS[2], CELLS[4], CELLS[5])
    yield head(
        "groups, clips", "correlation", *(f"{100 - 100 * one:g} %" for one in wrong), *change_names(changed)
    )
    for groups, clips in WIDTHS:
        for correlation in CORRELATIONS:
            of = groups, clips, correlation
            cells = [lower_coverage(_macro, trials, 1 - one, *of, one) for one in wrong]
            cells += [
                lower_coverage(_macro_change, trials, gained - lost, *of, (lost, gained))
                for lost, gained in changed
            ]
            yield row(f"{groups}, {clips}", correlation, *cells)


def _macro(
    rng: Random, way: str, groups: int, clips: int, correlation: float, wrong: float
) -> Interval | None:
    number, classes, shares = _in_classes(rng, groups, clips, (wrong,))
    hits = DRAWN[way](rng, number, shares, correlation) == 1
    return share_interval(hits, number, class_weights(classes[number]))


def _macro_change(
    rng: Random, way: str, groups: int, clips: int, correlation: float, cell: tuple[float, float]
) -> Interval | None:
    number, classes, shares = _in_classes(rng, groups, clips, cell)
    change = DRAWN[way](rng, number, shares, correlation)
    return paired_interval(change == 0, change == 1, number, class_weights(classes[number]))


def _in_classes(
    rng: Random, groups: int, clips: int, shares: tuple[float, ...]
) -> tuple[Numbers, Numbers, Values]:
    """The group of each clip, and the class of each group with its shares of outcomes."""
    classes = rng.permutation(np.arange(groups) % len(CLASSES))
    own = np.outer(CLASSES[classes], shares)
    return unequal(rng, groups, clips), classes, np.column_stack([own, 1 - own.sum(axis=1)])


def auroc(trials: int) -> Lines:
    """The area under the ROC curve, with normally distributed scores."""
    trials //= 2
    yield f"{trials} trials\n"
    yield head("known: groups, clips", "others: groups, clips", "correlation", *AREAS)
    for known, known_clips, others, other_clips in SIDES:
        for correlation in CORRELATIONS:
            of = (known, known_clips, others, other_clips), correlation
            cells = [coverage(repeated(_area, trials, *of, area), area) for area in AREAS]
            yield row(f"{known}, {known_clips}", f"{others}, {other_clips}", correlation, *cells)


def _area(rng: Random, side: tuple[int, int, int, int], correlation: float, area: float) -> Interval | None:
    return auroc_interval(*ranked(rng, (unequal(rng, *side[:2]), unequal(rng, *side[2:])), area, correlation))


def precision(trials: int) -> Lines:
    """Mean average precision and its difference on the same clips; the true value is the mean of trials."""
    trials = max(trials // 10, 1)
    yield f"{trials} trials\n"
    changes = [f"{lead:g} to {lead - fall:g}, noise {noise:g}" for lead, fall, noise in CHANGES]
    yield head("labels", "groups, clips", "correlation", *(f"lead {lead:g}" for lead in LEADS), *changes)
    for labels, share in LABELS:
        for groups, clips in ((10, 96), (40, 192), (60, 192)):
            for correlation in CORRELATIONS:
                of = labels, share, groups, clips, correlation
                drawn = [repeated(_precision, trials, *of, lead) for lead in LEADS]
                drawn += [repeated(_precision_change, trials, *of, change) for change in CHANGES]
                cells = [
                    coverage([interval for _, interval in cell], float(np.mean([value for value, _ in cell])))
                    for cell in drawn
                ]
                yield row(f"{labels}, each {100 * share:g} %", f"{groups}, {clips}", correlation, *cells)


def _label_evaluation(scores: Values, truth: NDArray[np.bool_], number: Numbers) -> LabelsEvaluation:
    names = [str(label) for label in range(truth.shape[1])]
    return summarise_labels(scores.astype(np.float32), truth, number.astype(str).tolist(), names)


def _precision(
    rng: Random, labels: int, share: float, groups: int, clips: int, correlation: float, lead: float
) -> tuple[float, Interval | None]:
    number = unequal(rng, groups, clips)
    evaluation = _label_evaluation(*labelled(rng, number, labels, share, lead, correlation), number)
    return evaluation.map, evaluation.map_interval


def _precision_change(
    rng: Random,
    labels: int,
    share: float,
    groups: int,
    clips: int,
    correlation: float,
    change: tuple[float, float, float],
) -> tuple[float, Interval | None]:
    number, (lead, fall, noise) = unequal(rng, groups, clips), change
    scores, truth = labelled(rng, number, labels, share, lead, correlation)
    moved = scores - fall * truth + noise * normal(rng, number, correlation, labels)
    change_in_map = paired_precision(
        _label_evaluation(scores, truth, number), _label_evaluation(moved, truth, number)
    )
    return change_in_map.value, change_in_map.interval


def means(trials: int) -> Lines:
    """Means of quantities other than shares of right answers."""
    truths = {
        SURPRISE: _surprise(MARGIN + SPREAD * EVEN).mean(),
        OVERLAP: _overlap(EVEN).mean(),
        RISE: _surprise(MARGIN - FALL + math.hypot(SPREAD, NOISE) * EVEN).mean()
        - _surprise(MARGIN + SPREAD * EVEN).mean(),
    }
    yield head("groups, clips", "correlation", *truths)
    for groups, clips in WIDTHS:
        for correlation in CORRELATIONS:
            cells = [
                coverage(repeated(_mean, trials, groups, clips, correlation, name), float(truth))
                for name, truth in truths.items()
            ]
            yield row(f"{groups}, {clips}", correlation, *cells)


def _mean(rng: Random, groups: int, clips: int, correlation: float, name: str) -> Interval | None:
    number = unequal(rng, groups, clips)
    level = normal(rng, number, correlation)
    if name == OVERLAP:
        return mean_interval(_overlap(level), number, share=True)
    margin = MARGIN + SPREAD * level
    before = _surprise(margin)
    if name == SURPRISE:
        return mean_interval(before, number)
    return mean_interval(_surprise(margin - FALL + NOISE * normal(rng, number, correlation)) - before, number)


def _surprise(margin: Values) -> Values:
    """−log p of the true class, whose logit leads by `margin`."""
    return np.log1p(np.exp(-margin))


def _overlap(level: Values) -> Values:
    """Intersections over union: about one in a hundred is 0, one in six is 1."""
    return np.clip(0.7 + 0.3 * level, 0.0, 1.0)


TABLES = {
    table.__name__: table
    for table in (independent, paired, shares, macro, auroc, precision, means, null, power, speed)
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--only", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    for name in options.only:
        table, started = TABLES[name], time.process_time()
        print(f"\n{name}: {table.__doc__}\n", flush=True)
        for line in table(options.data) if name == "null" else table(options.trials):
            print(line, flush=True)
        print(f"\n{time.process_time() - started:.0f} CPU seconds", flush=True)


if __name__ == "__main__":
    main()
