"""Following one person's joints through a clip: MoveNet on a square that moves with the person.

T frames of H × W px, J joints (17); positions are in px of the frames, x then y.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from peerattn.modalities.pretrained.movenet import JOINTS, SIDE, MoveNet

Joints = NDArray[np.float32]

SURE = 0.2
"""A joint with a lower score may not be there, a person with a lower mean score either."""
MARGIN = 1.5  # side of the square that follows, in sides of the box around the sure joints
SMALLEST = 0.25  # side of that square, in short sides of the frame
FEWEST = 4  # sure joints that the square follows
TRUNK = [JOINTS.index(f"{side} {joint}") for joint in ("shoulder", "hip") for side in ("left", "right")]
MIRRORED = [
    JOINTS.index(name.replace("left", "*").replace("right", "left").replace("*", "right")) for name in JOINTS
]
"""Joint → the joint of the other side."""


@dataclass(frozen=True)
class Square:
    """A square of a frame: its centre and side, in px. It may reach beyond the frame, where it is black."""

    x: float
    y: float
    side: float

    def cut(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the square of an image (H, W, 3) as a picture (192, 192, 3)."""
        scale = SIDE / self.side
        # Linear interpolation alone would skip pixels where it shrinks.
        source = cv2.GaussianBlur(image, (0, 0), 0.35 / scale) if scale < 0.6 else image
        matrix = np.array([[scale, 0, SIDE / 2 - scale * self.x], [0, scale, SIDE / 2 - scale * self.y]])
        return np.asarray(cv2.warpAffine(source, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR), np.uint8)

    def to_frame(self, joints: Joints) -> Joints:
        """Convert joints (…, 3) from shares of the square to px of the frame."""
        corner = np.array((self.x, self.y)) - self.side / 2
        return np.concatenate([joints[..., :2] * self.side + corner, joints[..., 2:]], -1, dtype=np.float32)


def track_joints(images: NDArray[np.uint8], network: MoveNet, *, mirror: bool = True) -> Joints:
    """Return the joints (T, J, 3) of the acting person in frames (T, H, W, 3): x, y in px, and score.

    A frame that equals the one before has the same joints, so that a still clip has no motion. With `mirror`,
    each frame is also read mirrored, and the mean counts, so that a mirrored clip has mirrored joints.
    """
    whole, *others = _first_squares(*images.shape[1:3])
    first = _joints(images[0], [whole, *others], network, mirror=mirror)
    best = int(first[..., 2].mean(1).argmax())
    square = _following(first[best], images.shape[1:3]) or (whole, *others)[best]
    tracked: list[Joints] = []
    for frame, image in enumerate(images):
        if frame and np.array_equal(image, images[frame - 1]):
            tracked.append(tracked[-1])
            continue
        joints = _joints(image, [square], network, mirror=mirror)[0]
        if joints[:, 2].mean() < SURE:
            again = _joints(image, [whole], network, mirror=mirror)[0]
            joints, square = max((joints, square), (again, whole), key=lambda pair: pair[0][:, 2].mean())
        square = _following(joints, images.shape[1:3]) or square
        tracked.append(joints)
    return np.stack(tracked)


def _first_squares(height: int, width: int) -> list[Square]:
    """Return where to look for the person at first: the whole frame, and squares along its longer side."""
    short, long = min(height, width), max(height, width)
    squares = [Square(width / 2, height / 2, long)]
    for along in (short / 2, long / 2, long - short / 2) if short < long else ():
        x, y = (along, short / 2) if width > height else (short / 2, along)
        squares.append(Square(x, y, short))
    return squares


def _joints(image: NDArray[np.uint8], squares: Sequence[Square], network: MoveNet, *, mirror: bool) -> Joints:
    """Return the joints (N, J, 3) that the network finds in N squares of an image."""
    pictures = np.stack([square.cut(image) for square in squares])
    if mirror:
        both = network.joints(np.concatenate([pictures, pictures[:, :, ::-1]]))
        joints, other = both[: len(squares)], both[len(squares) :, MIRRORED]
        other[..., 0] = 1 - other[..., 0]
        joints = np.mean([joints, other], axis=0, dtype=np.float32)
    else:
        joints = network.joints(pictures)
    return np.stack([square.to_frame(one) for square, one in zip(squares, joints, strict=True)])


def _following(joints: Joints, sides: Sequence[int]) -> Square | None:
    """Return the square around the sure joints (J, 3), or None if they do not show where the person is."""
    sure = joints[:, 2] > SURE
    if sure.sum() < FEWEST or not sure[TRUNK].any():
        return None
    low, high = joints[sure, :2].min(0), joints[sure, :2].max(0)
    side = np.clip(MARGIN * (high - low).max(), SMALLEST * min(sides), max(sides))
    x, y = (low + high) / 2
    return Square(float(x), float(y), float(side))
