"""From a seed to a scene: every random choice is drawn here, in world units and seconds."""

from dataclasses import replace
from itertools import combinations

import numpy as np

from peerattn.actionworld.figure import Style
from peerattn.actionworld.furniture import Colour
from peerattn.actionworld.motion import FRAME_RATE, Camera, Cycle, Light, Points, Sway
from peerattn.actionworld.room import Shadow, foreground, furnish
from peerattn.actionworld.scene import ACTIONS, OBJECTS, Figure, Scene, Stage, Thing
from peerattn.actionworld.textures import CLOTHES, HAIRS, PALETTES, POOL, SKINS, TROUSERS

EDGE = 0.1  # world units between the centre of an object and the edge of the picture
FLOOR = (0.78, 1.0)  # y of a figure's feet
NOMINAL = np.linspace(0, 15, 8) / FRAME_RATE  # s, instants at which objects keep apart
SEPARATION, CLEARANCE = (
    0.21,
    0.16,
)  # world units between the centres of two objects, and to the figure's middle
TRIES = 128  # of either sort
Random = np.random.Generator


def label_of(seed: int) -> int:
    """The class of a seed: each class once in 16 consecutive seeds from a multiple of 16 on."""
    return (7 * seed + 5 * (seed // 16)) % (len(ACTIONS) * len(OBJECTS))


def compose(seed: int) -> Scene:
    """The scene of a seed."""
    return stage_label(np.random.default_rng(seed), label_of(seed))


def stage_label(random: Random, label: int) -> Scene:
    """A random scene of a class; the actions of a pair draw alike, but time runs backwards."""
    action, kind = divmod(label, len(OBJECTS))
    palette = PALETTES[random.integers(len(PALETTES))]
    things = _place(random, _things(random, palette, kind, action))
    foot, height = things[0].stage.foot, things[0].stage.height
    shadows = [_contact(thing) for thing in things if not thing.cycle]
    shadows.append((foot + 0.01j, height * (0.24 + 0.035j), 0.5))
    horizon, planks = foot.imag - random.uniform(0.06, 0.14), [_plank(thing) for thing in things]
    room = furnish(random, palette, horizon, planks=planks, shadows=shadows)
    dark = 0.45 * palette[random.integers(1, len(palette))]
    camera, light, front = _camera(random), _light(random), foreground(random)
    return Scene(action, tuple(things), _figure(random), room, camera, light, front, dark)


def _things(random: Random, palette: Colour, kind: int, action: int) -> list[Thing]:
    """The object acted on, then two or three of other kinds, of which the first moves and others may."""
    things = [_thing(random, palette, kind, action)]
    others = random.permutation([other for other in range(len(OBJECTS)) if other != kind])
    for rank, other in enumerate(others[: random.integers(2, 4)].tolist()):
        thing = _thing(random, palette, other, int(random.integers(len(ACTIONS))))
        moving = rank == 0 or random.random() < 0.55
        things.append(thing if moving else replace(thing, cycle=None))
    return things


def _place(random: Random, things: list[Thing]) -> list[Thing]:
    """Put every path into the picture, so that the objects keep apart from each other and from the figure.

    A moving object goes where a figure could hold it, and elsewhere only where that leaves no room: its place
    should not tell whether it is held.
    """
    held = np.array([_limits(thing, held=thing.cycle is not None) for thing in things])
    free = np.array([_limits(thing, held=rank == 0) for rank, thing in enumerate(things)])
    left, right, top, bottom = np.repeat([held, free], TRIES, axis=0).transpose(
        2, 0, 1
    )  # each (tries, things)
    draws = random.random((2, *left.shape))
    feet = left + (right - left) * draws[0] + 1j * (top + (bottom - top) * draws[1])
    centres = feet[..., None] + np.stack([thing.at(NOMINAL) for thing in things])  # (tries, things, instants)
    body = feet[:, 0, None] - 1j * things[0].stage.height * np.array([0.3, 0.55, 0.8])
    apart = [
        np.abs(centres[:, one] - centres[:, other]).min(-1)
        for one, other in combinations(range(len(things)), 2)
    ]
    clear = np.abs(centres[:, 1:, :, None] - body[:, None, None]).min((1, 2, 3))
    worst = np.minimum(np.min(apart, axis=0) / SEPARATION, clear / CLEARANCE)
    best = feet[np.argmax(np.minimum(worst, 1))].tolist()
    return [_moved(thing, foot) for thing, foot in zip(things, best, strict=True)]


def _limits(thing: Thing, *, held: bool) -> tuple[float, float, float, float]:
    """Least and greatest x and y of the foot of an object's path; a figure's feet stay on the floor."""
    path, side = thing.path, 0.24 * thing.stage.height
    left, right = max(EDGE - path.real.min(), side), min(1 - EDGE - path.real.max(), 1 - side)
    top, bottom = EDGE - path.imag.min(), 1 - EDGE - path.imag.max()
    return (left, right, max(top, FLOOR[0]), min(bottom, FLOOR[1])) if held else (left, right, top, bottom)


def _moved(thing: Thing, foot: complex) -> Thing:
    return replace(thing, stage=replace(thing.stage, foot=foot))


def _thing(random: Random, palette: Colour, kind: int, action: int) -> Thing:
    """An object of a kind in motion like that of an action, its path standing at the world's origin."""
    grip = 0.85 + 0.3j if action < 2 else 0.92 + 0.1j
    return Thing(
        kind=kind,
        radius=random.uniform(0.074, 0.088),
        aspect=random.uniform(0.9, 1.1),
        stage=Stage(0j, random.uniform(0.57, 0.66), 1 if random.random() < 0.5 else -1),
        style=_style(random, upright=action < 2),
        cycle=_cycle(random, reverse=action % 2 == 1),
        grip=grip + 0.1 * complex(*random.uniform(-1, 1, 2)),
        tilt=_sway(random, 0.12, 0.2, 0.6),
        colour=_worn(random, palette),
        texture=int(random.integers(POOL)),
        corner=complex(*random.random(2)),
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
    stroke, hold, back, offset = random.uniform((1.3, 0.1, 0.55, -0.4), (1.9, 0.25, 0.7, 0.4)).tolist()
    return Cycle(stroke, hold, back, offset, reverse)


def _worn(random: Random, palette: Colour) -> Colour:
    """A colour between two of the room's own."""
    first, second = palette[random.integers(len(palette), size=2)]
    return np.asarray(first + random.uniform(0, 0.5) * (second - first) + random.normal(0, 6, 3))


def _plank(thing: Thing) -> tuple[float, float, float]:
    """Left, right and y of the board that an object rests or slides on."""
    path: Points = thing.path[:1] if thing.style.upright else thing.path
    left, right, reach = path.real.min(), path.real.max(), 1.35 * thing.radius
    return left - reach, right + reach, path.imag.max() + _below(thing)


def _below(thing: Thing) -> float:
    """How far an object reaches below its centre."""
    return thing.radius * (1.0, 0.9, 1.3, 1.13)[thing.kind] / thing.aspect


def _contact(thing: Thing) -> Shadow:
    """The shadow under an object at rest."""
    return complex(thing.path[0]) + 1j * _below(thing), thing.radius * (1.1 + 0.2j), 0.45


def _figure(random: Random) -> Figure:
    return Figure(
        two_handed=bool(random.random() < 0.5),
        nod=_sway(random, 0.08, 0.2, 0.7),
        swing=_sway(random, 0.15, 0.3, 0.8),
        shirt=CLOTHES[random.integers(len(CLOTHES))],
        trousers=TROUSERS[random.integers(len(TROUSERS))],
        skin=SKINS[random.integers(len(SKINS))],
        hair=HAIRS[random.integers(len(HAIRS))],
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
