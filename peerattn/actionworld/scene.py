"""The scene of a clip, independent of its size and length: objects, figure, room, camera and light.

Points are complex numbers x + iy, as explained in `motion.py`. T instants.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from peerattn.actionworld.figure import Style
from peerattn.actionworld.furniture import Colour
from peerattn.actionworld.motion import Camera, Cycle, Light, Points, Reals, Sway
from peerattn.actionworld.room import Room

ACTIONS = ("lift", "lower", "push", "pull")  # each pair's second action is its first, played in reverse
OBJECTS = ("ball", "box", "bottle", "ring")
LIGHTS = ("daylight", "lamplight")
ALONG = np.linspace(0, 1, 9)  # progress at which the path of an object is sampled


@dataclass(frozen=True)
class Placement:
    """Where a figure stands (`foot`), its height, and the way it faces: right (1) or left (-1)."""

    foot: complex
    height: float
    facing: int

    def world(self, points: Points) -> Points:
        """Convert points from figure units (y up) to the world (y down)."""
        return self.foot + self.height * (points.conj() if self.facing > 0 else -points)


@dataclass(frozen=True)
class SceneObject:
    """An object: its kind, its appearance, and how it moves along the path of a hand.

    `cycle` is None for an object at rest.
    """

    kind: int
    radius: float  # of the disc of equal area, world units
    aspect: float
    placement: Placement  # of the figure whose hand moves it, visible or not
    style: Style
    cycle: Cycle | None
    grip: complex  # from the hand to the centre, in radii; x forward, y up
    tilt: Sway
    colour: Colour
    texture: int
    texture_offset: complex  # where in the texture the object's centre is, world units

    def centre(self, progress: Reals) -> Points:
        """Return the object's centre in the world (T,), given its progress along the path, from 0 to 1."""
        return self.placement.world(
            self.style.path(progress) + self.grip * self.radius / self.placement.height
        )

    @cached_property
    def path(self) -> Points:
        """The object's centre at 9 points along its path, (9,), or at its resting place, (1,)."""
        return self.centre(ALONG if self.cycle else ALONG[:1])

    def at(self, times: Reals) -> Points:
        """Return the object's centre in the world at each instant, (T,)."""
        if self.cycle is None:
            return self.centre(np.zeros_like(times))
        _, object_progress, _ = self.cycle.progress(times)
        return self.centre(object_progress)


@dataclass(frozen=True)
class Figure:
    """The person: whether it uses both hands, how its head and free arm move idly, and its colours."""

    two_handed: bool
    nod: Sway
    swing: Sway
    shirt: Colour
    trousers: Colour
    skin: Colour
    hair: Colour


@dataclass(frozen=True)
class Scene:
    """Everything that a seed determines; the first of `items` is the object that the figure acts on.

    `lit` says whether the lamp in the room is lit; scenes of the first version have no lamp.
    """

    action: int
    items: tuple[SceneObject, ...]
    figure: Figure
    room: Room
    camera: Camera
    light: Light
    front: Points | None  # outline of the foreground, right in front of the lens
    front_colour: Colour
    lit: bool = False

    @property
    def object(self) -> int:
        """The kind of the object that the figure acts on, an index into `OBJECTS`."""
        return self.items[0].kind
