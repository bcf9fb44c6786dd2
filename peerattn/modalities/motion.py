"""Motion as additional colour channels of an image, for a segmentation network that looks for moving objects.

T frames, H height, W width.
"""

import numpy as np
from numpy.typing import NDArray

from peerattn.modalities.flow import optical_flow

STILL = 128
"""The value of a motion channel where nothing moves."""
STEPS = (1, 3)
"""Frames over which motion is taken: 1 shows fast motion sharply, 3 makes slow motion visible."""
CHANNELS = 3 + 2 * len(STEPS)
"""Red, green and blue, then rightward and downward motion for each of the steps."""


def add_motion(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Append to RGB images (T, H, W, 3) each pixel's motion over 1 and 3 frames: (T, H, W, 7)."""
    count = len(images)
    extended = [add_motion_to_first(images[[frame, *motion_frames(frame, count)]]) for frame in range(count)]
    return np.stack(extended)


def motion_frames(frame: int, count: int, *, spacing: int = 1) -> list[int]:
    """Return the numbers of the frames to which a frame's motion is computed, one for each of `STEPS`.

    One step is `spacing` of the `count` frames. Where there is no later frame, near the end, an earlier one
    is used.
    """
    ahead = [frame + step * spacing for step in STEPS]
    behind = [max(frame - step * spacing, 0) for step in STEPS]
    return [later if later < count else earlier for later, earlier in zip(ahead, behind, strict=True)]


def add_motion_to_first(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Append to the first of the images (1 + 2, H, W, 3) its motion to each of the others: (H, W, 7)."""
    return np.concatenate(
        [images[0]] + [_motion_channels(images[[0, other]]) for other in range(1, len(images))], axis=-1
    )


def clear_motion(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a copy of images (…, H, W, 7) in which nothing moves, as if each frame were a still picture."""
    still = images.copy()
    still[..., 3:] = STILL
    return still


def _motion_channels(pair: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the rightward and downward motion (H, W, 2) from the first to the second image.

    The median motion, taken to be the camera's, is subtracted. A motion of 1 px has half of the maximum
    value, so that slow motion is clearly visible and fast motion stays within the range.
    """
    flow = optical_flow(pair)[0]
    own_motion = flow - np.median(flow, axis=(0, 1))
    bounded = own_motion / (1 + np.linalg.norm(own_motion, axis=-1, keepdims=True))
    channels: NDArray[np.uint8] = np.rint(STILL + (STILL - 1) * bounded).astype(np.uint8)
    return channels
