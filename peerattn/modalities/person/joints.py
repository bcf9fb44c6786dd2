"""How a person's joints stand and move, as numbers that depend neither on the person's size nor on the place.

T frames of H × W px, J joints (17), F numbers per frame.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from peerattn.modalities.flow import FrameTiming
from peerattn.modalities.pretrained.movenet import JOINTS
from peerattn.modalities.pretrained.pose import MIRRORED, SURE, Joints

Values = NDArray[np.float32]

DISTANCES = (
    ("left wrist", "right wrist"),
    ("left wrist", "nose"),
    ("right wrist", "nose"),
    ("left wrist", "left hip"),
    ("right wrist", "right hip"),
    ("left ankle", "right ankle"),
    ("left knee", "right knee"),
    ("left hip", "left ankle"),
    ("right hip", "right ankle"),
    ("left shoulder", "left wrist"),
    ("right shoulder", "right wrist"),
)
"""The pairs of joints whose distance is a number of its own."""
_AXES = ("x", "y")
MEANINGS = (
    *(f"{joint} {axis}" for joint in JOINTS for axis in _AXES),
    *(f"{joint} sureness" for joint in JOINTS),
    *(f"{joint} velocity {axis}" for joint in JOINTS for axis in _AXES),
    *(f"{first} to {second}" for first, second in DISTANCES),
    *(f"neck path {axis}" for axis in _AXES),
    *("person size", "person x", "person y", "mean score"),
)
"""What each of the F numbers is."""

_SMALLEST = 12.0  # px: the least size of a person
_LIMITS = {"place": 4.0, "step": 1.5, "distance": 5.0, "path": 3.0}  # in sizes of the person
_VELOCITY = 3.0  # velocities are multiplied by this, so that they vary about as much as places
_UNSURE, _CERTAIN = 0.1, 0.5  # scores at which a joint counts not at all, and fully
_USUAL_SIZE = 60.0  # px: the size whose logarithm is 0
_MOST_SPEEDUP = 8.0  # of frames closer together than an eighth of the nominal step
_NEIGHBOUR = 0.25  # weight of the frames before and after, when joints are smoothed


def mirrored(joints: Joints, width: float) -> Joints:
    """Return the joints (T, J, 3) of the mirror image of frames that are `width` px wide."""
    swapped = joints[:, MIRRORED].copy()
    swapped[..., 0] = width - swapped[..., 0]
    return swapped


def sureness(joints: Joints) -> Values:
    """Return from 0 to 1 how much each joint (T, J) counts, from its score."""
    return ((joints[..., 2] - _UNSURE) / (_CERTAIN - _UNSURE)).clip(0, 1)


def joint_numbers(joints: Joints, sides: Sequence[int], timing: FrameTiming) -> Values:
    """Return F numbers per frame (T, F) of joints (T, J, 3) in px of frames of `sides` (H, W).

    Places are relative to the neck and in sizes of the person: their trunk, as far as it can be seen. Joints
    with low scores count less, down to 0. Velocities are per nominal step, that of the first frame is the one
    to the second.
    """
    size = person_size(joints)
    (places, times), sure = _smoothed(joints, timing), sureness(joints)[..., None]
    neck = _middle(places, "shoulder")
    relative = ((places - neck[:, None]) / size).clip(-_LIMITS["place"], _LIMITS["place"])
    seconds = np.maximum(np.diff(times, axis=0), timing.step / _MOST_SPEEDUP)
    moves = np.diff(places, axis=0) / size * (timing.step / seconds)
    steps = np.concatenate([moves[:1], moves]) if len(moves) else np.zeros_like(places)
    steps = steps.clip(-_LIMITS["step"], _LIMITS["step"])
    path = ((neck - neck.mean(0)) / size).clip(-_LIMITS["path"], _LIMITS["path"])
    centre = (neck - np.array([sides[1], sides[0]]) / 2) / size
    logarithm = np.full((len(joints), 1), np.log(size / _USUAL_SIZE))
    placement = np.concatenate([logarithm, centre, joints[..., 2].mean(1, keepdims=True)], axis=1)
    parts = (
        (relative * sure).reshape(len(joints), -1),
        sure[..., 0],
        (_VELOCITY * steps * sure).reshape(len(joints), -1),
        _distances(places, size).clip(0, _LIMITS["distance"]),
        path,
        placement.clip(-_LIMITS["place"], _LIMITS["place"]),
    )
    return np.concatenate(parts, axis=1).astype(np.float32)


def person_size(joints: Joints) -> float:
    """Return the size of the person in a clip (T, J, 3), in px: the length of the trunk.

    Where hips or shoulders are hidden, shoulders or ears stand in for it. The 60th percentile over frames
    counts, so that a person who turns or bends is not smaller.
    """
    trunk = np.linalg.norm(_middle(joints, "shoulder") - _middle(joints, "hip"), axis=1)
    lengths = [
        trunk * _seen(joints, "hip"),
        1.25 * _span(joints, "shoulder") * _seen(joints, "shoulder"),
        2.5 * _span(joints, "ear") * _seen(joints, "ear"),
    ]
    return max(float(np.percentile(np.max(lengths, axis=0), 60)), _SMALLEST)


def _pair(part: str) -> list[int]:
    return [JOINTS.index(f"{side} {part}") for side in ("left", "right")]


def _middle(joints: Joints, part: str) -> Values:
    """Return the point (T, 2) between the left and the right joint."""
    middle: Values = joints[:, _pair(part), :2].mean(1)
    return middle


def _span(joints: Joints, part: str) -> Values:
    """Return the distance (T,) between the left and the right joint."""
    left, right = _pair(part)
    span: Values = np.linalg.norm(joints[:, left, :2] - joints[:, right, :2], axis=1)
    return span


def _seen(joints: Joints, part: str) -> NDArray[np.bool_]:
    """Return whether both joints are sure, per frame (T,)."""
    seen: NDArray[np.bool_] = joints[:, _pair(part), 2].min(1) > SURE
    return seen


def _smoothed(joints: Joints, timing: FrameTiming) -> tuple[Values, NDArray[np.float64]]:
    """Return places (T, J, 2) averaged with the frames before and after, surer joints counting more.

    The times (T, J, 1) are averaged alike, so that even motion has the same velocity at the ends of a clip
    and between frames that are not evenly spaced.
    """
    weights = joints[..., 2:].clip(0.02, 1)
    times = np.broadcast_to(timing.times[:, None, None], weights.shape)
    weighted = np.concatenate([joints[..., :2] * weights, times * weights, weights], axis=-1)
    padded = np.pad(weighted, ((1, 1), (0, 0), (0, 0)), "edge")
    total = padded[1:-1] + _NEIGHBOUR * (padded[:-2] + padded[2:])
    averages = total[..., :3] / total[..., 3:]
    return averages[..., :2], averages[..., 2:]


def _distances(places: Values, size: float) -> Values:
    """Return the distances (T, pairs) between pairs of joints, in sizes of the person."""
    first, second = ([JOINTS.index(pair[end]) for pair in DISTANCES] for end in (0, 1))
    distances: Values = np.linalg.norm(places[:, first] - places[:, second], axis=2) / size
    return distances
