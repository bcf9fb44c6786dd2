"""One clip's random choices: who acts on what, where, how, in which room; nothing in it depends on size or number of frames."""

from dataclasses import dataclass

import numpy as np

from peerattn.actionworld.figure import Style
from peerattn.actionworld.motion import Camera, Cycle, Light, Points, Reals, Sway
from peerattn.actionworld.room import Colour, Room, furnish
from peerattn.actionworld.textures import CLOTHES, HAIRS, PALETTES, POOL, SKINS, TROUSERS

ACTIONS = ("lift", "lower", "push", "pull")  # the second of each pair is the first backwards in time
OBJECTS = ("ball", "box", "bottle", "ring")
SEPARATION = 0.21  # world units that the paths of two objects keep apart where there is room
TRIES = 24


@dataclass(frozen=True)
class Stage:
    """Where a path or a figure stands: its foot point in the world, its height, and whether it faces right (1) or left (-1)."""

    foot: complex
    height: float
    facing: int

    def world(self, points: Points) -> Points:
        """From figure units (y up) to the world (y down)."""
        return self.foot + self.height * (points.conj() if self.facing > 0 else -points)


@dataclass(frozen=True)
class Thing:
    """An object: what it is, how it looks and how it moves along a hand's path (`cycle` is None where it lies still)."""

    kind: int
    radius: float  # of the disc of equal area, world units
    aspect: float
    stage: Stage
    style: Style
    cycle: Cycle | None
    grip: complex  # from hand to centre in radii, x forward and y up
    tilt: Sway
    colour: Colour
    texture: int
    corner: complex

    def centre(self, progress: Reals) -> Points:
        """Its centre in the world at each progress along the path, (T,)."""
        return self.stage.world(self.style.path(progress) + self.grip * self.radius / self.stage.height)

    def at(self, times: Reals) -> Points:
        """Its centre at each instant, (T,)."""
        return self.centre(self.cycle.progress(times)[1] if self.cycle else np.zeros_like(times))


@dataclass(frozen=True)
class Figure:
    """The person: stance, clothes and idle movements."""

    two_handed: bool
    idle: tuple[Sway, Sway, Sway]
    shirt: Colour
    trousers: Colour
    skin: Colour
    hair: Colour


@dataclass(frozen=True)
class Scene:
    """All that a seed decides. `things` begins with the object that the figure acts on."""

    action: int
    things: tuple[Thing, ...]
    figure: Figure
    room: Room
    camera: Camera
    light: Light
    front: Points | None  # outline of what stands between lens and figure
    front_colour: Colour

    @property
    def object(self) -> int:
        return self.things[0].kind


def label_of(seed: int) -> int:
    """The class of a seed: each class once in every 16 consecutive seeds."""
    return (7 * seed + 5 * (seed // 16)) % (len(ACTIONS) * len(OBJECTS))


def compose(seed: int) -> Scene:
    """The scene of a seed."""
    random = np.random.default_rng(seed)
    action, kind = divmod(label_of(seed), len(OBJECTS))
    palette = PALETTES[random.integers(len(PALETTES))]
    acted = _thing(random, palette, kind, action, _stage(random, action))
    others = random.permutation([other for other in range(len(OBJECTS)) if other != kind])[
        : random.integers(2, 4)
    ]
    things = [acted]
    for rank, other in enumerate(others):
        things.append(
            _distractor(random, palette, int(other), things, moving=rank == 0 or random.random() < 0.4)
        )
    ground = acted.stage.foot.imag
    room = furnish(random, palette, ground - random.uniform(0.06, 0.14), [_plank(thing) for thing in things])
    return Scene(
        action,
        tuple(things),
        _figure(random),
        room,
        _camera(random),
        _light(random),
        _front(random),
        0.45 * palette[random.integers(1, 6)],
    )


def _stage(random: np.random.Generator, action: int) -> Stage:
    facing = 1 if random.random() < 0.5 else -1
    height = random.uniform(0.57, 0.66)
    x = random.uniform(0.28, 0.62) if action < 2 else random.uniform(0.26, 0.48)
    return Stage((x if facing > 0 else 1 - x) + 1j * random.uniform(0.86, 0.93), height, facing)


def _style(random: np.random.Generator, action: int) -> Style:
    upright = action < 2
    low = random.uniform(0, 0.28) if upright else random.uniform(0, 0.1)
    high = random.uniform(0.74, 1.0) if upright else random.uniform(0.9, 1.0)
    feet = (-0.08, 0.09) if upright else (-0.2, 0.14)
    if random.random() < 0.5:
        feet = feet[::-1]
    return Style(upright, low, high, random.uniform(0.5, 0.8), feet)


def _cycle(random: np.random.Generator, action: int) -> Cycle:
    return Cycle(
        stroke=random.uniform(1.3, 1.9),
        hold=random.uniform(0.1, 0.25),
        back=random.uniform(0.55, 0.7),
        offset=random.uniform(-0.4, 0.4),
        reverse=action % 2 == 1,
    )


def _thing(
    random: np.random.Generator, palette: Colour, kind: int, action: int | None, stage: Stage
) -> Thing:
    motion = int(random.integers(len(ACTIONS))) if action is None else action
    grip = 0.75 + 0.4j if motion < 2 else 0.95 + 0.1j
    return Thing(
        kind=kind,
        radius=random.uniform(0.074, 0.088),
        aspect=random.uniform(0.9, 1.1),
        stage=stage,
        style=_style(random, motion),
        cycle=_cycle(random, motion),
        grip=grip + 0.15 * (random.uniform(-1, 1) + 1j * random.uniform(-1, 1)),
        tilt=_sway(random, 0.12, 0.2, 0.6),
        colour=_worn(random, palette),
        texture=int(random.integers(POOL)),
        corner=complex(random.random(), random.random()),
    )


def _worn(random: np.random.Generator, palette: Colour) -> Colour:
    """A colour between two of the room's own."""
    first, second = palette[random.integers(len(palette), size=2)]
    return first + random.uniform(0, 0.5) * (second - first) + random.normal(0, 6, 3)


def _distractor(
    random: np.random.Generator, palette: Colour, kind: int, placed: list[Thing], *, moving: bool
) -> Thing:
    """Another object on a path of the same family with no figure at it, or at rest, where it meets the placed ones least."""
    motion = int(random.integers(len(ACTIONS)))
    stage = Stage(0j, random.uniform(0.57, 0.66), 1 if random.random() < 0.5 else -1)
    thing = _thing(random, palette, kind, motion, stage)
    steps = np.linspace(0, 1, 9) if moving else np.zeros(1)
    path = thing.centre(steps)
    edge = 0.08
    low = edge - path.real.min() + 1j * (edge - path.imag.min())
    high = 1 - edge - path.real.max() + 1j * (1 - edge - path.imag.max())
    draws = random.random((TRIES, 2))
    shifts = low.real + draws[:, 0] * (high - low).real + 1j * (low.imag + draws[:, 1] * (high - low).imag)
    taken = np.concatenate(
        [other.centre(np.linspace(0, 1, 9)) if other.cycle else other.centre(np.zeros(1)) for other in placed]
    )
    gaps = np.abs(shifts[:, None, None] + path[:, None] - taken).min((1, 2))
    shift = shifts[int(np.argmax(gaps > SEPARATION)) if (gaps > SEPARATION).any() else int(np.argmax(gaps))]
    moved = Stage(complex(shift), stage.height, stage.facing)
    return Thing(**{**vars(thing), "stage": moved, "cycle": thing.cycle if moving else None})


def _plank(thing: Thing) -> tuple[float, float, float]:
    """Left, right and y of the board that an object rests or slides on."""
    path = thing.centre(np.linspace(0, 1, 5) if thing.cycle and not thing.style.upright else np.zeros(1))
    reach = 1.35 * thing.radius
    return (
        float(path.real.min() - reach),
        float(path.real.max() + reach),
        float(path.imag.max() + 0.98 * thing.radius),
    )


def _figure(random: np.random.Generator) -> Figure:
    return Figure(
        two_handed=bool(random.random() < 0.5),
        idle=(_sway(random, 0.08, 0.2, 0.7), _sway(random, 0.15, 0.3, 0.8), _sway(random, 0.01, 0.3, 0.8)),
        shirt=CLOTHES[random.integers(len(CLOTHES))],
        trousers=TROUSERS[random.integers(len(TROUSERS))],
        skin=SKINS[random.integers(len(SKINS))],
        hair=HAIRS[random.integers(len(HAIRS))],
    )


def _sway(random: np.random.Generator, amount: float, slowest: float, fastest: float) -> Sway:
    return Sway(amount * random.uniform(0.25, 0.6, 2), random.uniform(slowest, fastest, 2), random.random(2))


def _camera(random: np.random.Generator) -> Camera:
    return Camera(
        right=_sway(random, 0.016, 0.2, 1.4),
        down=_sway(random, 0.013, 0.2, 1.4),
        tilt=_sway(random, 0.018, 0.1, 0.8),
        zoom=_sway(random, 0.02, 0.1, 0.6),
    )


def _light(random: np.random.Generator) -> Light:
    slope = complex(random.uniform(-0.35, 0.35), random.uniform(-0.2, 0.1))
    return Light(random.uniform(0.82, 1.12), _sway(random, 0.06, 0.2, 1.5), slope)


def _front(random: np.random.Generator) -> Points | None:
    """A post, a plant or the edge of a table before the lens, or nothing."""
    sort, x = random.random(), random.uniform(0.04, 0.96)
    if sort < 0.3:
        width = random.uniform(0.03, 0.06)
        return np.array([x - 9j, x + width - 9j, x + width + 9j, x + 9j])
    if sort < 0.6:
        return _plant(random, x)
    if sort < 0.8:
        y, left = random.uniform(0.88, 0.95), random.uniform(-0.6, 0.3)
        return np.array([left + 1j * y, left + 0.7 + 1j * y, left + 0.68 + 9j, left + 0.02 + 9j])
    return None


def _plant(random: np.random.Generator, x: float) -> Points:
    """A tuft of leaves from the lower edge, as one outline."""
    leaves = int(random.integers(5, 9))
    turns = np.sort(random.uniform(-0.9, 0.9, leaves))
    lengths = random.uniform(0.2, 0.42, leaves)
    root = x + 1.12j
    blades = [
        root
        - 1j
        * length
        * np.exp(1j * turn)
        * np.array([0, 0.35 - 0.1j, 0.75 - 0.06j, 1, 0.75 + 0.06j, 0.35 + 0.1j])
        for turn, length in zip(turns, lengths, strict=True)
    ]
    return np.concatenate(blades)
