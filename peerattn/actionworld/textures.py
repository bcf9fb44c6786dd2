"""Textures, colours and simple shapes: a fixed set of seamless textures, palettes, circles and rectangles."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from peerattn.actionworld.motion import Points
from peerattn.moved import explain_moved_names

__getattr__ = explain_moved_names(__name__)

TILE = 384  # px per world unit of the stored textures
TEXTURE_COUNT = 16

Grey = NDArray[np.float32]

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
SKINS = np.array(
    [(242, 204, 176), (224, 176, 138), (190, 136, 98), (142, 96, 66), (96, 64, 48)], dtype=np.float64
)
HAIRS = np.array(
    [(42, 32, 28), (88, 56, 34), (150, 104, 56), (196, 172, 120), (110, 108, 110)], dtype=np.float64
)


@lru_cache(maxsize=2 * TEXTURE_COUNT)
def texture(index: int, unit: int) -> Grey:
    """Return a seamless texture, (unit, unit) px per world unit, of mean 0 and standard deviation about 1."""
    method = cv2.INTER_AREA if unit < TILE else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(_make_texture(index), (unit, unit), interpolation=method), np.float32)


@lru_cache(maxsize=TEXTURE_COUNT)
def _make_texture(index: int) -> Grey:
    """Return cloudy noise of random roughness and grain; every third texture also has stripes or a weave."""
    random = np.random.default_rng([20080, index])
    fy, fx = np.meshgrid(np.fft.fftfreq(TILE) * TILE, np.fft.rfftfreq(TILE) * TILE, indexing="ij")
    grain = random.uniform(0.25, 1.0)
    if random.random() < 0.5:
        fx, fy = fy, fx
    radius = np.sqrt((grain * fx) ** 2 + (fy / grain) ** 2) + 1.0
    spectrum = np.exp(2j * np.pi * random.random(radius.shape)) * radius ** -random.uniform(1.1, 1.7)
    spectrum[radius < 3.5] = 0
    noise = np.fft.irfft2(spectrum, s=(TILE, TILE))
    noise /= noise.std()
    y, x = np.mgrid[0:TILE, 0:TILE] / TILE
    count, row = int(random.integers(5, 14)), int(random.integers(5, 14))
    patterns = [np.sin(2 * np.pi * count * x), np.sin(2 * np.pi * count * x) * np.sin(2 * np.pi * row * y)]
    noise += (index % 3 == 0) * 0.9 * patterns[index % 2]
    return np.asarray(np.clip(noise / noise.std(), -2.5, 2.5), np.float32)


def crop_texture(index: int, unit: int, corner: complex, shape: tuple[int, int]) -> Grey:
    """Return `shape` (rows, columns) px of a tiled texture from `corner` on, at `unit` px per world unit."""
    rows = (np.arange(shape[0]) + round(corner.imag * unit)) % unit
    columns = (np.arange(shape[1]) + round(corner.real * unit)) % unit
    return np.asarray(texture(index, unit)[rows][:, columns])


def sample_texture(index: int, unit: int, places: NDArray[np.complex64]) -> Grey:
    """Sample a texture bilinearly at positions in world units; the shape is that of `places`."""
    tile, x, y = texture(index, unit), places.real * unit, places.imag * unit
    left, top = np.floor(x), np.floor(y)
    right_share, low_share = x - left, y - top
    column, row = left.astype(np.intp) % unit, top.astype(np.intp) % unit
    right, low = (column + 1) % unit, (row + 1) % unit
    above = tile[row, column] * (1 - right_share) + tile[row, right] * right_share
    below = tile[low, column] * (1 - right_share) + tile[low, right] * right_share
    return np.asarray(above * (1 - low_share) + below * low_share)


def circle(points: int, radius: float = 1.0, centre: complex = 0j) -> Points:
    """Return a circle as a polygon, (points,)."""
    return np.asarray(centre + radius * arc(points, 0, 360 - 360 / points))


@lru_cache(maxsize=64)
def arc(points: int, start: float, stop: float) -> Points:
    """Return points on the unit circle between two angles in degrees, both included, (points,)."""
    return np.asarray(np.exp(1j * np.radians(np.linspace(start, stop, points))))


def rectangle(left: float, top: float, right: float, bottom: float) -> Points:
    """Return the corners of an upright rectangle, (4,)."""
    return np.array([left + 1j * top, right + 1j * top, right + 1j * bottom, left + 1j * bottom])
