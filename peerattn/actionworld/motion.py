"""Motion over time: the cycle of an action, the shaking camera, the light.

All of these are functions of time in seconds, so that any number of frames samples the same motion. In this
package a point is a complex number x + iy (in the world, x points right, y points down, and the unit square
is the picture's centre crop), and a motion that rotates, scales and translates is z -> m z + c with complex m
and c. T instants.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Points = NDArray[np.complex128]

FRAME_RATE = 8.0  # nominal frames per second
MIDDLE = 7.5 / FRAME_RATE  # s, the middle of the nominal clip of 16 frames


@dataclass(frozen=True)
class Cycle:
    """A repeated cycle of stroke, hold, return without the hand, and hold; `reverse` runs it backwards in
    time.

    Durations are in seconds; `back` is that of the return. `offset` is the time in the cycle at the middle of
    the nominal clip, where 0 is the middle of the stroke.
    """

    stroke: float
    hold: float
    back: float
    offset: float
    reverse: bool

    def progress(self, times: Reals) -> tuple[Reals, Reals, Reals]:
        """Return the progress of hand and object along the path, and of the hand's release; each (T,), 0 to
        1.

        Hand and object are together during stroke and holds. In the return the object comes back by itself,
        falling or sliding freely, while the open hand moves back next to it; played in reverse, it is tossed
        and caught.
        """
        clock = times - MIDDLE
        clock = self.offset + (-clock if self.reverse else clock)
        half_held = self.stroke / 2 + self.hold  # half of the time in which the hand is on the object
        phase = (clock + half_held) % (2 * half_held + self.back) - half_held
        forward = ease(np.clip(phase / self.stroke + 0.5, 0, 1))
        returning = np.clip((phase - half_held) / self.back, 0, 1)
        smooth = returning * returning * (3 - 2 * returning)
        return forward - smooth, forward - returning**2, np.sin(np.pi * returning)


def ease(progress: Reals) -> Reals:
    """Ease progress from 0 to 1: a soft start, a soft stop, and almost constant speed in between."""
    return 0.5 * progress + 0.5 * progress * progress * (3 - 2 * progress)


@dataclass(frozen=True)
class Sway:
    """A sum of slow sines: `amounts`, `speeds` in Hz and `phases` in turns, each (K,)."""

    amounts: Reals
    speeds: Reals
    phases: Reals

    def at(self, times: Reals) -> Reals:
        """Return the value at each instant (T,)."""
        turns = np.multiply.outer(times, self.speeds) + self.phases
        return np.asarray(np.sin(2 * np.pi * turns) @ self.amounts)


@dataclass(frozen=True)
class Camera:
    """A hand-held camera, which drifts, trembles, tilts and zooms slightly about the picture's centre."""

    right: Sway
    down: Sway
    tilt: Sway
    zoom: Sway

    def at(self, times: Reals, *, nearness: Reals) -> tuple[Points, Points]:
        """Return the motion (m, c), of shapes (T,) and (N, T), of points at rest; `nearness` (N, 1) above 1
        shifts them more.
        """
        turn = (1 + self.zoom.at(times)) * np.exp(1j * self.tilt.at(times))
        shift = (self.right.at(times) + 1j * self.down.at(times)) * nearness
        centre = 0.5 + 0.5j
        return turn, centre + shift - turn * centre


@dataclass(frozen=True)
class Light:
    """Brightness over time, increasing towards one side: `slope` is the change per unit of x and of y."""

    level: float
    flicker: Sway
    slope: complex

    def at(self, times: Reals) -> Reals:
        """Return the brightness at the centre of the picture at each instant (T,)."""
        return self.level * (1 + self.flicker.at(times))
