"""Dense and attention blocks, compared with torch's own layers."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from peerattn.graph.specs import BlockSpec
from peerattn.network.blocks.dense import Dense
from peerattn.network.blocks.layers import mean_pool
from peerattn.network.blocks.multi_head import MultiHeadAttention
from tests.peerattn.network.test_blocks import SIDES, noise


@given(st.integers(1, 5), SIDES, SIDES)
def test_mean_pooling_ignores_padding(window: int, height: int, width: int) -> None:
    clip = noise(1, 2, 2, height, width)
    pooled = mean_pool(clip, window)
    assert pooled.shape[3:] == (-(-height // window), -(-width // window))
    last = clip[0, 1, 1, (pooled.shape[3] - 1) * window :, (pooled.shape[4] - 1) * window :]
    assert torch.isclose(pooled[0, 1, 1, -1, -1], last.mean(), atol=1e-6)


def test_dense_layers_are_linear_layers_at_every_place() -> None:
    block = Dense(BlockSpec("b", 2, "dense", 5, repeats=2, inner_width=7), 3).eval()
    clip = noise(2, 3, 4, 2, 3)
    vectors = clip.permute(0, 2, 3, 4, 1)
    for convolution, norm, _ in block:
        layer = nn.Linear(convolution.in_channels, convolution.out_channels, bias=False)
        layer.weight.data = convolution.weight.data[:, :, 0, 0]
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        vectors = torch.relu(layer(vectors) * scale)
    assert [layer.out_channels for layer, *_ in block] == [7, 5]
    assert torch.allclose(block(clip), vectors.permute(0, 4, 1, 2, 3), atol=1e-6)


def attending(over: str) -> MultiHeadAttention:
    spec = BlockSpec("b", 2, "attention", 6, heads=2, over=over, repeats=2)
    return MultiHeadAttention(spec, 3).eval()


@pytest.mark.parametrize("over", ["places", "frames"])
def test_attention_over_places_stays_within_a_frame_and_over_frames_within_a_place(over: str) -> None:
    """Changing a pixel in one frame changes either that whole frame or that position in all frames."""
    block, clip = attending(over), noise(1, 3, 4, 3, 5)
    other = clip.clone()
    other[0, :, 1, 2, 3] += 1
    with torch.no_grad():
        changed = (block(clip) != block(other)).any(dim=1)[0]
    expected = torch.zeros(4, 3, 5, dtype=torch.bool)
    expected[(1,) if over == "places" else (slice(None), 2, 3)] = True
    assert torch.equal(changed, expected)


@pytest.mark.parametrize("over", ["places", "frames"])
def test_attention_does_not_depend_on_the_order_of_entries(over: str) -> None:
    block, clip = attending(over), noise(1, 3, 4, 3, 5)
    axis = 4 if over == "places" else 2
    with torch.no_grad():
        assert torch.allclose(block(clip.flip(axis)), block(clip).flip(axis), atol=1e-6)


def test_attention_is_torchs_multi_head_attention() -> None:
    [layer, *_] = attending("frames").layers
    reference = nn.MultiheadAttention(6, 2, batch_first=True).eval()
    reference.in_proj_weight.data, reference.in_proj_bias.data = layer.project.weight, layer.project.bias
    reference.out_proj.weight.data, reference.out_proj.bias.data = layer.join.weight, layer.join.bias
    entries = torch.randn(4, 5, 6)
    with torch.no_grad():
        read = layer.norm(entries)
        attended = entries + reference(read, read, read)[0]
        assert torch.allclose(layer(entries), attended + layer.dense(attended), atol=1e-6)
