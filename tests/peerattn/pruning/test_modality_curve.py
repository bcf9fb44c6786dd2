"""The curve over the share of a modality's connections: the weakest go first, and every point is paired."""

import pytest

from peerattn.errors import PeerattnError
from peerattn.pruning.modality_curve import modality_curve
from peerattn.recording.evaluating import evaluate
from peerattn.recording.interventions import without
from peerattn.scores.kinds import difference
from tests.kinds import EVERY_KIND
from tests.peerattn.recording.test_effects import noise_clips
from tests.strategies import lively


def test_each_point_is_the_network_without_the_weakest_connections() -> None:
    network = lively(EVERY_KIND["own"])
    clips, own = noise_clips(network.structure, 24), ["rgb1_to_mid1", "rgb1_to_mid3", "rgb1_to_top"]
    for key, weight in zip(own, (0.0, -2.0, 2.0), strict=True):
        network.connection(key).weight.data.fill_(weight)
    seen: list[tuple[int, int]] = []
    points = list(modality_curve(network, clips, "rgb", window=4, progress=lambda *step: seen.append(step)))
    assert [point.kept for point in points] == [
        ("rgb1_to_mid3", "rgb1_to_mid1", "rgb1_to_top"),
        ("rgb1_to_mid1", "rgb1_to_top"),
        ("rgb1_to_top",),
        (),
    ]
    assert [point.share for point in points] == pytest.approx([1, 2 / 3, 1 / 3, 0])
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    whole = evaluate(network, clips, window=4)
    assert points[0].change is None
    assert points[0].evaluation is not None
    assert points[0].evaluation.to_json() == whole.to_json()
    for point in points[1:]:
        with without(network, connections=[key for key in own if key not in point.kept]):
            after = evaluate(network, clips, window=4)
        assert point.evaluation is not None
        assert point.evaluation.to_json() == after.to_json()
        assert point.change == difference(whole, after, comparisons=3)
    assert network.disabled == frozenset()


def test_a_network_that_is_cut_off_has_no_accuracy_and_unknown_modalities_are_refused() -> None:
    network = lively(EVERY_KIND["own"])
    rest = [spec.key for spec in network.structure.connections if not spec.source.startswith(("rgb", "mid"))]
    with without(network, connections=rest):
        last = list(modality_curve(network, noise_clips(network.structure, 2), "rgb", window=4))[-1]
    assert last.kept == ()
    with pytest.raises(PeerattnError, match="sound"):
        list(modality_curve(network, noise_clips(network.structure, 2), "sound", window=4))
