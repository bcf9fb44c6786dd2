"""Calibration of probabilities, and the rule by which a network answers "none of these".

A temperature T divides the logits such that, on clips the network was not trained on, a probability of 70 %
is right about seven times in ten (Guo et al., arXiv 1706.04599). A clip whose greatest probability is then
below a threshold belongs to none of the classes; the area under the ROC curve says how well that separates
known classes from others. For labels, one temperature is fitted to the yes or no of all of them.

Shapes: N clips, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.files.decoding import decode
from peerattn.scores.auroc import auroc, auroc_interval, auroc_remark
from peerattn.scores.intervals import METHOD, Interval, interval_json, share_interval, too_few

KEPT_SHARE = 0.95
"""The share of clips of known classes that get a class; the others are answered with "none of these"."""
MIN_CLIPS_PER_LABEL = 5
"""A label gets its own threshold if at least this many clips have it and as many do not."""
_SHARPEST, _FLATTEST = 20.0, 0.05  # bounds of 1 / T
_HALVINGS = 60


@dataclass(frozen=True)
class NoneOfThese:
    """The rule that a clip is of none of the classes if its greatest probability is below `threshold`.

    `auroc` says how well the rule works: in pairs of a clip of a known class and a clip of a left-out class,
    the share in which the known one has the greater probability; 0.5 is chance. `auroc_interval_remark` says
    why there is no interval, if there is none. An empty `interval_method` means the earlier method.
    """

    threshold: float
    auroc: float
    auroc_interval: Interval | None
    n_known: int
    n_unknown: int
    protocol: str
    auroc_interval_remark: str = ""
    interval_method: str = ""

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> NoneOfThese | None:
        """Read the rule from a checkpoint's card, None if there is none; raises PeerattnError if invalid."""
        return _rule_on_card(card, "none_of_these", cls)

    def to_json(self) -> dict[str, Any]:
        interval = interval_json("auroc_interval", self.auroc_interval, self.auroc_interval_remark)
        fields = {key: value for key, value in asdict(self).items() if value != ""}
        return {**fields, **interval}

    def at(self, scores: NDArray[np.float32]) -> NoneOfThese:
        """Return the rule with the threshold that keeps 95 % of known clips with these greatest
        probabilities.
        """
        return replace(self, threshold=_threshold(scores))

    def applies(self, probabilities: NDArray[np.float32]) -> bool:
        """Whether a clip with these probabilities (K,) is of none of the classes."""
        return bool(probabilities.max() < self.threshold)


@dataclass(frozen=True)
class Accuracy:
    """The share of N clips whose most probable class is right, with its interval or why there is none."""

    value: float
    n: int
    interval: Interval | None
    interval_remark: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "value": self.value,
            "n": self.n,
            **interval_json("interval", self.interval, self.interval_remark),
        }


@dataclass(frozen=True)
class Unsure:
    """The rule that a network is unsure of a clip if its greatest probability is below `threshold`.

    `below` and `above` say how often its most probable class is right on such clips and on others; None where
    there was no such clip.
    """

    threshold: float
    below: Accuracy | None
    above: Accuracy | None

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> Unsure | None:
        """Read the rule from a checkpoint's card, None if there is none; raises PeerattnError if invalid."""
        return _rule_on_card(card, "unsure", cls)

    def to_json(self) -> dict[str, Any]:
        parts = {"below": self.below, "above": self.above}
        return {"threshold": self.threshold, **{key: part and part.to_json() for key, part in parts.items()}}

    def applies(self, probabilities: NDArray[np.float32]) -> bool:
        """Whether a network is unsure of a clip with these probabilities (K,)."""
        return bool(probabilities.max() < self.threshold)


Rule = TypeVar("Rule", NoneOfThese, Unsure)


def _rule_on_card(card: Mapping[str, Any], name: str, kind: type[Rule]) -> Rule | None:
    entry = card.get(name)
    if entry is None:
        return None
    try:
        rule = decode(entry, kind, name)
    except PeerattnError as error:
        raise PeerattnError(
            f"the card's {name} cannot be read ({error}): save the checkpoint again"
        ) from error
    if not 0.0 <= rule.threshold <= 1.0:
        raise PeerattnError(
            f"the card's {name} threshold {rule.threshold} is not from 0 to 1: calibrate the checkpoint again"
        )
    return rule


MORE_LIKELY_WRONG = 0.5
"""The calibrated probability below which an answer is more likely wrong than right."""


def measure_unsure(
    probabilities: NDArray[np.float32], labels: NDArray[np.int64], groups: Sequence[str]
) -> Unsure:
    """Return the rule for calibrated probabilities (N, K), with the accuracy on either side of its threshold.

    `labels` (N,) are the true classes, `groups` the clips' groups.
    """
    greatest, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    low, names = greatest < MORE_LIKELY_WRONG, np.array(groups)
    below, above = (_accuracy(right[some], names[some]) for some in (low, ~low))
    return Unsure(MORE_LIKELY_WRONG, below, above)


def _accuracy(right: NDArray[np.bool_], groups: NDArray[np.str_]) -> Accuracy | None:
    if not len(right):
        return None
    interval = share_interval(right, groups.tolist())
    return Accuracy(float(right.mean()), len(right), interval, "" if interval else too_few(groups.tolist()))


def temperature(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Return the T that maximises the likelihood of the labels (N,) under softmax(logits / T), logits (N, K).

    The negative log-likelihood is convex in 1 / T, so the root of its slope is found by bisection. If all
    clips are right, T goes to its lower bound; if all are wrong, to its upper bound. Raises PeerattnError
    without clips.
    """
    own = logits[np.arange(len(labels)), labels]

    def slope(sharpness: float) -> float:
        return float(((_softmax(logits * sharpness) * logits).sum(axis=1) - own).mean())

    return _temperature_at_root(slope, len(labels))


def temperature_of_labels(logits: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """Return the T that maximises the likelihood of `truth` under sigmoid(logits / T); both (N, K).

    One temperature for all labels, by the binary likelihood, found and bounded as in `temperature`.
    """

    def slope(sharpness: float) -> float:
        return float(((_sigmoid(logits * sharpness) - truth) * logits).mean())

    return _temperature_at_root(slope, len(truth))


def _temperature_at_root(slope: Callable[[float], float], clips: int) -> float:
    """Return the temperature at whose inverse the slope of the negative log-likelihood is 0."""
    if clips == 0:
        raise PeerattnError("a temperature needs clips with labels: provide at least one")
    low, high = np.log(_FLATTEST), np.log(_SHARPEST)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(float(np.exp(middle))) < 0 else (low, middle)
    return float(np.exp(-(low + high) / 2))


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = (1 + np.tanh(logits / 2)) / 2  # does not overflow
    return shares


def calibration_error(probabilities: NDArray[np.float32], labels: NDArray[np.int64], bins: int = 10) -> float:
    """Return the expected calibration error: mean |confidence − accuracy| over bins, weighted by clips."""
    return _gap(probabilities.max(axis=1), probabilities.argmax(axis=1) == labels, bins)


def calibration_error_of_labels(
    probabilities: NDArray[np.float32], truth: NDArray[np.bool_], bins: int = 10
) -> float:
    """Return the calibration error over all pairs of a clip and a label: mean |probability − frequency|."""
    return _gap(probabilities.ravel(), truth.ravel(), bins)


def _gap(confidence: NDArray[np.float32], right: NDArray[np.bool_], bins: int) -> float:
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(bin_of, weights=confidence - right, minlength=bins)
    return float(np.abs(gaps).sum() / len(right))


def no_thresholds(
    probabilities: NDArray[np.float32], truth: NDArray[np.int64], usual: float
) -> tuple[float, ...]:
    """Return no thresholds: for classes, the most probable one is the answer, whatever its probability."""
    return ()


def label_thresholds(
    probabilities: NDArray[np.float32], truth: NDArray[np.bool_], usual: float
) -> tuple[float, ...]:
    """Return, for each label, the threshold with the best F1 over these clips (N, K).

    It is `usual` if fewer than `MIN_CLIPS_PER_LABEL` of the clips have the label, or fewer than that lack it.
    """
    counts = truth.sum(axis=0)
    enough = (counts >= MIN_CLIPS_PER_LABEL) & (len(truth) - counts >= MIN_CLIPS_PER_LABEL)
    return tuple(
        _best_threshold(probabilities[:, number], truth[:, number]) if enough[number] else usual
        for number in range(truth.shape[1])
    )


def _best_threshold(probabilities: NDArray[np.float32], own: NDArray[np.bool_]) -> float:
    """Return the threshold with the best F1, midway between two probabilities; of equals, the highest."""
    order = np.argsort(-probabilities, kind="stable")
    ranked, right = probabilities[order].astype(np.float64), np.cumsum(own[order])
    f1 = 2 * right / (np.arange(1, len(own) + 1) + own.sum())
    f1[:-1][ranked[:-1] == ranked[1:]] = -1  # a threshold cannot separate equal probabilities
    last = int(f1.argmax())
    return float((ranked[last] + ranked[last + 1]) / 2 if last + 1 < len(ranked) else ranked[last])


TEMPERATURES: Mapping[str, Callable[[NDArray[np.float64], Any], float]] = {
    "classes": temperature,
    "labels": temperature_of_labels,
}
"""Kind of answer → the temperature for logits (N, K), given the true classes or labels."""
ERRORS: Mapping[str, Callable[[NDArray[np.float32], Any], float]] = {
    "classes": calibration_error,
    "labels": calibration_error_of_labels,
}
"""Kind of answer → the calibration error of probabilities (N, K), given the true classes or labels."""
THRESHOLDS: Mapping[str, Callable[[NDArray[np.float32], Any, float], tuple[float, ...]]] = {
    "classes": no_thresholds,
    "labels": label_thresholds,
}
"""Kind of answer → its thresholds, from calibrated probabilities (N, K) and the true classes or labels."""


def measure_rejection(
    scores: NDArray[np.float32], known: NDArray[np.bool_], groups: Sequence[str], protocol: str
) -> NoneOfThese:
    """Measure how well greatest probabilities `scores` (N,) separate clips of `known` classes (N,) from
    others.

    The threshold keeps 95 % of the known clips. Raises PeerattnError if all clips are known, or none.
    """
    n_known = int(known.sum())
    return NoneOfThese(
        threshold=_threshold(scores[known]),
        auroc=auroc(scores[known], scores[~known]),
        auroc_interval=auroc_interval(scores, known, groups),
        n_known=n_known,
        n_unknown=len(known) - n_known,
        protocol=protocol,
        auroc_interval_remark=auroc_remark(known, groups),
        interval_method=METHOD,
    )


def _threshold(scores: NDArray[np.float32]) -> float:
    return float(np.quantile(scores, 1 - KEPT_SHARE))
