"""Costs: against torch's own counter, and what pruning takes away."""

import torch
from hypothesis import given, settings
from torch.utils.flop_counter import FlopCounterMode

from peerattn.network import Network
from peerattn.pruning import prune
from peerattn.size import multiply_adds, parameters
from peerattn.structure import Structure
from tests.strategies import lively, structures, tensors
from tests.test_pruning import hand_made


def scaling(structure: Structure, frames: int, size: int) -> int:
    """One multiply-add a number that arrives at a target: what torch's counter leaves out."""
    areas = {b.id: frames * (-(-size // b.input_reduction)) ** 2 for b in structure.blocks}
    return sum(structure.block(s.source).width * areas[s.target] for s in structure.connections)


@torch.no_grad()
@settings(max_examples=12)
@given(structures())
def test_multiply_adds_are_those_that_torch_counts(structure: Structure) -> None:
    network = lively(structure)
    with FlopCounterMode(display=False) as counter:
        network(tensors(structure, frames=3, size=(16, 16)))
    operations = counter.get_flop_counts()["Global"]
    sums_over_peers = operations.pop(torch.ops.aten.bmm, 0)  # small, and left out by ours
    assert sums_over_peers <= sum(operations.values())
    counted = sum(operations.values()) // 2
    assert multiply_adds(network, frames=3, size=16) == counted + scaling(structure, 3, 16)


def test_counting_leaves_the_network_as_it_was() -> None:
    network = lively(hand_made()).train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    multiply_adds(network, frames=2, size=8)
    assert network.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert not any(module._forward_hooks for module in network.modules())


def test_pruning_costs_less() -> None:
    network = lively(hand_made())
    smaller = prune(network, 0.25)
    assert parameters(smaller) < parameters(network)
    assert multiply_adds(smaller, frames=4, size=16) < multiply_adds(network, frames=4, size=16)


def test_parameters_are_what_training_may_change() -> None:
    network = Network(hand_made(), ("only",))
    assert parameters(network) == sum(parameter.numel() for parameter in network.parameters())
    assert parameters(network.heads) == 2 + 1  # two channels, one class, its bias
