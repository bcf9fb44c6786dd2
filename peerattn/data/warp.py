"""Random crops, rotations and mirror images of training clips, the same for frames and object maps.

T frames, H height, W width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.modalities.view import CENTRE, View, crop_ids, crop_images

Images = NDArray[np.uint8]

_FIELD = (
    1.25  # side of the area in which the square is shifted, relative to a view that is not the central one
)


@dataclass(frozen=True)
class Placement:
    """The position of the square that is cut out of a picture; by default the view, as in evaluation.

    `shift` is the distance from there to the right and down, relative to the available space. For the central
    view, that is the space in the picture; for other views, the space in a square a quarter larger than the
    view, which may reach beyond the picture.
    """

    scale: float = 1.0  # of the square's side relative to the view's
    aspect: float = 1.0  # width / height of the part of the picture that fills the square
    shift: tuple[float, float] = (0.0, 0.0)
    turn: float = 0.0  # degrees
    mirrored: bool = False

    def matrix(self, height: int, width: int, view: View = CENTRE) -> NDArray[np.float64]:
        """Return the matrix (2, 3) from pixels of the square (`side` px wide) to pixels of the picture."""
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
        """Return the side of the square in px, before it is scaled to the network's size."""
        return max(1, round(self.scale * view.pixels(height, width)[2]))


UNCHANGED_PLACEMENT = Placement()


@dataclass(frozen=True)
class Warp:
    """The ranges from which placements are drawn; by default always the view.

    Raises PeerattnError for values out of range.
    """

    scale: tuple[float, float] = (1.0, 1.0)
    aspect: float = 1.0  # maximum
    shift: float = 0.0  # maximum, relative to the available space on each side
    turn: float = 0.0  # maximum, degrees
    flip: float = 0.0  # probability of a mirror image

    def __post_init__(self) -> None:
        low, high = self.scale
        if not 0.1 <= low <= high <= 2:
            raise PeerattnError(
                f"the scale of crops {self.scale} must be two increasing numbers between 0.1 and 2"
            )
        if not 1 <= self.aspect <= 2 or not 0 <= self.turn <= 180 or not 0 <= self.shift <= 1:
            raise PeerattnError(
                "crops must have an aspect from 1 to 2, a turn up to 180 degrees and a shift up to 1"
            )
        if not 0 <= self.flip <= 1:
            raise PeerattnError(f"the probability of a mirror image is {self.flip}, but must be from 0 to 1")

    def draw(self, random: np.random.Generator) -> Placement:
        """Draw a random placement."""
        limit = math.log(self.aspect)
        return Placement(
            scale=random.uniform(*self.scale),
            aspect=math.exp(random.uniform(-limit, limit)),
            shift=(random.uniform(-1, 1) * self.shift, random.uniform(-1, 1) * self.shift),
            turn=random.uniform(-1, 1) * self.turn,
            mirrored=bool(random.random() < self.flip),
        )


NO_WARP = Warp()


def warp_images(images: Images, placement: Placement, size: int, view: View = CENTRE) -> Images:
    """Return the square of each frame (T, size, size, 3); beyond the frame, its edge pixels are repeated."""
    return crop_images(_warp(images, placement, view, cv2.INTER_LINEAR, cv2.BORDER_REPLICATE), size)


def warp_ids(ids: Images, placement: Placement, size: int, view: View = CENTRE) -> Images:
    """Return the square of each map (T, size, size); beyond the map, there is background."""
    return crop_ids(_warp(ids, placement, view, cv2.INTER_NEAREST, cv2.BORDER_CONSTANT), size)


def _warp(images: Images, placement: Placement, view: View, method: int, border: int) -> Images:
    """Return the square at the resolution of the picture."""
    height, width = images.shape[1:3]
    side = placement.side(height, width, view)
    matrix = placement.matrix(height, width, view)
    flags = method | cv2.WARP_INVERSE_MAP
    warped = [cv2.warpAffine(image, matrix, (side, side), flags=flags, borderMode=border) for image in images]
    return np.stack(warped)
