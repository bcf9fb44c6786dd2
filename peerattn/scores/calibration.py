"""Probabilities that mean what they say, and a network that can answer "none of these".

A temperature T divides the logits so that, on clips the network was not trained on, a probability of 70 % is
right about seven times in ten (Guo et al., arXiv 1706.04599). A clip whose greatest probability then lies
below a threshold is of none of the classes; how well that tells known classes from others is the area under
the ROC curve. Of labels, one temperature for all is fitted to each one's yes or no.

Shapes: N clips, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.moved import moved
from peerattn.scores.auroc import auroc, auroc_interval, auroc_remark
from peerattn.scores.intervals import METHOD, Interval, interval_json

__getattr__ = moved(__name__)

KEPT_SHARE = 0.95
"""Of the clips of known classes: as many are answered, the others take "none of these" for an answer."""
FEW = 5
"""Clips with a label, and clips without it, that a threshold of its own needs."""
_SHARPEST, _FLATTEST = 20.0, 0.05  # bounds of 1 / T
_HALVINGS = 60


@dataclass(frozen=True)
class NoneOfThese:
    """Below which greatest probability a clip is of none of the classes, and how well that works.

    `auroc`: the share of pairs of a clip of a known class and one of a class left out in which the known one
    has the greater probability; 0.5 is chance. `auroc_interval_remark` says why it has no interval, where it
    has none; without an `interval_method` the interval is by the earlier method.
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
        """What a checkpoint's card says, None where it says nothing; raises PeerattnError on nonsense."""
        said = card.get("none_of_these")
        if said is None:
            return None
        try:
            low, high = said["auroc_interval"] or (None, None)
            interval = None if low is None else (low, high)
            read = cls(**{**said, "threshold": float(said["threshold"]), "auroc_interval": interval})
        except (KeyError, TypeError, ValueError) as error:
            raise PeerattnError(
                f"the card's none_of_these cannot be read ({error}): save the checkpoint again"
            ) from error
        if not 0.0 <= read.threshold <= 1.0:
            raise PeerattnError(f"the card's none_of_these threshold {read.threshold} is not from 0 to 1")
        return read

    def to_json(self) -> dict[str, Any]:
        interval = interval_json("auroc_interval", self.auroc_interval, self.auroc_interval_remark)
        said = {key: value for key, value in asdict(self).items() if value != ""}
        return {**said, **interval}

    def at(self, scores: NDArray[np.float32]) -> NoneOfThese:
        """The same, with the threshold that keeps 95 % of known clips of these greatest probabilities."""
        return replace(self, threshold=_threshold(scores))

    def applies(self, probabilities: NDArray[np.float32]) -> bool:
        """Whether a clip of these probabilities (K,) is of none of the classes."""
        return bool(probabilities.max() < self.threshold)


def temperature(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """The T that makes softmax(logits / T) likeliest for the labels; logits (N, K), labels (N,).

    The negative log-likelihood is convex in 1 / T, so the root of its slope is found by halving. Where all
    are right by any margin T goes to its lower bound, where all are wrong to its upper one.
    """
    own = logits[np.arange(len(labels)), labels]

    def slope(sharpness: float) -> float:
        return float(((_softmax(logits * sharpness) * logits).sum(axis=1) - own).mean())

    return _by_slope(slope, len(labels))


def temperature_of_labels(logits: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """The T that makes sigmoid(logits / T) likeliest for which labels each clip has; both (N, K).

    One for all labels, by the binary likelihood; found and bounded as `temperature` is.
    """

    def slope(sharpness: float) -> float:
        return float(((_sigmoid(logits * sharpness) - truth) * logits).mean())

    return _by_slope(slope, len(truth))


def _by_slope(slope: Callable[[float], float], clips: int) -> float:
    """The temperature at whose inverse the slope of the likelihood is 0."""
    if clips == 0:
        raise PeerattnError("a temperature needs clips with labels: give at least one")
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
    shares: NDArray[np.float64] = (1 + np.tanh(logits / 2)) / 2  # overflows nowhere
    return shares


def calibration_error(probabilities: NDArray[np.float32], labels: NDArray[np.int64], bins: int = 10) -> float:
    """Expected calibration error: mean |confidence − accuracy| over bins of equal width, by clips."""
    return _gap(probabilities.max(axis=1), probabilities.argmax(axis=1) == labels, bins)


def calibration_error_of_labels(
    probabilities: NDArray[np.float32], truth: NDArray[np.bool_], bins: int = 10
) -> float:
    """The same over all pairs of a clip and a label: mean |probability − how often the clip has it|."""
    return _gap(probabilities.ravel(), truth.ravel(), bins)


def _gap(confidence: NDArray[np.float32], right: NDArray[np.bool_], bins: int) -> float:
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(bin_of, weights=confidence - right, minlength=bins)
    return float(np.abs(gaps).sum() / len(right))


def no_thresholds(
    probabilities: NDArray[np.float32], truth: NDArray[np.int64], usual: float
) -> tuple[float, ...]:
    """Of classes the likeliest is the answer, whatever its probability."""
    return ()


def label_thresholds(
    probabilities: NDArray[np.float32], truth: NDArray[np.bool_], usual: float
) -> tuple[float, ...]:
    """The probability from which on each label counts as found: that of the best F1 over these clips (N, K).

    The usual one for a label that fewer than `FEW` of the clips have, or that fewer than `FEW` lack.
    """
    counts = truth.sum(axis=0)
    enough = (counts >= FEW) & (len(truth) - counts >= FEW)
    return tuple(
        _best_threshold(probabilities[:, number], truth[:, number]) if enough[number] else usual
        for number in range(truth.shape[1])
    )


def _best_threshold(probabilities: NDArray[np.float32], own: NDArray[np.bool_]) -> float:
    """Halfway between the two probabilities (N,) of which it parts the clips best; of equals the highest."""
    order = np.argsort(-probabilities, kind="stable")
    ranked, right = probabilities[order].astype(np.float64), np.cumsum(own[order])
    f1 = 2 * right / (np.arange(1, len(own) + 1) + own.sum())
    f1[:-1][ranked[:-1] == ranked[1:]] = -1  # equal probabilities are found together
    last = int(f1.argmax())
    return float((ranked[last] + ranked[last + 1]) / 2 if last + 1 < len(ranked) else ranked[last])


TEMPERATURES: Mapping[str, Callable[[NDArray[np.float64], Any], float]] = {
    "classes": temperature,
    "labels": temperature_of_labels,
}
"""Kind → the temperature of logits (N, K), given what is true of each clip."""
ERRORS: Mapping[str, Callable[[NDArray[np.float32], Any], float]] = {
    "classes": calibration_error,
    "labels": calibration_error_of_labels,
}
"""Kind → the calibration error of probabilities (N, K), given what is true of each clip."""
THRESHOLDS: Mapping[str, Callable[[NDArray[np.float32], Any, float], tuple[float, ...]]] = {
    "classes": no_thresholds,
    "labels": label_thresholds,
}
"""Kind → the thresholds of an answer, from calibrated probabilities (N, K) and what is true of each clip."""


def rejection(
    scores: NDArray[np.float32], known: NDArray[np.bool_], groups: Sequence[str], protocol: str
) -> NoneOfThese:
    """How well greatest probabilities `scores` (N,) tell clips of `known` classes (N,) from the others.

    The threshold keeps 95 % of the known clips.
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
