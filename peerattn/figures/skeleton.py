"""A person's joints for the browser: the limbs that connect them, and where they are in each frame.

T frames, J joints (17, in the order of COCO: nose, eyes, ears, shoulders, elbows, wrists, hips, knees and
ankles, each left before right).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from peerattn.traces.trace import Array

LIMBS = (
    *((0, 1), (0, 2), (1, 3), (2, 4)),  # face
    *((5, 6), (5, 11), (6, 12), (11, 12)),  # trunk
    *((5, 7), (7, 9), (6, 8), (8, 10)),  # arms
    *((11, 13), (13, 15), (12, 14), (14, 16)),  # legs
)
"""The pairs of joints between which a line is drawn."""
SURE = 0.2
"""Joints with a lower score are not drawn."""


def skeleton_header() -> dict[str, Any]:
    """Return what the browser needs to draw a skeleton."""
    return {"limbs": LIMBS, "sure": SURE}


def skeleton_rows(joints: Array, sides: Sequence[int]) -> Array:
    """Return joints (T, J, 3) of frames of `sides` (H, W) px as rows (3 J, T): x, y and score of each joint.

    Places are shares of the frame's width and height.
    """
    shares = joints / np.array([sides[1], sides[0], 1.0])
    rows: Array = shares.reshape(len(joints), -1).T.astype(np.float32)
    return rows
