"""The optical flow around a person, without the camera's motion, and what it is at each joint.

T frames of H × W px, J joints (17), N cells along each side of the person's square.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from peerattn.modalities.flow import FrameTiming, optical_flow, remove_camera_motion, velocity
from peerattn.modalities.person.box import Squares
from peerattn.modalities.person.joints import Values
from peerattn.modalities.pretrained.movenet import JOINTS
from peerattn.modalities.pretrained.pose import Joints

SHORT_SIDE = 84
"""Short side of the frames between which flow is computed, px."""
CELLS = 24
"""Cells of the flow along each side of the person's square."""
READ_JOINTS = (
    "nose",
    *(
        f"{side} {joint}"
        for joint in ("elbow", "wrist", "hip", "knee", "ankle")
        for side in ("left", "right")
    ),
)
"""The joints at which flow is read."""
MEANINGS = tuple(
    f"flow at {joint}: {what}" for joint in READ_JOINTS for what in ("x", "y", "mean speed", "greatest speed")
)

_REACH = 2  # cells on each side of a joint that are read
_UNIT = 20.0  # flow is in twentieths of the square's side per nominal step
_BODY = (
    0.4,
    0.45,
)  # half width and height of the person, in sides of the square


def person_flow(images: NDArray[np.uint8], squares: Squares, timing: FrameTiming) -> Values:
    """Return the flow (T, N, N, 2) in the person's squares (T, 3), in twentieths of their side per nominal
    step.

    It is the velocity to the next frame (of the last frame: from the one before), less the motion of the
    camera, which is fitted to everything around the person.
    """
    scale = SHORT_SIDE / min(images.shape[1:3])
    size = (round(images.shape[2] * scale), round(images.shape[1] * scale))
    small = np.stack([cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in images])
    scaled = squares * scale
    flow = velocity(remove_camera_motion(optical_flow(small, "medium"), _bodies(scaled, size)), timing)
    return np.stack([_cut(one, square) for one, square in zip(flow, scaled, strict=True)])


def flow_at_joints(flow: Values, joints: Joints, squares: Squares) -> Values:
    """Return 4 numbers for each of the `READ_JOINTS` (T, 44): mean flow, mean and greatest speed near it.

    `flow` is that of `person_flow`; unsure joints count less. The numbers are square roots, with their sign.
    """
    count = len(flow)
    chosen = joints[:, [JOINTS.index(name) for name in READ_JOINTS]]
    cells = (chosen[..., :2] - squares[:, None, :2]) / squares[:, None, 2:] * CELLS + CELLS / 2
    column, row = np.moveaxis(cells.astype(int).clip(_REACH, CELLS - 1 - _REACH), -1, 0)  # (T, joints)
    near = np.arange(-_REACH, _REACH + 1)
    rows, columns = row[..., None, None] + near[:, None], column[..., None, None] + near
    patches = flow[np.arange(count)[:, None, None, None], rows, columns]  # (T, joints, 5, 5, 2)
    speed = np.linalg.norm(patches, axis=-1)
    numbers = np.stack([*np.moveaxis(patches.mean((2, 3)), -1, 0), speed.mean((2, 3)), speed.max((2, 3))], -1)
    numbers = numbers * (2 * chosen[..., 2:]).clip(0, 1)
    roots: Values = (np.sign(numbers) * np.sqrt(np.abs(numbers))).reshape(count, -1).astype(np.float32)
    return roots


def mirrored(flow: Values) -> Values:
    """Return the flow (T, N, N, 2) of the mirror image."""
    return flow[:, :, ::-1] * np.array([-1, 1], np.float32)


def _bodies(squares: Squares, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Return which pixels (T, H, W) the person may cover; `size` is the width and height of the frames."""
    across, down = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    x, y, side = squares.T[..., None, None]
    bodies: NDArray[np.bool_] = (np.abs(across - x) <= _BODY[0] * side) & (
        np.abs(down - y) <= _BODY[1] * side
    )
    return bodies


def _cut(flow: Values, square: Squares) -> Values:
    """Return the flow (N, N, 2) in a square (3,) of a frame's flow (H, W, 2), in units of its side."""
    x, y, side = map(float, square)
    scale = CELLS / side
    if scale < 1:  # linear interpolation alone would skip pixels where it shrinks
        flow = np.asarray(cv2.GaussianBlur(flow, (0, 0), 0.35 / scale), np.float32)
    matrix = np.array([[scale, 0, CELLS / 2 - scale * x], [0, scale, CELLS / 2 - scale * y]])
    return np.asarray(
        cv2.warpAffine(flow, matrix, (CELLS, CELLS), flags=cv2.INTER_LINEAR) / side * _UNIT, np.float32
    )
