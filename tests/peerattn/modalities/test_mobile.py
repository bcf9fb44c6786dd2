"""Layers with TensorFlow's padding: the size, and which pixels an output reads."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from peerattn.modalities.pretrained.mobile import InvertedResidual, SameConv


@given(side=st.integers(1, 20), kernel=st.sampled_from((1, 3, 5)), stride=st.sampled_from((1, 2)))
def test_an_output_reads_the_pixels_that_tensorflow_s_padding_gives(
    side: int, kernel: int, stride: int
) -> None:
    layer = SameConv(1, 1, kernel, stride=stride, bias=False)
    torch.nn.init.ones_(layer.weight)
    row = torch.zeros(1, 1, side, side, requires_grad=True)
    sums = layer(row)
    steps = -(-side // stride)
    assert sums.shape == (1, 1, steps, steps)
    # https://www.tensorflow.org/api_docs/python/tf/nn: of an odd padding, one more is at the end.
    before = max((steps - 1) * stride + kernel - side, 0) // 2
    for step in range(steps):
        (read,) = torch.autograd.grad(sums[0, 0, step, step], row, retain_graph=True)
        first = step * stride - before
        expected = range(max(first, 0), min(first + kernel, side))
        assert read[0, 0].diagonal().nonzero().flatten().tolist() == list(expected)


@pytest.mark.parametrize(("stride", "target", "adds"), [(1, 8, True), (2, 8, False), (1, 12, False)])
def test_the_input_is_added_if_it_has_the_size_of_the_output(stride: int, target: int, adds: bool) -> None:
    block = InvertedResidual(8, target, stride=stride)
    torch.nn.init.zeros_(block.project.weight)
    assert block.project.bias is not None
    torch.nn.init.zeros_(block.project.bias)
    images = torch.rand(2, 8, 5, 6)
    expected = images if adds else torch.zeros(2, target, -(-5 // stride), -(-6 // stride))
    torch.testing.assert_close(block(images), expected)
