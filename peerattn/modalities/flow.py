"""Optical flow between neighbouring frames, by dense inverse search (DIS, arXiv 1603.03590) in OpenCV."""

import cv2
import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError

PRESETS = {
    "ultrafast": cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
    "fast": cv2.DISOPTICAL_FLOW_PRESET_FAST,
    "medium": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
}
SMALLEST = 12  # px a side; DIS fails below


def optical_flow(images: NDArray[np.uint8], preset: str = "fast") -> NDArray[np.float32]:
    """(T, H, W, 2) px to the next frame, x then y; the last frame repeats the one before (T = 1: zero).

    Takes (T, H, W, 3) RGB. Raises PeerattnError for frames under 12 px a side and for an unknown preset.
    """
    if preset not in PRESETS:
        raise PeerattnError(f"flow preset {preset!r} is not one of {', '.join(PRESETS)}")
    frames, height, width = images.shape[:3]
    if min(height, width) < SMALLEST:
        raise PeerattnError(
            f"optical flow needs frames of {SMALLEST} px a side or more, not {width}x{height}"
        )
    flow = np.zeros((frames, height, width, 2), np.float32)
    estimator = _estimator(preset)
    greys = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in images]
    for frame in range(frames - 1):
        # Each pair starts from nothing, so that the flow of a frame depends on that frame and the next only.
        flow[frame] = estimator.calc(greys[frame], greys[frame + 1], None)  # type: ignore[call-overload]
    if frames > 1:
        flow[-1] = flow[-2]
    return flow


def _estimator(preset: str) -> cv2.DISOpticalFlow:
    estimator = cv2.DISOpticalFlow.create(PRESETS[preset])
    if preset == "medium":
        # OpenCV's medium works at half resolution in patches of 8 px: on 64 px frames that is worse than fast
        # (mean error on moving things 0.76 px a frame; fast 0.53; medium as set here 0.45).
        estimator.setFinestScale(0)
        estimator.setPatchSize(4)
        estimator.setPatchStride(2)
    return estimator
