"""Object maps by SegFormer (arXiv 2105.15203), trained on the 150 classes of ADE-20K: the paper's own kind.

Needs the optional extra: `pip install "peerattn[segformer]"`. T frames, H height, W width.

Label n of SegFormer has class id n + 2 and class id 1 is "other", ADE-20K's class 0: with 150 labels these
are the 151 classes that published structures read. Nothing is background: each pixel has a class.
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
from peerattn.network.failures import device_failures
from peerattn.network.precision import applied

PREFIX = "segformer:"
_FIRST_ID = 2
_MOST_LABELS = 255 - _FIRST_ID + 1
_SHORT_SIDE = 256  # px; half of what it was trained at, a quarter of the time, and more than networks read
_STRIDE = 32  # px
_BATCH = 8  # frames a pass
_MEAN = np.array((0.485, 0.456, 0.406), np.float32)  # of ImageNet's colours, as in its training
_DEVIATION = np.array((0.229, 0.224, 0.225), np.float32)


class SegFormer:
    """A SegFormer that estimates object maps."""

    def __init__(self, model: Any) -> None:  # transformers' SegformerForSemanticSegmentation
        """Raises PeerattnError when it tells more classes than object maps can hold."""
        labels = [str(name) for _, name in sorted(model.config.id2label.items())]
        if len(labels) > _MOST_LABELS:
            raise PeerattnError(
                f"this SegFormer tells {len(labels)} classes: at most {_MOST_LABELS} can be used"
            )
        self.model = model.eval()
        self.class_ids = tuple(range(1, len(labels) + _FIRST_ID))
        self.class_names = ("other", *labels)

    def estimate(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(T, h, w) class ids of (T, H, W, 3) frames, a quarter of the size at which it reads them."""
        read = np.stack([_scaled(image) for image in images])
        with device_failures(), applied(self.model.device):
            parts = [self._labels(read[first : first + _BATCH]) for first in range(0, len(read), _BATCH)]
        return np.concatenate(parts) + np.uint8(_FIRST_ID)

    @torch.inference_mode()
    def _labels(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(T, H / 4, W / 4) the likeliest label of each place."""
        standard = (images.astype(np.float32) / 255 - _MEAN) / _DEVIATION
        pixels = torch.from_numpy(standard).permute(0, 3, 1, 2).to(self.model.device)
        height, width = pixels.shape[2:]
        padded = functional.pad(pixels, (0, -width % _STRIDE, 0, -height % _STRIDE), mode="replicate")
        logits = self.model(pixel_values=padded).logits[:, :, : height // 4, : width // 4]
        labels: NDArray[np.uint8] = logits.argmax(dim=1).to(torch.uint8).cpu().numpy()
        return labels


def load(name: str, device: torch.device | str = "cpu") -> SegFormer:
    """The SegFormer of a folder, or of a model's name on Hugging Face's hub, which is fetched once.

    Raises PeerattnError when the extra is not installed, or there is no such model here or there.
    """
    try:
        from transformers import SegformerForSemanticSegmentation
    except ImportError:
        raise PeerattnError(
            'SegFormer needs the package transformers: pip install "peerattn[segformer]"'
        ) from None
    here = Path(name).is_dir()
    try:
        model = SegformerForSemanticSegmentation.from_pretrained(
            name, local_files_only=here, use_safetensors=True
        )
    except (OSError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        way = "check the folder" if here else "check the name and the connection, or give a folder"
        raise PeerattnError(f"SegFormer {name!r} cannot be loaded: {way} ({reason})") from None
    segmenter = SegFormer(model)
    segmenter.model.to(device)
    return segmenter


def _scaled(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The image with a short side of 256 px, and a multiple of 4 px each way."""
    height, width = image.shape[:2]
    scale = _SHORT_SIDE / min(height, width)
    size = (4 * max(1, round(width * scale / 4)), 4 * max(1, round(height * scale / 4)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)
