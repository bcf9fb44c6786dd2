"""Turn a seed into a scene: all random choices are made here, in world units and seconds."""

from dataclasses import replace
from itertools import combinations

import numpy as np

from peerattn.actionworld.figure import Style
from peerattn.actionworld.furniture import Colour
from peerattn.actionworld.motion import FRAME_RATE, Camera, Cycle, Light, Points, Sway
from peerattn.actionworld.room import Shadow, foreground, furnish, with_lamp
from peerattn.actionworld.scene import ACTIONS, LIGHTS, OBJECTS, Figure, Placement, Scene, SceneObject
from peerattn.actionworld.textures import (
    CLOTHES,
    HAIR_COLOURS,
    PALETTES,
    SKIN_COLOURS,
    TEXTURE_COUNT,
    TROUSERS,
)

EDGE = 0.1  # world units between the centre of an object and the edge of the picture
FLOOR = (0.78, 1.0)  # range of the y of a figure's feet
NOMINAL = np.linspace(0, 15, 8) / FRAME_RATE  # s: times at which objects must keep their distance
SEPARATION = 0.21  # world units between the centres of two objects
CLEARANCE = 0.16  # world units between the centre of an object and the figure's body
TRIES = 128  # random arrangements of each of the two sorts in `_place`
LAMP_TRIES = 32  # random places for the lamp
LAMP_RANGE = (0.13, 0.87, 0.13, 0.42)  # left, right, top and bottom of where its shade may be
LATEST_VERSION = 2
Random = np.random.Generator


def class_count(version: int) -> int:
    """Return the number of classes: 16 in the first version, without the lamp, and 32 since."""
    return len(ACTIONS) * len(OBJECTS) * (1 if version == 1 else len(LIGHTS))


def label_of(seed: int, version: int = LATEST_VERSION) -> int:
    """Return the class of a seed; as many consecutive seeds as there are classes, from a multiple of their
    number on, have each class once.
    """
    count = class_count(version)
    return (7 * seed + 5 * (seed // count)) % count


def compose(seed: int, version: int = LATEST_VERSION) -> Scene:
    """Return the scene of a seed."""
    return stage_label(np.random.default_rng(seed), label_of(seed, version), version)


def stage_label(random: Random, label: int, version: int = LATEST_VERSION) -> Scene:
    """Return a random scene of a class; the two actions of a pair differ only in the direction of time."""
    lit, (action, kind) = label // class_count(1) == 1, divmod(label % class_count(1), len(OBJECTS))
    palette = PALETTES[random.integers(len(PALETTES))]
    items = _place(random, _items(random, palette, kind, action))
    foot, height = items[0].placement.foot, items[0].placement.height
    shadows = [_contact(item) for item in items if not item.cycle]
    shadows.append((foot + 0.01j, height * (0.24 + 0.035j), 0.5))
    horizon, planks = foot.imag - random.uniform(0.06, 0.14), [_plank(item) for item in items]
    room = furnish(random, palette, horizon, planks=planks, shadows=shadows)
    dark = 0.45 * palette[random.integers(1, len(palette))]
    camera, light, front = _camera(random), _light(random), foreground(random)
    figure = _figure(random)
    if version > 1:
        place = _lamp_place(random, items, front)
        room = with_lamp(random, palette, room, place, lit=lit)
    return Scene(action, tuple(items), figure, room, camera, light, front, dark, lit)


def _lamp_place(random: Random, items: list[SceneObject], front: Points | None) -> complex:
    """Return a place for the lamp's shade that figure, objects and foreground hide as little as possible."""
    left, right, top, bottom = LAMP_RANGE
    draws = random.random((2, LAMP_TRIES))
    places = left + (right - left) * draws[0] + 1j * (top + (bottom - top) * draws[1])
    placement = items[0].placement
    body = placement.foot - 1j * placement.height * np.array([0.55, 0.8, 1.0])
    hiding = np.concatenate([body, *(item.path for item in items), *(() if front is None else (front,))])
    return complex(places[np.abs(places[:, None] - hiding).min(1).argmax()])


def _items(random: Random, palette: Colour, kind: int, action: int) -> list[SceneObject]:
    """Return the object acted on, then two or three of other kinds: the first moves, the others may."""
    items = [_item(random, palette, kind, action)]
    others = random.permutation([other for other in range(len(OBJECTS)) if other != kind])
    for rank, other in enumerate(others[: random.integers(2, 4)].tolist()):
        item = _item(random, palette, other, int(random.integers(len(ACTIONS))))
        moving = rank == 0 or random.random() < 0.55
        items.append(item if moving else replace(item, cycle=None))
    return items


def _place(random: Random, items: list[SceneObject]) -> list[SceneObject]:
    """Place every path in the picture such that the objects keep apart from each other and from the figure.

    Moving objects are placed where a figure could hold them, so that their position does not reveal whether
    they are held. Only if that leaves too little space are they placed anywhere.
    """
    reachable = np.array([_limits(item, held=item.cycle is not None) for item in items])
    free = np.array([_limits(item, held=rank == 0) for rank, item in enumerate(items)])
    limits = np.repeat([reachable, free], TRIES, axis=0)
    left, right, top, bottom = limits.transpose(2, 0, 1)  # each (tries, items)
    draws = random.random((2, *left.shape))
    feet = left + (right - left) * draws[0] + 1j * (top + (bottom - top) * draws[1])
    paths = np.stack([item.at(NOMINAL) for item in items])
    centres = np.ascontiguousarray(feet.T)[:, None] + paths[..., None]  # (items, instants, tries)
    body = feet[:, 0] - 1j * items[0].placement.height * np.array([0.3, 0.55, 0.8])[:, None]
    distances = [np.abs(first - second).min(0) for first, second in combinations(centres, 2)]
    clearance = np.abs(centres[1:, :, None] - body).min((0, 1, 2))
    worst = np.minimum(np.min(distances, axis=0) / SEPARATION, clearance / CLEARANCE)
    best = feet[np.argmax(np.minimum(worst, 1))].tolist()
    return [_with_foot(item, foot) for item, foot in zip(items, best, strict=True)]


def _limits(item: SceneObject, *, held: bool) -> tuple[float, float, float, float]:
    """Return the x and y range of the foot of an object's path; if `held`, it is on the floor."""
    path, side = item.path, 0.24 * item.placement.height
    left, right = max(EDGE - path.real.min(), side), min(1 - EDGE - path.real.max(), 1 - side)
    top, bottom = EDGE - path.imag.min(), 1 - EDGE - path.imag.max()
    return (left, right, max(top, FLOOR[0]), min(bottom, FLOOR[1])) if held else (left, right, top, bottom)


def _with_foot(item: SceneObject, foot: complex) -> SceneObject:
    return replace(item, placement=replace(item.placement, foot=foot))


def _item(random: Random, palette: Colour, kind: int, action: int) -> SceneObject:
    """Return an object of a kind that moves as in an action; the foot of its path is the world's origin."""
    grip = 0.85 + 0.3j if action < 2 else 0.92 + 0.1j
    return SceneObject(
        kind=kind,
        radius=random.uniform(0.074, 0.088),
        aspect=random.uniform(0.9, 1.1),
        placement=Placement(0j, random.uniform(0.57, 0.66), 1 if random.random() < 0.5 else -1),
        style=_style(random, upright=action < 2),
        cycle=_cycle(random, reverse=action % 2 == 1),
        grip=grip + 0.1 * complex(*random.uniform(-1, 1, 2)),
        tilt=_sway(random, 0.12, 0.2, 0.6),
        colour=_object_colour(random, palette),
        texture=int(random.integers(TEXTURE_COUNT)),
        texture_offset=complex(*random.random(2)),
    )


def _style(random: Random, *, upright: bool) -> Style:
    low, high = (
        (random.uniform(0, 0.28), random.uniform(0.74, 1))
        if upright
        else (random.uniform(0, 0.1), random.uniform(0.9, 1))
    )
    feet = (-0.08, 0.09) if upright else (-0.2, 0.14)
    return Style(upright, low, high, random.uniform(0.5, 0.8), feet if random.random() < 0.5 else feet[::-1])


def _cycle(random: Random, *, reverse: bool) -> Cycle:
    return Cycle(
        stroke=random.uniform(1.3, 1.9),
        hold=random.uniform(0.1, 0.25),
        back=random.uniform(0.55, 0.7),
        offset=random.uniform(-0.4, 0.4),
        reverse=reverse,
    )


def _object_colour(random: Random, palette: Colour) -> Colour:
    """Return a random colour between two of the room's colours."""
    first, second = palette[random.integers(len(palette))], palette[random.integers(len(palette))]
    return np.asarray(first + random.uniform(0, 0.5) * (second - first) + random.normal(0, 6, 3))


def _plank(item: SceneObject) -> tuple[float, float, float]:
    """Return left, right and y of the board on which an object rests or slides."""
    path: Points = item.path[:1] if item.style.upright else item.path
    left, right, reach = path.real.min(), path.real.max(), 1.35 * item.radius
    return float(left - reach), float(right + reach), float(path.imag.max() + _below(item))


def _below(item: SceneObject) -> float:
    """Return how far an object reaches below its centre."""
    return item.radius * (1.0, 0.9, 1.3, 1.13)[item.kind] / item.aspect


def _contact(item: SceneObject) -> Shadow:
    """Return the shadow under an object at rest."""
    return complex(item.path[0]) + 1j * _below(item), item.radius * (1.1 + 0.2j), 0.45


def _figure(random: Random) -> Figure:
    return Figure(
        two_handed=bool(random.random() < 0.5),
        nod=_sway(random, 0.08, 0.2, 0.7),
        swing=_sway(random, 0.15, 0.3, 0.8),
        shirt=CLOTHES[random.integers(len(CLOTHES))],
        trousers=TROUSERS[random.integers(len(TROUSERS))],
        skin=SKIN_COLOURS[random.integers(len(SKIN_COLOURS))],
        hair=HAIR_COLOURS[random.integers(len(HAIR_COLOURS))],
    )


def _sway(random: Random, amount: float, slowest: float, fastest: float) -> Sway:
    draws = random.random((3, 2))
    return Sway(amount * (0.25 + 0.35 * draws[0]), slowest + (fastest - slowest) * draws[1], draws[2])


def _camera(random: Random) -> Camera:
    return Camera(
        right=_sway(random, 0.016, 0.2, 1.4),
        down=_sway(random, 0.013, 0.2, 1.4),
        tilt=_sway(random, 0.018, 0.1, 0.8),
        zoom=_sway(random, 0.02, 0.1, 0.6),
    )


def _light(random: Random) -> Light:
    slope = complex(random.uniform(-0.35, 0.35), random.uniform(-0.2, 0.1))
    return Light(random.uniform(0.82, 1.12), _sway(random, 0.06, 0.2, 1.5), slope)
