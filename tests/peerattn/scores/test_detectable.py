"""Which losses a set of clips can detect: compared with simulated sets."""

import numpy as np
import pytest

from peerattn.scores.detectable import detectable_differences, detection_probability, measured_correlation
from peerattn.scores.evaluation import summarise
from peerattn.scores.intervals import paired_interval


def videos(count: int, clips: int) -> list[str]:
    return [f"film {number // clips}" for number in range(count * clips)]


@pytest.mark.parametrize(("clips", "loss"), [(96, 0.108), (192, 0.063), (600, 0.030), (1200, 0.020)])
def test_the_smallest_detectable_loss_agrees_with_a_simulation(clips: int, loss: float) -> None:
    [found] = detectable_differences(videos(clips, 1)).decisions
    assert found.loss == pytest.approx(loss, abs=0.003)


@pytest.mark.parametrize("likeness", [0.0, 0.2, 0.5])
def test_losses_are_detected_as_often_as_stated(likeness: float) -> None:
    """600 clips of 150 videos, of which 4 % are lost and 1 % gained; some clips follow their video."""
    rng, number = np.random.default_rng(3), np.repeat(np.arange(150), 4)
    hits, widths = 0, []
    for _ in range(400):
        follows = rng.random(600) < np.sqrt(likeness)
        level = np.where(follows, rng.random(150)[number], rng.random(600))
        low, high = paired_interval(level < 0.04, level > 0.99, number) or (0, 0)
        hits += high < 0
        widths.append(high - low)
    assert hits / 400 == pytest.approx(detection_probability(np.full(150, 4), likeness, 0.03), abs=0.07)
    [found] = detectable_differences(videos(150, 4), [likeness]).decisions
    assert np.mean(widths) == pytest.approx(found.width, rel=0.1)


def test_detectable_losses_grow_with_the_correlation_within_groups() -> None:
    alone, somewhat, wholly = detectable_differences(videos(60, 4), (0.0, 0.3, 1.0)).decisions
    assert alone.loss < somewhat.loss < wholly.loss
    assert alone.width < somewhat.width < wholly.width
    assert alone.accuracy_width < somewhat.accuracy_width < wholly.accuracy_width
    [sixty] = detectable_differences(videos(60, 1)).decisions
    assert wholly.width == pytest.approx(sixty.width, rel=0.15)  # four alike tell no more than one


def test_the_stated_number_of_clips_halves_the_width() -> None:
    found = detectable_differences(videos(50, 4), (0.2,)).decisions[0]
    more = detectable_differences(videos(found.clips_for_half // 4 + 1, 4), (0.2,)).decisions[0]
    assert more.width == pytest.approx(found.width / 2, rel=0.02)
    fewer = detectable_differences(videos(found.clips_for_half // 4 - 10, 4), (0.2,)).decisions[0]
    assert fewer.width > found.width / 2


def test_without_groups_correlation_is_zero() -> None:
    found = detectable_differences(videos(96, 1))
    assert found.clips == "96 clips, each counted as a separate source video"
    assert [one.likeness for one in found.decisions] == [0.0]


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ([], "too few clips (0, at least 20 needed)"),
        (videos(9, 9), "too few source videos (9, at least 10 needed)"),
    ],
)
def test_a_set_that_is_too_small_decides_nothing(groups: list[str], said: str) -> None:
    found = detectable_differences(groups)
    assert (found.remark, found.decisions) == (said, ())
    assert found.to_json()["remark"] == said


def test_correlation_is_measured_on_correct_answers() -> None:
    shares = np.eye(2, dtype=np.float32)[np.repeat(np.arange(20) % 2, 5)]
    labels, names = np.zeros(100, np.int64), ("a", "b")
    assert measured_correlation(summarise(shares, labels, videos(20, 5), names)) == 1
    assert measured_correlation(summarise(shares, labels, videos(100, 1), names)) is None
