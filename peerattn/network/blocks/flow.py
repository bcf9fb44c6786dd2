"""Representation flow: a layer that computes optical flow from the network's frames by unrolled iterations.

This is the TV-L1 iteration of "Representation Flow for Action Recognition" (arXiv 1810.01455, algorithm 1) as
used in the published AssembleNets: on the brightness of the frames, with kernels and step sizes that are
stored with the weights and, by default, not trained.

Shapes: B clips, T frames, H, W pixels, N = B·(T - 1) pairs of frames.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from peerattn.errors import PeerattnError

EPSILON = 1e-12
BRIGHTNESS_TAPS = 6
"""Taps of the two gradients of the brightness, 3 each."""
ITERATION_TAPS = 16
"""Taps of the eight gradients in each iteration, 2 each."""
CENTRAL = (-0.5, 0.0, 0.5)
FORWARD = (-1.0, 1.0)


class Extremes(NamedTuple):
    """The least and the greatest brightness: of each clip (B, 1, 1, 1), or of the whole batch (scalars)."""

    least: Tensor
    greatest: Tensor


class RepresentationFlow(nn.Module):
    """Frames (B, C, T, H, W) → flow (B, 2, T, H, W), horizontal and vertical; the last frame repeats the one
    before.

    As published, the brightness is scaled to 0 to 255 by the extremes of the whole batch, so the flow of a
    clip depends on the other clips of its batch. If `extremes` are passed, each clip is scaled by its own
    instead, and a part of a clip has the same flow as within the whole clip. Raises PeerattnError for a
    single frame.
    """

    def __init__(self, iterations: int) -> None:
        super().__init__()
        self.iterations = iterations
        self.img_grad_x, self.img_grad_y = _across(CENTRAL), _down(CENTRAL)
        self.f_grad_x, self.f_grad_y = _across(FORWARD), _down(FORWARD)
        self.f_grad_x2, self.f_grad_y2 = _across(FORWARD), _down(FORWARD)
        self.theta, self.lambda_, self.tau = _fixed(0.3), _fixed(0.15), _fixed(0.25)

    def forward(self, frames: Tensor, extremes: Extremes | None = None) -> Tensor:
        """(B, C, T, H, W) → (B, 2, T, H, W), in channels-last memory format."""
        clips, _, count = frames.shape[:3]
        if count < 2:
            raise PeerattnError("this network computes optical flow itself, which needs two frames or more")
        mean = frames.mean(dim=1)  # (B, T, H, W)
        brightness = scale_over_batch(mean) if extremes is None else scale_to_255(mean, extremes)
        before, after = brightness[:, :-1].flatten(0, 1)[:, None], brightness[:, 1:].flatten(0, 1)[:, None]
        pairs = self.between(before, after).unflatten(0, (clips, count - 1))  # (B, T - 1, 2, H, W)
        flow = repeat_last(pairs).transpose(1, 2)
        return flow.contiguous(memory_format=torch.channels_last_3d)

    def multiply_adds(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """Count the multiply-adds of the gradients, which are small convolutions."""
        clips, _, frames, height, width = output.shape
        return clips * (frames - 1) * height * width * (BRIGHTNESS_TAPS + ITERATION_TAPS * self.iterations)

    def between(self, before: Tensor, after: Tensor) -> Tensor:
        """Return the flow (N, 2, H, W) between pairs of frames (N, 1, H, W)."""
        theta = self.theta.abs() + EPSILON
        slope_x, slope_y = (
            central_difference(after, self.img_grad_x),
            central_difference(after, self.img_grad_y),
        )
        steepness = slope_x**2 + slope_y**2 + EPSILON
        change = after - before
        bound, step_size = self.lambda_ * theta, self.tau / theta
        u1 = u2 = p11 = p12 = p21 = p22 = torch.zeros_like(before)
        # Without numbers, only memory counts: that of the second iteration is that of all further ones.
        for _ in range(min(self.iterations, 2) if before.is_meta else self.iterations):
            residual = change + slope_x * u1 + slope_y * u2 + EPSILON
            step = _step(residual, steepness, bound)
            u1 = u1 + step * slope_x + theta * self._divergence(p11, p12)
            u2 = u2 + step * slope_y + theta * self._divergence(p21, p22)
            p11, p12 = self._dual(u1, p11, p12, step_size)
            p21, p22 = self._dual(u2, p21, p22, step_size)
        return torch.cat([u1, u2], dim=1)

    def _divergence(self, across: Tensor, down: Tensor) -> Tensor:
        """Return the divergence by backward differences: a shift by one pixel, then forward differences."""
        shifted = F.pad(across, (1, -1)), F.pad(down, (0, 0, 1, -1))
        return forward_difference(shifted[0], self.f_grad_x) + forward_difference(shifted[1], self.f_grad_y)

    def _dual(self, flow: Tensor, across: Tensor, down: Tensor, step_size: Tensor) -> tuple[Tensor, Tensor]:
        """Return the dual variables of one flow component after a step."""
        x, y = forward_difference(flow, self.f_grad_x2), forward_difference(flow, self.f_grad_y2)
        norm = 1 + step_size * torch.sqrt(x**2 + y**2 + EPSILON)
        return (across + step_size * x) / norm, (down + step_size * y) / norm


def brightness_extremes(frames: Tensor) -> Extremes:
    """Return the extremes of brightness over each whole clip of (B, C, T, H, W)."""
    brightness = frames.mean(dim=1)
    return Extremes(brightness.amin((1, 2, 3), keepdim=True), brightness.amax((1, 2, 3), keepdim=True))


def scale_over_batch(brightness: Tensor) -> Tensor:
    """Scale to 0 to 255 by the extremes of the batch; uniform brightness gives 0 (as published: NaN)."""
    return scale_to_255(brightness, Extremes(brightness.min(), brightness.max()))


def scale_to_255(brightness: Tensor, extremes: Extremes) -> Tensor:
    """Scale brightness to 0 to 255 between the extremes; the result is 0 where they are equal."""
    span = extremes.greatest - extremes.least
    return 255 * (brightness - extremes.least) / torch.where(span > 0, span, torch.ones_like(span))


def repeat_last(pairs: Tensor) -> Tensor:
    """Append a copy of the last entry: (B, T - 1, …) → (B, T, …)."""
    return torch.cat([pairs, pairs[:, -1:]], dim=1)


def central_difference(image: Tensor, kernel: Tensor) -> Tensor:
    """Convolve with three taps along one axis; pixels outside of the image are zero."""
    return F.conv2d(image, kernel, padding=(kernel.shape[2] // 2, kernel.shape[3] // 2))


def forward_difference(image: Tensor, kernel: Tensor) -> Tensor:
    """Convolve with two taps, at a pixel and the next one; pixels beyond the right or lower edge are zero.

    Computed as a sum of slices, which on a CPU is several times as fast as a convolution of one channel.
    """
    first_tap, second_tap = kernel.flatten()
    axis = 3 if kernel.shape[3] > 1 else 2
    difference: Tensor = image * first_tap
    length = image.shape[axis] - 1
    difference.narrow(axis, 0, length).addcmul_(image.narrow(axis, 1, length), second_tap)
    return difference


def _step(residual: Tensor, steepness: Tensor, bound: Tensor) -> Tensor:
    """Return the step along the slope that makes the residual zero, limited to `bound` either way."""
    limit = bound * steepness
    exact = torch.where(steepness > EPSILON, -residual / steepness, torch.zeros_like(residual))
    return torch.where(residual < -limit, bound, torch.where(residual > limit, -bound, exact))


def _fixed(value: float | list[list[list[list[float]]]]) -> nn.Parameter:
    return nn.Parameter(torch.tensor(value), requires_grad=False)


def _across(taps: tuple[float, ...]) -> nn.Parameter:
    return _fixed([[[list(taps)]]])


def _down(taps: tuple[float, ...]) -> nn.Parameter:
    return _fixed([[[[tap] for tap in taps]]])
