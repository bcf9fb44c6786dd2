"""Render a scene to arrays: parts are painted from back to front, as colours and as part numbers.

Flow, object maps and depth follow from the part number of each pixel: each part moves by z -> m z + c, so the
exact flow of a pixel is the next motion of its part. Part 0 is the room. P parts including the room, T
frames, H rows, W columns.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate

import cv2
import numpy as np
from numpy.typing import NDArray

from peerattn.actionworld.motion import Points, Reals
from peerattn.actionworld.parts import Part, moving_parts
from peerattn.actionworld.room import FIXED_POINT, MARGIN, fixed_point
from peerattn.actionworld.scene import Scene
from peerattn.actionworld.textures import sample_texture

PARALLAX = 1.8  # factor by which the camera's shift moves anything right in front of the lens
TALLEST = 8192  # px: most rows of the tall canvas on which several frames are painted at once
TOGETHER = 4  # frames that are shaded together: few enough to stay in the processor's cache
# light on a round surface: where it faces the lens, everywhere, and on its lower side
BRIGHT, DIM, DOWN = (0.75, -0.55, -0.35)
Singles = NDArray[np.complex64]
# metres: distance of the wall, decrease per world unit below the horizon, smallest distance of the floor
WALL, STEEPNESS, NEAREST = 5.0, 5.0, 1.5


@dataclass(frozen=True)
class Rendering:
    """The arrays of a `WorldClip`, and the `centres` (T, N) of the scene's objects in px, complex."""

    images: NDArray[np.uint8]
    flow: NDArray[np.float32]
    object_ids: NDArray[np.uint8]
    depth: NDArray[np.float32]
    centres: Points


def render(scene: Scene, times: Reals, height: int, width: int) -> Rendering:
    """Render a scene, a range of frames at a time to keep the canvas small."""
    painter = Painter(scene, times, height, width)
    pieces = zip(*(painter.render_frames(frames) for frames in painter.frame_runs()), strict=True)
    images, flow, ids, depth = (array[0] if len(array) == 1 else np.concatenate(array) for array in pieces)
    columns = {part.item: number for number, part in enumerate(painter.parts, start=1)}
    centres = painter.places[:-1, [columns[rank] for rank in range(len(scene.items))]]
    return Rendering(images, flow, ids, depth, centres)


@dataclass(frozen=True)
class PartPixels:
    """The K pixels that show a moving part.

    `at` is the flat index, `motion` the flat index of frame and part in an array (T, P), `pixel` the position
    in px, and `own` the position in the part's own frame.
    """

    at: NDArray[np.intp]
    part: NDArray[np.intp]
    motion: NDArray[np.intp]
    pixel: Singles
    own: Singles

    @classmethod
    def find(cls, numbers: NDArray[np.uint8], grid: Singles, turns: Points, places: Points) -> "PartPixels":
        """Find the pixels of moving parts in part numbers (T, H, W)."""
        at = np.flatnonzero(numbers != 0)  # faster than on the numbers themselves
        frame = at // grid.size
        part = numbers.take(at).astype(np.intp)
        motion = frame * turns.shape[1] + part
        pixel, back = grid.take(at - frame * grid.size), (1 / turns[:-1]).astype(np.complex64)
        own = back.take(motion) * (pixel - places[:-1].astype(np.complex64).take(motion))
        return cls(at, part, motion, pixel, own)


class Painter:
    """Paints a scene at one size.

    The room is painted once; `turns` and `places` are the motions (m, c) of all parts to px, each (T + 1, P).
    """

    def __init__(self, scene: Scene, times: Reals, height: int, width: int) -> None:
        self.scene, self.frames, self.height, self.width = scene, len(times) - 1, height, width
        self.unit, self.pad = min(height, width), height // 2
        self.times = times  # (T + 1,) s
        self.parts = moving_parts(scene, self.times, int(np.clip(self.unit // 6, 12, 64)) // 4 * 4)
        self.turns, self.places = self._motions()
        self.x, self.y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
        self.grid = (self.x + 1j * self.y).astype(np.complex64)  # (H, W)
        margin = round(MARGIN * self.unit) + 1
        self.room = scene.room.paint(self.unit, (height + 2 * margin, width + 2 * margin))
        self.room_corner = self.corner + margin * (1 + 1j)  # px of the world's origin in the painted room

    @property
    def corner(self) -> complex:
        """The position of the world's origin in px; whole numbers are pixel centres."""
        return (self.width - self.unit - 1) / 2 + 1j * (self.height - self.unit - 1) / 2

    def _motions(self) -> tuple[Points, Points]:
        turn, (place, close) = self.scene.camera.at(self.times, nearness=np.array([[1.0], [PARALLAX]]))
        turns = turn[:, None] * np.stack([np.ones_like(turn), *(part.turn for part in self.parts)], -1)
        places = turn[:, None] * np.stack([np.zeros_like(turn), *(part.place for part in self.parts)], -1)
        places += np.stack([place, *(close if part.near else place for part in self.parts)], -1)
        return turns * self.unit, places * self.unit + self.corner

    def frame_runs(self) -> Iterator[slice]:
        """Yield ranges of frames that fit on the tall canvas."""
        run = max(1, TALLEST // (self.height + 2 * self.pad))
        return (slice(start, min(start + run, self.frames)) for start in range(0, self.frames, run))

    def render_frames(
        self, now: slice
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32]]:
        """Return images, flow, object ids and depth of a range of frames."""
        turns, places = self.turns[now.start : now.stop + 1], self.places[now.start : now.stop + 1]
        colours, numbers = self._paint(turns[:-1], places[:-1])
        pixels = PartPixels.find(numbers, self.grid, turns, places)
        images = self._shade(
            colours, self._grain(pixels, numbers.shape), self._lighting(pixels, self.times[now])
        )
        class_ids = np.zeros(256, np.uint8)  # by part number
        class_ids[1 : len(self.parts) + 1] = [part.class_id for part in self.parts]
        object_ids = cv2.LUT(numbers.reshape(-1, self.width), class_ids).reshape(numbers.shape)
        return (
            images,
            self._flow(pixels, turns, places),
            np.asarray(object_ids, np.uint8),
            self._depth(pixels, turns, places),
        )

    def _paint(self, turns: Points, places: Points) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return flat colours (T, H, W, 3) and part numbers (T, H, W); each painted in all frames at once."""
        count, pad, height, width = len(turns), self.pad, self.height, self.width
        tall = np.empty((count, height + 2 * pad, width, 3), np.uint8)
        numbers = np.zeros((count, height + 2 * pad, width), np.uint8)
        for picture, turn, place in zip(tall[:, pad : pad + height], turns[:, 0], places[:, 0], strict=True):
            self._shoot(picture, complex(turn), complex(place))
        corners, ends = self._corners(turns, places)
        for number, (part, start, end) in enumerate(zip(self.parts, [0, *ends], ends, strict=False), start=1):
            polygons, colour = list(corners[:, start:end]), part.colour.tolist()  # one polygon per frame
            cv2.fillPoly(tall.reshape(-1, width, 3), polygons, colour, cv2.LINE_AA, FIXED_POINT)
            cv2.fillPoly(numbers.reshape(-1, width), polygons, number, cv2.LINE_8, FIXED_POINT)
        inside = slice(pad, pad + height)
        return tall[:, inside], np.ascontiguousarray(numbers[:, inside])

    def _corners(self, turns: Points, places: Points) -> tuple[NDArray[np.int32], list[int]]:
        """Return the outlines of all parts, one after the other, and where in N each part's outline ends.

        Outlines (T, N, 2) are in OpenCV's drawing coordinates on the tall canvas.
        """
        pad, height = self.pad, self.height
        lengths = [len(part.outline) for part in self.parts]
        number = np.repeat(np.arange(1, len(lengths) + 1), lengths)
        paths = turns.take(number, axis=1) * np.concatenate([part.outline for part in self.parts])
        paths += places.take(number, axis=1)
        near = np.repeat([part.near for part in self.parts], lengths)
        if near.any():
            paths.imag[:, near] = np.clip(paths.imag[:, near], 1 - pad, height + pad - 2)
        paths += 1j * (np.arange(len(turns)) * (height + 2 * pad) + pad)[:, None]
        return fixed_point(paths), list(accumulate(lengths))

    def _shoot(self, picture: NDArray[np.uint8], turn: complex, place: complex) -> None:
        """Fill a picture with the room as seen by the camera."""
        scale = turn / self.unit
        shift = place - scale * self.room_corner
        matrix = np.array([[scale.real, -scale.imag, shift.real], [scale.imag, scale.real, shift.imag]])
        cv2.warpAffine(
            self.room, matrix, (self.width, self.height), picture, cv2.INTER_LINEAR, cv2.BORDER_REFLECT
        )

    def _shade(
        self, colours: NDArray[np.uint8], grain: NDArray[np.float32], brightness: NDArray[np.float32]
    ) -> NDArray[np.uint8]:
        """Return images (T, H, W, 3): (colours + grain) · brightness."""
        images = np.empty(colours.shape, np.uint8)
        for start in range(0, len(images), TOGETHER):
            now = slice(start, start + TOGETHER)
            shaded = colours[now].astype(np.float32)
            shaded += _grey(grain[now])
            shaded *= _grey(brightness[now])
            images[now] = np.clip(shaded, 0, 255, out=shaded)
        return images

    def _grain(self, pixels: PartPixels, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Return what is added to each pixel's colours (T, H, W): on objects a texture like the room's."""
        grain = np.zeros(shape, np.float32)
        for number, part in enumerate(self.parts, start=1):
            if part.item >= 0:
                mine, item = np.flatnonzero(pixels.part == number), self.scene.items[part.item]
                detail = sample_texture(
                    item.texture, self.unit, pixels.own.take(mine) + np.complex64(item.texture_offset)
                )
                grain.reshape(-1)[pixels.at.take(mine)] = self.scene.room.grain * detail
        return grain

    def _lighting(self, pixels: PartPixels, times: Reals) -> NDArray[np.float32]:
        """Return each pixel's brightness (T, H, W): the scene's light, and the shading of round parts."""
        light, level = self.scene.light, self.scene.light.at(times).astype(np.float32)
        middle = self.corner + (0.5 + 0.5j) * self.unit
        slope = complex(light.slope) / self.unit
        across = np.float32(slope.real) * (self.x - np.float32(middle.real))
        field = 1 + across + np.float32(slope.imag) * (self.y - np.float32(middle.imag))
        brightness = level[:, None, None] * field
        curve_x, curve_y, shading = self._table(lambda part: (*part.curve, part.shading))
        x, y = pixels.own.real * curve_x.take(pixels.part), pixels.own.imag * curve_y.take(pixels.part)
        towards = np.sqrt(np.maximum(1 - x * x - y * y, 0))
        brightness.reshape(-1)[pixels.at] *= 1 + shading.take(pixels.part) * (
            BRIGHT * towards + DIM + DOWN * y
        )
        return np.asarray(brightness, np.float32)

    def _flow(self, pixels: PartPixels, turns: Points, places: Points) -> NDArray[np.float32]:
        """Return each pixel's displacement to the next frame (T, H, W, 2), in px as x, y."""
        growth = turns[1:] / turns[:-1] - 1
        shift = places[1:] - (growth + 1) * places[:-1]
        growth, shift = growth.astype(np.complex64), shift.astype(np.complex64)
        flow = growth[:, 0, None, None] * self.grid
        flow += shift[:, 0, None, None]
        flow.reshape(-1)[pixels.at] = growth.take(pixels.motion) * pixels.pixel + shift.take(pixels.motion)
        return flow.view(np.float32).reshape(*flow.shape, 2)

    def _depth(self, pixels: PartPixels, turns: Points, places: Points) -> NDArray[np.float32]:
        """Return the distance from the lens (T, H, W) in metres: of the wall, the floor or a part."""
        back = (1 / turns[:-1, 0]).astype(np.complex64)[:, None, None]
        level = (-places[:-1, 0] / turns[:-1, 0]).imag.astype(np.float32)[:, None, None]
        depth = back.real * self.y + back.imag * self.x
        depth += level  # now y in the world
        depth -= np.float32(self.scene.room.horizon)
        depth *= -STEEPNESS
        depth += WALL
        np.clip(depth, NEAREST, WALL, out=depth)
        depth.reshape(-1)[pixels.at] = self._table(lambda part: (part.depth,))[0].take(pixels.part)
        return np.asarray(depth, np.float32)

    def _table(self, values: Callable[[Part], tuple[float, ...]]) -> NDArray[np.float32]:
        """Return a table of values with one column per part; the room, column 0, has zeros."""
        columns = [values(part) for part in self.parts]
        return np.array([(0.0,) * len(columns[0]), *columns], np.float32).T


def _grey(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Repeat values (T, H, W) for the three colours, (T, H, W, 3); broadcasting would be slower."""
    rows = values.reshape(-1, values.shape[-1])
    return np.asarray(cv2.cvtColor(rows, cv2.COLOR_GRAY2BGR), np.float32).reshape(*values.shape, 3)
