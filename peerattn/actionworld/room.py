"""The room behind the action, which is painted once per clip, and the foreground."""

from dataclasses import dataclass, replace
from itertools import accumulate

import cv2
import numpy as np
from numpy.typing import NDArray

from peerattn.actionworld.furniture import MAKERS, Colour, Shape, clutter, lamp, plank
from peerattn.actionworld.motion import Points
from peerattn.actionworld.textures import TEXTURE_COUNT, crop_texture, rectangle

MARGIN = 0.12  # world units around the picture that the shaking camera may reveal
FIXED_POINT = 4  # fractional bits of OpenCV's drawing coordinates
FAR = 8192.0  # px: coordinates are clipped to this range

# centre, half width + i half height, and the share that it takes away from each colour; light adds: below 0
Shadow = tuple[complex, complex, float | tuple[float, float, float]]
GLOW = (-0.34, -0.24, -0.02)  # of a lit lamp: warm light
GLOW_HALF = 0.17 + 0.17j  # half width + i half height of that light


@dataclass(frozen=True)
class Room:
    """A room; `horizon` is the y where wall meets floor, `grain` the contrast of surfaces (0 to 255)."""

    wall: Colour
    floor: Colour
    horizon: float
    shapes: tuple[Shape, ...]
    shadows: tuple[Shadow, ...]
    textures: tuple[int, int, int]
    corner: complex
    grain: float

    def paint(self, unit: int, shape: tuple[int, int]) -> NDArray[np.uint8]:
        """Return the room as (*shape, 3) at `unit` px per world unit, with the unit square in the middle."""
        rows, columns = shape
        origin = (columns - unit - 1) / 2 + 1j * (rows - unit - 1) / 2
        canvas = np.empty((rows, columns, 3), np.uint8)
        canvas[:] = np.rint(self.wall)
        fill_all(canvas, ((rectangle(-20, self.horizon, 20, 20), self.floor), *self.shapes), unit, origin)
        first, second, under = (crop_texture(index, unit, self.corner, shape) for index in self.textures)
        line = min(max(round(self.horizon * unit + origin.imag), 0), rows)
        first[line:] = under[line:]
        first += 0.6 * second
        picture = canvas.astype(np.float32)
        picture += self.grain * first[..., None]
        self._darken(picture, unit, origin)
        return np.clip(picture, 0, 255, out=picture).astype(np.uint8)

    def _darken(self, picture: NDArray[np.float32], unit: int, origin: complex) -> None:
        """Darken the picture by soft oval shadows, and brighten it by soft oval light."""
        for centre, half, darkness in self.shadows:
            place, reach = centre * unit + origin, 2.2 * half * unit
            top, bottom = _inside(place.imag, reach.imag, picture.shape[0])
            left, right = _inside(place.real, reach.real, picture.shape[1])
            y = (np.arange(top, bottom) - place.imag) / (half.imag * unit)
            x = (np.arange(left, right) - place.real) / (half.real * unit)
            soft = np.multiply.outer(np.exp(-y * y), np.exp(-x * x))
            for channel, dark in enumerate(np.broadcast_to(darkness, 3).tolist()):
                picture[top:bottom, left:right, channel] *= (1 - dark * soft).astype(np.float32)


def _inside(middle: float, reach: float, size: int) -> tuple[int, int]:
    """Return start and end of the range of px within `reach` of the middle, cut off at 0 and at `size`."""
    return int(min(max(middle - reach, 0), size)), int(min(max(middle + reach, 0), size))


def fill_all(canvas: NDArray[np.uint8], shapes: tuple[Shape, ...], unit: int, origin: complex) -> None:
    """Draw polygons in world units, in their order."""
    pixels = np.concatenate([outline for outline, _ in shapes]) * unit + origin
    ends = list(accumulate(len(outline) for outline, _ in shapes))
    np.clip(pixels.real, -FAR, FAR, out=pixels.real)
    np.clip(pixels.imag, -FAR, FAR, out=pixels.imag)
    corners = fixed_point(pixels)
    for start, end, (_, colour) in zip([0, *ends], ends, shapes, strict=False):
        cv2.fillPoly(canvas, [corners[start:end]], colour.tolist(), cv2.LINE_AA, FIXED_POINT)


def fixed_point(pixels: Points) -> NDArray[np.int32]:
    """Convert complex px (..., n) to OpenCV's drawing coordinates (..., n, 2)."""
    pairs = pixels.view(np.float64).reshape(*pixels.shape, 2)
    return np.rint(pairs * (1 << FIXED_POINT)).astype(np.int32)


def furnish(
    random: np.random.Generator,
    palette: Colour,
    horizon: float,
    *,
    planks: list[tuple[float, float, float]],
    shadows: list[Shadow],
) -> Room:
    """Furnish a room in the palette's colours; objects stand on `planks` (left, right, y)."""
    colours = palette + random.normal(0, 8, palette.shape)
    shapes: list[Shape] = [(rectangle(-20, horizon - 0.02, 20, horizon), 0.82 * colours[0])]
    for choice in random.integers(len(MAKERS), size=random.integers(3, 6)):
        shapes += MAKERS[choice](random, colours, horizon)
    shapes += clutter(random, colours)
    for left, right, y in planks:
        shapes += plank(left, right, y, horizon, colours[random.integers(2, len(colours))])
    first, second, third = random.choice(TEXTURE_COUNT, size=3, replace=False).tolist()
    corner, grain = complex(*random.random(2)), random.uniform(6, 11)
    textures = (first, second, third)
    return Room(colours[0], colours[1], horizon, tuple(shapes), tuple(shadows), textures, corner, grain)


def with_lamp(random: np.random.Generator, palette: Colour, room: Room, place: complex, *, lit: bool) -> Room:
    """Return the room with a lamp whose shade is at `place`; if it is lit, with the light around it.

    A shade in the upper part of the picture hangs from the ceiling, a lower one stands on the floor.
    """
    shapes = lamp(random, palette, room.horizon, place, lit=lit)
    light: tuple[Shadow, ...] = ((place, GLOW_HALF, GLOW),) if lit else ()
    return replace(room, shapes=(*room.shapes, *shapes), shadows=(*room.shadows, *light))


def foreground(random: np.random.Generator) -> Points | None:
    """Return the outline of a post, a plant or a table's edge in front of the lens, or None.

    Long edges have many points.
    """
    choice, x = random.random(), random.uniform(0.04, 0.96)
    if choice < 0.3:
        edge = x + 1j * np.arange(-3, 4, 0.2)
        return np.concatenate([edge, edge[::-1] + random.uniform(0.03, 0.06)])
    if choice < 0.6:
        return _plant(random, x)
    if choice < 0.8:
        edge = random.uniform(-0.6, 0.3) + 1j * (random.uniform(0.88, 0.95) + np.arange(0, 3, 0.2))
        return np.concatenate([edge, edge[::-1] + 0.7])
    return None


def _plant(random: np.random.Generator, x: float) -> Points:
    """Return the outline of a tuft of leaves that grows from the lower edge."""
    leaves = int(random.integers(5, 9))
    turns = np.sort(random.uniform(-0.9, 0.9, leaves))
    lengths = random.uniform(0.2, 0.42, leaves)
    blade = np.array([0, 0.35 - 0.1j, 0.75 - 0.06j, 1, 0.75 + 0.06j, 0.35 + 0.1j])
    return np.asarray(x + 1.12j - 1j * np.multiply.outer(lengths * np.exp(1j * turns), blade).ravel())
