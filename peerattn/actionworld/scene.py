"""The scene of a clip, independent of its size and length: objects, figure, room, camera and light."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from peerattn.actionworld.figure import Style
from peerattn.actionworld.furniture import Colour
from peerattn.actionworld.motion import Camera, Cycle, Light, Points, Reals, Sway
from peerattn.actionworld.room import Room
from peerattn.moved import explain_moved_names

__getattr__ = explain_moved_names(__name__)

ACTIONS = ("lift", "lower", "push", "pull")  # the second of each pair is the first backwards in time
OBJECTS = ("ball", "box", "bottle", "ring")


@dataclass(frozen=True)
class Stage:
    """The position of a figure or path: foot in the world, height, and facing right (1) or left (-1)."""

    foot: complex
    height: float
    facing: int

    def world(self, points: Points) -> Points:
        """Convert points from figure units (y up) to the world (y down)."""
        return self.foot + self.height * (points.conj() if self.facing > 0 else -points)


@dataclass(frozen=True)
class SceneObject:
    """An object: its kind, its looks, its motion along a hand's path (`cycle` is None for one at rest)."""

    kind: int
    radius: float  # of the disc of equal area, world units
    aspect: float
    stage: Stage
    style: Style
    cycle: Cycle | None
    grip: complex  # from the hand to the centre, in radii; x forward, y up
    tilt: Sway
    colour: Colour
    texture: int
    corner: complex

    def centre(self, progress: Reals) -> Points:
        """Return its centre in the world (T,) at each progress along the path."""
        return self.stage.world(self.style.path(progress) + self.grip * self.radius / self.stage.height)

    @cached_property
    def path(self) -> Points:
        """Its centre at 9 points of its path, (9,), or at rest, (1,)."""
        return self.centre(np.linspace(0, 1, 9) if self.cycle else np.zeros(1))

    def at(self, times: Reals) -> Points:
        """Return its centre at each instant (T,)."""
        return self.centre(self.cycle.progress(times)[1] if self.cycle else np.zeros_like(times))


@dataclass(frozen=True)
class Figure:
    """The person: its grip, the idle motion of head and free arm, and the colours."""

    two_handed: bool
    nod: Sway
    swing: Sway
    shirt: Colour
    trousers: Colour
    skin: Colour
    hair: Colour


@dataclass(frozen=True)
class Scene:
    """Everything that a seed determines; the first of `items` is the object that the figure acts on."""

    action: int
    items: tuple[SceneObject, ...]
    figure: Figure
    room: Room
    camera: Camera
    light: Light
    front: Points | None  # outline of the foreground, right in front of the lens
    front_colour: Colour

    @property
    def object(self) -> int:
        """The kind of the object that the figure acts on."""
        return self.items[0].kind
