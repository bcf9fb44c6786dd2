"""Pictures for the browser: downscaling, and encoding as JPEG."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def shrink(image: Picture, max_side: int, interpolation: int = cv2.INTER_AREA) -> Picture:
    """Return an image (h, w, ...) scaled down so that its longest side is at most `max_side` pixels."""
    scale = max_side / max(image.shape[:2])
    if scale >= 1:
        return np.ascontiguousarray(image)
    width, height = (max(1, round(length * scale)) for length in (image.shape[1], image.shape[0]))
    return np.asarray(cv2.resize(image, (width, height), interpolation=interpolation), np.uint8)


def encode_jpeg(image: Picture, quality: int) -> bytes:
    """Encode an image (h, w, 3) in OpenCV's channel order, BGR, as JPEG."""
    _, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return encoded.tobytes()


def decode_jpeg(encoded: bytes) -> Picture:
    """Decode a JPEG into an image (h, w, 3) in BGR order."""
    return np.asarray(cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR), np.uint8)
