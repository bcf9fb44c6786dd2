"""Drawing on pictures (H, W, 3) uint8 RGB: coverage of dashed lines, marks and text, all antialiased.

A line is turned into the pixels that it covers once; painting it in another colour moves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from peerattn.figures.palette import VIRIDIS
from peerattn.moved import moved

__getattr__ = moved(__name__)

Picture = NDArray[np.uint8]
Color = tuple[int, int, int]
Points = NDArray[np.float64]  # (N, 2): x, y in px
SUBPIXELS = 4  # sub-pixels per side by which coverage is counted
FRACTION_BITS = 4  # bits after the point of the coordinates that OpenCV takes
CORNERS = {"diamond": 4, "square": 4, "hexagon": 6, "triangle": 3, "triangleDown": 3, "star": 10}
ROTATIONS = {"square": 45.0, "triangle": -90.0, "triangleDown": 90.0, "diamond": -90.0, "star": -90.0}


@dataclass(frozen=True)
class Coverage:
    """Pixels by their place in the flattened picture, (N,), and the share of each that is covered."""

    pixels: NDArray[np.int64]
    fractions: NDArray[np.float32]

    def paint(self, picture: Picture, color: Color) -> None:
        pixels = picture.reshape(-1, 3)
        share = self.fractions[:, None]
        mixed = pixels[self.pixels] * (1 - share) + np.array(color, np.float32) * share
        pixels[self.pixels] = np.floor(mixed + 0.5).astype(np.uint8)


def parse_color(color: str) -> Color:
    """The channels of "#rrggbb"."""
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return red, green, blue


def mix_colors(first: Color, second: Color, share: float) -> Color:
    """`share` 0 gives the first colour, 1 the second."""
    red, green, blue = (int(a * (1 - share) + b * share + 0.5) for a, b in zip(first, second, strict=True))
    return red, green, blue


def viridis_color(value: float) -> Color:
    """Linear between the palette's stops, as the browser mixes them."""
    stops = [parse_color(color) for color in VIRIDIS]
    place = min(max(float(value), 0.0), 1.0) * (len(stops) - 1)
    low = min(int(place), len(stops) - 2)
    return mix_colors(stops[low], stops[low + 1], place - low)


def connection_curve(start: tuple[float, float], end: tuple[float, float], roundness: float) -> Points:
    """The cubic Bézier of vis-network between two levels: it leaves and arrives vertically."""
    (x0, y0), (x1, y1) = start, end
    bend = roundness * (y0 - y1)
    t = np.linspace(0, 1, 64)[:, None]
    weights = np.hstack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])
    return np.asarray(weights @ np.array([(x0, y0), (x0, y0 - bend), (x1, y1 + bend), (x1, y1)]))


def split_into_dashes(points: Points, pattern: tuple[int, ...]) -> list[Points]:
    """The drawn pieces of a line, px on and px off in turn; the whole line where there is no pattern."""
    if not pattern:
        return [points]
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    edges = np.cumsum(np.tile(pattern, int(along[-1] / sum(pattern)) + 1))
    pieces = []
    for begin, end in zip([0.0, *edges[1::2]], edges[::2], strict=False):
        inner = along[(along > begin) & (along < end)]
        places = np.array([begin, *inner, min(end, along[-1])])
        if begin < along[-1]:
            pieces.append(np.stack([np.interp(places, along, points[:, axis]) for axis in (0, 1)], axis=1))
    return pieces


def line_coverage(pieces: list[Points], width: float, size: tuple[int, int]) -> Coverage:
    """What lines of a width (px, any fraction) cover of a picture of `size` (width, height)."""
    whole = np.concatenate(pieces)
    low = np.maximum(np.floor(whole.min(axis=0) - width), 0).astype(int)
    high = np.minimum(np.ceil(whole.max(axis=0) + width) + 1, size).astype(int)
    columns, rows = np.maximum(high - low, 1)
    mask = np.zeros((rows * SUBPIXELS, columns * SUBPIXELS), np.uint8)
    for piece in pieces:
        # Places are those of pixels' middles; a filled outline is a sub-pixel wider than itself.
        outline = (_line_outline(piece, width - 1 / SUBPIXELS) - low + 0.5) * SUBPIXELS - 0.5
        cv2.fillPoly(mask, [np.round(outline * 2**FRACTION_BITS).astype(np.int32)], 255, shift=FRACTION_BITS)
    shares = cv2.resize(mask, (int(columns), int(rows)), interpolation=cv2.INTER_AREA)
    y, x = np.nonzero(shares)
    places = (y + low[1]) * size[0] + x + low[0]
    return Coverage(places.astype(np.int64), (shares[y, x] / 255).astype(np.float32))


def _line_outline(points: Points, width: float) -> Points:
    """The outline of a line with flat ends."""
    along = np.gradient(points, axis=0)
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
    normal *= width / 2 / np.maximum(np.hypot(*normal.T), 1e-9)[:, None]
    return np.concatenate([points + normal, (points - normal)[::-1]])


def draw_mark(
    picture: Picture, shape: str, centre: tuple[float, float], *, size: float, color: Color
) -> None:
    """A block's mark in vis-network's shape; `size` is about its radius, px."""
    count = CORNERS.get(shape, 48)
    angles = np.radians(ROTATIONS.get(shape, 0.0) + np.arange(count) * 360 / count)
    radii = np.where(np.arange(count) % 2 * (shape == "star"), 0.45, 1.2 if shape == "square" else 1.0)
    corners = np.stack([np.cos(angles), np.sin(angles)], axis=1) * (radii * size)[:, None] + centre
    cv2.fillPoly(
        picture, [np.round(corners * 2**FRACTION_BITS).astype(np.int32)], color, cv2.LINE_AA, FRACTION_BITS
    )


def draw_text(
    picture: Picture,
    text: str,
    place: tuple[float, float],
    color: Color,
    *,
    size: int = 14,
    style: tuple[Literal["left", "center", "right"], int] = ("left", 400),
) -> float:
    """Text on a baseline, `style` its alignment and weight; returns where it ends, px."""
    align, weight = style
    length = text_width(text, size=size, weight=weight)
    left = place[0] - {"left": 0.0, "center": 0.5, "right": 1.0}[align] * length
    cv2.putText(picture, text, (round(left), round(place[1])), color, _font(), size, weight)
    return left + length


def text_width(text: str, *, size: int = 14, weight: int = 400) -> float:
    """How long a text is, px."""
    return float(cv2.getTextSize((8192, 512), text, (0, 0), _font(), size, weight)[2])


def shorten_to_width(text: str, room: float, *, size: int = 14, weight: int = 400) -> str:
    """The text, or as much of it as there is room for (px)."""
    if text_width(text, size=size, weight=weight) <= room:
        return text
    while text and text_width(text + "…", size=size, weight=weight) > room:
        text = text[:-1]
    return text.rstrip() + "…"


@cache
def _font() -> cv2.FontFace:
    """OpenCV's own font: no file and no network is asked."""
    return cv2.FontFace("sans")
