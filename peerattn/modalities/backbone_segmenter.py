"""A segmenter that finds the acting person of a real clip, frame by frame, in the maps of a frozen network.

EfficientNet-lite0, trained on ImageNet, gives maps of four sizes; a small decoder, trained on clips with
masks, combines them. Only the decoder's weights are in the checkpoint: its card names the frozen network.

T frames or B images, C channels, H height, W width (multiples of 32).
"""

from __future__ import annotations

import math
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
from peerattn.files.decoding import decode
from peerattn.files.weights import WEIGHTS_FILE, read_weights
from peerattn.modalities.objects import PERSON
from peerattn.modalities.pretrained.efficientnet import PYRAMID, STRIDE, EfficientNetLite0
from peerattn.modalities.pretrained.loading import BACKBONE, load_backbone
from peerattn.network.failures import translate_device_errors
from peerattn.network.precision import apply_precision
from peerattn.network.state_arrays import load_arrays

SHAPE = (192, 256)
"""Height and width, px, of the frames from which a decoder learns; frames of other shapes have this area."""
_LONGEST = 1024  # px: of frames that are extremely wide or tall
LEVEL = -0.4
"""The logit above which a position shows the person: in cross-validation, the overlap is greatest near it."""
_BATCH = 8  # frames per pass: they fit in a processor's cache


class Decoder(nn.Module):
    """Finds the acting person in the frozen network's maps, from the smallest to the largest.

    `widths` are the channels at each size, starting at the largest, where few channels keep convolutions
    cheap. `dropout` is the share of the maps' channels that are left out at random in training.
    """

    def __init__(self, widths: Sequence[int], *, dropout: float = 0.0) -> None:
        super().__init__()
        self.widths = tuple(widths)
        channels = [count for _, count in PYRAMID.values()]
        self.drop = nn.Dropout2d(dropout)
        self.read = nn.ModuleList(
            nn.Conv2d(count, width, kernel_size=1) for count, width in zip(channels, widths, strict=True)
        )
        self.whole = nn.Conv2d(widths[-1], widths[-1], kernel_size=1)
        self.narrow = nn.ModuleList(nn.Conv2d(wide, width, kernel_size=1) for width, wide in pairwise(widths))
        self.combine = nn.ModuleList(_convolution(width) for width in widths)
        self.head = nn.Conv2d(widths[0], 1, kernel_size=1)
        # On a CPU, training is then 1.7 times as fast.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Return the logits (B, H / 4, W / 4) of "here is the person", from the maps of
        `EfficientNetLite0.pyramid`."""
        *larger_maps, smallest = maps
        result: Tensor = self.read[-1](self.drop(smallest))
        result = self.combine[-1](result + self.whole(result.mean(dim=(2, 3), keepdim=True)))
        for level in reversed(range(len(larger_maps))):
            enlarged = enlarge(self.narrow[level](result))
            result = self.combine[level](enlarged + self.read[level](self.drop(larger_maps[level])))
        logits: Tensor = self.head(result)
        return logits[:, 0]


def _convolution(width: int) -> nn.Sequential:
    """Return a 3 × 3 convolution with batch norm and ReLU."""
    return nn.Sequential(
        nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
    )


def enlarge(maps: Tensor) -> Tensor:
    """Return maps (B, C, H, W) or (C, H, W) with twice the height and width."""
    every = maps if maps.dim() == 4 else maps[None]
    larger = functional.interpolate(every, scale_factor=2.0, mode="bilinear", align_corners=False)
    return larger if maps.dim() == 4 else larger[0]


class BackboneSegmenter:
    """A frozen network and a decoder: a segmenter that knows one class, the acting person.

    Each frame is read as it is and mirrored, and the mean counts: a mirrored clip has mirrored maps.
    """

    class_ids = (PERSON,)
    class_names = ("person",)

    def __init__(self, backbone: EfficientNetLite0, decoder: Decoder) -> None:
        self.backbone, self.decoder = backbone, decoder

    @property
    def settings(self) -> dict[str, Any]:
        """The settings on the checkpoint's card, from which the segmenter can be rebuilt."""
        return {"backbone": BACKBONE, "widths": list(self.decoder.widths)}

    @property
    def device(self) -> torch.device:
        return next(self.decoder.parameters()).device

    def estimate(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the class ids (T, h, w) of frames (T, H, W, 3); maps have about 96 × 128 pixels."""
        shape = input_shape(*images.shape[1:3])
        parts = [self._ids(images[first : first + _BATCH], shape) for first in range(0, len(images), _BATCH)]
        return np.concatenate(parts)

    @torch.inference_mode()
    def _ids(self, images: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
        scaled = scale_to(images, shape)
        with translate_device_errors(), apply_precision(self.device):
            logits = self.decoder(see(scaled, self.backbone))
            mirrored = self.decoder(see(scaled[:, :, ::-1], self.backbone))
            persons = enlarge((logits + mirrored.flip(-1)).float() / 2) > LEVEL
            return persons.to(torch.uint8).mul(PERSON).cpu().numpy()


def input_shape(height: int, width: int) -> tuple[int, int]:
    """Return the shape in which the frozen network reads frames of this shape: multiples of 32.

    It has about the area of `SHAPE`, so that all frames cost the same, unless it is extremely long.
    """
    scale = math.sqrt(math.prod(SHAPE) / (height * width))
    most = _LONGEST // STRIDE
    rows, columns = (min(most, max(1, round(side * scale / STRIDE))) for side in (height, width))
    return rows * STRIDE, columns * STRIDE


def scale_to(images: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Scale images (T, H, W, 3) to this height and width."""
    shrinks = shape[0] * shape[1] < images.shape[1] * images.shape[2]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.stack([cv2.resize(image, shape[::-1], interpolation=method) for image in images])


def see(images: NDArray[np.uint8], backbone: EfficientNetLite0) -> list[Tensor]:
    """Return the frozen network's maps of images (B, H, W, 3), as `EfficientNetLite0.pyramid` does."""
    device = next(backbone.parameters()).device
    tensor = torch.from_numpy(np.ascontiguousarray(images)).to(device)
    return backbone.pyramid(tensor.permute(0, 3, 1, 2).float())


@dataclass(frozen=True)
class _Settings:
    backbone: str
    widths: tuple[int, ...]


def build_segmenter(
    folder: Path, card: Mapping[str, Any], device: torch.device | str = "cpu"
) -> BackboneSegmenter:
    """Return the segmenter of a checkpoint's folder and card.

    Raises PeerattnError if its card or weights are damaged, or the frozen network is missing.
    """
    try:
        settings = decode(card.get("settings"), _Settings, "settings")
    except PeerattnError as error:
        raise PeerattnError(f"the card of {folder.name}: {error}: save the checkpoint again") from error
    widths = settings.widths
    if len(widths) != len(PYRAMID) or not all(1 <= width <= 512 for width in widths):
        raise PeerattnError(
            f"{folder.name}: widths {list(widths)} must be {len(PYRAMID)} numbers from 1 to 512"
        )
    if settings.backbone != BACKBONE:
        raise PeerattnError(f"{folder.name}: its backbone is {settings.backbone!r}, but must be {BACKBONE!r}")
    decoder = Decoder(widths)
    expected = {key: tuple(tensor.shape) for key, tensor in decoder.state_dict().items()}
    load_arrays(decoder, read_weights(folder / WEIGHTS_FILE, expected))
    return BackboneSegmenter(load_backbone(device), decoder.to(device).eval().requires_grad_(False))
