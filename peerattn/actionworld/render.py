"""From a scene to arrays: every part is a polygon under one motion a frame, painted back to front in colours and as part numbers.

Because each part moves by z -> m z + c, the exact flow of a pixel is its part's next motion applied to it: one look-up.
P parts, T frames, H rows, W columns; part 0 is the room.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from peerattn.actionworld.figure import skeleton
from peerattn.actionworld.motion import FRAME_RATE, Points, Reals
from peerattn.actionworld.room import FIXED_POINT, MARGIN, Colour
from peerattn.actionworld.scene import Scene, Thing
from peerattn.actionworld.textures import circle, window

PERSON, FIRST_OBJECT = 1, 2  # class ids; 0 is the background
SUN = np.exp(1j * np.radians(-125))  # light comes from the upper left
PAD = 0.5  # picture heights between frames in the tall drawing canvas
TALLEST = 8192  # px, rows of the tall canvas (OpenCV draws in 16.16 fixed point)
# radius at root and tip of each limb in figure heights, and depth before the figure's middle in metres
LIMBS = {
    "far upper arm": (0.036, 0.031, -0.2), "far forearm": (0.031, 0.024, -0.2), "far thigh": (0.056, 0.042, -0.1),
    "far shin": (0.042, 0.028, -0.1), "far shoe": (0.030, 0.022, -0.1), "near thigh": (0.058, 0.043, 0.1),
    "near shin": (0.043, 0.028, 0.1), "near shoe": (0.030, 0.022, 0.1), "trunk": (0.075, 0.082, 0.0),
    "near upper arm": (0.038, 0.032, 0.2), "near forearm": (0.032, 0.024, 0.2),
}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """A polygon in its own frame (world units), its motion into the world, and how it is shaded."""

    outline: Points
    turn: Points  # m, (T,)
    place: Points  # c, (T,)
    class_id: int
    depth: float
    colour: Colour
    round: complex = 0j  # 1 / extent along its own x and y where the surface curves
    strength: float = 0.0  # of the shading
    thing: int = -1  # index among the scene's things
    near: bool = False  # stands before the lens and shifts more with the camera


def capsule(length: float, root: float, tip: float, points: int) -> Points:
    """A limb with round ends, root at 0, tip at `length` on the x axis, (points,)."""
    half = np.exp(1j * np.linspace(-np.pi / 2, np.pi / 2, points // 2))
    return np.concatenate([length + tip * half, -root * half])


def outline_of(thing: Thing, points: int) -> Points:
    """The silhouette of an object about its centre; all kinds have about the same area."""
    if thing.kind == 0:
        shape = circle(points)
    elif thing.kind == 1:
        shape = 0.886 * np.array([-1 - 1j, 1 - 1j, 1 + 1j, -1 + 1j])
    elif thing.kind == 2:
        right = np.array([0.22 - 1.6j, 0.22 - 0.95j, 0.68 - 0.5j, 0.68 + 1.15j, 0.6 + 1.3j])
        shape = np.concatenate([right, -right[::-1].conj()])
    else:
        turn = np.exp(2j * np.pi * np.linspace(0, 1, points // 2))
        shape = np.concatenate([1.13 * turn, 0.53 * turn[::-1]])
    return thing.radius * (shape.real * thing.aspect + 1j * shape.imag / thing.aspect)


def parts_of(scene: Scene, times: Reals, points: int) -> list[Part]:
    """All parts but the room, back to front."""
    still = np.ones(len(times), np.complex128)
    things = [_thing_part(thing, rank, times, points) for rank, thing in enumerate(scene.things)]
    limbs = _figure_parts(scene, times, points)
    arm = 3  # parts of the near arm, which holds the object from the viewer's side
    parts = [*things[:0:-1], *limbs[:-arm], things[0], *limbs[-arm:]]
    if scene.front is not None:
        parts.append(Part(scene.front, still, 0 * still, 0, 1.2, scene.front_colour, near=True))
    return parts


def _thing_part(thing: Thing, rank: int, times: Reals, points: int) -> Part:
    turn = np.exp(1j * thing.tilt.at(times))
    extent = complex(1 / (1.3 * thing.radius), 1 / (1.3 * thing.radius))
    depth = 3.0 if rank == 0 else 3.3 + 0.1 * rank
    return Part(
        outline_of(thing, points),
        turn,
        thing.at(times),
        FIRST_OBJECT + thing.kind,
        depth,
        thing.colour,
        extent,
        0.22,
        rank,
    )


def _figure_parts(scene: Scene, times: Reals, points: int) -> list[Part]:
    thing, figure = scene.things[0], scene.figure
    assert thing.cycle is not None, "the figure's object always moves"
    hand, _, release = thing.cycle.progress(times)
    idle = np.stack([sway.at(times) for sway in figure.idle], -1)
    joints = skeleton(thing.style, hand, release, idle, two_handed=figure.two_handed)
    place = {name: (thing.stage.world(root), thing.stage.world(tip)) for name, (root, tip) in joints.items()}
    size = thing.stage.height
    parts: list[Part] = []
    for name, (wide, narrow, forward) in LIMBS.items():
        root, tip = place[name]
        length = float(np.abs(tip[0] - root[0]))
        tone = 0.78 if name.startswith("far") else 1.0
        colour = figure.shirt if "arm" in name or name == "trunk" else figure.trousers
        if "forearm" in name:
            colour = figure.skin
        elif "shoe" in name:
            colour = 0.35 * figure.trousers
        shape = capsule(length, size * wide, size * narrow, points)
        turn = (tip - root) / length
        parts.append(
            Part(shape, turn, root, PERSON, 3.0 - forward, tone * colour, complex(0, 1 / (size * wide)), 0.5)
        )
        if name == "trunk":
            parts += _head_parts(scene, *place["head"], points)
        if "forearm" in name:
            fist = circle(points, size * 0.034)
            parts.append(
                Part(fist, turn, tip, PERSON, 2.98 - forward, tone * figure.skin, _ball(size * 0.034), 0.45)
            )
    return parts


def _head_parts(scene: Scene, centre: Points, top: Points, points: int) -> list[Part]:
    """Neck, head and hair; the hair covers the top and the back."""
    size, figure, facing = scene.things[0].stage.height, scene.figure, scene.things[0].stage.facing
    turn = (top - centre) / np.abs(top - centre) * 1j  # own y axis points down the neck
    radius = 0.072 * size
    skull = circle(points, radius)
    face = skull.real * 0.9 + 1j * skull.imag * 1.06
    arc = np.exp(1j * np.radians(np.linspace(200, 305, points // 2)))
    back = np.exp(1j * np.radians(np.linspace(125, 200, points // 4)))
    cap = radius * 1.07 * np.concatenate([back, arc, [0.30 - 0.52j, -0.28 - 0.30j, -0.50 + 0.45j]])
    if facing < 0:
        cap = -cap.conj()
    neck = capsule(1.1 * radius, 0.036 * size, 0.036 * size, points)
    return [
        Part(neck * 1j, turn, centre, PERSON, 3.0, 0.85 * figure.skin, complex(1 / (0.036 * size), 0), 0.4),
        Part(face, turn, centre, PERSON, 3.0, figure.skin, _ball(radius), 0.45),
        Part(cap, turn, centre, PERSON, 2.99, figure.hair, _ball(1.1 * radius), 0.5),
    ]


def _ball(radius: float) -> complex:
    return complex(1 / radius, 1 / radius)


@dataclass(frozen=True)
class Frame:
    """The picture's geometry: H rows and W columns, `unit` px per world unit."""

    height: int
    width: int

    @property
    def unit(self) -> int:
        return min(self.height, self.width)

    def motion(self, turn: Points, place: Points) -> tuple[Points, Points]:
        """A motion into the world, continued to px (pixel centres at whole numbers)."""
        corner = (self.width - self.unit) / 2 - 0.5 + 1j * ((self.height - self.unit) / 2 - 0.5)
        return turn * self.unit, place * self.unit + corner

    @property
    def grid(self) -> Points:
        """Place of each pixel, (H, W)."""
        return np.arange(self.width) + 1j * np.arange(self.height)[:, None]


@dataclass(frozen=True)
class Rendering:
    """See `WorldClip`; centres (T, N) are complex px."""

    images: NDArray[np.uint8]
    flow: NDArray[np.float32]
    object_ids: NDArray[np.uint8]
    depth: NDArray[np.float32]
    centres: Points


def render(scene: Scene, frames: int, frame: Frame) -> Rendering:
    """Draw a scene, in stretches that keep the drawing canvas small."""
    times = np.arange(frames + 1) / FRAME_RATE
    points = int(np.clip(frame.unit // 8, 12, 64)) // 4 * 4
    parts = parts_of(scene, times, points)
    outlines, turns, places = _to_pixels(scene, parts, times, frame)
    stretch = max(1, TALLEST // (frame.height + 2 * round(PAD * frame.height)))
    room = _Room.of(scene, frame)
    pieces = []
    for start in range(0, frames, stretch):
        now = slice(start, min(start + stretch, frames))
        pieces.append(
            _draw(
                scene,
                parts,
                outlines,
                turns[start : now.stop + 1],
                places[start : now.stop + 1],
                frame,
                room,
                times[now],
            )
        )
    columns = {part.thing: index + 1 for index, part in enumerate(parts) if part.thing >= 0}
    centres = places[:-1, [columns[rank] for rank in range(len(scene.things))]]
    images, flow, ids, depth = (
        np.concatenate(arrays) if len(pieces) > 1 else arrays[0] for arrays in zip(*pieces, strict=True)
    )
    return Rendering(images, flow, ids, depth, centres)


def _to_pixels(
    scene: Scene, parts: list[Part], times: Reals, frame: Frame
) -> tuple[list[Points], Points, Points]:
    """Outlines, and motions m and c into px of the room and of every part, each (T, 1 + P)."""
    camera, near = scene.camera.at(times), scene.camera.at(times, nearness=1.8)
    turns, places = [camera[0]], [camera[1]]
    for part in parts:
        turn, place = near if part.near else camera
        turns.append(turn * part.turn)
        places.append(turn * part.place + place)
    turn, place = frame.motion(np.stack(turns, -1), np.stack(places, -1))
    return [part.outline for part in parts], turn, place


@dataclass(frozen=True)
class _Room:
    """The still room painted once, and the offset of its canvas."""

    canvas: NDArray[np.uint8]
    corner: complex  # px of the world's origin in the canvas

    @classmethod
    def of(cls, scene: Scene, frame: Frame) -> "_Room":
        margin = round(MARGIN * frame.unit) + 1
        shape = (frame.height + 2 * margin, frame.width + 2 * margin)
        corner = frame.motion(np.ones(1), np.zeros(1))[1][0] + margin * (1 + 1j)
        return cls(scene.room.paint(frame.unit, shape), complex(corner))

    def shot(self, turn: complex, place: complex, frame: Frame, out: NDArray[np.uint8]) -> None:
        """The room as the camera sees it, motion (m, c) from world to px."""
        unit = frame.unit
        m = turn / unit
        c = place - m * self.corner
        matrix = np.array([[m.real, -m.imag, c.real], [m.imag, m.real, c.imag]])
        cv2.warpAffine(
            self.canvas, matrix, (frame.width, frame.height), out, cv2.INTER_LINEAR, cv2.BORDER_REFLECT
        )


def _draw(
    scene: Scene,
    parts: list[Part],
    outlines: list[Points],
    turns: Points,
    places: Points,
    frame: Frame,
    room: _Room,
    times: Reals,
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32]]:
    count, pad = len(times), round(PAD * frame.height)
    step = frame.height + 2 * pad
    tall = np.empty((count, step, frame.width, 3), np.uint8)
    numbers = np.zeros((count, step, frame.width), np.uint8)
    for index in range(count):
        room.shot(
            complex(turns[index, 0]), complex(places[index, 0]), frame, tall[index, pad : pad + frame.height]
        )
    offsets = 1j * (np.arange(count) * step + pad)
    flat_colours, flat_numbers = tall.reshape(-1, frame.width, 3), numbers.reshape(-1, frame.width)
    for number, (part, outline) in enumerate(zip(parts, outlines, strict=True), start=1):
        path = turns[:-1, number, None] * outline + places[:-1, number, None]
        limit = 4 * frame.width
        x, y = np.clip(path.real, -limit, limit), np.clip(path.imag, 1 - pad, frame.height + pad - 2)
        corners = np.stack([x, y + offsets.imag[:, None]], -1)
        whole = np.rint(corners * (1 << FIXED_POINT)).astype(np.int32)
        cv2.fillPoly(flat_colours, whole, part.colour.tolist(), cv2.LINE_AA, FIXED_POINT)
        cv2.fillPoly(flat_numbers, whole, number, cv2.LINE_8, FIXED_POINT)
    inside = slice(pad, pad + frame.height)
    seen = np.ascontiguousarray(numbers[:, inside])
    colours = tall[:, inside].astype(np.float32)
    at = np.flatnonzero(seen)
    when, spot = at // (frame.height * frame.width), at % (frame.height * frame.width)
    which = seen.reshape(-1)[at]
    pixels = frame.grid.reshape(-1)[spot]
    _shade(
        scene, parts, colours.reshape(-1, 3), at, which, (pixels - places[when, which]) / turns[when, which]
    )
    _light(scene, colours, times, frame)
    class_ids = np.array([0, *(part.class_id for part in parts)], np.uint8)
    flow = _flow(turns, places, frame, at, when, which, pixels)
    depth = _depth(scene, parts, turns, places, frame, at, which)
    return np.clip(colours + 0.5, 0, 255).astype(np.uint8), flow, class_ids[seen], depth


def _shade(
    scene: Scene,
    parts: list[Part],
    colours: NDArray[np.float32],
    at: NDArray[np.intp],
    which: NDArray[np.uint8],
    own: Points,
) -> None:
    """Round the parts off with light from the upper left, and give objects the texture of the room."""
    curve = np.array([0j, *(part.round for part in parts)])[which]
    strength = np.array([0.0, *(part.strength for part in parts)])[which]
    x, y = own.real * curve.real, own.imag * curve.imag
    facing = np.sqrt(np.maximum(1 - x * x - y * y, 0))
    shade = 1 + strength * (0.75 * facing - 0.55 - 0.35 * y)
    colours[at] *= shade.astype(np.float32)[:, None]
    for number, part in enumerate(parts, start=1):
        if part.thing >= 0:
            mine = which == number
            thing = scene.things[part.thing]
            colours[at[mine]] += _detail(thing, own[mine], scene.room.grain)[:, None]


def _detail(thing: Thing, own: Points, grain: float) -> NDArray[np.float32]:
    tile = window(thing.texture, 128, (0.0, 0.0), (128, 128))
    place = own + thing.corner
    return (
        grain
        * tile[np.floor(place.imag * 128).astype(int) % 128, np.floor(place.real * 128).astype(int) % 128]
    )


def _light(scene: Scene, colours: NDArray[np.float32], times: Reals, frame: Frame) -> None:
    level = scene.light.at(times).astype(np.float32)
    slope, grid = (
        scene.light.slope,
        frame.grid / frame.unit - (frame.width + 1j * frame.height) / (2 * frame.unit),
    )
    field = (1 + slope.real * grid.real + slope.imag * grid.imag).astype(np.float32)
    colours *= (level[:, None, None] * field)[..., None]


def _flow(
    turns: Points,
    places: Points,
    frame: Frame,
    at: NDArray[np.intp],
    when: NDArray[np.intp],
    which: NDArray[np.uint8],
    pixels: Points,
) -> NDArray[np.float32]:
    """Displacement of each pixel's surface point to the next frame, (T, H, W, 2) in px as x, y."""
    growth = turns[1:] / turns[:-1] - 1
    shift = places[1:] - (growth + 1) * places[:-1]
    flow = growth[:, 0, None, None].astype(np.complex64) * frame.grid.astype(np.complex64) + shift[
        :, 0, None, None
    ].astype(np.complex64)
    flow.reshape(-1)[at] = growth[when, which] * pixels + shift[when, which]
    return flow.view(np.float32).reshape(*flow.shape, 2)


def _depth(
    scene: Scene,
    parts: list[Part],
    turns: Points,
    places: Points,
    frame: Frame,
    at: NDArray[np.intp],
    which: NDArray[np.uint8],
) -> NDArray[np.float32]:
    """Metres from the lens, (T, H, W): the wall 5, the floor nearer towards the lower edge, the parts where they stand."""
    inverse = 1 / turns[:-1, 0, None, None]
    rows = ((frame.grid - places[:-1, 0, None, None]) * inverse).imag
    depth = np.clip(5 - 5 * (rows - scene.room.horizon), 1.5, 5).astype(np.float32)
    depth.reshape(-1)[at] = np.array([0, *(part.depth for part in parts)], np.float32)[which]
    return depth
