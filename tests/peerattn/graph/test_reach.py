"""Reach: the table of kinds agrees with what the blocks compute."""

import pytest
import torch
from hypothesis import given, settings
from torch import nn

from peerattn.checkpoints import checkpoint
from peerattn.graph import published
from peerattn.graph.kinds import KINDS
from peerattn.graph.reach import Reach, block_reaches, connection_reaches, network_reach
from peerattn.graph.structure import Structure
from peerattn.network.blocks.registry import BLOCKS
from peerattn.network.network import Network
from tests.kinds import EVERY_KIND
from tests.strategies import lively, structures, tensors

FRAMES = 61


def test_every_kind_of_block_has_a_row_a_class_and_a_test() -> None:
    assert KINDS.keys() == BLOCKS.keys(), (
        "a kind is a row of graph.kinds and a class in network.blocks.registry"
    )
    tested = {block.kind for structure in EVERY_KIND.values() for block in structure.blocks}
    assert KINDS.keys() == tested, "add a structure with the kind to tests/kinds.py: the laws run on it"


@pytest.mark.parametrize("name", published.NAMES)
def test_the_extent_of_a_block_is_the_sum_over_its_temporal_convolutions(name: str) -> None:
    """All temporal convolutions of a block are in sequence, so their extents add up."""
    structure = published.structure(name)
    with torch.device("meta"):
        network = Network(structure, ("a", "b"))
    for spec in structure.blocks:
        convolutions = (m for m in network.blocks[spec.id].modules() if isinstance(m, nn.Conv2d | nn.Conv3d))
        steps = [
            (m.kernel_size[0] // 2) * m.dilation[0]
            for m in convolutions
            if isinstance(m, nn.Conv3d) or m.kernel_size[1] < m.kernel_size[0]
        ]
        assert KINDS[spec.kind].extent(spec) == sum(steps), spec.id


def lossless(network: Network) -> Network:
    """The network with weights for which every unit is active, so that every change passes through."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d):
            module.weight.data.abs_()
        elif isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d):
            for zero in (module.running_mean, module.bias):
                nn.init.zeros_(zero)
    return network


def touched(structure: Structure, place: int) -> dict[str, list[int]]:
    """Block → the frames of its output that change with one frame of the clip."""
    network = lossless(lively(structure)).double()
    clip = {
        name: tensor.abs().double() for name, tensor in tensors(structure, frames=FRAMES, size=(8, 8)).items()
    }
    changed = {name: tensor.clone() for name, tensor in clip.items()}
    for tensor in changed.values():
        tensor[:, :, place] += 1.0
    extremes = network.brightness_extremes(clip)  # else every frame's flow would change with one
    with torch.no_grad():
        before, after = network.run(clip, extremes), network.run(changed, extremes)
    return {
        block: (before[block] != after[block])
        .any(dim=4)
        .any(dim=3)
        .any(dim=1)[0]
        .nonzero()
        .flatten()
        .tolist()
        for block in before
    }


@pytest.mark.parametrize("name", EVERY_KIND)
def test_changing_a_frame_affects_exactly_the_frames_within_reach(name: str) -> None:
    structure, place = EVERY_KIND[name], FRAMES // 2
    felt = touched(structure, place)
    for block, reach in block_reaches(structure).items():
        assert min(felt[block]) >= place - reach.after and max(felt[block]) <= place + reach.before, block
    top = block_reaches(structure)["top"]
    assert min(felt["top"]) == max(place - top.after, 0)
    assert max(felt["top"]) == min(place + top.before, FRAMES - 1)


@settings(max_examples=15)
@given(structures())
def test_changing_a_frame_affects_no_frame_beyond_the_reach(structure: Structure) -> None:
    felt = touched(structure, FRAMES // 2)
    for block, reach in block_reaches(structure).items():
        outside = set(felt[block]) - set(range(FRAMES // 2 - reach.after, FRAMES // 2 + reach.before + 1))
        assert not outside, block


def test_published_and_shipped_reaches() -> None:
    assert network_reach(published.structure("asn50")) == (30, 30)
    assert network_reach(published.full_asnp50) == (58, 58)
    for name in ("actionworld", "actions14"):
        reaches = connection_reaches(checkpoint.load(name).structure)
        into_top = {reach for key, reach in reaches.items() if key.endswith("_to_top")}
        assert into_top == {Reach(12, 12)}


def test_removing_a_connection_removes_its_reach() -> None:
    structure = EVERY_KIND["own"]
    whole, less = connection_reaches(structure), connection_reaches(structure, {"mid3_to_top"})
    assert less.keys() == whole.keys() - {"mid3_to_top"}
    assert (
        network_reach(structure, {spec.key for spec in structure.into("top")}).before
        < max(whole.values())[0] + 6
    )


def test_within_a_clip_no_more_frames_are_reached_than_it_has() -> None:
    assert Reach(4, 9).within(6) == (4, 6)
    assert Reach(4, 9).frames == 14
