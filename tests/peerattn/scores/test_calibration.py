"""Temperatures, "none of these" and the area under the ROC curve."""

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.network.network import Network
from peerattn.network.temperature import divide_logits
from peerattn.scores.auroc import auroc
from peerattn.scores.calibration import (
    MIN_CLIPS_PER_LABEL,
    NoneOfThese,
    calibration_error,
    calibration_error_of_labels,
    label_thresholds,
    measure_rejection,
    temperature,
    temperature_of_labels,
)
from tests.small import small_structure

CARD = {
    "threshold": 0.4,
    "auroc": 0.8,
    "auroc_interval": [0.7, 0.9],
    "n_known": 40,
    "n_unknown": 9,
    "protocol": "two classes left out",
}


def sampled(sharpness: float, n: int = 4000) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Logits (N, 3), and labels drawn from softmax(sharpness · logits): the temperature is 1 / sharpness."""
    random = np.random.default_rng(7)
    logits = random.normal(size=(n, 3)) * 2
    powers = np.exp(sharpness * logits)
    shares = powers / powers.sum(axis=1, keepdims=True)
    labels = (random.random((n, 1)) > shares.cumsum(axis=1)).sum(axis=1)
    return logits, labels


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 2.0])
def test_the_fitted_temperature_is_that_with_which_labels_were_drawn(sharpness: float) -> None:
    assert temperature(*sampled(sharpness)) == pytest.approx(1 / sharpness, rel=0.1)


def test_temperature_makes_the_labels_likelier_than_its_neighbours_do() -> None:
    logits, labels = sampled(0.5)
    best = temperature(logits, labels)

    def loss(by: float) -> float:
        return torch.nn.functional.cross_entropy(torch.tensor(logits / by), torch.tensor(labels)).item()

    assert loss(best) < min(loss(best * 1.05), loss(best / 1.05))


def test_temperature_scales_with_the_logits() -> None:
    logits, labels = sampled(1.0)
    assert temperature(3 * logits, labels) == pytest.approx(3 * temperature(logits, labels), rel=1e-6)


def test_if_every_answer_is_right_the_temperature_is_the_lower_bound() -> None:
    assert temperature(np.eye(3), np.arange(3)) == pytest.approx(0.05)


def sampled_labels(sharpness: float, n: int = 4000) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Logits (N, 3), and labels drawn from sigmoid(sharpness · logits)."""
    random = np.random.default_rng(7)
    logits = random.normal(size=(n, 3)) * 2
    return logits, random.random((n, 3)) < 1 / (1 + np.exp(-sharpness * logits))


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 2.0])
def test_the_fitted_temperature_for_labels_is_that_with_which_they_were_drawn(sharpness: float) -> None:
    logits, truth = sampled_labels(sharpness)
    best = temperature_of_labels(logits, truth)
    assert best == pytest.approx(1 / sharpness, rel=0.1)

    def loss(by: float) -> float:
        given, wanted = torch.tensor(logits / by), torch.tensor(truth, dtype=torch.float64)
        return torch.nn.functional.binary_cross_entropy_with_logits(given, wanted).item()

    assert loss(best) < min(loss(best * 1.05), loss(best / 1.05))
    assert temperature_of_labels(3 * logits, truth) == pytest.approx(3 * best, rel=1e-6)


def test_the_calibration_error_of_labels_by_hand() -> None:
    probabilities = np.array([[0.95, 0.15], [0.95, 0.15]], np.float32)
    truth = np.array([[True, False], [False, False]])
    # Bin 0.9 to 1: |0.95 − 1/2| of two pairs; bin 0.1 to 0.2: |0.15 − 0| of two.
    assert calibration_error_of_labels(probabilities, truth) == pytest.approx((2 * 0.45 + 2 * 0.15) / 4)


def f1(probabilities: NDArray[np.float32], own: NDArray[np.bool_], threshold: float) -> float:
    found = probabilities >= threshold
    return 2 * int((found & own).sum()) / int(found.sum() + own.sum())


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=12, max_size=30))
def test_thresholds_maximise_f1_and_labels_with_few_clips_get_the_default(
    rows: list[tuple[int, bool]],
) -> None:
    probabilities = np.array([[number / 10] for number, _ in rows], np.float32)
    truth = np.array([[own] for _, own in rows])
    [threshold] = label_thresholds(probabilities, truth, 0.5)
    if min(truth.sum(), (~truth).sum()) < MIN_CLIPS_PER_LABEL:
        assert threshold == 0.5
    else:
        each = [f1(probabilities[:, 0], truth[:, 0], cut) for cut in np.unique(probabilities)]
        assert f1(probabilities[:, 0], truth[:, 0], threshold) == pytest.approx(max(each))


def test_divide_logits_divides_the_logits_by_the_temperature() -> None:
    network = Network(small_structure(), ("a", "b", "c")).eval()
    clip = {one.name: torch.rand(1, one.channels, 4, 16, 16) for one in network.structure.read_modalities}
    with torch.no_grad():
        before = network(clip)
        divide_logits(network, 2.5)
        assert torch.allclose(network(clip), before / 2.5, atol=1e-6)


def test_calibration_error_by_hand() -> None:
    probabilities = np.array([[0.95, 0.05], [0.95, 0.05], [0.35, 0.65]], np.float32)
    labels = np.array([0, 1, 1])
    # Bin 0.9 to 1: |0.95 − 1/2| of two clips; bin 0.6 to 0.7: |0.65 − 1| of one.
    assert calibration_error(probabilities, labels) == pytest.approx((2 * 0.45 + 0.35) / 3)


scores = st.lists(st.sampled_from([0.1, 0.2, 0.5, 0.7, 0.9]), min_size=1, max_size=12)


@given(scores, scores)
def test_auroc_counts_pairs(known: list[float], unknown: list[float]) -> None:
    pairs = [(one > other) + 0.5 * (one == other) for one, other in product(known, unknown)]
    assert auroc(np.array(known), np.array(unknown)) == pytest.approx(np.mean(pairs))


def test_the_rejection_threshold_keeps_95_percent_of_known_clips() -> None:
    random = np.random.default_rng(0)
    known = np.arange(300) < 200
    values = np.where(known, random.beta(5, 2, 300), random.beta(2, 3, 300)).astype(np.float32)
    found = measure_rejection(values, known, [str(number // 3) for number in range(300)], "made up")
    assert (values[known] < found.threshold).mean() == pytest.approx(0.05, abs=0.006)
    low, high = found.auroc_interval or (0, 0)
    assert 0.5 < low < found.auroc < high < 1
    assert (found.n_known, found.n_unknown) == (200, 100)


def test_the_rule_for_none_of_these_survives_a_card() -> None:
    read = NoneOfThese.from_card({"none_of_these": CARD})
    assert read is not None
    assert read.to_json() == CARD
    assert read.applies(np.array([0.39, 0.3, 0.31], np.float32))
    assert not read.applies(np.array([0.41, 0.3, 0.29], np.float32))
    assert NoneOfThese.from_card({}) is None


@pytest.mark.parametrize(
    "wrong", [{"threshold": 1.5}, {"threshold": "low"}, {"auroc_interval": 3}, {"more": 1}]
)
def test_an_invalid_rule_on_a_card_is_refused_in_one_line(wrong: dict[str, object]) -> None:
    with pytest.raises(PeerattnError, match="none_of_these"):
        NoneOfThese.from_card({"none_of_these": CARD | wrong})
