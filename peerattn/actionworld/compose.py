"""From a seed to a scene: every random choice is drawn here, in world units and seconds."""

from dataclasses import replace

import numpy as np

from peerattn.actionworld.figure import Style
from peerattn.actionworld.furniture import Colour
from peerattn.actionworld.motion import Camera, Cycle, Light, Points, Sway
from peerattn.actionworld.room import Shadow, foreground, furnish
from peerattn.actionworld.scene import ACTIONS, OBJECTS, Figure, Scene, Stage, Thing
from peerattn.actionworld.textures import CLOTHES, HAIRS, PALETTES, POOL, SKINS, TROUSERS

EDGE = 0.1  # world units between the centre of an object and the edge of the picture
SEPARATION = 0.21  # world units that the paths of two objects keep apart where there is room
TRIES = 24
Random = np.random.Generator


def label_of(seed: int) -> int:
    """The class of a seed: each class once in 16 consecutive seeds from a multiple of 16 on."""
    return (7 * seed + 5 * (seed // 16)) % (len(ACTIONS) * len(OBJECTS))


def compose(seed: int) -> Scene:
    """The scene of a seed."""
    return stage_label(np.random.default_rng(seed), label_of(seed))


def stage_label(random: Random, label: int) -> Scene:
    """A random scene of a class; the two actions of a pair draw the same choices, but time runs backwards."""
    action, kind = divmod(label, len(OBJECTS))
    palette = PALETTES[random.integers(len(PALETTES))]
    things = [_acted(random, palette, kind, action)]
    others = random.permutation([other for other in range(len(OBJECTS)) if other != kind])
    for rank, other in enumerate(others[: random.integers(2, 4)].tolist()):
        moving = rank == 0 or random.random() < 0.4
        things.append(_distractor(random, palette, other, things, moving=moving))
    foot, height = things[0].stage.foot, things[0].stage.height
    shadow = (foot + 0.01j, height * (0.24 + 0.035j), 0.5)
    planks, shadows = (
        [_plank(thing) for thing in things],
        [shadow, *(_contact(thing) for thing in things if not thing.cycle)],
    )
    room = furnish(random, palette, foot.imag - random.uniform(0.06, 0.14), planks=planks, shadows=shadows)
    dark = 0.45 * palette[random.integers(1, len(palette))]
    return Scene(
        action,
        tuple(things),
        _figure(random),
        room,
        _camera(random),
        _light(random),
        foreground(random),
        dark,
    )


def _acted(random: Random, palette: Colour, kind: int, action: int) -> Thing:
    """The object that the figure acts on, the figure standing so that the whole path is in the picture."""
    thing = _thing(random, palette, kind, action)
    path, height = thing.path.real, thing.stage.height
    left, right = max(EDGE - path.min(), 0.24 * height), min(1 - EDGE - path.max(), 1 - 0.24 * height)
    return _moved(thing, random.uniform(left, right) + 1j * random.uniform(0.86, 0.93))


def _distractor(random: Random, palette: Colour, kind: int, placed: list[Thing], *, moving: bool) -> Thing:
    """Another object, on a path of the same family or at rest, where it meets figure and objects least."""
    thing = _thing(random, palette, kind, int(random.integers(len(ACTIONS))))
    if not moving:
        thing = replace(thing, cycle=None)
    path, draws = thing.path, random.random((TRIES, 2))
    low = EDGE - path.real.min() + 1j * (EDGE - path.imag.min())
    high = 1 - EDGE - path.real.max() + 1j * (1 - EDGE - path.imag.max())
    shifts = low.real + draws[:, 0] * (high - low).real + 1j * (low.imag + draws[:, 1] * (high - low).imag)
    figure = placed[0].stage.foot - 1j * placed[0].stage.height * np.array([0.3, 0.55, 0.8])
    taken = np.concatenate([figure, *(other.path for other in placed)])
    gaps = np.abs(np.subtract.outer(shifts[:, None] + path, taken)).min((1, 2))
    return _moved(thing, complex(shifts[np.argmax(np.minimum(gaps, SEPARATION))]))


def _moved(thing: Thing, foot: complex) -> Thing:
    return replace(thing, stage=replace(thing.stage, foot=foot))


def _thing(random: Random, palette: Colour, kind: int, action: int) -> Thing:
    """An object of a kind in motion like that of an action, its path standing at the world's origin."""
    grip = 0.75 + 0.4j if action < 2 else 0.95 + 0.1j
    return Thing(
        kind=kind,
        radius=random.uniform(0.074, 0.088),
        aspect=random.uniform(0.9, 1.1),
        stage=Stage(0j, random.uniform(0.57, 0.66), 1 if random.random() < 0.5 else -1),
        style=_style(random, upright=action < 2),
        cycle=_cycle(random, reverse=action % 2 == 1),
        grip=grip + 0.15 * complex(*random.uniform(-1, 1, 2)),
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
