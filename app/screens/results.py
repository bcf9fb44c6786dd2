"""The results of an evaluation on a folder, by kind of answer: the scores, then the clips behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from app import keys
from app.explorer import panels
from app.parts import clip_buttons
from app.parts.elements import metric
from app.parts.words import interval, percent
from app.work.datasets import FolderEvaluation
from peerattn.figures.confusion import confusion_matrix
from peerattn.graph.answers import Answer
from peerattn.scores.evaluation import Evaluation
from peerattn.scores.intervals import describe_clips
from peerattn.scores.kinds import AnyEvaluation
from peerattn.scores.labels import LabelsEvaluation
from peerattn.scores.metrics import score_of
from peerattn.tables.evaluation import confusion_table, occurring_classes

CONFUSION = (
    "Rows are the true classes, columns the predicted classes. Each number is a count of clips, and the "
    "colour is its share of the row. Correct answers are on the diagonal. Click a cell to list its clips."
)
OUTCOMES = {
    "found": (True, True, "with the label {}, in which the network found it"),
    "missed": (True, False, "with the label {}, in which the network did not find it"),
    "found wrongly": (False, True, "without the label {}, in which the network found it"),
}
"""Outcome → whether the clips show the label, whether it was found, and both in words."""
Names = tuple[str, ...]


def _score(row: DeltaGenerator, title: str, evaluation: AnyEvaluation, name: str, *notes: str) -> None:
    score = score_of(evaluation, name)
    metric(row, title, percent(score.value), interval(score.interval, score.remark), *notes)


def _accuracies(row: DeltaGenerator, measured: FolderEvaluation, class_names: Names) -> None:
    evaluation = measured.evaluation
    assert isinstance(evaluation, Evaluation)
    _score(row, "Top-1 accuracy", evaluation, "top1", describe_clips(evaluation.groups))
    if len(class_names) > 5:
        _score(row, "Top-5 accuracy", evaluation, "top5", f"n = {evaluation.n}")
    with_clips = sum(each.n > 0 for each in evaluation.classes)
    averaged = f"mean over the {with_clips} of {len(class_names)} classes that have clips"
    _score(row, "Mean per-class accuracy", evaluation, "macro", averaged)


def _precisions(row: DeltaGenerator, measured: FolderEvaluation, class_names: Names) -> None:
    evaluation = measured.evaluation
    assert isinstance(evaluation, LabelsEvaluation)
    with_clips = sum(each.n > 0 for each in evaluation.labels)
    averaged = f"mean over the {with_clips} of {len(class_names)} labels that have clips"
    _score(row, "Mean average precision", evaluation, "map", describe_clips(evaluation.groups), averaged)
    _score(row, "Over all pairs", evaluation, "map_micro", "each pair a clip and a label")


NUMBERS: Mapping[str, Callable[[DeltaGenerator, FolderEvaluation, Names], None]] = {
    "classes": _accuracies,
    "labels": _precisions,
}
"""Kind of answer → the function that draws the scores of an evaluation."""


def _confusion(measured: FolderEvaluation, class_names: Names, answer: Answer) -> None:
    """Draw the confusion matrix, and the clips of one of its cells."""
    evaluation = measured.evaluation
    assert isinstance(evaluation, Evaluation)
    indices = occurring_classes(evaluation.confusion)
    names = [class_names[index] for index in indices]
    matrix = evaluation.confusion[indices][:, indices]

    def pick(row: int, column: int) -> None:
        keys.TRUE_CLASS.value, keys.PREDICTED_CLASS.value = names[row], names[column]

    panels.load_script()
    panels.show_chart(
        "Confusion matrix",
        CONFUSION,
        confusion_matrix(matrix, names),
        confusion_table(matrix, names),
        key=keys.CONFUSION,
        on_pick=pick,
    )
    st.subheader("Clips in a confusion-matrix cell", anchor=False)
    true, predicted = _choose_cell(matrix, names)
    clips = measured.clips_of_cell(class_names.index(true), class_names.index(predicted))
    outcome = "classified correctly" if true == predicted else f"classified as {predicted}"
    probability = f"probability of {predicted}"
    clip_buttons.show(clips, f"of {true}, {outcome}", probability, name=f"{true}-{predicted}")


def _choose_cell(matrix: NDArray[np.int64], names: list[str]) -> tuple[str, str]:
    """Return the true and predicted class chosen in two lists, which a click in the matrix also sets.

    At first they are those of the most frequent mistake.
    """
    wrong = matrix * (1 - np.eye(len(names), dtype=np.int64))
    default = np.unravel_index((wrong if wrong.any() else matrix).argmax(), matrix.shape)
    chosen = []
    titles = {keys.TRUE_CLASS: "True class", keys.PREDICTED_CLASS: "Predicted class"}
    for column, (key, title), index in zip(st.columns(2), titles.items(), default, strict=True):
        if key.get() not in names:
            key.pop()
        with column:
            chosen.append(st.selectbox(title, names, int(index), key=key, bind="query-params"))
    return chosen[0], chosen[1]


def _label(measured: FolderEvaluation, class_names: Names, answer: Answer) -> None:
    """Draw the clips in which a label was found, missed, or found wrongly."""
    st.subheader("Clips of one label", anchor=False)
    left, right = st.columns(2)
    with left:
        label = st.selectbox("Label", class_names, key=keys.LABEL)
    with right:
        outcome = st.selectbox("Clips in which it was", list(OUTCOMES), key=keys.OUTCOME)
    index = class_names.index(label)
    shown, found, words = OUTCOMES[outcome]
    threshold = answer.threshold(index)
    clips = measured.clips_of_label(index, threshold, shown=shown, found=found)
    description = f"{words.format(label)} (threshold {percent(threshold)})"
    clip_buttons.show(clips, description, f"probability of {label}", name=f"{label}-{outcome}")


CLIPS: Mapping[str, Callable[[FolderEvaluation, Names, Answer], None]] = {
    "classes": _confusion,
    "labels": _label,
}
"""Kind of answer → the function that draws the clips behind an evaluation."""
