"""Representation flow: no motion, uniform motion, and what the flow depends on."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from peerattn.errors import PeerattnError
from peerattn.network.blocks.flow import RepresentationFlow, forward_difference, scale_over_batch


def moving(across: int, down: int, *, frames: int = 3, side: int = 48) -> Tensor:
    """A smooth texture that moves by whole pixels a frame: (1, 3, T, side, side)."""
    noise = torch.rand(1, 3, side + 24, side + 24, generator=torch.Generator().manual_seed(0))
    smooth = F.avg_pool2d(F.avg_pool2d(noise, 9, 1, 4), 9, 1, 4)
    start = 12
    views = [
        smooth[
            :, :, start - down * t : start - down * t + side, start - across * t : start - across * t + side
        ]
        for t in range(frames)
    ]
    return torch.stack(views, dim=2)


def flow_of(frames: Tensor, iterations: int = 40) -> Tensor:
    with torch.no_grad():
        flow: Tensor = RepresentationFlow(iterations)(frames)
    return flow


def test_equal_frames_have_no_flow() -> None:
    still = moving(0, 0)
    assert flow_of(still).abs().max() < 1e-3


@pytest.mark.parametrize(("across", "down"), [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1)])
def test_flow_points_where_the_texture_goes(across: int, down: int) -> None:
    inner = flow_of(moving(across, down))[0, :, 0, 8:-8, 8:-8].mean(dim=(1, 2))
    assert inner.tolist() == pytest.approx([across, down], abs=0.35)


def test_the_last_frame_repeats_the_flow_before_it() -> None:
    flow = flow_of(moving(1, 0))
    assert flow.shape == (1, 2, 3, 48, 48)
    assert torch.equal(flow[:, :, 2], flow[:, :, 1])
    assert not torch.equal(flow[:, :, 1], flow[:, :, 0])


def test_a_clips_flow_depends_on_the_clips_it_is_run_with() -> None:
    """As published: brightness is rescaled over the whole batch."""
    clip = moving(1, 0)
    together = flow_of(torch.cat([clip, 2 * moving(0, 1)]))[:1]
    assert not torch.allclose(together, flow_of(clip), atol=1e-3)


@given(st.floats(0.1, 10), st.floats(-5, 5))
def test_brightness_and_contrast_of_the_whole_do_not_matter(contrast: float, brightness: float) -> None:
    image = torch.rand(1, 2, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    scaled = scale_over_batch(image)
    assert (scaled.min(), scaled.max()) == (0, 255)
    torch.testing.assert_close(scale_over_batch(contrast * image + brightness), scaled)


def test_forward_differences_take_zeros_beyond_the_right_and_lower_edge() -> None:
    image = torch.tensor([[1.0, 3.0], [4.0, 8.0]])[None, None]
    flow = RepresentationFlow(1)
    assert forward_difference(image, flow.f_grad_x)[0, 0].tolist() == [[2, -3], [4, -8]]
    assert forward_difference(image, flow.f_grad_y)[0, 0].tolist() == [[3, 5], [-4, -8]]


@pytest.mark.parametrize("window", [(1, 2), (2, 1)])
@pytest.mark.parametrize("size", [(5, 7), (1, 1)])
def test_two_tap_differences_are_convolutions(window: tuple[int, int], size: tuple[int, int]) -> None:
    """They agree for any kernel, and in the gradients of image and kernel."""
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(3, 1, *size, dtype=torch.float64, generator=generator)
    kernel = torch.randn(1, 1, *window, dtype=torch.float64, generator=generator)
    found = []
    for route in (forward_difference, convolved):
        given = [tensor.clone().requires_grad_() for tensor in (image, kernel)]
        output = route(*given)
        found.append([output.detach(), *torch.autograd.grad(output.square().sum(), given)])
    torch.testing.assert_close(*found)


def convolved(image: Tensor, kernel: Tensor) -> Tensor:
    return F.conv2d(F.pad(image, (0, kernel.shape[3] - 1, 0, kernel.shape[2] - 1)), kernel)


def test_the_flow_layer_has_no_trained_parameters_by_default() -> None:
    flow = RepresentationFlow(3)
    assert not any(parameter.requires_grad for parameter in flow.parameters())
    flow.theta.requires_grad_(True)
    flow(moving(1, 0)).square().sum().backward()
    assert flow.theta.grad is not None
    assert flow.theta.grad.isfinite()


def test_a_single_frame_is_refused() -> None:
    with pytest.raises(PeerattnError, match="two frames or more"):
        flow_of(moving(1, 0, frames=1))
