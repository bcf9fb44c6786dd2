"""Optical flow between neighbouring frames, by dense inverse search (DIS, arXiv 1603.03590) in OpenCV.

What networks read of it is a velocity, in pixels per nominal step: sampled frames are not evenly spaced.
T frames, H height, W width.
"""

from dataclasses import dataclass

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
_SPACING = 4  # px between the pixels that tell the camera's motion
_ROUNDS = 4
_LEAST_AROUND = 0.1  # of a frame's pixels that must be no objects
_SLACK = 0.05  # px to the next frame that a pixel may always differ from the camera's motion
_MOST_SCALED = 8.0  # times; of frames that lie closer, flow is mostly noise
_EPSILON = 1e-9  # s; what is lost when times are subtracted


@dataclass(frozen=True)
class Pace:
    """When frames were shown, and the nominal step: the time by which their velocities count."""

    times: NDArray[np.float64]  # (T,) s, rising, or all the same: a picture that is repeated
    step: float  # s
    time_base: float = 0.0  # s to which the times were rounded

    @property
    def even(self) -> bool:
        """Whether every gap is the nominal step, as far as the times can tell."""
        gaps = np.diff(self.times)
        # Both ends of a gap are rounded, each by up to half the time base: a gap is off by up to a whole one.
        nominal = np.abs(gaps - self.step) <= self.time_base + _EPSILON
        return bool(np.all(nominal | (gaps == 0)))


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


def velocity(flow: NDArray[np.float32], pace: Pace) -> NDArray[np.float32]:
    """(T, H, W, 2) px per nominal step, of flow in px to the next frame: times nominal / own gap.

    The last frame repeats the one before. The flow of an even pace stays as it is, to the bit. It is
    multiplied by 8 at most, where frames lie an eighth of the step apart or closer.
    """
    if pace.even:
        return flow
    scale = np.minimum(pace.step / np.diff(pace.times), _MOST_SCALED).astype(np.float32)
    scaled = flow[:-1] * scale[:, None, None, None]
    return np.concatenate([scaled, scaled[-1:]])


def steadied(flow: NDArray[np.float32], objects: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
    """(T, H, W, 2) flow without the camera's: of each frame, the affine motion of what stands still.

    Fitted by least squares on every 4th pixel, four times over: pixels that do not follow weigh less each
    time (Cauchy's weights, by the median distance). `objects` (T, H, W) have no say, unless they leave less
    than a tenth of a frame; without them, what moves by itself must be less than 0.4 of it.
    """
    height, width = flow.shape[1:3]
    down, across = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    places = np.stack([np.ones_like(across), across, down], axis=-1).astype(np.float32)  # (H, W, 3)
    every = slice(_SPACING // 2, None, _SPACING)
    seen = flow[:, every, every].reshape(len(flow), -1, 2)  # (T, N, 2)
    at = places[every, every].reshape(-1, 3)  # (N, 3)
    counted = np.ones(seen.shape[:2], np.float32)
    if objects is not None:
        around = ~objects[:, every, every].reshape(counted.shape)
        enough = around.mean(axis=1) > _LEAST_AROUND
        counted[enough] = around[enough]
    middle = (counted > 0).sum(axis=1, keepdims=True) // 2
    weights, affine = counted, np.zeros((len(flow), 3, 2), np.float32)
    for _ in range(_ROUNDS):
        weighted = at.T * weights[:, None]  # (T, 3, N)
        affine = np.linalg.solve(
            weighted @ at + np.float32(1e-3) * np.eye(3, dtype=np.float32), weighted @ seen
        )
        distance = np.linalg.norm(seen - at @ affine, axis=2)
        ordered = np.sort(np.where(counted > 0, distance, np.inf), axis=1)
        typical = np.take_along_axis(ordered, middle, axis=1)
        weights = counted / (1 + (distance / np.maximum(typical, _SLACK)) ** 2)
    camera = places.reshape(-1, 3) @ affine  # (T, H·W, 2)
    own: NDArray[np.float32] = flow - camera.reshape(flow.shape)
    return own


def _estimator(preset: str) -> cv2.DISOpticalFlow:
    estimator = cv2.DISOpticalFlow.create(PRESETS[preset])
    if preset == "medium":
        # OpenCV's medium works at half resolution in patches of 8 px: on 64 px frames that is worse than fast
        # (mean error on moving things 0.76 px; fast 0.53; medium as set here 0.45).
        estimator.setFinestScale(0)
        estimator.setPatchSize(4)
        estimator.setPatchStride(2)
    return estimator
