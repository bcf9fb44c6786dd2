"""What a checkpoint was measured to do on a folder, by the kind of what it is asked: numbers, then clips."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from app import keys
from app.explorer import panels
from app.parts import clip_buttons
from app.parts.elements import number
from app.parts.words import interval, percent
from app.work.datasets import Measured
from peerattn.figures.confusion import confusion_matrix
from peerattn.graph.answers import Answer
from peerattn.scores.evaluation import Evaluation
from peerattn.scores.intervals import clips_of
from peerattn.scores.kinds import AnyEvaluation
from peerattn.scores.labels import LabelsEvaluation
from peerattn.scores.metrics import score_of
from peerattn.tables.evaluation import confusion_table, present

CONFUSION = (
    "Rows are the true classes, columns what the network answered; a number counts clips, the colour is the "
    "share of the row. On the diagonal it was right. Click a cell for its clips."
)
OUTCOMES = {
    "found": (True, True, "that show {} and in which it was found"),
    "missed": (True, False, "that show {} and in which it was not found"),
    "found wrongly": (False, True, "in which {} was found and that do not show it"),
}
"""Choice → whether the clips show the label, whether it was found, and both in words."""
Names = tuple[str, ...]


def _score(row: DeltaGenerator, title: str, measured: AnyEvaluation, name: str, *notes: str) -> None:
    score = score_of(measured, name)
    number(row, title, percent(score.value), interval(score.interval, score.remark), *notes)


def _accuracies(row: DeltaGenerator, measured: Measured, class_names: Names) -> None:
    found = measured.evaluation
    assert isinstance(found, Evaluation)
    _score(row, "Top-1", found, "top1", clips_of(found.groups))
    if len(class_names) > 5:
        _score(row, "Top-5", found, "top5", f"n = {found.n}")
    with_clips = sum(each.n > 0 for each in found.classes)
    _score(row, "Mean of classes", found, "macro", f"{with_clips} classes with clips")


def _precisions(row: DeltaGenerator, measured: Measured, class_names: Names) -> None:
    found = measured.evaluation
    assert isinstance(found, LabelsEvaluation)
    with_clips = f"{sum(each.n > 0 for each in found.labels)} labels with clips"
    _score(row, "Mean average precision", found, "map", clips_of(found.groups), with_clips)
    _score(row, "Over all pairs", found, "map_micro", "of a clip and a label")


NUMBERS: Mapping[str, Callable[[DeltaGenerator, Measured, Names], None]] = {
    "classes": _accuracies,
    "labels": _precisions,
}
"""Kind of answer → the numbers of a measurement."""


def _confusion(measured: Measured, class_names: Names, answer: Answer) -> None:
    """What was taken for what, and the clips of one cell."""
    found = measured.evaluation
    assert isinstance(found, Evaluation)
    places = present(found.confusion)
    names = [class_names[place] for place in places]
    matrix = found.confusion[places][:, places]

    def pick(row: int, column: int) -> None:
        keys.TRUE.value, keys.PREDICTED.value = names[row], names[column]

    panels.load_script()
    panels.show_chart(
        "Confusion matrix",
        CONFUSION,
        confusion_matrix(matrix, names),
        confusion_table(matrix, names),
        key=keys.CONFUSION,
        on_pick=pick,
    )
    st.subheader("Clips of one cell", anchor=False)
    true, predicted = _cell(matrix, names)
    clips = measured.cell(class_names.index(true), class_names.index(predicted))
    what = "recognised" if true == predicted else f"taken for {predicted}"
    clip_buttons.show(clips, f"of {true} {what}", of=f"{true}-{predicted}")


def _cell(matrix: NDArray[np.int64], names: list[str]) -> tuple[str, str]:
    """The keyboard's way to a cell, which follows a click; at first that of the most mistakes."""
    wrong = matrix * (1 - np.eye(len(names), dtype=np.int64))
    first = np.unravel_index((wrong if wrong.any() else matrix).argmax(), matrix.shape)
    chosen = []
    titles = {keys.TRUE: "True class", keys.PREDICTED: "Predicted class"}
    for place, (key, title), start in zip(st.columns(2), titles.items(), first, strict=True):
        if key.get() not in names:
            key.pop()
        with place:
            chosen.append(st.selectbox(title, names, int(start), key=key, bind="query-params"))
    return chosen[0], chosen[1]


def _label(measured: Measured, class_names: Names, answer: Answer) -> None:
    """The clips in which a label was found, missed, or found though they do not show it."""
    st.subheader("Clips of one label", anchor=False)
    left, right = st.columns(2)
    with left:
        label = st.selectbox("Label", class_names, key=keys.LABEL)
    with right:
        outcome = st.selectbox("Clips in which it was", list(OUTCOMES), key=keys.OUTCOME)
    place = class_names.index(label)
    shown, found, words = OUTCOMES[outcome]
    threshold = answer.threshold(place)
    clips = measured.of_label(place, threshold, shown=shown, found=found)
    said = f"{words.format(label)} (from {percent(threshold)} on)"
    clip_buttons.show(clips, said, of=f"{label}-{outcome}")


CLIPS: Mapping[str, Callable[[Measured, Names, Answer], None]] = {"classes": _confusion, "labels": _label}
"""Kind of answer → the clips behind a measurement."""
