"""Pruning a network: the smaller one computes what the masked one does."""

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from peerattn.errors import PeerattnError
from peerattn.graph.connectivity import survey
from peerattn.graph.structure import Structure
from peerattn.pruning.threshold import greatest_connected_threshold, masked, prune
from tests.peerattn.graph.test_connectivity import hand_made
from tests.strategies import lively, structures, tensors


def test_a_threshold_that_cuts_the_output_off_is_refused_and_names_one_that_does_not() -> None:
    network = lively(hand_made())
    with pytest.raises(PeerattnError, match=r"threshold 0\.95 cuts an output block off") as refusal:
        prune(network, 0.95)
    assert greatest_connected_threshold(network) == pytest.approx(0.9)
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


def test_a_mask_is_removed_after_an_exception() -> None:
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
