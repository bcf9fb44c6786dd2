"""The curve of accuracy over thresholds: a point for each weight, no accuracy where the output is cut off."""

import pytest

from peerattn.data.examples import Example
from peerattn.pruning.curve import threshold_curve
from peerattn.recording.evaluating import evaluate
from tests.peerattn.pruning.test_pruning import hand_made
from tests.strategies import lively, tensors


def test_the_curve_has_a_point_for_each_distinct_weight() -> None:
    """At the lowest weight nothing is removed, so the accuracy is that of the unpruned network."""
    network = lively(hand_made())
    clips = [Example((n % 3,), tensors(hand_made(), size=(8, 8), seed=n), str(n)) for n in range(6)]
    points = list(threshold_curve(network, clips, window=4))
    assert [point.threshold for point in points] == pytest.approx([0.1, 0.2, 0.3, 0.6, 0.8, 0.9])
    assert [len(point.removal.removed) for point in points] == [0, 1, 2, 3, 4, 5]
    whole = evaluate(network, clips, window=4)
    assert points[0].evaluation.to_json() == whole.to_json()
    assert network.disabled == frozenset()


def test_the_curve_has_no_accuracy_where_the_output_is_cut_off() -> None:
    network = lively(hand_made())
    network.connection("a_to_top").weight.data.fill_(-4.0)
    network.connection("c_to_top").weight.data.fill_(-3.0)
    clips = [Example((0,), tensors(hand_made(), size=(8, 8)), "a")]
    points = list(threshold_curve(network, clips, window=4))
    assert [point.evaluation is None for point in points] == [False, False, *[True] * 5]
