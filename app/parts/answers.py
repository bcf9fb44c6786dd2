"""How the answer of a network is worded on the page, by kind of answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.parts.words import interval, none_of_these, percent, plain
from peerattn.scores.calibration import Accuracy
from peerattn.scores.verdict import NONE, Verdict
from peerattn.traces.trace import Trace

LABEL_SEPARATOR = " | "
"""Separates the true labels of a clip that has several."""
AVERAGED = "averaged over the windows of the clip, the parts over each of which the network gives an answer."


@dataclass(frozen=True)
class Wording:
    """How answers of one kind are worded.

    `title` and `help` belong to the headline, and `detail` to the lines below it, with the true label where
    it is known. `summary` is one line, and `comparison` one line next to that of another clip. `score` is the
    name of the score by which networks are compared, `ranking` the title of figures of the likeliest answers.
    """

    title: str
    help: str
    detail: Callable[[Verdict, Trace, str | None], str]
    summary: Callable[[Verdict], str]
    comparison: Callable[[Verdict], str]
    score: str
    ranking: str


QUALIFIED = {"class": "", "unsure": ", but the network is unsure", "none": f", but the answer is {NONE}"}
"""Outcome of a verdict → what to add where the most probable class is the true one."""


def _class_detail(verdict: Verdict, trace: Trace, label: str | None) -> str:
    best = "Probability" if verdict.predicted else f"Best: **{plain(verdict.best)}**, probability"
    lines = [
        f"{best} **{percent(verdict.probability)}** (among the network's {len(trace.class_names)} classes)"
    ]
    if verdict.outcome == "none" and not verdict.rejected:
        lines.append(plain(verdict.reason.partition(": ")[2]).capitalize())
    if verdict.unsure and verdict.accuracy:
        lines.append(_track_record(verdict, verdict.unsure.threshold, verdict.accuracy))
    if label is not None:
        outcome = "prediction wrong"
        if label == verdict.best:
            outcome = f"prediction correct{QUALIFIED[verdict.outcome]}"
        if label not in trace.class_names:
            outcome = "not one of the network's classes"
        lines.append(f"True label: **{plain(label)}** ({outcome})")
    return "  \n".join(lines)


def _track_record(verdict: Verdict, threshold: float, accuracy: Accuracy) -> str:
    """Say how often the network is right where it is as sure, or as unsure, as here."""
    bounds = interval(accuracy.interval, accuracy.interval_remark)
    where = (
        f"Below {100 * threshold:.0f} %"
        if verdict.probability < threshold
        else f"At {100 * threshold:.0f} % or more"
    )
    return f"{where}, it is right on {percent(accuracy.value)} of {accuracy.n} test clips ({bounds})"


def _class_summary(verdict: Verdict) -> str:
    if verdict.outcome == "unsure":
        return f"**{plain(verdict.answer)}**"
    best = "" if verdict.predicted else f"best: {plain(verdict.best)}, "
    return f"**{plain(verdict.answer)}**, {best}probability {percent(verdict.probability)}"


def _class_comparison(verdict: Verdict) -> str:
    if verdict.outcome == "unsure":
        return verdict.answer
    best = f"{plain(verdict.best)}, probability {percent(verdict.probability)}"
    return best if verdict.predicted else f"{verdict.answer} (best: {best})"


def _labels_detail(verdict: Verdict, trace: Trace, label: str | None) -> str:
    line = f"{_found_labels(verdict)} (among the network's {len(trace.class_names)} labels)"
    if label is None:
        return line
    true = set(label.split(LABEL_SEPARATOR))
    right, wrong = len(true & verdict.names), len(verdict.names - true)
    outcome = f"{right} of {len(true)} found" + (f", {wrong} found wrongly" if wrong else "")
    if not true & set(trace.class_names):
        outcome = "not one of the network's labels"
    return f"{line}  \nTrue label{'s' * (len(true) > 1)}: **{plain(label)}** ({outcome})"


def _labels_summary(verdict: Verdict) -> str:
    labels = _found_labels(verdict)
    return labels if verdict.predicted else f"**{plain(verdict.answer)}**, {labels}"


def _found_labels(verdict: Verdict) -> str:
    """List the labels found with their probabilities; if none was found, give the most probable one."""
    if not verdict.predicted:
        return f"most probable: {plain(verdict.best)}, probability {percent(verdict.probability)}"
    return ", ".join(f"**{plain(name)}** {percent(probability)}" for name, probability in verdict.predicted)


WORDINGS: Mapping[str, Wording] = {
    "classes": Wording(
        title="Clip prediction",
        help=f"The class with the highest probability, {AVERAGED}",
        detail=_class_detail,
        summary=_class_summary,
        comparison=_class_comparison,
        score="Accuracy",
        ranking="Most probable classes",
    ),
    "labels": Wording(
        title="Labels of the clip",
        help="All labels with a probability at or above their threshold, the most probable first. Each label "
        f"is decided independently, with its probability {AVERAGED}",
        detail=_labels_detail,
        summary=_labels_summary,
        comparison=_labels_summary,
        score="Mean average precision",
        ranking="Most probable labels",
    ),
}
"""Kind of answer → how it is worded."""


def rejection_note(verdict: Verdict) -> str | None:
    """Explain what "none of these" means, if a rule rejected all classes; else None."""
    return none_of_these(verdict.rejected) if verdict.rejected else None
