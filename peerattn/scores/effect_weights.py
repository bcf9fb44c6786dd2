"""Effect against weight: is a strong connection an important one, in this network?

Beside the connection weight stand the share that a connection delivers and, for attention connections, the
attention weight.

The effect used here is the mean rise of −log p (in nats) of what is true of a clip, because changes of
accuracy have ties, which pull a rank correlation towards 0. The connections are all that the network has, so
the interval of the correlation comes from redrawing source videos. Shapes: N clips, K classes or labels,
G source videos, W components.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peerattn.scores.effect_answers import EffectAnswers
from peerattn.scores.intervals import LEVEL, Interval, group_numbers, too_few
from peerattn.scores.jackknife import mean_interval
from peerattn.scores.kinds import label_matrix, single_labels

SPLITS = 500
"""How often the source videos are split into two halves, at random."""
REDRAWS = 10_000
"""So many that another seed would move the ends of an interval by less than 0.01."""
TOGETHER = 1000
"""How many redraws are computed at once."""
LEAST_COMPONENTS = 4
SMALLEST = 1e-7
"""Probabilities below this count as this, so that their logarithms are finite."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Axis:
    """What the effects are compared with: a number of each component, `value`, and how sentences name it."""

    value: str
    many: str
    strong: str
    important: str


AXES = {
    "connection_weight": Axis(
        "connection weight",
        "connections of great weight",
        "a strong weight",
        "an important connection",
    ),
    "delivered_share": Axis(
        "delivered share",
        "connections that deliver a great share",
        "a great delivered share",
        "an important connection",
    ),
    "attention_weight": Axis(
        "attention weight",
        "attention connections of great weight",
        "a great attention weight",
        "an important attention connection",
    ),
}
"""Name of a number of each component → how it is named. Weights are those of the network. A delivered share
is a connection's share of what a clip adds at its target, the mean over frames and clips."""


@dataclass(frozen=True)
class Rise:
    """The weight or share of one component, and the mean rise of −log p without it, with an interval.

    The intervals of all components hold at once; None for too few clips.
    """

    component: str
    weight: float
    rise: float
    interval: Interval | None


@dataclass(frozen=True)
class WeightComparison:
    """The rank correlation of effect and weight, and that of the effects on two halves of the source videos,
    the median of many random splits.

    `axis`, a key of `AXES`, says what stands for the weight. `rho` is None for fewer than four components, or
    if all effects or all weights are equal; `interval` is None, and `remark` says why, for too few clips.
    """

    rises: tuple[Rise, ...]
    n: int
    rho: float | None
    interval: Interval | None
    halves: float | None
    remark: str
    axis: str = "connection_weight"

    @property
    def sentence(self) -> str:
        """Say whether a strong weight means an important component, in this network and on these clips."""
        axis = AXES[self.axis]
        if self.rho is None:
            return (
                f"too few components with {axis.value}s, or no differences between them: nothing to compare"
            )
        if self.interval is None:
            return f"whether {axis.strong} means {axis.important} is unknown: {self.remark}"
        low, high = self.interval
        if low > STRONG:
            return f"in this network, the {axis.many} are mostly those that matter"
        if low > 0:
            return (
                f"in this network, {axis.many} tend to matter more, but with exceptions: the {axis.value} "
                "alone does not tell which ones do"
            )
        if high < 0:
            return f"in this network, {axis.many} tend to matter less"
        return f"in this network, {axis.strong} is not shown to mean {axis.important}"


STRONG = 0.7
"""The rank correlation above which weights mostly agree with effects."""


def compare_with_weights(
    answers: EffectAnswers, weights: Mapping[str, float], axis: str = "connection_weight"
) -> WeightComparison:
    """Compare the effect of each component that has a weight with that weight."""
    names = [name for name in answers.about.components if name in weights]
    own = np.array([weights[name] for name in names])
    return _compare(answers, names, own, lambda means: rank_correlations(own[None], means), axis)


def compare_with_shares(answers: EffectAnswers) -> WeightComparison:
    """Compare the effect of each connection with the share that it delivers in the unchanged network.

    Source videos are drawn again with their effects and their shares.
    """
    names = [name for name in answers.about.components if name in answers.shares]
    shares = np.array([answers.shares[name] for name in names], np.float64).reshape(
        len(names), len(answers.before)
    )

    def correlations(means: Values) -> Values:
        return rank_correlations(means[:, len(names) :], means[:, : len(names)])

    return _compare(answers, names, shares.mean(axis=1), correlations, "delivered_share", drawn_too=shares)


def _compare(
    answers: EffectAnswers,
    names: list[str],
    own: Values,
    correlations: Callable[[Values], Values],
    axis: str,
    drawn_too: Values | None = None,
) -> WeightComparison:
    """Compare the mean rises with `own` (W,).

    `correlations` gets the mean rises of many draws (R, W), and after them the means of `drawn_too` (W, N),
    if any.
    """
    rises, remark = clip_rises(answers, names), too_few(answers.about.groups)
    number = group_numbers(len(answers.before), answers.about.groups)
    level = 1 - (1 - LEVEL) / max(len(names), 1)
    listed = tuple(
        Rise(name, float(weight), float(one.mean()), mean_interval(one, number, level=level))
        for name, weight, one in zip(names, own, rises, strict=True)
    )
    drawn = rises if drawn_too is None else np.concatenate([rises, drawn_too])
    rho = rank_correlation(own, rises.mean(axis=1)) if len(names) >= LEAST_COMPONENTS else None
    known = rho is not None and not remark
    interval = redrawn_interval(drawn, number, correlations) if known else None
    halves = _halves(rises, number) if known else None
    return WeightComparison(listed, len(answers.before), rho, interval, halves, remark, axis)


def clip_rises(answers: EffectAnswers, names: list[str]) -> Values:
    """Return the rise of −log p (W, N) of each clip's true class; for labels the mean over all labels."""
    before = _log_losses(answers, answers.before)
    rises = [_log_losses(answers, answers.after[name]) - before for name in names]
    return np.array(rises).reshape(len(names), len(before))


def _log_losses(answers: EffectAnswers, probabilities: NDArray[np.float32]) -> Values:
    return LOG_LOSSES[answers.about.kind](answers.about.labels, probabilities.astype(float))


def _class_losses(labels: tuple[tuple[int, ...], ...], probabilities: Values) -> Values:
    chosen = probabilities[np.arange(len(labels)), single_labels(labels)]
    losses: Values = -np.log(np.maximum(chosen, SMALLEST))
    return losses


def _label_losses(labels: tuple[tuple[int, ...], ...], probabilities: Values) -> Values:
    truth = label_matrix(labels, probabilities.shape[1])
    chosen = np.where(truth, probabilities, 1 - probabilities)
    losses: Values = -np.log(np.maximum(chosen, SMALLEST)).mean(axis=1)
    return losses


LOG_LOSSES: Mapping[str, Callable[[tuple[tuple[int, ...], ...], Values], Values]] = {
    "classes": _class_losses,
    "labels": _label_losses,
}
"""Kind of answer → function from labels and probabilities (N, K) to −log p of what is true of each clip."""


def rank_correlation(first: Values, second: Values) -> float | None:
    """Return Spearman's rank correlation, with mean ranks for ties; None if all values of one are equal."""
    (value,) = rank_correlations(first[None], second[None])
    return None if np.isnan(value) else float(value)


def rank_correlations(first: Values, second: Values) -> Values:
    """Return the rank correlation of each row of values (R, W), NaN where all values of one are equal.

    Either may be a single row, which is compared with each row of the other.
    """
    ranks = [_ranks(values) - (values.shape[1] - 1) / 2 for values in (first, second)]
    spread = np.sqrt((ranks[0] ** 2).sum(axis=1) * (ranks[1] ** 2).sum(axis=1))
    found: Values = (ranks[0] * ranks[1]).sum(axis=1) / np.where(spread > 0, spread, np.nan)
    return found


def _ranks(values: Values) -> Values:
    """Return the rank of each value in its row (R, W), from 0, the mean of the ranks for ties."""
    order, places = np.argsort(values, axis=1, kind="stable"), np.arange(values.shape[1])
    ordered = np.take_along_axis(values, order, axis=1)
    differs = np.diff(ordered, axis=1) != 0
    first = np.maximum.accumulate(np.where(np.insert(differs, 0, True, axis=1), places, 0), axis=1)
    ends = np.where(np.append(differs, np.ones((len(values), 1), bool), axis=1), places, places[-1])
    last = np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, (first + last) / 2, axis=1)
    return ranks


def redrawn_interval(
    values_of_clips: Values, number: NDArray[np.int64], statistic: Callable[[Values], Values]
) -> Interval | None:
    """Return the middle 95 % of a statistic of the means of values (W, N) when source videos are drawn again.

    The statistic gets the means of many draws (R, W) and returns a value for each, or NaN.
    """
    sizes, sums = np.bincount(number), np.array([np.bincount(number, one) for one in values_of_clips])
    rng, groups, found = np.random.default_rng(0), len(np.bincount(number)), []
    for _ in range(REDRAWS // TOGETHER):
        drawn = rng.multinomial(groups, np.full(groups, 1 / groups), size=TOGETHER)
        found.append(statistic((drawn @ sums.T) / (drawn @ sizes)[:, None]))
    values = np.concatenate(found)
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    low, high = np.quantile(values, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return float(low), float(high)


def _halves(rises: Values, number: NDArray[np.int64]) -> float | None:
    """Return the median rank correlation of the mean rises in two halves of the source videos.

    One split at random can be far from the others, so there are many.
    """
    rng, found = np.random.default_rng(0), []
    for _ in range(SPLITS):
        order = rng.permutation(int(number.max()) + 1)
        first = (order % 2 == 0)[number]
        found.append(rank_correlation(rises[:, first].mean(axis=1), rises[:, ~first].mean(axis=1)))
    known = [one for one in found if one is not None]
    return float(np.median(known)) if known else None
