"""Textures, colours and simple shapes: a fixed set of seamless textures, palettes, circles and rectangles.

Positions are complex numbers, x + i·y, with y downwards.
"""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from peerattn.actionworld.motion import Points

TEXTURE_SIZE = 384  # px per side of a texture as generated, before it is resized
TEXTURE_COUNT = 16

FloatImage = NDArray[np.float32]

# colours of wall, floor and then furniture, muted so that people stand out by their clothes
PALETTES = np.array(
    [
        [(201, 190, 170), (134, 108, 84), (164, 141, 112), (120, 128, 118), (180, 160, 150), (98, 88, 82)],
        [(170, 184, 186), (112, 112, 108), (132, 152, 156), (150, 138, 122), (92, 104, 112), (188, 180, 164)],
        [(188, 196, 172), (128, 112, 88), (150, 162, 126), (112, 124, 100), (172, 152, 124), (96, 92, 80)],
        [(208, 186, 176), (126, 98, 92), (182, 150, 140), (142, 124, 130), (112, 96, 102), (198, 176, 150)],
        [(158, 166, 184), (104, 100, 104), (126, 134, 158), (142, 132, 136), (90, 96, 118), (178, 172, 170)],
        [(214, 204, 184), (150, 128, 98), (190, 170, 134), (146, 146, 128), (122, 110, 94), (172, 156, 146)],
        [(140, 150, 142), (92, 88, 80), (116, 126, 116), (132, 118, 104), (80, 92, 90), (160, 152, 134)],
        [(192, 178, 190), (118, 106, 112), (164, 146, 162), (128, 126, 140), (146, 130, 120), (98, 90, 102)],
    ],
    dtype=np.float64,
)
CLOTHES = np.array(
    [
        (196, 62, 52),
        (38, 88, 158),
        (232, 170, 44),
        (36, 122, 92),
        (118, 62, 140),
        (224, 112, 48),
        (240, 236, 226),
        (40, 44, 58),
    ],
    dtype=np.float64,
)
TROUSERS = np.array([(44, 56, 88), (58, 54, 60), (96, 72, 50), (34, 68, 72), (88, 92, 104)], dtype=np.float64)
SKIN_COLOURS = np.array(
    [(242, 204, 176), (224, 176, 138), (190, 136, 98), (142, 96, 66), (96, 64, 48)], dtype=np.float64
)
HAIR_COLOURS = np.array(
    [(42, 32, 28), (88, 56, 34), (150, 104, 56), (196, 172, 120), (110, 108, 110)], dtype=np.float64
)


@lru_cache(maxsize=2 * TEXTURE_COUNT)
def texture(index: int, pixels_per_unit: int) -> FloatImage:
    """Return a seamless texture that covers one world unit, (pixels_per_unit, pixels_per_unit).

    Its mean is 0 and its standard deviation about 1.
    """
    method = cv2.INTER_AREA if pixels_per_unit < TEXTURE_SIZE else cv2.INTER_CUBIC
    return np.asarray(
        cv2.resize(_make_texture(index), (pixels_per_unit, pixels_per_unit), interpolation=method), np.float32
    )


@lru_cache(maxsize=TEXTURE_COUNT)
def _make_texture(index: int) -> FloatImage:
    """Return cloudy noise of random roughness and grain; every third texture also has stripes or a weave."""
    random = np.random.default_rng([20080, index])
    fy, fx = np.meshgrid(
        np.fft.fftfreq(TEXTURE_SIZE) * TEXTURE_SIZE,
        np.fft.rfftfreq(TEXTURE_SIZE) * TEXTURE_SIZE,
        indexing="ij",
    )
    grain = random.uniform(0.25, 1.0)
    if random.random() < 0.5:
        fx, fy = fy, fx  # stretch the noise along x instead of y
    radius = np.sqrt((grain * fx) ** 2 + (fy / grain) ** 2) + 1.0
    spectrum = np.exp(2j * np.pi * random.random(radius.shape)) * radius ** -random.uniform(1.1, 1.7)
    spectrum[radius < 3.5] = 0
    noise = np.fft.irfft2(spectrum, s=(TEXTURE_SIZE, TEXTURE_SIZE))
    noise /= noise.std()
    y, x = np.mgrid[0:TEXTURE_SIZE, 0:TEXTURE_SIZE] / TEXTURE_SIZE
    count, row = int(random.integers(5, 14)), int(random.integers(5, 14))
    patterns = [np.sin(2 * np.pi * count * x), np.sin(2 * np.pi * count * x) * np.sin(2 * np.pi * row * y)]
    if index % 3 == 0:
        noise += 0.9 * patterns[index % 2]  # stripes for even numbers, a weave for odd ones
    return np.asarray(np.clip(noise / noise.std(), -2.5, 2.5), np.float32)


def crop_texture(index: int, pixels_per_unit: int, corner: complex, shape: tuple[int, int]) -> FloatImage:
    """Return `shape` (rows, columns) px of a tiled texture, starting at `corner` (world units)."""
    rows = (np.arange(shape[0]) + round(corner.imag * pixels_per_unit)) % pixels_per_unit
    columns = (np.arange(shape[1]) + round(corner.real * pixels_per_unit)) % pixels_per_unit
    return np.asarray(texture(index, pixels_per_unit)[rows][:, columns])


def sample_texture(index: int, pixels_per_unit: int, positions: NDArray[np.complex64]) -> FloatImage:
    """Sample a texture bilinearly at positions in world units; the shape is that of `positions`."""
    tile, x, y = (
        texture(index, pixels_per_unit),
        positions.real * pixels_per_unit,
        positions.imag * pixels_per_unit,
    )
    left, top = np.floor(x), np.floor(y)
    fraction_x, fraction_y = x - left, y - top
    column, row = left.astype(np.intp) % pixels_per_unit, top.astype(np.intp) % pixels_per_unit
    right, bottom = (column + 1) % pixels_per_unit, (row + 1) % pixels_per_unit * pixels_per_unit
    row *= pixels_per_unit  # flat indices are faster than pairs
    above = tile.take(row + column) * (1 - fraction_x) + tile.take(row + right) * fraction_x
    below = tile.take(bottom + column) * (1 - fraction_x) + tile.take(bottom + right) * fraction_x
    return np.asarray(above * (1 - fraction_y) + below * fraction_y)


def circle(num_points: int, radius: float = 1.0, centre: complex = 0j) -> Points:
    """Return a circle as a polygon, (num_points,)."""
    return np.asarray(centre + radius * arc(num_points, 0, 360 - 360 / num_points))


@lru_cache(maxsize=64)
def arc(num_points: int, start: float, stop: float) -> Points:
    """Return points on the unit circle between two angles in degrees, both included, (num_points,)."""
    return np.asarray(np.exp(1j * np.radians(np.linspace(start, stop, num_points))))


def rectangle(left: float, top: float, right: float, bottom: float) -> Points:
    """Return the corners of an upright rectangle, (4,)."""
    return np.array([left + 1j * top, right + 1j * top, right + 1j * bottom, left + 1j * bottom])
