"""What a clip shows: things on paths, figure, room, camera and light, at any size and length."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from peerattn.actionworld.figure import Style
from peerattn.actionworld.furniture import Colour
from peerattn.actionworld.motion import Camera, Cycle, Light, Points, Reals, Sway
from peerattn.actionworld.room import Room

ACTIONS = ("lift", "lower", "push", "pull")  # the second of each pair is the first backwards in time
OBJECTS = ("ball", "box", "bottle", "ring")


@dataclass(frozen=True)
class Stage:
    """Where a path or figure stands: foot point in the world, height, facing right (1) or left (-1)."""

    foot: complex
    height: float
    facing: int

    def world(self, points: Points) -> Points:
        """From figure units (y up) to the world (y down)."""
        return self.foot + self.height * (points.conj() if self.facing > 0 else -points)


@dataclass(frozen=True)
class Thing:
    """An object: its kind, its looks, its motion along a hand's path (`cycle` is None where it rests)."""

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

    @cached_property
    def path(self) -> Points:
        """Its centre at several points of its path, (9,), or where it lies, (1,)."""
        return self.centre(np.linspace(0, 1, 9) if self.cycle else np.zeros(1))

    def at(self, times: Reals) -> Points:
        """Its centre at each instant, (T,)."""
        return self.centre(self.cycle.progress(times)[1] if self.cycle else np.zeros_like(times))


@dataclass(frozen=True)
class Figure:
    """The person: grip, idle movements of head and free arm, clothes."""

    two_handed: bool
    nod: Sway
    swing: Sway
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
    front: Points | None  # outline of what stands before the lens
    front_colour: Colour

    @property
    def object(self) -> int:
        return self.things[0].kind
