"""The moving parts of a scene: rigid polygons of objects, of the figure's limbs, and right in front of the
lens.

P parts, T instants; a part's motion z -> m z + c leads from its own frame of reference to the world.
"""

from dataclasses import dataclass

import numpy as np

from peerattn.actionworld.figure import skeleton
from peerattn.actionworld.furniture import Colour
from peerattn.actionworld.motion import Points, Reals
from peerattn.actionworld.scene import Figure, Scene, SceneObject
from peerattn.actionworld.textures import arc, circle, rectangle

BACKGROUND, PERSON, FIRST_OBJECT = 0, 1, 2  # class ids of the object maps
# radius at root and tip of each limb in figure heights, and metres nearer than the figure's middle
LIMBS = {
    "far upper arm": (0.036, 0.031, -0.2),
    "far forearm": (0.031, 0.024, -0.2),
    "far thigh": (0.056, 0.042, -0.1),
    "far shin": (0.042, 0.028, -0.1),
    "far shoe": (0.030, 0.022, -0.1),
    "near thigh": (0.058, 0.043, 0.1),
    "near shin": (0.043, 0.028, 0.1),
    "near shoe": (0.030, 0.022, 0.1),
    "trunk": (0.075, 0.082, 0.0),
    "near upper arm": (0.038, 0.032, 0.2),
    "near forearm": (0.032, 0.024, 0.2),
}
# metres from the lens: of the figure's middle, and of the foreground
MIDDLE_DEPTH, FRONT_DEPTH = (3.0, 1.2)
BOTTLE_CENTRE = 0.107j  # of its area, in radii
FIST, HEAD_RADIUS, NECK = 0.034, 0.072, 0.036  # figure heights


@dataclass(frozen=True)
class Part:
    """A rigid polygon in its own frame of reference (world units), with its motion and its looks."""

    outline: Points
    turn: Points  # m, (T,)
    place: Points  # c, (T,)
    class_id: int
    depth: float  # metres
    colour: Colour
    curve: tuple[float, float] = (0.0, 0.0)  # 1 / half extent along own x and y; 0 where it is not round
    shading: float = 0.0  # from 0 (flat) to 1
    item: int = -1  # index in the scene's items; -1 if it is not one of them
    near: bool = False  # right in front of the lens, so that it shifts more with the camera


def moving_parts(scene: Scene, times: Reals, points: int) -> list[Part]:
    """Return all moving parts from back to front; `points` is the number of corners of a circle.

    Every moving object is in front of the figure, including the held one: a hand that covers part of its map
    would reveal it.
    """
    items = [_item_part(item, rank, times, points) for rank, item in enumerate(scene.items)]
    resting = [part for part, item in zip(items, scene.items, strict=True) if not item.cycle]
    moving = [part for part, item in zip(items, scene.items, strict=True) if item.cycle]
    parts = [*resting[::-1], *_figure_parts(scene, times, points), *moving]
    if scene.front is not None:
        still = np.ones(len(times), np.complex128)
        parts.append(
            Part(scene.front, still, 0 * still, BACKGROUND, FRONT_DEPTH, scene.front_colour, near=True)
        )
    return parts


def silhouette(item: SceneObject, points: int) -> Points:
    """Return the outline of an object about its centre; all kinds have about the same area."""
    if item.kind == 0:
        shape = circle(points)
    elif item.kind == 1:
        shape = rectangle(-0.886, -0.886, 0.886, 0.886)
    elif item.kind == 2:
        right = [0.20 - 1.6j, 0.22 - 0.98j, 0.62 - 0.6j, 0.70 - 0.4j, 0.70 + 1.15j, 0.6 + 1.3j]
        shape = np.array([*right, *(-corner.conjugate() for corner in reversed(right))]) - BOTTLE_CENTRE
    else:  # outer and inner circle joined by a seam
        turn = arc(points + 1, 0, 360)
        shape = np.concatenate([1.13 * turn, 0.53 * turn[::-1]])
    return np.asarray(item.radius * (shape.real * item.aspect + 1j * shape.imag / item.aspect))


def capsule(length: float, root: float, tip: float, points: int) -> Points:
    """Return a limb with round ends, (points,): its root is at 0 and its tip at `length` on the x axis."""
    half = arc(points // 2, -90, 90)
    return np.concatenate([length + tip * half, -root * half])


def _item_part(item: SceneObject, rank: int, times: Reals, points: int) -> Part:
    turn, extent = np.exp(1j * item.tilt.at(times)), 1.3 * item.radius
    depth = MIDDLE_DEPTH + (-0.3 - 0.1 * rank if item.cycle else 0.3 + 0.1 * rank)
    outline, class_id = silhouette(item, points), FIRST_OBJECT + item.kind
    return Part(outline, turn, item.at(times), class_id, depth, item.colour, _round(extent), 0.22, rank)


def _figure_parts(scene: Scene, times: Reals, points: int) -> list[Part]:
    item, figure = scene.items[0], scene.figure
    assert item.cycle is not None, "the figure's object always moves"
    hand, _, release = item.cycle.progress(times)
    swing, nod = figure.swing.at(times), figure.nod.at(times)
    joints = skeleton(item.style, hand, release, swing=swing, nod=nod, two_handed=figure.two_handed)
    ends = dict(zip(joints, item.placement.world(np.array([*joints.values()])), strict=True))
    size = item.placement.height
    parts: list[Part] = []
    for name, (wide, narrow, forward) in LIMBS.items():
        root, tip = ends[name]
        length, colour = float(np.abs(tip[0] - root[0])), _colour(figure, name)
        turn, depth, shape = (
            (tip - root) / length,
            MIDDLE_DEPTH - forward,
            capsule(length, size * wide, size * narrow, points),
        )
        parts.append(Part(shape, turn, root, PERSON, depth, colour, (0, 1 / (size * wide)), 0.5))
        if name == "trunk":
            centre, top = ends["head"]
            parts += _head_parts(scene, centre, top, points)
        if name.endswith("forearm"):
            fist = size * FIST
            parts.append(Part(circle(points, fist), turn, tip, PERSON, depth, colour, _round(fist), 0.45))
    return parts


def _colour(figure: Figure, limb: str) -> Colour:
    tone = 0.78 if limb.startswith("far") else 1.0
    if "forearm" in limb:
        return tone * figure.skin
    if "shoe" in limb:
        return 0.35 * tone * figure.trousers
    return tone * (figure.shirt if "arm" in limb or limb == "trunk" else figure.trousers)


def _head_parts(scene: Scene, centre: Points, top: Points, points: int) -> list[Part]:
    """Return neck, head, hair and an eye; the y axis of their own frame points down the neck."""
    size, facing, figure = scene.items[0].placement.height, scene.items[0].placement.facing, scene.figure
    turn, radius, neck = 1j * (top - centre) / np.abs(top - centre), HEAD_RADIUS * size, NECK * size
    skull = circle(points, radius)
    crown = 1.08 * arc(points, 125, 305)
    fringe = np.array([0.32 - 0.52j, -0.28 - 0.30j, -0.50 + 0.45j])
    hair = radius * np.asarray([*crown, *fringe], np.complex128)
    eye = circle(8, 0.11 * radius, radius * (0.52 - 0.02j))
    if facing < 0:
        hair, eye = -hair.conj(), -eye.conj()
    shapes = (
        (1j * capsule(1.2 * radius, neck, neck, points), 0.85 * figure.skin, (1 / neck, 0.0), 0.4),
        (skull.real * 0.9 + 1j * skull.imag * 1.06, figure.skin, _round(radius), 0.45),
        (eye, 0.25 * figure.hair, (0.0, 0.0), 0.0),
        (hair, figure.hair, _round(1.15 * radius), 0.5),
    )
    return [
        Part(shape, turn, centre, PERSON, MIDDLE_DEPTH, colour, curve, shading)
        for shape, colour, curve, shading in shapes
    ]


def _round(extent: float) -> tuple[float, float]:
    return 1 / extent, 1 / extent
