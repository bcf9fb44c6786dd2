"""A small segmentation network that estimates object maps, and how it is loaded from a checkpoint.

B images, C channels, K classes (the background first), H height, W width, T frames.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from peerattn.errors import PeerattnError
from peerattn.files.cards import read_card
from peerattn.files.decoding import decode
from peerattn.files.paths import find_checkpoint
from peerattn.files.weights import WEIGHTS_FILE, read_weights
from peerattn.modalities.motion import CHANNELS, add_motion
from peerattn.network.failures import translate_device_errors
from peerattn.network.precision import apply_precision
from peerattn.network.state_arrays import load_arrays

_BATCH = 64  # frames per pass: frames of 64 px then take less than 200 MB


class SegmentationNetwork(nn.Module):
    """Per-pixel class logits from an encoder that halves the size step by step and a decoder that restores
    it.

    `widths` are the channels at each size, starting at the largest, where few channels keep convolutions
    cheap. With `reduction` 2, the largest size is half that of the images. With `motion`, the network reads
    motion channels in addition to the colours (`add_motion`).
    """

    def __init__(
        self,
        class_ids: tuple[int, ...],
        class_names: tuple[str, ...],
        *,
        size: int,
        widths: Sequence[int],
        reduction: int = 1,
        motion: bool = False,
    ) -> None:
        super().__init__()
        self.class_ids, self.class_names, self.size = class_ids, class_names, size
        self.widths, self.reduction, self.motion = tuple(widths), reduction, motion
        steps = list(pairwise(widths))
        self.stem = _convolutions(CHANNELS if motion else 3, widths[0], stride=reduction)
        self.down = nn.ModuleList(_convolutions(narrow, wide, wide) for narrow, wide in steps)
        self.up = nn.ModuleList(_convolutions(wide + narrow, narrow) for narrow, wide in steps)
        self.head = nn.Conv2d(widths[0], 1 + len(class_ids), kernel_size=1)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings on the checkpoint's card, from which the network can be rebuilt."""
        widths = list(self.widths)
        return {"size": self.size, "widths": widths, "reduction": self.reduction, "motion": self.motion}

    @property
    def stride(self) -> int:
        """Height and width of the input must be multiples of this."""
        return self.reduction << len(self.down)

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits (B, K, H, W) of images (B, 3 or 7, H, W) in [0, 1]."""
        features = [self.stem(images * 2 - 1)]
        for block in self.down:
            features.append(block(functional.max_pool2d(features[-1], 2)))
        result = features.pop()
        for block in reversed(self.up):
            larger = functional.interpolate(result, scale_factor=2.0, mode="nearest")
            result = block(torch.cat((larger, features.pop()), dim=1))
        logits: Tensor = self.head(result)
        if self.reduction > 1:
            logits = functional.interpolate(logits, scale_factor=float(self.reduction), mode="bilinear")
        return logits

    def estimate(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the class ids (T, h, w), short side `size` px, of consecutive frames (T, H, W, 3)."""
        scaled = scale_images(images, self.size)
        if self.motion:
            scaled = add_motion(scaled)
        with translate_device_errors(), apply_precision(self.device):
            classes = torch.cat([self._classes(batch) for batch in torch.split(to_tensor(scaled), _BATCH)])
            ids: NDArray[np.uint8] = np.array([0, *self.class_ids], np.uint8)[classes.cpu().numpy()]
        return ids

    @torch.inference_mode()
    def _classes(self, images: Tensor) -> Tensor:
        """Return each pixel's most likely class (T, H, W); images are padded to a multiple of the stride."""
        height, width = images.shape[2:]
        margins = (0, -width % self.stride, 0, -height % self.stride)
        padded = functional.pad(images.to(self.device).float() / 255, margins, mode="replicate")
        logits: Tensor = self(padded)
        return logits.argmax(dim=1)[:, :height, :width]


def _convolutions(*widths: int, stride: int = 1) -> nn.Sequential:
    """Return a 3x3 convolution with batch norm and ReLU from each width to the next."""
    layers: list[nn.Module] = []
    for source, target in pairwise(widths):
        convolution = nn.Conv2d(source, target, kernel_size=3, stride=stride, padding=1, bias=False)
        layers += [convolution, nn.BatchNorm2d(target), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def load_network(name: str, device: torch.device | str = "cpu") -> SegmentationNetwork:
    """Load the segmentation network of a checkpoint; raise PeerattnError if it is missing or damaged."""
    folder = find_checkpoint(name)
    network = _build(folder, read_card(folder, "segmenter"))
    expected = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    load_arrays(network, read_weights(folder / WEIGHTS_FILE, expected))
    return network.to(device).eval()


@dataclass(frozen=True)
class _Settings:
    size: int
    widths: tuple[int, ...]
    reduction: int
    motion: bool


def _build(folder: Path, card: Mapping[str, Any]) -> SegmentationNetwork:
    """Build the network of a card, without weights; raise PeerattnError for settings out of range."""
    try:
        class_ids = decode(card.get("class_ids"), tuple[int, ...], "class_ids")
        class_names = decode(card.get("class_names"), tuple[str, ...], "class_names")
        settings = decode(card.get("settings"), _Settings, "settings")
    except PeerattnError as error:
        raise PeerattnError(f"the card of {folder.name}: {error}: save the checkpoint again") from error
    size, widths, reduction = settings.size, settings.widths, settings.reduction
    if not 16 <= size <= 512 or reduction not in (1, 2):
        raise PeerattnError(
            f"{folder.name}: size {size} must be from 16 to 512, and reduction {reduction} must be 1 or 2"
        )
    if not 1 <= len(widths) <= 6 or not all(1 <= width <= 512 for width in widths):
        raise PeerattnError(f"{folder.name}: widths {list(widths)} must be 1 to 6 numbers from 1 to 512")
    if not len(class_names) == len(class_ids) == len(set(class_ids) & set(range(1, 256))):
        raise PeerattnError(
            f"{folder.name}: its class_ids must be from 1 to 255, each one once and each with a name"
        )
    return SegmentationNetwork(
        class_ids, class_names, size=size, widths=widths, reduction=reduction, motion=settings.motion
    )


def scale_images(images: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Scale images (T, H, W, 3) to a short side of `size` px."""
    height, width = images.shape[1:3]
    scale = size / min(height, width)
    shape = (max(size, round(width * scale)), max(size, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.stack([cv2.resize(image, shape, interpolation=method) for image in images])


def to_tensor(images: NDArray[np.uint8]) -> Tensor:
    """View images (T, H, W, C) as a tensor (T, C, H, W) in channels-last format, without a copy."""
    return torch.from_numpy(images).permute(0, 3, 1, 2)
