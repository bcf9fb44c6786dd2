"""Object maps by SegFormer (arXiv 2105.15203), trained on the 150 classes of ADE-20K, as in the AssembleNet++
paper.

Needs the optional extra: `pip install "peerattn[segformer]"`. T frames, H height, W width.

Label n of SegFormer gets class id n + 2; class id 1 is "other", ADE-20K's class 0. With 150 labels, these are
the 151 classes that the published structures read. There is no background: every pixel has a class.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from peerattn.errors import PeerattnError
from peerattn.network.failures import translate_device_errors
from peerattn.network.precision import apply_precision

PREFIX = "segformer:"
_FIRST_ID = 2
_MAX_LABELS = 255 - _FIRST_ID + 1
_SHORT_SIDE = 256  # px: half of the training size takes a quarter of the time, and is more than networks read
_STRIDE = 32  # px
_BATCH = 8  # frames per pass
_MEAN = np.array((0.485, 0.456, 0.406), np.float32)  # of ImageNet's colours, as in SegFormer's training
_DEVIATION = np.array((0.229, 0.224, 0.225), np.float32)


class SegFormer:
    """A SegFormer that estimates object maps."""

    def __init__(self, model: Any) -> None:  # transformers' SegformerForSemanticSegmentation
        """Wrap a model; raise PeerattnError if it distinguishes more classes than object maps can have."""
        labels = [str(name) for _, name in sorted(model.config.id2label.items())]
        if len(labels) > _MAX_LABELS:
            raise PeerattnError(
                f"this SegFormer has {len(labels)} classes: choose one with at most {_MAX_LABELS}"
            )
        self.model = model.eval()
        self.class_ids = tuple(range(1, len(labels) + _FIRST_ID))
        self.class_names = ("other", *labels)

    def estimate(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the class ids (T, h, w) of frames (T, H, W, 3), at a quarter of SegFormer's input size."""
        scaled = np.stack([_scale(image) for image in images])
        with translate_device_errors(), apply_precision(self.model.device):
            parts = [self._labels(scaled[first : first + _BATCH]) for first in range(0, len(scaled), _BATCH)]
        return np.concatenate(parts) + np.uint8(_FIRST_ID)

    @torch.inference_mode()
    def _labels(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the most likely label at each position, (T, H / 4, W / 4)."""
        normalised = (images.astype(np.float32) / 255 - _MEAN) / _DEVIATION
        pixels = torch.from_numpy(normalised).permute(0, 3, 1, 2).to(self.model.device)
        height, width = pixels.shape[2:]
        padded = functional.pad(pixels, (0, -width % _STRIDE, 0, -height % _STRIDE), mode="replicate")
        logits = self.model(pixel_values=padded).logits[:, :, : height // 4, : width // 4]
        labels: NDArray[np.uint8] = logits.argmax(dim=1).to(torch.uint8).cpu().numpy()
        return labels


def load(name: str, device: torch.device | str = "cpu") -> SegFormer:
    """Load a SegFormer from a folder, or by its name on the Hugging Face hub, from which it is downloaded
    once.

    Raises PeerattnError if the optional extra is not installed, or the model is found neither on disk nor on
    the hub.
    """
    try:
        from transformers import SegformerForSemanticSegmentation
    except ImportError:
        raise PeerattnError(
            'SegFormer needs the package transformers: pip install "peerattn[segformer]"'
        ) from None
    is_folder = Path(name).is_dir()
    try:
        model = SegformerForSemanticSegmentation.from_pretrained(
            name, local_files_only=is_folder, use_safetensors=True
        )
    except (OSError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        advice = "check the folder" if is_folder else "check the name and the connection, or specify a folder"
        raise PeerattnError(f"SegFormer {name!r} cannot be loaded: {advice} ({reason})") from None
    segmenter = SegFormer(model)
    segmenter.model.to(device)
    return segmenter


def _scale(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Scale an image to a short side of 256 px, both sides being multiples of 4 px."""
    height, width = image.shape[:2]
    scale = _SHORT_SIDE / min(height, width)
    size = (4 * max(1, round(width * scale / 4)), 4 * max(1, round(height * scale / 4)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)
