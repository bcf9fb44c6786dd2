"""A small segmentation network and the object maps that it estimates.

B images, C channels, K classes (the background first), H height, W width, T frames.
"""

from collections.abc import Mapping
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
from peerattn.modalities.clip import ObjectMaps
from peerattn.video import Frames
from peerattn.weights import WEIGHTS_FILE, find_checkpoint, read_card, read_weights

_BATCH = 64  # frames a pass: 64 px frames then take under 200 MB


class Segmenter(nn.Module):
    """Logits of a class for every pixel: an encoder that halves the size, a decoder that restores it.

    Few channels at full size, where a convolution costs most, and eight times as many at an eighth of it.
    """

    def __init__(
        self, class_ids: tuple[int, ...], class_names: tuple[str, ...], *, size: int, width: int
    ) -> None:
        super().__init__()
        self.class_ids, self.class_names, self.size, self.width = class_ids, class_names, size, width
        steps = list(pairwise((width, 3 * width, 5 * width, 8 * width)))
        self.stem = _convolutions(3, width)
        self.down = nn.ModuleList(_convolutions(narrow, wide, wide) for narrow, wide in steps)
        self.up = nn.ModuleList(_convolutions(wide + narrow, narrow) for narrow, wide in steps)
        self.head = nn.Conv2d(width, 1 + len(class_ids), kernel_size=1)

    @property
    def stride(self) -> int:
        """Height and width must be multiples of this."""
        return 1 << len(self.down)

    def forward(self, images: Tensor) -> Tensor:
        """(B, K, H, W) logits of (B, 3, H, W) colours in [0, 1]."""
        features = [self.stem(images * 2 - 1)]
        for block in self.down:
            features.append(block(functional.max_pool2d(features[-1], 2)))
        result = features.pop()
        for block in reversed(self.up):
            larger = functional.interpolate(result, scale_factor=2.0, mode="nearest")
            result = block(torch.cat((larger, features.pop()), dim=1))
        logits: Tensor = self.head(result)
        return logits


def _convolutions(*widths: int) -> nn.Sequential:
    """A 3x3 convolution from each width to the next, each with batch norm and ReLU."""
    layers: list[nn.Module] = []
    for source, target in pairwise(widths):
        convolution = nn.Conv2d(source, target, kernel_size=3, padding=1, bias=False)
        layers += [convolution, nn.BatchNorm2d(target), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def load_segmenter(name: str) -> Segmenter:
    """The segmentation network of a checkpoint; raises PeerattnError when it is missing or does not fit."""
    folder = find_checkpoint(name)
    segmenter = _built(folder, read_card(folder, "segmenter"))
    expected = {key: tuple(tensor.shape) for key, tensor in segmenter.state_dict().items()}
    segmenter.load_state_dict(read_weights(folder / WEIGHTS_FILE, expected))
    return segmenter.eval()


def _built(folder: Path, card: Mapping[str, Any]) -> Segmenter:
    """The network that a card describes, within bounds, not yet with its weights."""
    try:
        class_ids = tuple(int(class_id) for class_id in card["class_ids"])
        class_names = tuple(str(class_name) for class_name in card["class_names"])
        size, width = int(card["settings"]["size"]), int(card["settings"]["width"])
    except (KeyError, TypeError, ValueError):
        needed = "class_ids, class_names and settings (size, width)"
        raise PeerattnError(f"{folder.name}'s card lacks {needed}: save the checkpoint again") from None
    if not 16 <= size <= 512 or not 1 <= width <= 64:
        raise PeerattnError(f"{folder.name}: size {size} and width {width} must be 16 to 512 and 1 to 64")
    if not len(class_names) == len(class_ids) == len(set(class_ids) & set(range(1, 256))):
        raise PeerattnError(f"{folder.name}: its class_ids must be 1 to 255, each once and each with a name")
    return Segmenter(class_ids, class_names, size=size, width=width)


def estimate_objects(frames: Frames, segmenter: Segmenter) -> ObjectMaps:
    """Object maps of these frames, as the segmentation network sees them (short side: its `size` px)."""
    images = _scaled(frames.images, segmenter)
    parts = [_classes(batch, segmenter) for batch in torch.split(images, _BATCH)]
    ids = np.array([0, *segmenter.class_ids], np.uint8)[torch.cat(parts).numpy()]
    numbers = frames.source_numbers
    return ObjectMaps(ids, numbers, segmenter.class_ids, segmenter.class_names, "estimated")


def _scaled(images: NDArray[np.uint8], segmenter: Segmenter) -> Tensor:
    """(T, 3, H, W) colours with a short side of the segmenter's size, as (T, H, W, 3) images."""
    height, width = images.shape[1:3]
    scale = segmenter.size / min(height, width)
    shape = (max(segmenter.size, round(width * scale)), max(segmenter.size, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = np.stack([cv2.resize(image, shape, interpolation=method) for image in images])
    return torch.from_numpy(scaled).permute(0, 3, 1, 2)


@torch.inference_mode()
def _classes(images: Tensor, segmenter: Segmenter) -> Tensor:
    """(T, H, W) the most likely class of each pixel; edges are continued up to a multiple of the stride."""
    height, width = images.shape[2:]
    margins = (0, -width % segmenter.stride, 0, -height % segmenter.stride)
    padded = functional.pad(images.float() / 255, margins, mode="replicate")
    logits: Tensor = segmenter(padded)
    return logits.argmax(dim=1)[:, :height, :width]
