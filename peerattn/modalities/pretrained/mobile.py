"""Layers that EfficientNet-lite0 and MoveNet share: inverted residuals, and TensorFlow's padding.

Batch norm is folded into the convolutions. B images, C channels, H height, W width.
"""

from __future__ import annotations

from torch import Tensor, nn

from peerattn.network.blocks.layers import pad_same


class SameConv(nn.Conv2d):
    """A convolution with ceil(H / stride) × ceil(W / stride) output pixels, followed by ReLU6 if `clipped`.

    It pads with zeros as TensorFlow's `SAME` does: an odd number of them has one more at the bottom or right.
    """

    def __init__(
        self,
        source: int,
        target: int,
        kernel: int = 1,
        *,
        stride: int = 1,
        groups: int = 1,
        bias: bool = True,
        clipped: bool = False,
    ) -> None:
        super().__init__(source, target, kernel, stride, groups=groups, bias=bias)
        self.clipped = clipped

    def forward(self, images: Tensor) -> Tensor:
        """Return (B, target, ceil(H / stride), ceil(W / stride)) of images (B, source, H, W)."""
        result = super().forward(pad_same(images, self.kernel_size[0], self.stride[0]))
        return result.clamp_(0, 6) if self.clipped else result


class InvertedResidual(nn.Module):
    """A bottleneck that is wide inside (MobileNetV2, arXiv 1801.04381): expand, filter each channel, project.

    With `expansion` 1 it does not expand. Its input is added if it has the size of the output.
    """

    def __init__(
        self, source: int, target: int, *, expansion: int = 6, kernel: int = 3, stride: int = 1
    ) -> None:
        super().__init__()
        inner = expansion * source
        self.expand = SameConv(source, inner, clipped=True) if expansion > 1 else None
        self.depthwise = SameConv(inner, inner, kernel, stride=stride, groups=inner, clipped=True)
        self.project = SameConv(inner, target)
        self.adds_input = stride == 1 and source == target

    def forward(self, images: Tensor) -> Tensor:
        """Return (B, target, ceil(H / stride), ceil(W / stride)) of images (B, source, H, W)."""
        inner = images if self.expand is None else self.expand(images)
        result: Tensor = self.project(self.depthwise(inner))
        return result + images if self.adds_input else result
