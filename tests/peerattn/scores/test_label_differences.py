"""Differences of the average precision of single labels: paired, joint, and with intervals that hold."""

import numpy as np
import pytest

from peerattn.errors import PeerattnError
from peerattn.scores.intervals import t_quantile, tango_interval
from peerattn.scores.jackknife import effective_count
from peerattn.scores.labels import LabelsEvaluation, paired_label_precisions, summarise_labels

NAMES = ("a", "b")


def sets(rng: np.random.Generator, shift: float, *, clips: int = 100) -> list[LabelsEvaluation]:
    """Two networks on the same clips, of which 40 % have label a; the second knows it less by `shift`."""
    groups = tuple(str(clip // 2) for clip in range(clips))
    own = np.repeat(rng.random(clips // 2) < 0.4, 2)
    truth = np.stack([own, ~own], axis=1)
    noise, other = rng.normal(size=(2, clips)) + np.repeat(rng.normal(size=(2, clips // 2)), 2, axis=1)
    scores = (1.5 * own + noise, (1.5 - shift) * own + 0.8 * noise + 0.6 * other)
    both = [np.stack([score, -score], axis=1) for score in scores]
    return [
        summarise_labels((1 / (1 + np.exp(-one))).astype(np.float32), truth, groups, NAMES) for one in both
    ]


def test_a_difference_is_that_of_the_average_precisions() -> None:
    before, after = sets(np.random.default_rng(0), 1.0)
    changes = paired_label_precisions(before, after)
    for row, later in zip(before.labels, after.labels, strict=True):
        change = changes[row.name]
        assert row.average_precision is not None and later.average_precision is not None
        assert change.value == pytest.approx(later.average_precision - row.average_precision)
        assert change.interval and change.interval[0] < change.value < change.interval[1]
        assert change.n == row.n


def test_nothing_changed_still_has_the_width_of_its_clips() -> None:
    before, _ = sets(np.random.default_rng(1), 0.0)
    change = paired_label_precisions(before, before)["a"]
    number = np.arange(100) // 2
    clips = effective_count(number, before.truth[:, 0].astype(float))
    least = tango_interval(0.0, 0.0, clips, t_quantile(0.975, 49))
    assert change.value == 0 and change.interval == pytest.approx(least)


@pytest.mark.parametrize("shift", [0.0, 0.8])
def test_intervals_hold_in_simulation(shift: float) -> None:
    rng = np.random.default_rng(2)
    found = [paired_label_precisions(*sets(rng, shift))["a"] for _ in range(150)]
    mean = float(np.mean([one.value for one in found]))
    intervals = [one.interval for one in found if one.interval]
    assert len(intervals) > 120
    assert np.mean([low <= mean <= high for low, high in intervals]) >= 0.95


def test_other_clips_are_refused_and_few_have_no_interval() -> None:
    rng = np.random.default_rng(3)
    before, _ = sets(rng, 0.0)
    with pytest.raises(PeerattnError, match="different clips"):
        paired_label_precisions(before, sets(rng, 0.0)[0])
    few = paired_label_precisions(*sets(rng, 0.0, clips=20))
    assert all(one.interval is None and "too few" in one.remark for one in few.values())
