"""Antialiased drawing of dashed lines, marks and text on pictures (H, W, 3) uint8 RGB.

The pixels that a line covers are computed once, so that it can be painted in any colour in every frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from peerattn.figures.palette import VIRIDIS

Picture = NDArray[np.uint8]
Color = tuple[int, int, int]
Points = NDArray[np.float64]  # (N, 2): x, y in px
SUBPIXELS = 4  # per side of a pixel, for computing coverage
FRACTION_BITS = 4  # fractional bits of the fixed-point coordinates passed to OpenCV
CORNERS = {"diamond": 4, "square": 4, "hexagon": 6, "triangle": 3, "triangleDown": 3, "star": 10}
ROTATIONS = {"square": 45.0, "triangle": -90.0, "triangleDown": 90.0, "diamond": -90.0, "star": -90.0}


@dataclass(frozen=True)
class Coverage:
    """Covered pixels, as indices (N,) into the flattened picture, and the covered fraction of each."""

    pixels: NDArray[np.int64]
    fractions: NDArray[np.float32]

    def paint(self, picture: Picture, color: Color) -> None:
        pixels = picture.reshape(-1, 3)
        opacity = self.fractions[:, None]
        mixed = pixels[self.pixels] * (1 - opacity) + np.array(color, np.float32) * opacity
        pixels[self.pixels] = np.floor(mixed + 0.5).astype(np.uint8)


def parse_color(color: str) -> Color:
    """Return the channels (0 to 255) of a colour written as "#rrggbb"."""
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return red, green, blue


def mix_colors(first: Color, second: Color, share: float) -> Color:
    """Mix two colours; a `share` of 0 gives the first, 1 the second."""
    red, green, blue = (int(a * (1 - share) + b * share + 0.5) for a, b in zip(first, second, strict=True))
    return red, green, blue


def viridis_color(value: float) -> Color:
    """Return the viridis colour of a value from 0 to 1, interpolated as in the browser."""
    stops = [parse_color(color) for color in VIRIDIS]
    position = min(max(float(value), 0.0), 1.0) * (len(stops) - 1)
    low = min(int(position), len(stops) - 2)
    return mix_colors(stops[low], stops[low + 1], position - low)


def connection_curve(start: tuple[float, float], end: tuple[float, float], roundness: float) -> Points:
    """Return 64 points on vis-network's cubic Bézier between two levels, which is vertical at both ends."""
    (x0, y0), (x1, y1) = start, end
    bend = roundness * (y0 - y1)
    t = np.linspace(0, 1, 64)[:, None]
    weights = np.hstack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])
    return np.asarray(weights @ np.array([(x0, y0), (x0, y0 - bend), (x1, y1 + bend), (x1, y1)]))


def split_into_dashes(points: Points, pattern: tuple[int, ...]) -> list[Points]:
    """Split a line into dashes; `pattern` is pixels on and off in turn, or empty for a solid line."""
    if not pattern:
        return [points]
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])  # up to each point
    edges = np.cumsum(np.tile(pattern, int(length[-1] / sum(pattern)) + 1))
    pieces = []
    for begin, end in zip([0.0, *edges[1::2]], edges[::2], strict=False):
        inner = length[(length > begin) & (length < end)]
        stops = np.array([begin, *inner, min(end, length[-1])])
        if begin < length[-1]:
            pieces.append(np.stack([np.interp(stops, length, points[:, axis]) for axis in (0, 1)], axis=1))
    return pieces


def line_coverage(pieces: list[Points], width: float, size: tuple[int, int]) -> Coverage:
    """Return the pixels that lines of a width (px, may be fractional) cover; `size` is (width, height)."""
    points = np.concatenate(pieces)
    low = np.maximum(np.floor(points.min(axis=0) - width), 0).astype(int)
    high = np.minimum(np.ceil(points.max(axis=0) + width) + 1, size).astype(int)
    columns, rows = np.maximum(high - low, 1)
    mask = np.zeros((rows * SUBPIXELS, columns * SUBPIXELS), np.uint8)
    for piece in pieces:
        # Coordinates refer to pixel centres, and fillPoly fills one sub-pixel more than the outline.
        outline = (_line_outline(piece, width - 1 / SUBPIXELS) - low + 0.5) * SUBPIXELS - 0.5
        cv2.fillPoly(mask, [np.round(outline * 2**FRACTION_BITS).astype(np.int32)], 255, shift=FRACTION_BITS)
    fractions = cv2.resize(mask, (int(columns), int(rows)), interpolation=cv2.INTER_AREA)
    y, x = np.nonzero(fractions)
    pixels = (y + low[1]) * size[0] + x + low[0]
    return Coverage(pixels.astype(np.int64), (fractions[y, x] / 255).astype(np.float32))


def _line_outline(points: Points, width: float) -> Points:
    """Return the outline of a line with flat ends."""
    tangent = np.gradient(points, axis=0)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    normal *= width / 2 / np.maximum(np.hypot(*normal.T), 1e-9)[:, None]
    return np.concatenate([points + normal, (points - normal)[::-1]])


def draw_mark(
    picture: Picture, shape: str, centre: tuple[float, float], *, size: float, color: Color
) -> None:
    """Draw the mark of a block in a shape of vis-network; `size` is approximately its radius in pixels."""
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
    position: tuple[float, float],
    color: Color,
    *,
    size: int = 14,
    style: tuple[Literal["left", "center", "right"], int] = ("left", 400),
) -> float:
    """Draw text on a baseline and return the x where it ends; `style` is its alignment and font weight."""
    align, weight = style
    length = text_width(text, size=size, weight=weight)
    left = position[0] - {"left": 0.0, "center": 0.5, "right": 1.0}[align] * length
    cv2.putText(picture, text, (round(left), round(position[1])), color, _font(), size, weight)
    return left + length


def text_width(text: str, *, size: int = 14, weight: int = 400) -> float:
    """Return the width of a text in pixels."""
    return float(cv2.getTextSize((8192, 512), text, (0, 0), _font(), size, weight)[2])


def shorten_to_width(text: str, room: float, *, size: int = 14, weight: int = 400) -> str:
    """Return the text, cut off with an ellipsis if it is wider than `room` pixels."""
    if text_width(text, size=size, weight=weight) <= room:
        return text
    while text and text_width(text + "…", size=size, weight=weight) > room:
        text = text[:-1]
    return text.rstrip() + "…"


@cache
def _font() -> cv2.FontFace:
    """Return OpenCV's built-in font, which needs neither a file nor the network."""
    return cv2.FontFace("sans")
