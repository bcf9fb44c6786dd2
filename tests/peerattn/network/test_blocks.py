"""Blocks: output sizes, and each convolution compared with the 3D convolution that it replaces."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from peerattn.graph.specs import BlockSpec
from peerattn.network.blocks.layers import (
    SpatialConvolution,
    TemporalConvolution,
    by_clip,
    by_frame,
    max_pool,
    repeat_ends,
)
from peerattn.network.blocks.standard import Bottleneck, ClassificationHead, VideoInput

FRAMES, SIDES = st.integers(1, 4), st.integers(1, 17)


def noise(*shape: int) -> torch.Tensor:
    clip = torch.randn(*shape, generator=torch.Generator().manual_seed(0))
    return clip.contiguous(memory_format=torch.channels_last_3d)


def test_by_frame_and_by_clip_are_inverse() -> None:
    clip = noise(2, 3, 4, 5, 6)
    assert by_frame(clip).shape == (8, 3, 5, 6)
    assert torch.equal(by_frame(clip)[5], clip[1, :, 1])
    assert torch.equal(by_clip(by_frame(clip), 2), clip)


@given(st.integers(1, 8), SIDES, SIDES)
def test_max_pool_covers_every_pixel_of_a_frame_once(window: int, height: int, width: int) -> None:
    clip = noise(1, 2, 2, height, width) - 100  # below zero: pixels outside the frame must not win
    pooled = max_pool(clip, window)
    assert pooled.shape[3:] == (-(-height // window), -(-width // window))
    assert pooled.max() == clip.max()
    assert set(pooled.flatten().tolist()) <= set(clip.flatten().tolist())
    smallest = max_pool(-clip, window)
    assert smallest.max() == -clip.min()


def test_max_pool_equals_that_of_torch_if_sizes_divide() -> None:
    clip = noise(2, 3, 4, 8, 12)
    assert torch.equal(max_pool(clip, 4), F.max_pool3d(clip, (1, 4, 4)))


@given(st.booleans(), st.integers(1, 4), st.integers(1, 5), SIDES)
def test_a_temporal_convolution_equals_a_3d_convolution(
    repeat: bool, dilation: int, frames: int, side: int
) -> None:
    module = TemporalConvolution(3, 4, dilation=dilation, repeat=repeat).eval()
    clip = noise(2, 3, frames, side, 2)
    kernel = module[0].weight[..., None]  # (4, 3, 3, 1) → (4, 3, 3, 1, 1)
    padded = F.pad(clip, (0, 0, 0, 0, dilation, dilation), mode="replicate" if repeat else "constant")
    plain = F.conv3d(padded, kernel, dilation=(dilation, 1, 1))
    assert torch.allclose(module(clip), F.relu(plain / (1 + 1e-5) ** 0.5), atol=1e-5)


@pytest.mark.parametrize(
    ("repeat", "dilation", "sums"),
    [(False, 1, [3, 6, 5]), (True, 1, [4, 6, 8]), (False, 3, [1, 2, 3]), (True, 3, [5, 6, 7])],
)
def test_temporal_convolutions_pad_with_repeated_edge_frames_or_zeros(
    repeat: bool, dilation: int, sums: list[float]
) -> None:
    """Weights of 1 over the frames 1, 2, 3: the first sum is 0 + 1 + 2 with zeros, 1 + 1 + 2 with repeats."""
    module = TemporalConvolution(1, 1, dilation=dilation, repeat=repeat).eval()
    nn.init.ones_(module[0].weight)
    module[1].eps = 0.0
    clip = torch.tensor([1.0, 2.0, 3.0]).reshape(1, 1, 3, 1, 1)
    assert module(clip).flatten().tolist() == sums


@given(st.integers(1, 4), st.integers(2, 5), st.integers(2, 9))
def test_repeating_edge_frames_keeps_the_memory_layout(times: int, frames: int, places: int) -> None:
    clip = noise(2, 3, frames, places, 2).flatten(3)
    longer = repeat_ends(clip, times)
    assert longer.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(longer, F.pad(clip, (0, 0, times, times), mode="replicate"))


def test_zero_padding_is_done_by_the_convolution_itself() -> None:
    """Bit for bit, so the numbers of trained networks do not change."""
    module, clip = TemporalConvolution(3, 4, dilation=2).eval(), noise(2, 3, 5, 6, 7)
    plain = F.conv2d(clip.flatten(3), module[0].weight, padding=(2, 0), dilation=(2, 1))
    assert torch.equal(module(clip).flatten(3), F.relu(module[1](plain)))


@given(st.sampled_from((1, 2, 4)), SIDES)
def test_a_spatial_convolution_equals_a_3d_convolution(stride: int, side: int) -> None:
    window = 2 * stride - 1
    module = SpatialConvolution(3, 4, window=window, stride=stride, relu=False).eval()
    clip = noise(2, 3, 2, side, 5)
    padding, strides = (0, window // 2, window // 2), (1, stride, stride)
    plain = F.conv3d(clip, module[0].weight[:, :, None], padding=padding, stride=strides)
    assert torch.allclose(module(clip), plain / (1 + 1e-5) ** 0.5, atol=1e-5)


@pytest.mark.parametrize(("kind", "modality"), [(VideoInput, "rgb"), (Bottleneck, None)])
@given(stride=st.sampled_from((1, 2, 4)), dilation=st.integers(1, 4), sizes=st.tuples(FRAMES, SIDES, SIDES))
def test_blocks_keep_every_frame(
    kind: type[nn.Module], modality: str | None, stride: int, dilation: int, sizes: tuple[int, int, int]
) -> None:
    frames, height, width = sizes
    spec = BlockSpec("block", 1, "", 5, dilation, stride, repeats=2, modality=modality)
    output = kind(spec, 3).eval()(noise(2, 3, frames, height, width))
    assert output.shape == (2, 5, frames, -(-height // stride), -(-width // stride))
    assert (output >= 0).all()


def test_dilation_decides_which_frames_meet() -> None:
    """At dilation 2, a temporal convolution reads the frames two before and two after."""
    block = VideoInput(BlockSpec("block", 1, "", 3, 2, modality="rgb"), 1).eval()
    nn.init.constant_(block[0][0].weight, 1.0)
    nn.init.constant_(block[1][0].weight, 1.0)
    flash = torch.zeros(1, 1, 9, 1, 1)
    flash[0, 0, 4] = 1
    heard = block(flash)[0, 0, :, 0, 0].nonzero().flatten().tolist()
    assert heard == [2, 4, 6]


def test_a_bottleneck_with_zero_residuals_returns_its_input() -> None:
    block = Bottleneck(BlockSpec("block", 2, "", 4, repeats=2), 4).eval()
    for repeat in block:
        nn.init.zeros_(repeat.residual[3][1].weight)  # the batch norm before the sum
    clip = noise(1, 4, 2, 3, 3)
    assert torch.equal(block(clip), F.relu(clip))


def test_the_head_reads_the_mean_over_space_and_time() -> None:
    head, clip = ClassificationHead(3, 2).eval(), noise(2, 3, 4, 5, 6)
    assert torch.allclose(head(clip), head[1](clip.flatten(2).mean(2)), atol=1e-6)
