"""What a threshold removes from hand-made graphs and from the released AssembleNet++-50."""

import dataclasses
from collections import Counter
from statistics import mean

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from peerattn.errors import PeerattnError
from peerattn.graph import published
from peerattn.graph.connectivity import (
    at_initialisation,
    count_attention_weights,
    initial_weights,
    survey,
    thresholds,
    unused_blocks,
    weights_by_modality,
    without,
)
from peerattn.graph.specs import BlockSpec, ConnectionSpec, OutputSpec
from peerattn.graph.structure import Structure
from peerattn.network.network import Network
from tests.strategies import CLASSES, MODALITIES, structures

WEIGHTS = {
    "eye_to_a": 0.9,  # peers: eye, flow1
    "flow1_to_b": 0.8,
    "object1_to_b": 0.2,
    "a_to_top": 0.9,  # peers: a, b
    "b_to_c": 0.3,
    "flow2_to_c": 0.6,  # peers: flow2, object1
    "c_to_top": 0.1,
}


def hand_made() -> Structure:
    """Levels: eye, flow1, flow2, object1 | a, b | c | top."""
    reads = {"eye": "rgb", "flow1": "flow", "flow2": "flow", "object1": "object"}
    blocks = [BlockSpec(name, 1, "video_input", 2, modality=modality) for name, modality in reads.items()]
    blocks += [
        BlockSpec(name, level, "bottleneck", 2, input_width=2, attention_width=2)
        for name, level in (("a", 2), ("b", 2), ("c", 3), ("top", 4))
    ]
    peers = {"eye_to_a": ("eye", "flow1"), "a_to_top": ("a", "b"), "flow2_to_c": ("flow2", "object1")}
    connections = []
    for key, weight in WEIGHTS.items():
        source, target = key.split("_to_")
        attention = "peer" if key in peers else "none"
        connections.append(ConnectionSpec(source, target, peers.get(key, ()), attention, weight))
    return Structure(tuple(blocks), tuple(connections), (OutputSpec("top"),), MODALITIES)


@pytest.mark.parametrize(
    ("threshold", "removed", "dead", "peer_only", "starved", "lost"),
    [
        (0.0, "", "", "", "", ""),
        (0.1, "", "", "", "", ""),
        (0.15, "c_to_top", "flow1 flow2 object1 b c", "flow1 object1 b", "", "flow object"),
        (0.25, "object1_to_b c_to_top", "flow1 flow2 object1 b c", "flow1 b", "", "flow object"),
        (
            0.85,
            "flow1_to_b object1_to_b b_to_c flow2_to_c c_to_top",
            "flow1 flow2 object1 b c",
            "flow1 b",
            "b",
            "flow object",
        ),
    ],
)
def test_dead_blocks_peers_and_lost_modalities_of_a_hand_made_graph(
    threshold: float, removed: str, dead: str, peer_only: str, starved: str, lost: str
) -> None:
    """As a peer of a_to_top, b is still computed, with its sources; flow1 is a peer of eye_to_a."""
    found = survey(hand_made(), WEIGHTS, threshold)
    assert found.removed == tuple(removed.split())
    assert set(found.kept) == WEIGHTS.keys() - set(found.removed)
    assert found.dead_blocks == tuple(dead.split())
    assert found.peer_only == tuple(peer_only.split())
    assert found.starved == tuple(starved.split())
    assert found.lost_modalities == tuple(lost.split())
    assert found.output_connected
    assert found.skipped == set(found.dead_blocks) - set(found.peer_only)


def test_a_block_read_only_by_the_peer_of_a_dead_block_is_not_computed() -> None:
    """object1 is a peer of flow2_to_c, which is dead, and its only other target b is cut off at 0.25."""
    assert "object1" in survey(hand_made(), WEIGHTS, 0.25).skipped


def test_a_block_on_a_path_to_the_output_without_input_is_starved() -> None:
    weights = {**WEIGHTS, "eye_to_a": 0.1, "c_to_top": 0.7}
    found = survey(hand_made(), weights, 0.15)
    assert found.starved == ("a",)
    assert "a" not in found.dead_blocks
    assert found.output_connected
    assert found.lost_modalities == ("rgb",)


def test_above_all_weights_every_block_but_the_output_is_dead() -> None:
    found = survey(hand_made(), WEIGHTS, 0.95)
    assert found.kept == ()
    assert set(found.dead_blocks) == {"eye", "flow1", "flow2", "object1", "a", "b", "c"}
    assert found.peer_only == ()
    assert found.starved == ("top",)
    assert found.lost_modalities == ("rgb", "flow", "object")
    assert not found.output_connected


def test_the_output_counts_as_disconnected_if_any_output_block_is_starved() -> None:
    two = dataclasses.replace(hand_made(), outputs=(OutputSpec("top"), OutputSpec("c")))
    assert survey(two, WEIGHTS, 0.6).output_connected
    assert not survey(two, WEIGHTS, 0.7).output_connected


def test_a_modality_is_lost_with_its_blocks_regardless_of_what_they_read() -> None:
    blocks = tuple(
        dataclasses.replace(block, reads="rgb") if block.modality == "flow" else block
        for block in hand_made().blocks
    )
    structure = dataclasses.replace(hand_made(), blocks=blocks, modalities=(MODALITIES[0], MODALITIES[2]))
    assert survey(structure, WEIGHTS, 0.15).lost_modalities == ("flow", "object")


def test_no_threshold_removes_a_connection_without_a_weight() -> None:
    weights = {key: weight for key, weight in WEIGHTS.items() if key != "c_to_top"}
    assert survey(hand_made(), weights, 1.0).kept == ("c_to_top",)


@pytest.mark.parametrize("threshold", [-0.1, 1.5, float("nan"), float("inf")])
def test_a_threshold_outside_0_to_1_is_refused(threshold: float) -> None:
    with pytest.raises(PeerattnError, match="must lie between 0 and 1"):
        survey(hand_made(), WEIGHTS, threshold)


def test_a_connection_with_weight_equal_to_the_threshold_is_kept() -> None:
    """A threshold equal to a weight removes exactly the lower weights."""
    steps = thresholds(WEIGHTS)
    assert steps == (0.1, 0.2, 0.3, 0.6, 0.8, 0.9)
    assert [len(survey(hand_made(), WEIGHTS, step).removed) for step in steps] == [0, 1, 2, 3, 4, 5]


@given(structures(), st.floats(0, 1), st.floats(0, 1))
def test_a_higher_threshold_never_restores_a_connection_or_block(
    structure: Structure, one: float, other: float
) -> None:
    weights = initial_weights(structure)
    low, high = (survey(structure, weights, threshold) for threshold in sorted((one, other)))
    assert set(low.removed) <= set(high.removed)
    assert set(low.dead_blocks) <= set(high.dead_blocks)
    assert low.output_connected >= high.output_connected
    for found in (low, high):
        assert set(found.peer_only) <= set(found.dead_blocks)
        assert not found.skipped & set(found.starved)
        assert set(found.kept) | set(found.removed) == {spec.key for spec in structure.connections}


RELEASED = published.full_asnp50
RELEASED_WEIGHTS = initial_weights(RELEASED)
EVERY_OTHER = " ".join(str(number) for number in range(14))


@pytest.mark.parametrize(
    ("threshold", "removed"),
    [(0.0, 0), (0.1, 6), (0.2, 10), (0.3, 13), (0.5, 23), (0.6, 34), (0.7, 36)],
)
def test_number_of_connections_removed_from_the_released_network(threshold, removed):
    found = survey(RELEASED, RELEASED_WEIGHTS, threshold)
    assert (len(found.removed), len(found.kept)) == (removed, 45 - removed)


@pytest.mark.parametrize("threshold", [0.1936, 0.2, 0.2387])
def test_at_threshold_a_fifth_35_connections_are_kept_9_of_them_from_the_object_input(threshold):
    sources = Counter(
        key.split("_to_")[0] == "4" for key in survey(RELEASED, RELEASED_WEIGHTS, threshold).kept
    )
    assert (sources[False], sources[True]) == (26, 9)
    assert "4_to_14" not in RELEASED_WEIGHTS


def test_thresholds_between_two_weights_around_a_fifth_remove_the_same_connections():
    for threshold, removed in ((0.1935, 9), (0.1936, 10), (0.2387, 10), (0.2388, 11)):
        assert len(survey(RELEASED, RELEASED_WEIGHTS, threshold).removed) == removed


@pytest.mark.parametrize(
    ("threshold", "dead", "lost"),
    [
        (0.0, "9", ""),
        (0.238744, "9", ""),
        (0.238745, "8 9 10", ""),
        (0.265630, "8 9 10", ""),
        (0.265631, "2 8 9 10", ""),
        (0.303369, "2 8 9 10", ""),
        (0.303370, "2 3 8 9 10", "flow"),
        (0.417462, "2 3 8 9 10", "flow"),
        (0.417463, "2 3 8 9 10 12", "flow"),
        (0.584483, "2 3 8 9 10 12", "flow"),
        (0.584485, EVERY_OTHER, "rgb flow object"),
        (1.0, EVERY_OTHER, "rgb flow object"),
    ],
)
def test_dead_blocks_and_lost_modalities_of_the_released_network(threshold, dead, lost):
    """Block 9 has no outgoing connection, but is a peer of connections into blocks 12, 13 and 14."""
    found = survey(RELEASED, RELEASED_WEIGHTS, threshold)
    assert found.dead_blocks == tuple(dead.split())
    assert found.lost_modalities == tuple(lost.split())
    assert found.output_connected == ("13" not in found.dead_blocks)
    assert ("9" in found.peer_only) == found.output_connected


def test_above_the_largest_weight_into_the_top_block_the_output_is_disconnected():
    found = survey(RELEASED, RELEASED_WEIGHTS, 0.584485)
    assert (len(found.kept), found.starved, found.output_connected) == (13, ("14",), False)
    assert survey(RELEASED, RELEASED_WEIGHTS, 0.584483).output_connected


def test_block_9_has_no_outgoing_connection_and_is_a_peer_for_three_blocks():
    assert unused_blocks(RELEASED) == ("9",)
    reading = {spec.target for spec in RELEASED.connections if "9" in spec.peers}
    assert reading == {"12", "13", "14"}


def test_exactly_the_ten_connections_into_blocks_9_and_12_are_at_initialisation():
    found = at_initialisation(RELEASED, RELEASED_WEIGHTS)
    into = {spec.key for target in ("9", "12") for spec in RELEASED.into(target)}
    assert set(found) == into and len(found) == 10
    moved = [abs(weight - 0.5) for key, weight in RELEASED_WEIGHTS.items() if key not in found]
    assert max(abs(RELEASED_WEIGHTS[key] - 0.5) for key in found) <= 0.0026
    assert min(moved) >= 0.029


def test_mean_weights_by_source_modality():
    found = weights_by_modality(RELEASED, RELEASED_WEIGHTS)
    means = {name: round(mean(weights), 3) for name, weights in found.items()}
    assert means == {"rgb": 0.535, "flow": 0.245, "object": 0.743, "mixed": 0.441}
    assert sum(map(len, found.values())) == 45


def test_attention_candidates_of_the_released_network():
    assert count_attention_weights(RELEASED) == 392
    counts = {len(spec.peers) for spec in RELEASED.connections}
    assert (min(counts), max(counts)) == (5, 14)
    assert count_attention_weights(published.structure("full_asnp50", attention="self")) == 0


def test_rgb_is_lost_even_if_flow_blocks_still_read_its_frames():
    """The rgb blocks are dead; the flow blocks still read rgb frames, but rgb counts as lost."""
    nodes = [[-1, 1], [-2, 1], [0, [0, 1], 2, 1, 1, 0], [1, [2], 2, 1, 2, 0], [2, [3], 2, 1, 2, 0]]
    structure = Structure.from_published([*nodes, [3, [4], 2, 1, 2, 0]], [[], [], [[0.3, 0.7]], [], [], []])
    found = survey(structure, initial_weights(structure), 0.5)
    assert found.lost_modalities == ("rgb",)
    left = without(structure, found)
    assert [modality.name for modality in left.modalities] == ["rgb", "flow"]
    assert [modality.name for modality in left.read_modalities] == ["rgb"]


def test_a_pruned_structure_projects_only_peers_that_are_read():
    structure = published.structure("full_asnp50", attention="self")
    assert any(block.unused_projections for block in structure.blocks)
    left = without(structure, survey(structure, initial_weights(structure), 0.2))
    assert not any(block.unused_projections for block in left.blocks)
    assert {block.id for block in structure.blocks} - {block.id for block in left.blocks} == {"9"}


@pytest.mark.parametrize("name", published.NAMES)
def test_every_published_structure_can_be_pruned_at_every_weight_that_keeps_its_output(name):
    structure = published.structure(name)
    weights = initial_weights(structure)
    for threshold in thresholds(weights):
        found = survey(structure, weights, threshold)
        if found.output_connected:
            assert survey(without(structure, found), weights, threshold).removed == ()


def within_two_steps(ours: dict[str, float], theirs: dict[str, float]) -> bool:
    """Equal up to rounding: torch's sigmoid depends slightly on how many numbers it gets at once."""
    keys = list(theirs)
    assert list(ours) == keys
    first, second = (np.array([weights[key] for key in keys], np.float32) for weights in (ours, theirs))
    return bool((np.abs(first - second) <= 2 * np.spacing(second)).all())


@pytest.mark.parametrize("name", ["asn50", "full_asnp50", "asnp_lite"])
def test_initial_weights_of_published_structures_equal_those_of_the_network(name):
    specs = [spec for spec in published.structure(name).connections if spec.weight is not None]
    computed = {spec.key: torch.sigmoid(torch.logit(torch.tensor(spec.weight))).item() for spec in specs}
    assert within_two_steps(initial_weights(published.structure(name)), computed)


@given(structures())
def test_initial_weights_equal_those_of_the_untrained_network(structure):
    assert within_two_steps(initial_weights(structure), Network(structure, CLASSES).connection_weights())
