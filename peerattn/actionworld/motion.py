"""What moves by itself: the cycle of an action, the shaking camera, the light.

All of these are functions of time in seconds: any number of frames samples the same motion. In this package a
point is a complex number x + iy (in the world x points right, y down, and the unit square is the picture's
centre crop), and a motion that turns, scales and shifts is z -> m z + c with complex m and c. T instants.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Points = NDArray[np.complex128]

FRAME_RATE = 8.0  # nominal frames a second
MIDDLE = 7.5 / FRAME_RATE  # s, the middle of the nominal clip of 16 frames


@dataclass(frozen=True)
class Cycle:
    """Stroke, hold, unattended return, hold, and again; `reverse` runs it backwards in time.

    Times are seconds. `offset` is where the nominal clip's middle lies, 0 being the middle of the stroke.
    """

    stroke: float
    hold: float
    back: float
    offset: float
    reverse: bool

    def progress(self, times: Reals) -> tuple[Reals, Reals, Reals]:
        """How far along the path are hand and object, and how far the hand has let go; each 0 to 1, (T,).

        During stroke and holds they are together. In the return the object comes back alone, falling or
        sliding freely, while the open hand travels back beside it; backwards in time it is tossed and caught.
        """
        clock = times - MIDDLE
        clock = self.offset + (-clock if self.reverse else clock)
        attended = self.stroke / 2 + self.hold
        phase = (clock + attended) % (2 * attended + self.back) - attended
        going = ease(np.clip(phase / self.stroke + 0.5, 0, 1))
        returning = np.clip((phase - attended) / self.back, 0, 1)
        smooth = returning * returning * (3 - 2 * returning)
        return going - smooth, going - returning**2, np.sin(np.pi * returning)


def ease(part: Reals) -> Reals:
    """0 to 1 with a soft start and a soft stop, nearly even between."""
    return 0.5 * part + 0.5 * part * part * (3 - 2 * part)


@dataclass(frozen=True)
class Sway:
    """A sum of slow sines: `amounts`, `speeds` in Hz and `phases` in turns, each (K,)."""

    amounts: Reals
    speeds: Reals
    phases: Reals

    def at(self, times: Reals) -> Reals:
        """Value at each instant, (T,)."""
        turns = np.multiply.outer(times, self.speeds) + self.phases
        return np.asarray(np.sin(2 * np.pi * turns) @ self.amounts)


@dataclass(frozen=True)
class Camera:
    """A hand-held camera: it drifts and trembles, tilts and zooms a little about the picture's middle."""

    right: Sway
    down: Sway
    tilt: Sway
    zoom: Sway

    def at(self, times: Reals, *, nearness: float = 1.0) -> tuple[Points, Points]:
        """The motion (m, c), each (T,), of what lies still in the world; near things shift more."""
        turn = (1 + self.zoom.at(times)) * np.exp(1j * self.tilt.at(times))
        shift = (self.right.at(times) + 1j * self.down.at(times)) * nearness
        centre = 0.5 + 0.5j
        return turn, centre + shift - turn * centre


@dataclass(frozen=True)
class Light:
    """Brightness over time, brighter towards one side: `slope` is the change per unit of x and of y."""

    level: float
    flicker: Sway
    slope: complex

    def at(self, times: Reals) -> Reals:
        """Brightness at the middle of the picture at each instant, (T,)."""
        return self.level * (1 + self.flicker.at(times))
