"""Optical flow between consecutive frames, by dense inverse search (DIS, arXiv 1603.03590) in OpenCV.

Networks read it as a velocity in pixels per nominal step, because sampled frames are not evenly spaced in
time. T frames, H height, W width.
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
MIN_SIDE = 12  # px: DIS needs frames of at least this height and width
_SPACING = 4  # px between the pixels to which the camera's motion is fitted
_ITERATIONS = 4
_MIN_BACKGROUND = 0.1  # objects are excluded from the fit only if more of the frame than this is background
_MIN_SCALE = 0.05  # px per frame: least scale of the Cauchy weights, used if the median residual is smaller
_MAX_SPEEDUP = 8.0  # of frames closer together than an eighth of the nominal step, flow is mostly noise
_EPSILON = 1e-9  # s: the rounding error of subtracting times


@dataclass(frozen=True)
class FrameTiming:
    """The times of a clip's frames, and the nominal time step to which velocities refer."""

    times: NDArray[np.float64]  # (T,) s, increasing, or all equal for a repeated still picture
    step: float  # s
    time_base: float = 0.0  # s: the resolution of the timestamps

    @property
    def even(self) -> bool:
        """Whether every gap between frames is zero or, within the resolution, the nominal step."""
        gaps = np.diff(self.times)
        # Both ends of a gap are rounded by up to half the time base, so a gap is off by up to one time base.
        nominal = np.abs(gaps - self.step) <= self.time_base + _EPSILON
        return bool(np.all(nominal | (gaps == 0)))


def optical_flow(images: NDArray[np.uint8], preset: str = "fast") -> NDArray[np.float32]:
    """Return the flow (T, H, W, 2) of RGB images (T, H, W, 3), in px to the next frame, x then y.

    The last frame repeats the flow of the one before; a single frame has zero flow. Raises PeerattnError for
    frames of less than 12 px in height or width, and for an unknown preset.
    """
    if preset not in PRESETS:
        raise PeerattnError(f"flow preset {preset!r} is not one of {', '.join(PRESETS)}")
    frames, height, width = images.shape[:3]
    if min(height, width) < MIN_SIDE:
        raise PeerattnError(
            f"optical flow needs frames of {MIN_SIDE} px a side or more, not {width}x{height}"
        )
    flow = np.zeros((frames, height, width, 2), np.float32)
    estimator = _estimator(preset)
    greys = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in images]
    for frame in range(frames - 1):
        # Without an initial flow, so that the flow of a frame depends on that frame and the next one only.
        flow[frame] = estimator.calc(greys[frame], greys[frame + 1], None)  # type: ignore[call-overload]
    if frames > 1:
        flow[-1] = flow[-2]
    return flow


def velocity(flow: NDArray[np.float32], timing: FrameTiming) -> NDArray[np.float32]:
    """Convert flow (T, H, W, 2) from px to the next frame into px per nominal step.

    The flow of a frame is multiplied by (nominal step / time to the next frame), but by no more than 8; the
    last frame repeats the one before. The flow of evenly spaced frames is returned unchanged.
    """
    if timing.even:
        return flow
    scale = np.minimum(timing.step / np.diff(timing.times), _MAX_SPEEDUP).astype(np.float32)
    scaled = flow[:-1] * scale[:, None, None, None]
    return np.concatenate([scaled, scaled[-1:]])


def remove_camera_motion(
    flow: NDArray[np.float32], objects: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """Subtract the camera's motion from flow (T, H, W, 2): per frame, the affine motion of the background.

    It is fitted to every 4th pixel by least squares, repeated four times with Cauchy weights relative to the
    median residual, so that pixels with a motion of their own count less each time. Pixels of `objects` (T,
    H, W) are left out, unless the background is less than a tenth of the frame. Without `objects`,
    this is reliable only while less than 40 % of the frame moves independently.
    """
    height, width = flow.shape[1:3]
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    coordinates = np.stack([np.ones_like(x), x, y], axis=-1).astype(np.float32)  # (H, W, 3)
    sampled = slice(_SPACING // 2, None, _SPACING)
    motion = flow[:, sampled, sampled].reshape(len(flow), -1, 2)  # (T, N, 2)
    points = coordinates[sampled, sampled].reshape(-1, 3)  # (N, 3)
    included = np.ones(motion.shape[:2], np.float32)
    if objects is not None:
        background = ~objects[:, sampled, sampled].reshape(included.shape)
        enough = background.mean(axis=1) > _MIN_BACKGROUND
        included[enough] = background[enough]
    median_index = (included > 0).sum(axis=1, keepdims=True) // 2
    weights, affine = included, np.zeros((len(flow), 3, 2), np.float32)
    for _ in range(_ITERATIONS):
        weighted = points.T * weights[:, None]  # (T, 3, N)
        # A ridge of 1e-3 keeps the system solvable if too few pixels have weight to determine six numbers.
        affine = np.linalg.solve(
            weighted @ points + np.float32(1e-3) * np.eye(3, dtype=np.float32), weighted @ motion
        )
        residual = np.linalg.norm(motion - points @ affine, axis=2)
        ordered = np.sort(np.where(included > 0, residual, np.inf), axis=1)
        median = np.take_along_axis(ordered, median_index, axis=1)
        weights = included / (1 + (residual / np.maximum(median, _MIN_SCALE)) ** 2)
    camera = coordinates.reshape(-1, 3) @ affine  # (T, H·W, 2)
    own_motion: NDArray[np.float32] = flow - camera.reshape(flow.shape)
    return own_motion


def _estimator(preset: str) -> cv2.DISOpticalFlow:
    estimator = cv2.DISOpticalFlow.create(PRESETS[preset])
    if preset == "medium":
        # OpenCV's medium preset works at half resolution in patches of 8 px, which on 64 px frames is worse
        # than fast: the mean error on moving objects is 0.76 px (fast: 0.53 px; the settings here: 0.45 px).
        estimator.setFinestScale(0)
        estimator.setPatchSize(4)
        estimator.setPatchStride(2)
    return estimator
