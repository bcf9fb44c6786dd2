"""How often 95 % intervals contain the true value, and how wide they are: `python -m benchmarks.coverage`.

    python -m benchmarks.coverage [--trials 10000] [--only paired shares …] [--data FOLDER]

Clips whose answers correlate within groups are drawn many times from known distributions; 95 % of the
intervals should contain the true value. Tables are Markdown, with coverage in %, then the mean width in
points. Four tables show something else: `null` and `power` how often a comparison gets each verdict,
`screens` how often one of many components is called needed, and `speed` how long the intervals take. Slow
tables use fewer trials than `--trials`, and say how many. The seeds are fixed. `--data` is a folder of
labelled clips with maps; it adds real comparisons to the `null` table.
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

from benchmarks.screens import screens
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
    draw_groups,
    draw_label_scores,
    draw_normal,
    draw_ranked_scores,
    draw_shared_outcomes,
    draw_with_varying_shares,
    enumerate_coverage,
)

LOST_AND_GAINED = ((0.0, 0.0), (0.01, 0.0), (0.02, 0.0), (0.02, 0.01), (0.03, 0.01), (0.08, 0.02))
"""Shares of the clips whose answer becomes wrong (lost) and right (gained)."""
WIDTHS = {
    (10, 96): (57, 51, 47, 44, 43, 41),
    (20, 192): (30, 24, 21, 20, 20, 23),
    (40, 192): (16.9, 13.9, 13.0, 13.1, 13.3, 16.0),
    (60, 192): (12.2, 10.8, 10.3, 10.8, 11.1, 13.7),
    (60, 640): (10.5, 6.5, 6.5, 7.3, 7.8, 10.7),
}
"""Groups and clips → reference mean widths in points, one for each pair above, at `TYPICAL_CORRELATION`."""
CORRELATIONS = (0.0, 0.2, 0.5)
TYPICAL_CORRELATION = 0.2
INDEPENDENT_CLIP_COUNTS = (48, 96, 192, 640)
VALIDATION_GROUPS = np.repeat(np.arange(40), [1] * 15 + [2] * 13 + [3] * 7 + [4] * 3 + [6, 9])
"""For each of the 89 clips of a real validation set, the index of its source video."""
CORRELATION_MODELS = {"following": draw_shared_outcomes, "varying": draw_with_varying_shares}
"""How the outcomes of a group can correlate. Seeds depend on the names, which must therefore not change."""
SHARES = (0.5, 0.65, 0.8, 0.95, 0.99)
CLASS_ERROR_FACTORS = np.linspace(0.5, 1.5, 8)
"""For each class, how often its clips are wrong, or change, as a multiple of the average."""
AREAS = (0.72, 0.85, 0.95, 0.98, 0.995)
SIDES = ((7, 30, 5, 20), (20, 48, 20, 48), (30, 68, 10, 21), (60, 160, 10, 30), (40, 192, 40, 192))
"""Groups and clips of known classes, then groups and clips of other classes."""
LABELS = ((8, 0.25), (14, 0.1))
"""The number of labels, and the share of the clips that have each of them."""
LEADS = (1.0, 2.0, 3.5, 5.0)
"""How far the mean score of clips with a label is above that of clips without it, in standard deviations."""
CHANGES = ((2.0, 0.0, 0.5), (2.0, 1.0, 1.0), (3.5, 0.3, 0.5))
"""Changes of scores: the lead (as in `LEADS`) before, by how much it shrinks, and the noise that is added."""
LOG_LOSS, IOU, LOSS_INCREASE = "-log p of the true class", "intersection over union", "rise of -log p"
"""Quantities whose means are estimated. Seeds depend on the names, which must therefore not change."""
MARGIN, SPREAD, FALL, NOISE = 2.0, 2.0, 0.3, 0.5
"""The logit of the true class: its mean and standard deviation before a change, by how much the change lowers
it, and the standard deviation of the noise that the change adds."""
NORMAL_QUANTILES = np.array([NormalDist().inv_cdf((rank + 0.5) / 10**5) for rank in range(10**5)])
"""Quantiles of the normal distribution, evenly spaced in probability: means over them are the true means."""

Lines = Iterator[str]


@dataclass(frozen=True)
class Coverage:
    """The share of intervals that contain the true value, their mean width, and trials that gave none."""

    share: float
    width: float
    missing: int

    def __str__(self) -> str:
        missing = f" (no interval in {self.missing})" if self.missing else ""
        return f"{100 * self.share:.1f} / {100 * self.width:.1f}{missing}"


def coverage(intervals: Sequence[Interval | None], truth: float) -> Coverage:
    """Return the coverage of the intervals; None stands for a trial that gave no interval."""
    low, high = np.array([interval for interval in intervals if interval]).T
    contains = (low <= truth + 1e-12) & (truth - 1e-12 <= high)  # 1e-12 allows for rounding
    return Coverage(float(contains.mean()), float((high - low).mean()), len(intervals) - len(contains))


def repeated(draw: Callable[..., Any], trials: int, *cell: Any) -> list[Any]:
    """Return what `draw` returns for a cell of a table, in many trials.

    The seed depends on the cell and the name of `draw` only: renaming a drawing function changes the numbers.
    """
    rng = np.random.default_rng(zlib.crc32(repr((draw.__name__, cell)).encode()))
    return [draw(rng, *cell) for _ in range(trials)]


def lower_coverage(draw: Callable[..., Any], trials: int, truth: float, *cell: Any) -> Coverage:
    """Return the coverage under the worse of the two correlation models; widths are averaged over both."""
    shared, varying = (coverage(repeated(draw, trials, model, *cell), truth) for model in CORRELATION_MODELS)
    lower = min(shared.share, varying.share)
    return Coverage(lower, (shared.width + varying.width) / 2, shared.missing + varying.missing)


def row(*cells: object) -> str:
    """Return a row of a Markdown table."""
    return f"| {' | '.join(map(str, cells))} |"


def head(*cells: object) -> str:
    """Return the header of a Markdown table."""
    return f"{row(*cells)}\n|{'---|' * len(cells)}"


def change_names(cells: Sequence[tuple[float, float]]) -> list[str]:
    return [f"lost/gained {100 * lost:g}/{100 * gained:g} %" for lost, gained in cells]


def independent(_: int) -> Lines:
    """Paired difference in top-1 accuracy, independent clips; computed exactly rather than sampled."""
    yield head("clips", *change_names(LOST_AND_GAINED))
    for clips in INDEPENDENT_CLIP_COUNTS:
        yield row(clips, *(Coverage(*enumerate_coverage(clips, cell), 0) for cell in LOST_AND_GAINED))


def paired(trials: int) -> Lines:
    """Paired difference in top-1 accuracy, clips in groups."""
    yield head("groups, clips", "correlation", *change_names(LOST_AND_GAINED))
    ratios = []
    for groups, clips in (*WIDTHS, (40, len(VALIDATION_GROUPS))):
        for correlation in CORRELATIONS:
            cells = [
                lower_coverage(_paired, trials, gained - lost, groups, clips, correlation, (lost, gained))
                for lost, gained in LOST_AND_GAINED
            ]
            yield row(f"{groups}, {clips}", correlation, *cells)
            if correlation == TYPICAL_CORRELATION and (expected := WIDTHS.get((groups, clips))):
                relative = 100 * np.array([cell.width for cell in cells]) / expected
                ratios.append(f"{groups}, {clips}: {relative.min():.2f} to {relative.max():.2f}")
    yield (
        "\nRatio of the mean width to the reference width at a correlation of "
        f"{TYPICAL_CORRELATION}: {'; '.join(ratios)}"
    )


def _paired(
    rng: Random, model: str, groups: int, clips: int, correlation: float, cell: tuple[float, float]
) -> Interval | None:
    clip_groups = VALIDATION_GROUPS if clips == len(VALIDATION_GROUPS) else draw_groups(rng, groups, clips)
    change = CORRELATION_MODELS[model](rng, clip_groups, (*cell, 1 - sum(cell)), correlation)
    return paired_interval(change == 0, change == 1, clip_groups)


def shares(trials: int) -> Lines:
    """Top-1 accuracy, and the accuracy of a class with few clips."""
    yield head("groups, clips", "correlation", *(f"{100 * share:g} %" for share in SHARES))
    for groups, clips in (*WIDTHS, (3, 6), (8, 24)):
        for correlation in CORRELATIONS:
            cells = [
                lower_coverage(_share, trials, share, groups, clips, correlation, share) for share in SHARES
            ]
            yield row(f"{groups}, {clips}", correlation, *cells)


def _share(
    rng: Random, model: str, groups: int, clips: int, correlation: float, share: float
) -> Interval | None:
    clip_groups = draw_groups(rng, groups, clips)
    right = CORRELATION_MODELS[model](rng, clip_groups, (share, 1 - share), correlation) == 0
    return share_interval(
        right, clip_groups, least=MIN_SET_SIZE if groups >= MIN_SET_SIZE.groups else MIN_CLASS_SIZE
    )


def macro(trials: int) -> Lines:
    """Macro accuracy and its paired difference; the worst class has three times the best one's error rate."""
    trials //= 2
    yield f"{trials} trials\n"
    wrong, changed = (0.35, 0.2, 0.05), [LOST_AND_GAINED[index] for index in (0, 2, 4, 5)]
    yield head(
        "groups, clips", "correlation", *(f"{100 - 100 * rate:g} %" for rate in wrong), *change_names(changed)
    )
    for groups, clips in WIDTHS:
        for correlation in CORRELATIONS:
            setting = groups, clips, correlation
            cells = [lower_coverage(_macro, trials, 1 - rate, *setting, rate) for rate in wrong]
            cells += [
                lower_coverage(_macro_change, trials, gained - lost, *setting, (lost, gained))
                for lost, gained in changed
            ]
            yield row(f"{groups}, {clips}", correlation, *cells)


def _macro(
    rng: Random, model: str, groups: int, clips: int, correlation: float, wrong: float
) -> Interval | None:
    clip_groups, classes, shares = _in_classes(rng, groups, clips, (wrong,))
    hits = CORRELATION_MODELS[model](rng, clip_groups, shares, correlation) == 1
    return share_interval(hits, clip_groups, class_weights(classes[clip_groups]))


def _macro_change(
    rng: Random, model: str, groups: int, clips: int, correlation: float, cell: tuple[float, float]
) -> Interval | None:
    clip_groups, classes, shares = _in_classes(rng, groups, clips, cell)
    change = CORRELATION_MODELS[model](rng, clip_groups, shares, correlation)
    return paired_interval(change == 0, change == 1, clip_groups, class_weights(classes[clip_groups]))


def _in_classes(
    rng: Random, groups: int, clips: int, shares: tuple[float, ...]
) -> tuple[Numbers, Numbers, Values]:
    """Return the group of each clip (N,), the class of each group (G,), and its shares of outcomes (G, S)."""
    classes = rng.permutation(np.arange(groups) % len(CLASS_ERROR_FACTORS))
    group_shares = np.outer(CLASS_ERROR_FACTORS[classes], shares)
    return (
        draw_groups(rng, groups, clips),
        classes,
        np.column_stack([group_shares, 1 - group_shares.sum(axis=1)]),
    )


def auroc(trials: int) -> Lines:
    """The area under the ROC curve, with normally distributed scores."""
    trials //= 2
    yield f"{trials} trials\n"
    yield head("known: groups, clips", "others: groups, clips", "correlation", *AREAS)
    for known, known_clips, others, other_clips in SIDES:
        for correlation in CORRELATIONS:
            setting = (known, known_clips, others, other_clips), correlation
            cells = [coverage(repeated(_area, trials, *setting, area), area) for area in AREAS]
            yield row(f"{known}, {known_clips}", f"{others}, {other_clips}", correlation, *cells)


def _area(rng: Random, side: tuple[int, int, int, int], correlation: float, area: float) -> Interval | None:
    sides = draw_groups(rng, *side[:2]), draw_groups(rng, *side[2:])
    return auroc_interval(*draw_ranked_scores(rng, sides, area, correlation))


def precision(trials: int) -> Lines:
    """Mean average precision and its paired difference; the mean of all trials stands for the true value."""
    trials = max(trials // 10, 1)
    yield f"{trials} trials\n"
    changes = [f"{lead:g} to {lead - fall:g}, noise {noise:g}" for lead, fall, noise in CHANGES]
    yield head("labels", "groups, clips", "correlation", *(f"lead {lead:g}" for lead in LEADS), *changes)
    for labels, share in LABELS:
        for groups, clips in ((10, 96), (40, 192), (60, 192)):
            for correlation in CORRELATIONS:
                setting = labels, share, groups, clips, correlation
                results = [repeated(_precision, trials, *setting, lead) for lead in LEADS]
                results += [repeated(_precision_change, trials, *setting, change) for change in CHANGES]
                cells = [
                    coverage([interval for _, interval in cell], float(np.mean([value for value, _ in cell])))
                    for cell in results
                ]
                yield row(f"{labels}, each {100 * share:g} %", f"{groups}, {clips}", correlation, *cells)


def _label_evaluation(scores: Values, truth: NDArray[np.bool_], clip_groups: Numbers) -> LabelsEvaluation:
    names = [str(label) for label in range(truth.shape[1])]
    return summarise_labels(scores.astype(np.float32), truth, clip_groups.astype(str).tolist(), names)


def _precision(
    rng: Random, labels: int, share: float, groups: int, clips: int, correlation: float, lead: float
) -> tuple[float, Interval | None]:
    clip_groups = draw_groups(rng, groups, clips)
    scores, truth = draw_label_scores(rng, clip_groups, labels, share, lead, correlation)
    evaluation = _label_evaluation(scores, truth, clip_groups)
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
    clip_groups, (lead, fall, noise) = draw_groups(rng, groups, clips), change
    scores, truth = draw_label_scores(rng, clip_groups, labels, share, lead, correlation)
    moved = scores - fall * truth + noise * draw_normal(rng, clip_groups, correlation, labels)
    change_in_map = paired_precision(
        _label_evaluation(scores, truth, clip_groups), _label_evaluation(moved, truth, clip_groups)
    )
    return change_in_map.value, change_in_map.interval


def means(trials: int) -> Lines:
    """Means of quantities that are not shares of correct answers: log-losses and IoUs."""
    truths = {
        LOG_LOSS: _log_loss(MARGIN + SPREAD * NORMAL_QUANTILES).mean(),
        IOU: _iou(NORMAL_QUANTILES).mean(),
        LOSS_INCREASE: _log_loss(MARGIN - FALL + math.hypot(SPREAD, NOISE) * NORMAL_QUANTILES).mean()
        - _log_loss(MARGIN + SPREAD * NORMAL_QUANTILES).mean(),
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
    clip_groups = draw_groups(rng, groups, clips)
    level = draw_normal(rng, clip_groups, correlation)
    if name == IOU:
        return mean_interval(_iou(level), clip_groups, share=True)
    margin = MARGIN + SPREAD * level
    before = _log_loss(margin)
    if name == LOG_LOSS:
        return mean_interval(before, clip_groups)
    after = _log_loss(margin - FALL + NOISE * draw_normal(rng, clip_groups, correlation))
    return mean_interval(after - before, clip_groups)


def _log_loss(margin: Values) -> Values:
    """Return the log-loss, −log p of the true one of two classes, whose logit is higher by `margin`."""
    return np.log1p(np.exp(-margin))


def _iou(level: Values) -> Values:
    """Return IoUs (intersections over union): about one in a hundred is 0, one in six is 1."""
    return np.clip(0.7 + 0.3 * level, 0.0, 1.0)


TABLES = {
    table.__name__: table
    for table in (independent, paired, shares, macro, auroc, precision, means, null, power, screens, speed)
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
