"""Scores: average precision compared with other formulas; scores of clips and of middle windows."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from peerattn.data.examples import Example
from peerattn.errors import PeerattnError
from peerattn.graph.answers import LABELS
from peerattn.recording.evaluating import evaluate
from peerattn.recording.predictions import predict
from peerattn.scores.metrics import accuracies, average_precision, mean_average_precision
from tests.small import small_structure
from tests.strategies import lively, tensors


def by_definition(scores: list[float], labels: list[bool]) -> float:
    """The mean over positive clips of the share of positives among all that score at least as high."""
    shares = []
    for score, label in zip(scores, labels, strict=True):
        if label:
            above = [other for s, other in zip(scores, labels, strict=True) if s >= score]
            shares.append(sum(above) / len(above))
    return sum(shares) / len(shares)


RANKED = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=20)


@given(RANKED)
def test_average_precision_equals_its_definition(ranked: list[tuple[int, bool]]) -> None:
    scores, labels = np.array([float(s) for s, _ in ranked]), np.array([label for _, label in ranked])
    found = average_precision(scores, labels)
    if labels.any():
        assert found == pytest.approx(by_definition(scores.tolist(), labels.tolist()))
    else:
        assert np.isnan(found)


def test_average_precision_worked_by_hand() -> None:
    """Right, wrong, right, wrong: (1/1 + 2/3) / 2."""
    labels = np.array([True, False, True, False])
    assert average_precision(np.array([4.0, 3.0, 2.0, 1.0]), labels) == pytest.approx(5 / 6)
    assert average_precision(np.zeros(4), labels) == 0.5


def test_the_mean_is_over_the_classes_that_occur() -> None:
    scores = np.array([[0.9, 0.1, 0.5], [0.1, 0.9, 0.5]])
    labels = np.array([[True, False, False], [False, True, False]])
    assert mean_average_precision(scores, labels) == 1.0


def examples(frames: int, count: int = 4) -> list[Example]:
    return [
        Example((n % 3,), tensors(small_structure(), frames=frames, seed=n), f"clip {n}")
        for n in range(count)
    ]


def test_a_clip_is_the_mean_of_its_windows_and_the_middle_one_is_run_alone() -> None:
    """Windows share the block outputs of the whole clip; the middle one is also run as a clip of its own."""
    network, clips = lively(small_structure()), examples(9)
    found = predict(network, clips, window=3)
    with torch.inference_mode():
        for place, clip in enumerate(clips):
            top = network.run(clip.tensors)["top"]
            parts = [
                torch.softmax(network.combined_logits({"top": top[:, :, start : start + 3]}), 1)
                for start in (0, 3, 6)
            ]
            np.testing.assert_allclose(found.clips[place], torch.cat(parts).mean(dim=0), atol=1e-6)
            alone = {name: tensor[:, :, 3:6] for name, tensor in clip.tensors.items()}
            np.testing.assert_allclose(found.middle[place], torch.softmax(network(alone)[0], 0), atol=1e-6)


def test_an_evaluation_has_accuracies_of_clips_and_of_middle_windows() -> None:
    found = evaluate(lively(small_structure()), examples(9), window=3)
    scores = accuracies(found)
    assert scores["window_top1"].value == found.window_top1
    assert scores["top1"].value == found.top1
    assert found.to_json()["window_top1"] == found.window_top1
    assert found.probabilities.shape == (4, 3)
    assert found.labels.tolist() == [0, 1, 2, 0]


def test_clips_of_several_labels_are_measured_by_yes_and_no() -> None:
    network = lively(small_structure().with_answer(LABELS))
    clips = [Example((0, 2), clip.tensors, clip.group) for clip in examples(3)] + examples(3)
    found = predict(network, clips, window=3)
    with torch.inference_mode():
        logits = network(clips[0].tensors)
    np.testing.assert_allclose(found.clips[0], torch.sigmoid(logits[0]), atol=1e-6)
    assert found.several[0].tolist() == [True, False, True]
    measured = evaluate(network, clips, window=3)
    assert measured.map == pytest.approx(mean_average_precision(found.clips, found.several))
    with pytest.raises(PeerattnError, match="has 2 classes"):
        evaluate(lively(small_structure()), clips, window=3)
