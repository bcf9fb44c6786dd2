"""The furniture of a room: each function returns coloured polygons in world units, from back to front.

Random sizes and places are turned into Python's numbers, which are faster one by one than numpy's.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from peerattn.actionworld.motion import Points
from peerattn.actionworld.textures import circle, rectangle

Colour = NDArray[np.float64]
Shape = tuple[Points, Colour]

HANGING = 0.26  # world units: a lamp whose shade is above this y hangs from the ceiling


def plank(left: float, right: float, y: float, horizon: float, colour: Colour) -> list[Shape]:
    """Return a board on two thin legs or brackets."""
    foot = min(y + 0.09, 1.1) if y < horizon - 0.15 else max(horizon + 0.04, y + 0.05)
    inset = 0.15 * (right - left)
    legs = [rectangle(x - 0.008, y, x + 0.008, foot) for x in (left + inset, right - inset)]
    return [*((leg, 0.7 * colour) for leg in legs), (rectangle(left, y, right, y + 0.022), 0.88 * colour)]


def cabinet(random: np.random.Generator, colours: Colour, horizon: float) -> list[Shape]:
    """Return a cupboard with doors and knobs that stands on the floor."""
    left, width, height = random.uniform(-0.1, 0.85), random.uniform(0.2, 0.4), random.uniform(0.18, 0.6)
    colour = colours[random.integers(2, len(colours))]
    right, top, bottom = left + width, horizon - height, horizon + 0.05
    shapes = [
        (rectangle(left, top, right, bottom), 0.9 * colour),
        (rectangle(left, top - 0.015, right, top), 1.08 * colour),
    ]
    doors = int(random.integers(1, 4))
    for door in range(doors):
        x = left + width * door / doors
        shapes.append((rectangle(x + 0.012, top + 0.02, x + width / doors - 0.012, bottom - 0.02), colour))
        shapes.append((circle(8, 0.009, x + width / doors - 0.03 + 1j * (top + bottom) / 2), 0.6 * colour))
    return shapes


def casement(random: np.random.Generator, colours: Colour, horizon: float) -> list[Shape]:
    """Return a window with daylight behind its four panes."""
    x, y, size = random.uniform(0.0, 0.8), random.uniform(0.0, 0.25), random.uniform(0.18, 0.3)
    light = 0.5 * colours[0] + 0.5 * np.array([225.0, 235.0, 240.0])
    shapes = [(rectangle(x - 0.02, y - 0.02, x + size + 0.02, y + size + 0.02), 0.85 * colours[0])]
    half = size / 2
    for dx in (0.0, half):
        shapes += [
            (rectangle(x + dx + 0.008, y + dy + 0.008, x + dx + half - 0.008, y + dy + half - 0.008), light)
            for dy in (0.0, half)
        ]
    return shapes


def shelves(random: np.random.Generator, colours: Colour, horizon: float) -> list[Shape]:
    """Return shelves with rows of books."""
    left, y, width = random.uniform(-0.05, 0.7), random.uniform(0.1, 0.3), random.uniform(0.25, 0.4)
    shapes: list[Shape] = []
    for row in range(int(random.integers(1, 4))):
        bottom, x = y + 0.16 * row, left
        shapes.append(
            (rectangle(left - 0.02, bottom, left + width + 0.02, bottom + 0.018), 0.75 * colours[1])
        )
        for thick, tall in random.uniform((0.016, 0.06), (0.036, 0.11), size=(9, 2)).tolist():
            if x + thick > left + width:
                break
            tone = random.uniform(0.8, 1.1)
            shapes.append(
                (
                    rectangle(x, bottom - tall, x + 0.9 * thick, bottom),
                    tone * colours[random.integers(2, len(colours))],
                )
            )
            x += thick
    return shapes


def picture(random: np.random.Generator, colours: Colour, horizon: float) -> list[Shape]:
    """Return a framed picture."""
    x, y, width, height = random.uniform((-0.05, 0.02, 0.1, 0.1), (0.9, 0.35, 0.22, 0.2)).tolist()
    first, second = colours[random.integers(2, len(colours), size=2)]
    inner = rectangle(x + 0.015, y + 0.015, x + width - 0.015, y + height - 0.015)
    hill = np.array(
        [
            x + 0.015 + 1j * (y + height - 0.015),
            x + width * 0.45 + 1j * (y + height * 0.4),
            x + width - 0.015 + 1j * (y + height - 0.015),
        ]
    )
    return [(rectangle(x, y, x + width, y + height), 0.7 * first), (inner, 1.1 * first), (hill, second)]


def rug(random: np.random.Generator, colours: Colour, horizon: float) -> list[Shape]:
    """Return a flat oval rug on the floor."""
    x, wide = random.uniform(0.2, 0.8), random.uniform(0.2, 0.4)
    oval = circle(28)
    flat = oval.real * wide + 1j * oval.imag * 0.05 + x + 1j * random.uniform(0.88, 0.97)
    inner = (flat - flat.mean()) * 0.8 + flat.mean()
    colour = colours[random.integers(2, len(colours))]
    return [(flat, 0.9 * colour), (inner, 1.05 * colour)]


def clutter(random: np.random.Generator, colours: Colour) -> list[Shape]:
    """Return irregular patches in the same colours as the objects."""
    shapes: list[Shape] = []
    for x, y, size, turn, tone in random.uniform(
        (0, 0.1, 0.04, 0, 0.85), (1, 0.95, 0.1, 6.3, 1.1), size=(int(random.integers(6, 12)), 5)
    ).tolist():
        corners = int(random.integers(3, 8))
        ragged = (
            size
            * random.uniform(0.6, 1.0, corners)
            * np.exp(1j * (turn + 2 * np.pi * np.arange(corners) / corners))
        )
        shapes.append((ragged + x + 1j * y, tone * colours[random.integers(len(colours))]))
    return shapes


def lamp(
    random: np.random.Generator, colours: Colour, horizon: float, place: complex, *, lit: bool
) -> list[Shape]:
    """Return a lamp with a shade at `place`. Dark, it has the room's colours or is of paper; lit, it glows.

    In the upper part of the picture it hangs from the ceiling, else it stands on the floor.
    """
    x, y, wide, tall = place.real, place.imag, random.uniform(0.05, 0.066), random.uniform(0.036, 0.05)
    narrow = wide * random.uniform(0.3, 0.6)
    paper = np.array([222.0, 216.0, 204.0])
    dark = (0.55, 0.75, 0.9)[random.integers(3)] * colours[random.integers(len(colours))]
    shade = np.array([255.0, 226.0, 138.0]) if lit else (paper if random.random() < 0.3 else dark)
    top, bottom = (-0.3, y) if y < HANGING else (y, horizon + 0.05)
    rod = rectangle(x - 0.006, top, x + 0.006, bottom), 0.5 * colours[1]
    foot = rectangle(x - 0.045, horizon + 0.035, x + 0.045, horizon + 0.055), 0.5 * colours[1]
    outline = np.array(
        [x - narrow - 1j * tall, x + narrow - 1j * tall, x + wide + 1j * tall, x - wide + 1j * tall]
    )
    bulb = circle(10, 0.018, x + 1j * (y + tall)), np.array([255.0, 250.0, 225.0]) if lit else 0.8 * paper
    return [rod, *([foot] if y >= HANGING else []), bulb, (outline + 1j * y, shade)]


MAKERS: tuple[Callable[[np.random.Generator, Colour, float], list[Shape]], ...] = (
    cabinet,
    casement,
    shelves,
    picture,
    rug,
)
