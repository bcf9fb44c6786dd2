"""Render a scene to arrays: parts are painted from back to front, as colours and as part numbers.

Flow, object maps and depth follow from the part number of each pixel: each part moves by z -> m z + c, so the
exact flow of a pixel is the next motion of its part. Part 0 is the room. P parts including the room, T
frames, H rows, W columns.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

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

    `at` is the flat index, `pixel` the position in px, and `own` the position in the part's own frame.
    """

    at: NDArray[np.intp]
    frame: NDArray[np.intp]
    part: NDArray[np.intp]
    pixel: Singles
    own: Singles

    @classmethod
    def find(cls, numbers: NDArray[np.uint8], grid: Singles, turns: Points, places: Points) -> "PartPixels":
        """Find the pixels of moving parts in part numbers (T, H, W)."""
        at = np.flatnonzero(numbers)
        frame, spot = np.divmod(at, grid.size)
        part = numbers.reshape(-1)[at].astype(np.intp)
        pixel, back = grid.reshape(-1)[spot], 1 / turns[:-1]
        own = (back.astype(np.complex64))[frame, part] * (
            pixel - places[:-1].astype(np.complex64)[frame, part]
        )
        return cls(at, frame, part, pixel, own)


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
        self.grid = (np.arange(width) + 1j * np.arange(height)[:, None]).astype(np.complex64)  # (H, W)
        margin = round(MARGIN * self.unit) + 1
        self.room = scene.room.paint(self.unit, (height + 2 * margin, width + 2 * margin))
        self.room_corner = self.corner + margin * (1 + 1j)  # px of the world's origin in the painted room

    @property
    def corner(self) -> complex:
        """The position of the world's origin in px; whole numbers are pixel centres."""
        return (self.width - self.unit - 1) / 2 + 1j * (self.height - self.unit - 1) / 2

    def _motions(self) -> tuple[Points, Points]:
        camera = self.scene.camera.at(self.times)
        close = self.scene.camera.at(self.times, nearness=PARALLAX)
        turns, places = [camera[0]], [camera[1]]
        for part in self.parts:
            turn, place = close if part.near else camera
            turns.append(turn * part.turn)
            places.append(turn * part.place + place)
        return np.stack(turns, -1) * self.unit, np.stack(places, -1) * self.unit + self.corner

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
        self._texture(colours, pixels)
        colours *= self._lighting(pixels, self.times[now])[..., None]
        images = np.clip(colours, 0, 255).astype(np.uint8)
        class_ids = np.array([0, *(part.class_id for part in self.parts)], np.uint8)
        return (
            images,
            self._flow(pixels, turns, places),
            class_ids[numbers],
            self._depth(pixels, turns, places),
        )

    def _paint(self, turns: Points, places: Points) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Return flat colours (T, H, W, 3) and part numbers (T, H, W); each painted in all frames at once."""
        count, pad, height, width = len(turns), self.pad, self.height, self.width
        tall = np.empty((count, height + 2 * pad, width, 3), np.uint8)
        numbers = np.zeros((count, height + 2 * pad, width), np.uint8)
        for picture, turn, place in zip(tall[:, pad : pad + height], turns[:, 0], places[:, 0], strict=True):
            self._shoot(picture, complex(turn), complex(place))
        offsets = 1j * (np.arange(count) * (height + 2 * pad) + pad)
        for number, part in enumerate(self.parts, start=1):
            path = turns[:, number, None] * part.outline + places[:, number, None]
            if part.near:
                np.clip(path.imag, 1 - pad, height + pad - 2, out=path.imag)
            corners = list(fixed_point(path + offsets[:, None]))
            colour = part.colour.tolist()
            cv2.fillPoly(tall.reshape(-1, width, 3), corners, colour, cv2.LINE_AA, FIXED_POINT)
            cv2.fillPoly(numbers.reshape(-1, width), corners, number, cv2.LINE_8, FIXED_POINT)
        inside = slice(pad, pad + height)
        return tall[:, inside].astype(np.float32), np.ascontiguousarray(numbers[:, inside])

    def _shoot(self, picture: NDArray[np.uint8], turn: complex, place: complex) -> None:
        """Fill a picture with the room as seen by the camera."""
        scale = turn / self.unit
        shift = place - scale * self.room_corner
        matrix = np.array([[scale.real, -scale.imag, shift.real], [scale.imag, scale.real, shift.imag]])
        cv2.warpAffine(
            self.room, matrix, (self.width, self.height), picture, cv2.INTER_LINEAR, cv2.BORDER_REFLECT
        )

    def _texture(self, colours: NDArray[np.float32], pixels: PartPixels) -> None:
        """Add a texture like the room's to the objects."""
        flat = colours.reshape(-1, 3)
        for number, part in enumerate(self.parts, start=1):
            if part.item >= 0:
                mine, item = np.flatnonzero(pixels.part == number), self.scene.items[part.item]
                detail = sample_texture(
                    item.texture, self.unit, pixels.own[mine] + np.complex64(item.texture_offset)
                )
                flat[pixels.at[mine]] += (self.scene.room.grain * detail)[:, None]

    def _lighting(self, pixels: PartPixels, times: Reals) -> NDArray[np.float32]:
        """Return each pixel's brightness (T, H, W): the scene's light, and the shading of round parts."""
        light, level = self.scene.light, self.scene.light.at(times).astype(np.float32)
        middle = self.corner + (0.5 + 0.5j) * self.unit
        slope = complex(light.slope) / self.unit
        across = np.float32(slope.real) * (self.grid.real - np.float32(middle.real))
        field = 1 + across + np.float32(slope.imag) * (self.grid.imag - np.float32(middle.imag))
        brightness = level[:, None, None] * field
        curve_x, curve_y, shading = self._table(lambda part: (*part.curve, part.shading))
        x, y = pixels.own.real * curve_x[pixels.part], pixels.own.imag * curve_y[pixels.part]
        towards = np.sqrt(np.maximum(1 - x * x - y * y, 0))
        brightness.reshape(-1)[pixels.at] *= 1 + shading[pixels.part] * (BRIGHT * towards + DIM + DOWN * y)
        return np.asarray(brightness, np.float32)

    def _flow(self, pixels: PartPixels, turns: Points, places: Points) -> NDArray[np.float32]:
        """Return each pixel's displacement to the next frame (T, H, W, 2), in px as x, y."""
        growth = turns[1:] / turns[:-1] - 1
        shift = places[1:] - (growth + 1) * places[:-1]
        growth, shift = growth.astype(np.complex64), shift.astype(np.complex64)
        flow = growth[:, 0, None, None] * self.grid + shift[:, 0, None, None]
        flow.reshape(-1)[pixels.at] = (
            growth[pixels.frame, pixels.part] * pixels.pixel + shift[pixels.frame, pixels.part]
        )
        return flow.view(np.float32).reshape(*flow.shape, 2)

    def _depth(self, pixels: PartPixels, turns: Points, places: Points) -> NDArray[np.float32]:
        """Return the distance from the lens (T, H, W) in metres: of the wall, the floor or a part."""
        back = (1 / turns[:-1, 0]).astype(np.complex64)[:, None, None]
        level = (-places[:-1, 0] / turns[:-1, 0]).imag.astype(np.float32)[:, None, None]
        world_y = back.real * self.grid.imag + back.imag * self.grid.real + level
        depth = np.clip(WALL - STEEPNESS * (world_y - np.float32(self.scene.room.horizon)), NEAREST, WALL)
        depth.reshape(-1)[pixels.at] = self._table(lambda part: (part.depth,))[0, pixels.part]
        return np.asarray(depth, np.float32)

    def _table(self, values: Callable[[Part], tuple[float, ...]]) -> NDArray[np.float32]:
        """Return a table of values with one column per part; the room, column 0, has zeros."""
        columns = [values(part) for part in self.parts]
        return np.array([(0.0,) * len(columns[0]), *columns], np.float32).T
