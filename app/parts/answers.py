"""What a network answers and how well it does, in words, by the kind of what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.parts.words import none_of_these, percent, plain
from peerattn.scores.verdict import Verdict
from peerattn.traces.trace import Trace

BETWEEN = " | "
"""Between the true labels of a clip that has several."""
AVERAGED = (
    "averaged over the windows of the clip: stretches of one recording, over each of which an answer is "
    "taken."
)


@dataclass(frozen=True)
class Wording:
    """How answers of one kind are put.

    `title` and `about` are of the headline; `line` says more below it, with the true label where that is
    known; `short` is one line, `beside` one that stands beside another clip's. `score` is that by which
    networks are compared, `most` what figures of the likeliest show.
    """

    title: str
    about: str
    line: Callable[[Verdict, Trace, str | None], str]
    short: Callable[[Verdict], str]
    beside: Callable[[Verdict], str]
    score: str
    most: str


def _class_line(said: Verdict, trace: Trace, label: str | None) -> str:
    best = f"Best: **{plain(said.best)}**, probability" if said.rejected else "Probability"
    line = f"{best} **{percent(said.probability)}** among the {len(trace.class_names)} classes it knows"
    if label is None:
        return line
    outcome = "as predicted" if label == said.answer else "not as predicted"
    if label not in trace.class_names:
        outcome = "not among them"
    return f"{line}  \nTrue label: **{plain(label)}**, {outcome}"


def _class_short(said: Verdict) -> str:
    best = f"best: {plain(said.best)}, " if said.rejected else ""
    return f"**{plain(said.answer)}**, {best}probability {percent(said.probability)}"


def _class_beside(said: Verdict) -> str:
    best = f"{plain(said.best)}, probability {percent(said.probability)}"
    return f"{said.answer} (best: {best})" if said.rejected else best


def _labels_line(said: Verdict, trace: Trace, label: str | None) -> str:
    line = f"{_each(said)}, of the {len(trace.class_names)} labels it knows"
    if label is None:
        return line
    true = set(label.split(BETWEEN))
    right, wrong = len(true & said.names), len(said.names - true)
    outcome = f"{right} of {len(true)} found" + (f", {wrong} found beside" if wrong else "")
    if not true & set(trace.class_names):
        outcome = "not among them"
    return f"{line}  \nTrue label{'s' * (len(true) > 1)}: **{plain(label)}**, {outcome}"


def _labels_short(said: Verdict) -> str:
    return _each(said) if said.found else f"**{plain(said.answer)}**, {_each(said)}"


def _each(said: Verdict) -> str:
    """The labels that are found with their probabilities, else the strongest."""
    if not said.found:
        return f"strongest: {plain(said.best)}, probability {percent(said.probability)}"
    return ", ".join(f"**{plain(name)}** {percent(probability)}" for name, probability in said.found)


WORDINGS: Mapping[str, Wording] = {
    "classes": Wording(
        "Clip prediction",
        f"The class of the highest probability, {AVERAGED}",
        _class_line,
        _class_short,
        _class_beside,
        "Accuracy",
        "Most probable classes",
    ),
    "labels": Wording(
        "Labels of the clip",
        "Every label whose probability is at or above its threshold, strongest first; each is a yes or no of "
        f"its own, {AVERAGED}",
        _labels_line,
        _labels_short,
        _labels_short,
        "Mean average precision",
        "Most probable labels",
    ),
}
"""Kind of answer → how it is put."""


def meaning(said: Verdict) -> str | None:
    """What it means that nothing is found, where a rule says so."""
    return none_of_these(said.rejected) if said.rejected else None
