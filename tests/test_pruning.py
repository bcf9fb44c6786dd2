"""Pruning: what dies on hand-made graphs, and smaller networks that compute what the masked ones do."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from peerattn.errors import PeerattnError
from peerattn.network import Network
from peerattn.pruning import last_connected, masked, prune, survey, thresholds
from peerattn.structure import BlockSpec, ConnectionSpec, OutputSpec, Structure
from tests.strategies import CLASSES, MODALITIES, lively, structures, tensors

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
def test_what_dies_on_a_hand_made_graph(
    threshold: float, removed: str, dead: str, peer_only: str, starved: str, lost: str
) -> None:
    """b is a peer of a_to_top, so it is computed, and so is what feeds it; flow1 is a peer of eye_to_a."""
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
    """object1 is a peer of flow2_to_c; once c is dead nobody needs it, but for b, which 0.25 cuts off."""
    assert "object1" in survey(hand_made(), WEIGHTS, 0.25).skipped


def test_a_living_block_without_input_is_starved() -> None:
    weights = {**WEIGHTS, "eye_to_a": 0.1, "c_to_top": 0.7}
    found = survey(hand_made(), weights, 0.15)
    assert found.starved == ("a",)
    assert "a" not in found.dead_blocks
    assert found.output_connected
    assert found.lost_modalities == ("rgb",)


def test_above_every_weight_only_the_output_lives() -> None:
    found = survey(hand_made(), WEIGHTS, 0.95)
    assert found.kept == ()
    assert set(found.dead_blocks) == {"eye", "flow1", "flow2", "object1", "a", "b", "c"}
    assert found.peer_only == ()
    assert found.starved == ("top",)
    assert found.lost_modalities == ("rgb", "flow", "object")
    assert not found.output_connected


def test_any_starved_output_block_disconnects() -> None:
    two = dataclasses.replace(hand_made(), outputs=(OutputSpec("top"), OutputSpec("c")))
    assert survey(two, WEIGHTS, 0.6).output_connected
    assert not survey(two, WEIGHTS, 0.7).output_connected


def test_a_modality_is_that_of_its_blocks_whatever_they_read() -> None:
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
def test_a_threshold_that_no_weight_can_have_is_refused(threshold: float) -> None:
    with pytest.raises(PeerattnError, match="must lie between 0 and 1"):
        survey(hand_made(), WEIGHTS, threshold)


def test_a_weight_equal_to_the_threshold_stays() -> None:
    """At each of the distinct weights, all that is lower goes."""
    steps = thresholds(WEIGHTS)
    assert steps == (0.1, 0.2, 0.3, 0.6, 0.8, 0.9)
    assert [len(survey(hand_made(), WEIGHTS, step).removed) for step in steps] == [0, 1, 2, 3, 4, 5]


def test_a_threshold_that_cuts_the_output_off_is_refused_and_names_one_that_does_not() -> None:
    network = lively(hand_made())
    with pytest.raises(PeerattnError, match=r"threshold 0\.95 cuts an output block off") as refusal:
        prune(network, 0.95)
    assert last_connected(network) == pytest.approx(0.9)
    named = float(str(refusal.value).rsplit(" ", 1)[1].rstrip(")"))
    assert prune(network, named).structure.block("top")


def test_dead_blocks_are_skipped_and_peers_kept() -> None:
    smaller = prune(lively(hand_made()), 0.25)
    assert {block.id for block in smaller.structure.blocks} == {"eye", "flow1", "a", "b", "top"}
    assert [modality.name for modality in smaller.structure.modalities] == ["rgb", "flow"]
    assert set(smaller.connections) == {"eye_to_a", "flow1_to_b", "a_to_top"}
    assert set(smaller.state_dict()) < set(lively(hand_made()).state_dict())


@torch.no_grad()
@given(structures(), st.floats(0, 1))
def test_pruned_network_equals_the_masked_one(structure: Structure, threshold: float) -> None:
    network, clip = lively(structure), tensors(structure, clips=2, size=(9, 16))
    whole = network(clip)
    found = survey(structure, network.connection_weights(), threshold)
    assume(found.output_connected)
    with masked(network, threshold):
        expected = network(clip)
    smaller = prune(network, threshold)
    assert torch.allclose(smaller(clip), expected, atol=1e-5, rtol=1e-5)
    assert torch.equal(network(clip), whole)
    assert {block.id for block in structure.blocks} - set(smaller.blocks) == found.skipped
    assert set(smaller.connections) <= set(found.kept)
    assert not smaller.training


@given(structures(), st.floats(0, 1), st.floats(0, 1))
def test_a_higher_threshold_never_revives(structure: Structure, one: float, other: float) -> None:
    weights = Network(structure, CLASSES).connection_weights()
    low, high = (survey(structure, weights, threshold) for threshold in sorted((one, other)))
    assert set(low.removed) <= set(high.removed)
    assert set(low.dead_blocks) <= set(high.dead_blocks)
    assert low.output_connected >= high.output_connected
    for found in (low, high):
        assert set(found.peer_only) <= set(found.dead_blocks)
        assert not found.skipped & set(found.starved)
        assert set(found.kept) | set(found.removed) == {spec.key for spec in structure.connections}


def test_a_mask_goes_when_its_block_ends_by_an_exception_too() -> None:
    network = lively(hand_made())
    with pytest.raises(KeyError), masked(network, 0.5):
        assert network.disabled
        raise KeyError
    assert network.disabled == frozenset()


def test_pruning_twice_is_pruning_once_at_the_higher_threshold() -> None:
    network = lively(hand_made())
    twice, once = prune(prune(network, 0.15), 0.25), prune(network, 0.25)
    assert twice.structure == once.structure
    clip = tensors(network.structure)
    with torch.no_grad():
        assert torch.equal(twice(clip), once(clip))


def released(shared: Path) -> tuple[Structure, dict[str, float]]:
    """The level graph of the released AssembleNet++-50 and its learned connection weights, without sizes."""
    case = json.loads((shared / "parity" / "cases" / "c_asnp50_full_peer.json").read_text())
    blocks: list[BlockSpec] = []
    for number, (rank, *_) in enumerate(case["structure"]):
        modality = {-1: "rgb", -2: "flow", -3: "object"}.get(rank)
        block = BlockSpec(str(number), max(rank, -1) + 2, "bottleneck", 1, modality=modality)
        sized = dataclasses.replace(block, input_width=1, attention_width=1)
        blocks.append(block if modality else sized)
    connections, weights = [], {}
    for number, (rank, sources, *_) in enumerate(case["structure"]):
        if rank < 0:
            continue
        peers = tuple(block.id for block in blocks if block.level < blocks[number].level)
        for source, weight in zip(sources, case["edge_weights"][number][0], strict=True):
            connections.append(ConnectionSpec(str(source), str(number), peers, "peer", weight))
            weights[connections[-1].key] = weight
    return Structure(tuple(blocks), tuple(connections), (OutputSpec("14"),), MODALITIES), weights


@pytest.mark.parametrize(
    ("threshold", "removed", "dead", "lost"),
    [
        (0.0, 0, "9", ""),
        (0.1, 6, "9", ""),
        (0.2, 10, "9", ""),
        (0.238744, 10, "9", ""),
        (0.238745, 11, "8 9 10", ""),
        (0.265631, None, "2 8 9 10", ""),
        (0.3, 13, "2 8 9 10", ""),
        (0.303370, None, "2 3 8 9 10", "flow"),
        (0.417463, None, "2 3 8 9 10 12", "flow"),
        (0.5, 23, "2 3 8 9 10 12", "flow"),
        (0.584485, None, "0 1 2 3 4 5 6 7 8 9 10 11 12 13", "rgb flow object"),
        (0.7, 36, "0 1 2 3 4 5 6 7 8 9 10 11 12 13", "rgb flow object"),
    ],
)
def test_what_dies_of_the_released_connection_weights(
    shared: Path, threshold: float, removed: int | None, dead: str, lost: str
) -> None:
    """Nothing reads block 9, but blocks 12, 13 and 14 have it as a peer."""
    found = survey(*released(shared), threshold)
    assert removed in (None, len(found.removed))
    assert found.dead_blocks == tuple(dead.split())
    assert found.lost_modalities == tuple(lost.split())
    assert found.output_connected == ("13" not in found.dead_blocks)
    assert ("9" in found.peer_only) == found.output_connected
