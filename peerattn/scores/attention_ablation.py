"""Does attention matter? The answers with replaced attention factors, compared with random deviations.

A loss by replaced factors says that the network needs what they took away only if it exceeds the loss by
random deviations of the same size. Both are measured on the same clips. Shapes: N clips, K classes or labels,
D draws of donors or of random deviations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peerattn.scores.attention_answers import AblationAbout, AblationAnswers, Array
from peerattn.scores.attention_questions import QUESTIONS, Question
from peerattn.scores.effect_weights import LOG_LOSSES
from peerattn.scores.intervals import LEVEL, METHOD, Interval, group_numbers, interval_json, too_few
from peerattn.scores.jackknife import difference_interval, effective_count, mean_interval
from peerattn.scores.kinds import HEADLINES, label_matrix, single_labels
from peerattn.scores.metrics import mean_average_precision

Values = NDArray[np.float64]
Score = Callable[[NDArray[np.int64]], float]
"""Function from the numbers of clips to the score of these."""


@dataclass(frozen=True)
class Change:
    """A difference of scores, as a share, or of −log p, in nats; None as interval for too few clips."""

    value: float
    interval: Interval | None

    def to_json(self, name: str, remark: str) -> dict[str, Any]:
        return {name: self.value, **interval_json(f"{name}_interval", self.interval, remark)}


MATTERS, LESS, NOT_SHOWN, UNMATCHED = "matters", "less than the control", "not shown to matter", "unknown"
"""The kinds of verdict on a question."""
LEAST_RATIO = 0.95
"""Random deviations that change the input of a block less than this, relative to the replaced factors, are
no control: they would make the replaced factors look too important.
"""


@dataclass(frozen=True)
class Finding:
    """What one question found with one way of batch norm. All changes are differences in the headline score.

    `before` is the score of the unchanged network with this batch norm, `by_replacing` and `by_deviating` the
    changes from it, with intervals that hold each on its own. `beyond` is the change by replaced factors
    minus that by random deviations, and `rise_beyond` the same of −log p; their intervals hold for all
    findings at once. `ratios` are the least and the greatest ratio of input changes of any block, as root
    mean squares over the clips (see `AblationAnswers`).
    """

    question: Question
    batch_norm: str
    before: float
    by_replacing: Change
    by_deviating: Change
    beyond: Change
    rise_beyond: Change
    ratios: tuple[float, float] | None

    @property
    def verdict(self) -> str:
        """`matters` only if the loss beyond the control excludes 0, and the control is large enough."""
        if self.beyond.interval is None:
            return UNMATCHED
        low, high = self.beyond.interval
        if low > 0:
            return LESS
        if high >= 0:
            return NOT_SHOWN
        return MATTERS if self.ratios and self.ratios[0] >= LEAST_RATIO else UNMATCHED

    def words(self, remark: str) -> str:
        """Return the verdict in words; `remark` says why there is no interval, if there is none."""
        if self.beyond.interval is None:
            return f"unknown: {remark}"
        if self.verdict == UNMATCHED:
            return "unknown: the random deviations are smaller than the change, so they are no control"
        if self.verdict == MATTERS:
            return f"matters: {-100 * self.beyond.value:.1f} points are lost beyond the control"
        if self.verdict == LESS:
            return "costs less than random deviations of the same size"
        loss = 100 * max(-self.beyond.interval[0], 0.0)
        return f"not shown to matter: a loss of up to {loss:.1f} points beyond the control is not excluded"


@dataclass(frozen=True)
class AblationSummary:
    """The findings on n clips of these source videos, in the score of this title."""

    n: int
    groups: tuple[str, ...]
    score: str
    findings: tuple[Finding, ...]

    @property
    def remark(self) -> str:
        """Why there are no intervals; empty if there are."""
        return too_few(self.groups)

    @property
    def sentence(self) -> str:
        """Say whether attention matters: where the loss exceeds the control, whatever batch norm does."""
        if self.remark:
            return f"whether attention matters is unknown: {self.remark}"
        found = {one.question: set[str]() for one in self.findings}
        for one in self.findings:
            found[one.question].add(one.verdict)
        always = [question.takes_away for question, verdicts in found.items() if verdicts == {MATTERS}]
        sometimes = [
            question.takes_away
            for question, verdicts in found.items()
            if MATTERS in verdicts and verdicts != {MATTERS}
        ]
        parts = [f"attention matters in this network: it needs {_joined(always)}"] if always else []
        if sometimes:
            lead = "for" if always else "attention is not shown to matter in this network: for"
            parts.append(f"{lead} {_joined(sometimes)}, the answer depends on batch norm")
        return "; ".join(parts) or "attention is not shown to matter in this network"

    def to_json(self) -> dict[str, Any]:
        """Return the findings for `attention --json`."""
        return {
            "n": self.n,
            "groups": len(set(self.groups)),
            "score": self.score,
            "sentence": self.sentence,
            "findings": [
                {
                    "question": one.question.key,
                    "asks": one.question.asks,
                    "does": one.question.does,
                    "batch_norm": one.batch_norm,
                    "before": one.before,
                    **one.by_replacing.to_json("by_replacing", self.remark),
                    **one.by_deviating.to_json("by_deviating", self.remark),
                    **one.beyond.to_json("beyond", self.remark),
                    **one.rise_beyond.to_json("log_loss_beyond", self.remark),
                    "input_change_ratios": list(one.ratios) if one.ratios else None,
                    "verdict": one.verdict,
                    "in_words": one.words(self.remark),
                }
                for one in self.findings
            ],
        }


def summarise_ablation(answers: AblationAnswers) -> AblationSummary:
    """Return what the answers say; the intervals of all losses beyond the control hold at once."""
    about, keys = answers.about, answers.keys
    level = 1 - (1 - LEVEL) / max(len(keys), 1)
    number = group_numbers(len(about.clips), about.groups)
    unchanged = {name: _Scored(about, value[None], number) for name, value in answers.unchanged.items()}
    findings = []
    for key in keys:
        question, batch_norm = key.split(" ")
        before = unchanged[batch_norm]
        replaced = _Scored(about, answers.replaced[key], number)
        deviating = _Scored(about, answers.deviating[key], number)
        findings.append(
            Finding(
                next(one for one in QUESTIONS if one.key == question),
                batch_norm,
                before.score,
                replaced.minus(before, LEVEL),
                deviating.minus(before, LEVEL),
                replaced.minus(deviating, level),
                replaced.rise_beyond(deviating, level),
                _ratio_range(answers.ratios[key]),
            )
        )
    return AblationSummary(len(about.clips), about.groups, HEADLINES[about.kind].title, tuple(findings))


def card_metrics(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a checkpoint's card keeps of `AblationSummary.to_json`: what is lost beyond the control."""
    metrics: dict[str, Any] = {
        "n": found["n"],
        "groups": found["groups"],
        "interval_method": METHOD,
        "in_words": found["sentence"],
    }
    for one in found["findings"]:
        anew = "" if one["batch_norm"] == "kept" else "_batch_norm_anew"
        name = f"{one['question']}_difference_beyond_random{anew}"
        metrics |= {name: one["beyond"], f"{name}_interval": one["beyond_interval"]}
    return metrics


def _joined(parts: Sequence[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def _ratio_range(ratios: Array) -> tuple[float, float] | None:
    """Return the least and greatest ratio of any block and draw, as root mean square over the clips."""
    known = ~np.isnan(ratios)
    counts = known.sum(axis=1)
    squares = np.where(known, ratios.astype(float), 0.0) ** 2
    means = np.sqrt(squares.sum(axis=1)[counts > 0] / counts[counts > 0])
    return (float(means.min()), float(means.max())) if means.size else None


class _Scored:
    """Answers (D, N, K), and their score and −log p as means over the draws."""

    def __init__(self, about: AblationAbout, answers: Array, number: NDArray[np.int64]) -> None:
        self.answers, self.number = answers.astype(float), number
        kind, labels = about.kind, about.labels
        self.losses = np.mean([LOG_LOSSES[kind](labels, one) for one in self.answers], axis=0)
        self._score = _SCORES[kind](labels, self.answers)
        self.score = self._score(np.arange(len(number)))

    def minus(self, other: _Scored, level: float) -> Change:
        """Return this score minus another one on the same clips."""
        observed = self.score - other.score
        if too_few(self.number):
            return Change(observed, None)
        kept = [np.flatnonzero(self.number != group) for group in range(int(self.number.max()) + 1)]
        without = np.array([self._score(one) - other._score(one) for one in kept])
        clips = effective_count(self.number)
        return Change(observed, difference_interval(observed, without, clips, level=level))

    def rise_beyond(self, other: _Scored, level: float) -> Change:
        """Return the mean of −log p minus that of other answers to the same clips."""
        rises = self.losses - other.losses
        return Change(float(rises.mean()), mean_interval(rises, self.number, level=level))


def _accuracy(labels: tuple[tuple[int, ...], ...], answers: Values) -> Score:
    hits = (answers.argmax(axis=2) == single_labels(labels)).mean(axis=0)
    return lambda clips: float(hits[clips].mean())


def _precision(labels: tuple[tuple[int, ...], ...], answers: Values) -> Score:
    truth = label_matrix(labels, answers.shape[2])
    return lambda clips: float(np.mean([mean_average_precision(one[clips], truth[clips]) for one in answers]))


_SCORES: Mapping[str, Callable[[tuple[tuple[int, ...], ...], Values], Score]] = {
    "classes": _accuracy,
    "labels": _precision,
}
"""Kind of answer → function from labels and answers (D, N, K) to the headline score of some of the clips."""
