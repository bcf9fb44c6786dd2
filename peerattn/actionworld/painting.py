"""From a scene to arrays: parts are painted back to front, as colours and as numbers; the rest is looked up.

Each part moves by z -> m z + c, so the exact flow of a pixel is its part's next motion applied to it.
Part 0 is the room. P parts with the room, T frames, H rows, W columns.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from peerattn.actionworld.motion import Points, Reals
from peerattn.actionworld.parts import Part, parts_of
from peerattn.actionworld.room import FIXED_POINT, MARGIN, fixed_point
from peerattn.actionworld.scene import Scene
from peerattn.actionworld.textures import sample

PARALLAX = 1.8  # how much more the camera's shift moves what stands before the lens
TALLEST = 8192  # px, rows of the tall canvas on which several frames are painted at once
BRIGHT, DIM, DOWN = (
    0.75,
    -0.55,
    -0.35,
)  # light on a round surface: towards the lens, everywhere, on its lower side
Singles = NDArray[np.complex64]
WALL, STEEPNESS, NEAREST = 5.0, 5.0, 1.5  # metres: the wall; nearer per world unit below the horizon; at most


@dataclass(frozen=True)
class Rendering:
    """What `WorldClip` holds, `centres` (T, N) of the scene's things in px."""

    images: NDArray[np.uint8]
    flow: NDArray[np.float32]
    object_ids: NDArray[np.uint8]
    depth: NDArray[np.float32]
    centres: Points


def render(scene: Scene, times: Reals, height: int, width: int) -> Rendering:
    """Draw a scene, in stretches that keep the painting canvas small."""
    painter = Painter(scene, times, height, width)
    pieces = zip(*(painter.stretch(now) for now in painter.stretches()), strict=True)
    images, flow, ids, depth = (array[0] if len(array) == 1 else np.concatenate(array) for array in pieces)
    columns = {part.thing: number for number, part in enumerate(painter.parts, start=1)}
    centres = painter.places[:-1, [columns[rank] for rank in range(len(scene.things))]]
    return Rendering(images, flow, ids, depth, centres)


@dataclass(frozen=True)
class Spots:
    """The K pixels that show a moving part: flat index, frame, part, place in px and on the part."""

    at: NDArray[np.intp]
    frame: NDArray[np.intp]
    part: NDArray[np.intp]
    pixel: Singles
    own: Singles

    @classmethod
    def of(cls, numbers: NDArray[np.uint8], grid: Singles, turns: Points, places: Points) -> "Spots":
        """Found in part numbers (T, H, W)."""
        at = np.flatnonzero(numbers)
        frame, spot = np.divmod(at, grid.size)
        part = numbers.reshape(-1)[at].astype(np.intp)
        pixel, back = grid.reshape(-1)[spot], 1 / turns[:-1]
        own = (back.astype(np.complex64))[frame, part] * (
            pixel - places[:-1].astype(np.complex64)[frame, part]
        )
        return cls(at, frame, part, pixel, own)


class Painter:
    """A scene at one size: the room painted once, and every part's motion (m, c) into px, each (T + 1, P)."""

    def __init__(self, scene: Scene, times: Reals, height: int, width: int) -> None:
        self.scene, self.frames, self.height, self.width = scene, len(times) - 1, height, width
        self.unit, self.pad = min(height, width), height // 2
        self.times = times  # (T + 1,) s
        self.parts = parts_of(scene, self.times, int(np.clip(self.unit // 6, 12, 64)) // 4 * 4)
        self.turns, self.places = self._motions()
        self.grid = (np.arange(width) + 1j * np.arange(height)[:, None]).astype(np.complex64)  # (H, W)
        margin = round(MARGIN * self.unit) + 1
        self.room = scene.room.paint(self.unit, (height + 2 * margin, width + 2 * margin))
        self.room_corner = self.corner + margin * (1 + 1j)  # px of the world's origin in the painted room

    @property
    def corner(self) -> complex:
        """Place of the world's origin in px; whole numbers are pixel centres."""
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

    def stretches(self) -> Iterator[slice]:
        """The frames, in runs that fit the tall canvas."""
        run = max(1, TALLEST // (self.height + 2 * self.pad))
        return (slice(start, min(start + run, self.frames)) for start in range(0, self.frames, run))

    def stretch(
        self, now: slice
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32]]:
        """Images, flow, object ids and depth of some frames."""
        turns, places = self.turns[now.start : now.stop + 1], self.places[now.start : now.stop + 1]
        colours, numbers = self._paint(turns[:-1], places[:-1])
        spots = Spots.of(numbers, self.grid, turns, places)
        self._texture(colours, spots)
        colours *= self._lighting(spots, self.times[now])[..., None]
        images = np.clip(colours, 0, 255).astype(np.uint8)
        class_ids = np.array([0, *(part.class_id for part in self.parts)], np.uint8)
        return images, self._flow(spots, turns, places), class_ids[numbers], self._depth(spots, turns, places)

    def _paint(self, turns: Points, places: Points) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Flat colours (T, H, W, 3), part numbers (T, H, W); a part is drawn in all frames at once."""
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
        """Fill a picture with the room as the camera sees it."""
        scale = turn / self.unit
        shift = place - scale * self.room_corner
        matrix = np.array([[scale.real, -scale.imag, shift.real], [scale.imag, scale.real, shift.imag]])
        cv2.warpAffine(
            self.room, matrix, (self.width, self.height), picture, cv2.INTER_LINEAR, cv2.BORDER_REFLECT
        )

    def _texture(self, colours: NDArray[np.float32], spots: Spots) -> None:
        """Give objects a texture of the room's sort."""
        flat = colours.reshape(-1, 3)
        for number, part in enumerate(self.parts, start=1):
            if part.thing >= 0:
                mine, thing = np.flatnonzero(spots.part == number), self.scene.things[part.thing]
                detail = sample(thing.texture, self.unit, spots.own[mine] + np.complex64(thing.corner))
                flat[spots.at[mine]] += (self.scene.room.grain * detail)[:, None]

    def _lighting(self, spots: Spots, times: Reals) -> NDArray[np.float32]:
        """Brightness of every pixel, (T, H, W): the scene's light, and shading of round parts from above."""
        light, level = self.scene.light, self.scene.light.at(times).astype(np.float32)
        middle = self.corner + (0.5 + 0.5j) * self.unit
        slope = complex(light.slope) / self.unit
        across = np.float32(slope.real) * (self.grid.real - np.float32(middle.real))
        field = 1 + across + np.float32(slope.imag) * (self.grid.imag - np.float32(middle.imag))
        brightness = level[:, None, None] * field
        curve_x, curve_y, shading = self._table(lambda part: (*part.curve, part.shading))
        x, y = spots.own.real * curve_x[spots.part], spots.own.imag * curve_y[spots.part]
        towards = np.sqrt(np.maximum(1 - x * x - y * y, 0))
        brightness.reshape(-1)[spots.at] *= 1 + shading[spots.part] * (BRIGHT * towards + DIM + DOWN * y)
        return np.asarray(brightness, np.float32)

    def _flow(self, spots: Spots, turns: Points, places: Points) -> NDArray[np.float32]:
        """Displacement of each pixel's surface point to the next frame, (T, H, W, 2) in px as x, y."""
        growth = turns[1:] / turns[:-1] - 1
        shift = places[1:] - (growth + 1) * places[:-1]
        growth, shift = growth.astype(np.complex64), shift.astype(np.complex64)
        flow = growth[:, 0, None, None] * self.grid + shift[:, 0, None, None]
        flow.reshape(-1)[spots.at] = (
            growth[spots.frame, spots.part] * spots.pixel + shift[spots.frame, spots.part]
        )
        return flow.view(np.float32).reshape(*flow.shape, 2)

    def _depth(self, spots: Spots, turns: Points, places: Points) -> NDArray[np.float32]:
        """Metres from the lens, (T, H, W): the wall, the slanting floor, parts where they stand."""
        back = (1 / turns[:-1, 0]).astype(np.complex64)[:, None, None]
        level = (-places[:-1, 0] / turns[:-1, 0]).imag.astype(np.float32)[:, None, None]
        world_y = back.real * self.grid.imag + back.imag * self.grid.real + level
        depth = np.clip(WALL - STEEPNESS * (world_y - np.float32(self.scene.room.horizon)), NEAREST, WALL)
        depth.reshape(-1)[spots.at] = self._table(lambda part: (part.depth,))[0, spots.part]
        return np.asarray(depth, np.float32)

    def _table(self, values: Callable[[Part], tuple[float, ...]]) -> NDArray[np.float32]:
        """Some numbers of every part as columns; those of the room, column 0, are 0."""
        columns = [values(part) for part in self.parts]
        return np.array([(0.0,) * len(columns[0]), *columns], np.float32).T
