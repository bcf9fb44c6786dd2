"""The confusion matrix, its tables, and the tables of a folder of clips."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from peerattn.data.report import ClipFacts, Fault
from peerattn.figures.confusion import confusion_matrix
from peerattn.scores.evaluation import ClassResult
from peerattn.tables.evaluation import (
    classes_table,
    clips_table,
    confusion_table,
    faults_table,
    occurring_classes,
)
from tests.traces import HOSTILE

MATRIX = np.array([[3, 1, 0], [0, 0, 0], [2, 0, 2]])
NAMES = ["run", "walk", HOSTILE]


def test_cells_say_counts_and_are_coloured_by_share_of_the_true_class() -> None:
    heat, counts = confusion_matrix(MATRIX, NAMES).data
    assert list(counts.text) == ["3", "1", "2", "2"] and counts.mode == "text"
    assert heat.text.tolist() == [["3", "1", ""], ["", "", ""], ["2", "", "2"]]
    assert heat.z[0][0] == 0.75 and heat.z[2][2] == 0.5
    assert np.isnan(heat.z[1]).all()


def test_rows_are_true_classes_with_their_clips_and_names_are_text() -> None:
    figure = confusion_matrix(MATRIX, NAMES)
    assert list(figure.layout.yaxis.ticktext)[:2] == ["run (4)", "walk (0)"]
    low, high = figure.layout.yaxis.range
    assert low > high  # the first on top
    shown = figure.to_json()
    assert "<img" not in shown and "<b>" not in shown.replace("<br>", "")


def test_many_classes_have_no_text_in_their_cells() -> None:
    count = 60
    names = [f"c{k}" for k in range(count)]
    assert len(confusion_matrix(np.eye(count, dtype=np.int64), names).data) == 1


@given(arrays(np.int64, (4, 4), elements=st.integers(0, 5)))
def test_the_confusion_table_counts_each_clip_once(matrix) -> None:
    table = confusion_table(matrix, ["a", "b", "c", "d"])
    assert table["clips"].sum() == matrix.sum()
    assert np.allclose(table.groupby("true")["share"].sum(), 1)


def test_classes_present_have_clips_or_were_predicted() -> None:
    assert occurring_classes(np.array([[0, 0, 0], [1, 0, 0], [0, 0, 0]])).tolist() == [0, 1]


def test_a_class_without_clips_has_no_row() -> None:
    rows = [ClassResult("run", 4, 0.75, (0.3, 0.95)), ClassResult("walk", 0, 0.0, (0.0, 1.0))]
    table = classes_table(rows)
    assert table.to_dict("records") == [
        {"class": "run", "n": 4, "accuracy": 0.75, "low": 0.3, "high": 0.95, "remark": ""}
    ]


def facts(label: str, split: str) -> ClipFacts:
    return ClipFacts(f"{label}.mp4", (label,), label, split, 10, 64, 48, 1.0, "0")


def test_clips_are_counted_by_class_and_split() -> None:
    clips = [facts("run", "train"), facts("run", "train"), facts("run", ""), facts("walk", "train")]
    table = clips_table(clips).set_index("class")
    assert table.loc["run"].to_dict() == {"no split": 1, "train": 2, "all": 3}
    assert table.loc["walk", "all"] == 1


def test_faults_are_a_line_each() -> None:
    table = faults_table([Fault("a.mp4", "is empty"), Fault("line 3", "names nothing")])
    assert table.to_dict("list") == {"place": ["a.mp4", "line 3"], "what": ["is empty", "names nothing"]}
    assert list(faults_table([])) == ["place", "what"]
