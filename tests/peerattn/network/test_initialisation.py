"""The published initial values: their spread and cut-off, and that a seed determines them."""

import math

import pytest
import torch
from torch import nn

from peerattn.graph import published
from peerattn.graph.structure import Structure
from peerattn.network.attention import PeerAttention
from peerattn.network.initialisation import initialise
from peerattn.network.network import Network
from tests.strategies import CLASSES


def started(structure: Structure, *, seed: int = 0) -> Network:
    network = Network(structure, CLASSES)
    initialise(network, seed=seed)
    return network


NETWORK = started(published.structure("full_asnp26"))


def test_filters_have_the_published_spread_and_none_lies_beyond_the_cut() -> None:
    for module in NETWORK.modules():
        if isinstance(module, nn.Conv2d) and module.weight.numel() > 50_000:
            fan_in = module.weight[0].numel()
            dilated = module.dilation[0] > 1
            drawn = math.sqrt(2 / fan_in) if dilated else math.sqrt(1 / fan_in) / 0.87963
            spread = drawn * 0.87963
            assert module.weight.std().item() == pytest.approx(spread, rel=0.02)
            assert module.weight.abs().max() <= 2 * drawn * (1 + 1e-4)


def test_residuals_start_closed_and_attention_almost_uniform() -> None:
    last = [module[-1][1] for name, module in NETWORK.named_modules() if name.endswith(".residual")]
    assert last
    assert all(norm.weight.abs().max() == 0 for norm in last)
    for module in NETWORK.modules():
        if isinstance(module, PeerAttention):
            shares = torch.softmax(module.weights, dim=0) * len(module.weights)
            assert shares.sub(1).abs().max() < 0.05


def test_fixed_connection_weights_stay_and_learned_ones_start_near_a_half() -> None:
    fixed = Network(published.structure("full_asnp26"), CLASSES).connection_weights()
    assert NETWORK.connection_weights() == fixed
    learned = started(Structure.from_published(published.FULL_ASNP50)).connection_weights()
    assert all(abs(weight - 0.5) < 0.006 for weight in learned.values())
    assert len(set(learned.values())) > 40


def test_initial_weights_depend_on_the_seed() -> None:
    structure = published.structure("asnp26")
    one, same, other = (started(structure, seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    changed = [name for name in one if not torch.equal(one[name], other[name])]
    assert any("residual" in name for name in changed)
