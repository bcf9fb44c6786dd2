"""Which part of a picture a training clip shows, and how it is turned: the same for frames and object maps.

T frames, H height, W width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.modalities.view import CENTRE, View, square, square_ids

Images = NDArray[np.uint8]

_FIELD = 1.25  # side of the square within which others move, to that of a view which is not the central one


@dataclass(frozen=True)
class Placement:
    """Where the square that is cut out of a picture lies; as it stands, where evaluation cuts it: the view.

    `shift` is how far it lies from there to the right and down, in parts of the room: for the central view
    that of the picture, else that of a square a quarter larger than the view, perhaps beyond the picture.
    """

    scale: float = 1.0  # of the square's side to the view's
    aspect: float = 1.0  # width to height of what fills the square
    shift: tuple[float, float] = (0.0, 0.0)
    turn: float = 0.0  # degrees
    mirrored: bool = False

    def matrix(self, height: int, width: int, view: View = CENTRE) -> NDArray[np.float64]:
        """(2, 3) from pixels of the square, `side(height, width, view)` px wide, to pixels of the picture."""
        left, top, full = view.pixels(height, width)
        side = self.side(height, width, view)
        stretch = self.scale * full / side
        across, down = stretch * math.sqrt(self.aspect), stretch / math.sqrt(self.aspect)
        turn, flip = math.radians(self.turn), -1 if self.mirrored else 1
        linear = np.array(
            [
                [flip * across * math.cos(turn), -down * math.sin(turn)],
                [flip * across * math.sin(turn), down * math.cos(turn)],
            ]
        )
        field = np.array([width, height]) if view == CENTRE else np.full(2, _FIELD * full)
        room = np.maximum(field - side, 0) / 2
        corner = np.array([left, top]) + (full - side) // 2
        middle = np.full(2, (side - 1) / 2)
        offset = corner + middle + np.array(self.shift) * room - linear @ middle
        return np.column_stack([linear, offset])

    def side(self, height: int, width: int, view: View = CENTRE) -> int:
        """Pixels a side of the square, before it is scaled to the network's size."""
        return max(1, round(self.scale * view.pixels(height, width)[2]))


CENTRAL = Placement()


@dataclass(frozen=True)
class Warp:
    """From where placements are drawn; as it stands, always the view."""

    scale: tuple[float, float] = (1.0, 1.0)
    aspect: float = 1.0  # greatest
    shift: float = 0.0  # greatest, in parts of the room on each side
    turn: float = 0.0  # degrees, greatest
    flip: float = 0.0  # probability

    def __post_init__(self) -> None:
        low, high = self.scale
        if not 0.1 <= low <= high <= 2:
            raise PeerattnError(f"the scale of crops {self.scale} must rise and lie between 0.1 and 2")
        if not 1 <= self.aspect <= 2 or not 0 <= self.turn <= 180 or not 0 <= self.shift <= 1:
            raise PeerattnError("crops have an aspect from 1 to 2, a turn up to 180 degrees, a shift up to 1")
        if not 0 <= self.flip <= 1:
            raise PeerattnError(f"the probability of a mirror image is {self.flip}: give 0 to 1")

    def draw(self, random: np.random.Generator) -> Placement:
        """One placement."""
        longest = math.log(self.aspect)
        return Placement(
            scale=random.uniform(*self.scale),
            aspect=math.exp(random.uniform(-longest, longest)),
            shift=(random.uniform(-1, 1) * self.shift, random.uniform(-1, 1) * self.shift),
            turn=random.uniform(-1, 1) * self.turn,
            mirrored=bool(random.random() < self.flip),
        )


UNMOVED = Warp()


def placed_images(images: Images, placement: Placement, size: int, view: View = CENTRE) -> Images:
    """(T, size, size, 3) the square of each frame; beyond a frame's edge, its edge goes on."""
    return square(_placed(images, placement, view, cv2.INTER_LINEAR, cv2.BORDER_REPLICATE), size)


def placed_ids(ids: Images, placement: Placement, size: int, view: View = CENTRE) -> Images:
    """(T, size, size) the square of each map; beyond a map's edge is background."""
    return square_ids(_placed(ids, placement, view, cv2.INTER_NEAREST, cv2.BORDER_CONSTANT), size)


def _placed(images: Images, placement: Placement, view: View, method: int, border: int) -> Images:
    """The square at the resolution of the picture."""
    height, width = images.shape[1:3]
    side = placement.side(height, width, view)
    matrix = placement.matrix(height, width, view)
    flags = method | cv2.WARP_INVERSE_MAP
    warped = [cv2.warpAffine(image, matrix, (side, side), flags=flags, borderMode=border) for image in images]
    return np.stack(warped)
