"""Pictures for the browser: made smaller, and as JPEG."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from peerattn.moved import moved

__getattr__ = moved(__name__)

Picture = NDArray[np.uint8]


def shrink(image: Picture, side: int, interpolation: int = cv2.INTER_AREA) -> Picture:
    """The image (h, w, ...) with a longest side of so many px at most."""
    scale = side / max(image.shape[:2])
    if scale >= 1:
        return np.ascontiguousarray(image)
    width, height = (max(1, round(length * scale)) for length in (image.shape[1], image.shape[0]))
    return np.asarray(cv2.resize(image, (width, height), interpolation=interpolation), np.uint8)


def encode_jpeg(image: Picture, quality: int) -> bytes:
    """The image (h, w, 3), its channels blue, green, red as OpenCV has them."""
    _, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return encoded.tobytes()


def decode_jpeg(encoded: bytes) -> Picture:
    """What `jpeg` encoded."""
    return np.asarray(cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR), np.uint8)
