"""Blocks and the head for modalities that describe frames by numbers."""

import pytest
import torch

from peerattn.graph.specs import BlockSpec, Modality
from peerattn.graph.structure import Structure
from peerattn.network.blocks.temporal import StandardisedInput, TemporalHead, VectorInput
from peerattn.network.network import Network
from tests.kinds import vectors


def test_units_of_channels_do_not_matter_once_their_mean_is_known() -> None:
    """A channel in metres and the same in millimetres give the same output after training on either."""
    metres = torch.randn(64, 3, 5, 1, 1, generator=torch.Generator().manual_seed(0))
    scale, shift = torch.tensor([1.0, 1000.0, 0.01]), torch.tensor([0.0, 5.0, -3.0])
    other = metres * scale.view(1, 3, 1, 1, 1) + shift.view(1, 3, 1, 1, 1)
    outputs = []
    for clips in (metres, other):
        torch.manual_seed(1)
        block = VectorInput(BlockSpec("rgb1", 1, "vector_input", 4, modality="rgb"), 3)
        block.standardise.eps = 1e-12
        for _ in range(200):
            block(clips)
        outputs.append(block.eval()(clips))
    torch.testing.assert_close(*outputs, rtol=1e-3, atol=1e-3)


def standardised(channels: int) -> StandardisedInput:
    return StandardisedInput(BlockSpec("rgb1", 1, "standardised_input", channels, modality="rgb"), channels)


def test_standardised_channels_have_mean_0_and_frames_a_length_of_about_1() -> None:
    clips = 7 + 3 * torch.randn(50, 6, 8, 1, 1, generator=torch.Generator().manual_seed(0))
    block = standardised(6).eval()
    block.set_statistics(list(clips.split(1)))
    output = block(clips)
    assert output.mean(dim=(0, 2, 3, 4)).abs().max() < 1e-5
    assert output.square().sum(dim=1).mean().item() == pytest.approx(1, rel=1e-3)


def test_training_changes_the_statistics_unless_they_are_fixed() -> None:
    clips = 7 + torch.randn(8, 2, 5, 1, 1)
    for fixed in (False, True):
        block = standardised(2).train()
        block.standardise.fixed = fixed
        noisy = block(clips)
        assert bool(block.standardise.running_mean.abs().max() > 0) != fixed
        assert not torch.equal(noisy, block(clips))  # noise is added while training


def test_the_mean_of_a_modality_is_that_of_the_channels_that_are_read() -> None:
    network = Network(vectors(), ["yes", "no"])
    for number, block_id in enumerate(("rgb1", "joints1")):
        mean = network.blocks[block_id].standardise.running_mean
        mean.copy_(10 * number + torch.arange(1.0, len(mean) + 1))
    network.blocks["rgb2"].standardise.running_mean.copy_(torch.tensor([7.0, 1.0, 2.0]))
    rgb, joints = network.structure.read_modalities
    assert network.mean_of(rgb).tolist() == [7.0, 1.0, 2.0]
    assert network.mean_of(joints).tolist() == [11.0, 12.0]


def test_a_block_sees_only_the_channels_that_it_reads() -> None:
    network = Network(vectors(), ["yes", "no"]).eval()
    clip = {one.name: torch.randn(1, one.channels, 6, 1, 1) for one in network.structure.read_modalities}
    changed = {**clip, "rgb": clip["rgb"].clone()}
    changed["rgb"][:, 0] += 1  # rgb1 reads channels 1 and 2 only
    before, after = network.run(clip), network.run(changed)
    assert torch.equal(before["rgb1"], after["rgb1"])
    assert not torch.equal(before["rgb2"], after["rgb2"])


def test_no_gradient_passes_a_detached_block() -> None:
    network = Network(vectors(), ["yes", "no"]).train()
    clip = {one.name: torch.randn(3, one.channels, 6, 1, 1) for one in network.structure.read_modalities}
    for detached in ((), ("top",)):
        network.detached = frozenset(detached)
        network.zero_grad(set_to_none=True)
        network(clip).sum().backward()
        below = [one.grad for name, one in network.named_parameters() if name.startswith("blocks.mid")]
        assert all(grad is None for grad in below) == bool(detached)
        assert network.blocks["top"].layers[0][0].weight.grad is not None


def test_the_head_reads_the_mean_the_maximum_and_the_course() -> None:
    head = TemporalHead(1, 1, dropout=0.0)
    head.scores.bias.data.zero_()
    clip = torch.tensor([1.0, 1.0, 5.0, 2.0, 2.0, 2.0, 4.0]).view(1, 1, 7, 1, 1)
    scores = []
    for weights in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)):
        head.scores.weight.data = torch.tensor([weights])
        scores.append(head(clip).item())
    assert scores == pytest.approx([17 / 7, 5.0, 3.0 - 1.0])


def test_a_structure_without_pixels_has_frames_of_one_by_one() -> None:
    pixels = Structure.complete(
        [BlockSpec("rgb1", 1, "video_input", 4, modality="rgb"), BlockSpec("top", 2, "bottleneck", 4)],
        modalities=[Modality("rgb", 3)],
    )
    assert pixels.clip_sides(48, 64) == (48, 64)
    assert vectors().clip_sides(48, 64) == (1, 1)
