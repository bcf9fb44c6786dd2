"""Tables for labels: a row for each label, with its threshold."""

import dataclasses

import numpy as np

from peerattn.graph.answers import LABELS, Answer
from peerattn.tables.clip import predictions_table
from peerattn.tables.evaluation import RESULTS
from peerattn.traces.comparison import merge_structures, predictions_comparison
from tests.peerattn.scores.test_labels import on_paper
from tests.traces import trace


def test_predictions_are_of_classes_or_of_labels_with_their_thresholds() -> None:
    shown = trace()
    thresholds = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
    asked = shown.structure.with_answer(Answer("labels", thresholds=thresholds))
    table = predictions_table(dataclasses.replace(shown, structure=asked))
    assert list(table.columns) == ["of", "start_s", "stop_s", "rank", "label", "probability", "threshold"]
    own = dict(zip(shown.class_names, thresholds, strict=True))
    assert all(own[row.label] == row.threshold for row in table.itertuples())
    plain = predictions_table(shown)
    assert list(plain.columns) == ["of", "start_s", "stop_s", "rank", "class", "probability"]
    assert list(plain["probability"]) == list(table["probability"])


def test_an_evaluation_of_labels_has_a_row_for_each_that_occurs() -> None:
    table = RESULTS["labels"](on_paper())
    assert list(table["label"]) == ["ball", "box"]
    assert list(table["n"]) == [2, 2]
    assert table["low"].isna().all()
    assert list(table["remark"]) == ["too few clips (3, at least 20 needed)"] * 2


def test_answers_of_different_kinds_can_be_compared_in_one_table() -> None:
    first = trace()
    second = dataclasses.replace(first, structure=first.structure.with_answer(LABELS))
    assert "class or label" in predictions_comparison(first, second)
    assert "label" in predictions_comparison(second, second)
    assert "class" in predictions_comparison(first, first)
    assert np.isfinite(predictions_comparison(first, second)["difference"]).all()
    assert merge_structures(first.structure, second.structure) == first.structure
