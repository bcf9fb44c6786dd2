"""Motion as more colours of an image, for a network that is to find what moves by itself.

T frames, H height, W width.
"""

import numpy as np
from numpy.typing import NDArray

from peerattn.modalities.flow import optical_flow

STILL = 128
"""The value where nothing moves."""
STEPS = (1, 3)
"""How many frames on: the next shows fast things sharply, the third shows slow ones at all."""
CHANNELS = 3 + 2 * len(STEPS)
"""Red, green, blue; rightward and downward motion for each of the steps."""


def with_motion(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(T, H, W, 7): the colours of (T, H, W, 3) images, then how each pixel moves within 1 and 3 frames."""
    count = len(images)
    seen = [beside(images[[frame, *others(frame, count)]]) for frame in range(count)]
    return np.stack(seen)


def others(frame: int, count: int, *, spacing: int = 1) -> list[int]:
    """Which of `count` frames a frame's motion leads to, the frames being sampled each `spacing`-th.

    Near the end, where there is no later one, an earlier one takes its place.
    """
    ahead = [frame + step * spacing for step in STEPS]
    behind = [max(frame - step * spacing, 0) for step in STEPS]
    return [later if later < count else earlier for later, earlier in zip(ahead, behind, strict=True)]


def beside(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, 7): the first of (1 + 2, H, W, 3) images, and its motion to each of the others."""
    return np.concatenate(
        [images[0]] + [_colours(images[[0, one]]) for one in range(1, len(images))], axis=-1
    )


def without_motion(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(…, H, W, 7) images as they are where each frame is a picture of its own: nothing moves."""
    still = images.copy()
    still[..., 3:] = STILL
    return still


def _colours(pair: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, 2) rightward and downward motion from the first to the second image.

    What the whole picture does, the camera's motion, is taken away. 1 px is half of the greatest value, so
    that slow motion is plain and fast motion stays within bounds.
    """
    flow = optical_flow(pair)[0]
    own = flow - np.median(flow, axis=(0, 1))
    bounded = own / (1 + np.linalg.norm(own, axis=-1, keepdims=True))
    colours: NDArray[np.uint8] = np.rint(STILL + (STILL - 1) * bounded).astype(np.uint8)
    return colours
