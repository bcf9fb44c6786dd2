"""An articulated figure: a pose for each point of an action's path, with limbs placed by
inverse kinematics.

Points are complex numbers, x + iy. In this module the figure is one unit tall, faces +x and stands on y = 0,
and y points up. T instants.
"""

from dataclasses import dataclass

import numpy as np

from peerattn.actionworld.motion import Points, Reals

HIP, ANKLE = 0.50, 0.04  # heights above the floor when the figure stands upright
TRUNK, UPPER_ARM, FOREARM, THIGH, SHIN = 0.30, 0.19, 0.20, 0.25, 0.245  # lengths
HEAD = 0.12  # distance from the shoulders to the middle of the head


@dataclass(frozen=True)
class Style:
    """How a figure acts: its pair of actions, the part of the path that it uses, and how it stands."""

    upright: bool  # whether the actions are lift and lower, rather than push and pull
    low: float  # start of the used part of the path, from 0 to 1
    high: float  # end of the used part of the path
    hand_height: float  # height of the hand while it pushes or pulls
    feet: tuple[float, float]  # x of the far and of the near ankle

    def path(self, progress: Reals) -> Points:
        """Return the position of the hand (T,) at each progress from 0 to 1."""
        return self.body(progress)[2]

    def body(self, progress: Reals) -> tuple[Points, Points, Points]:
        """Return hip, shoulders and hand, each (T,), at each progress from 0 to 1."""
        along = self.low + (self.high - self.low) * progress
        if self.upright:
            hip = np.asarray(1j * (HIP - 0.20 * (1 - along) ** 1.5), np.complex128)
            shoulder = hip + TRUNK * unit_vector(35 + 59 * along)
            reach = 0.33 + 0.04 * np.sin(np.pi * along)
            return hip, shoulder, shoulder + reach * unit_vector(-62 + 117 * along)
        hip = -0.08 + 0.22 * along + (HIP - 0.03 - 0.05 * along) * 1j
        hand = np.asarray(0.11 + 0.50 * along + self.hand_height * 1j, np.complex128)
        return hip, hip + TRUNK * unit_vector(98 - 38 * along), hand


def unit_vector(degrees: Reals) -> Points:
    """Return unit vectors by angle, where 0° is forward and 90° is up; the shape is that of `degrees`."""
    return np.asarray(np.exp(1j * np.radians(degrees)), np.complex128)


def bend(root: Points, tip: Points, first: float, second: float, side: float) -> tuple[Points, Points]:
    """Return middle joint and tip of limbs of two bones, each (N, T), given their common root (T,) and where
    their tips should be (N, T); `side` 1 bends them left, -1 right.
    """
    offset = tip - root
    distance = np.clip(np.abs(offset), abs(first - second) + 1e-3, first + second - 1e-3)
    direction = offset / np.maximum(np.abs(offset), 1e-9)
    cosine = (first**2 + distance**2 - second**2) / (2 * first * distance)
    middle = root + first * direction * (cosine + 1j * side * np.sqrt(np.maximum(1 - cosine**2, 0)))
    return middle, root + distance * direction


def skeleton(
    style: Style, progress: Reals, release: Reals, *, swing: Reals, nod: Reals, two_handed: bool
) -> dict[str, tuple[Points, Points]]:
    """Return root and tip (T,) of each limb; those of the head are its middle and a point above it.

    `release` (T,), from 0 to 1, moves the hand away from the path. `swing` and `nod` (T,) are the angles, in
    radians, by which a free arm swings and the head nods.
    """
    hip, shoulder, hand = style.body(progress)
    hand = hand + release * (-0.16 + 0.04j if style.upright else -0.10 + 0.12j)
    hanging = shoulder + 0.36 * unit_vector(-80 + np.degrees(swing))
    limbs = {"trunk": (hip, shoulder)}
    hands, feet = np.stack([hand if two_handed else hanging, hand]), np.array(style.feet)[:, None]
    arms = bend(shoulder, hands, UPPER_ARM, FOREARM, -1.0)
    legs = bend(hip, feet + 1j * ANKLE, THIGH, SHIN, 1.0)
    for side, elbow, wrist, knee, ankle in zip(("far", "near"), *arms, *legs, strict=True):
        limbs[f"{side} upper arm"], limbs[f"{side} forearm"] = (shoulder, elbow), (elbow, wrist)
        limbs[f"{side} thigh"], limbs[f"{side} shin"] = (hip, knee), (knee, ankle)
        limbs[f"{side} shoe"] = (ankle - 0.02 - 0.012j, ankle + 0.07 - 0.018j)
    neck = (shoulder - hip) / TRUNK * np.exp(1j * (nod - 0.15 * np.angle((shoulder - hip) / 1j)))
    limbs["head"] = (shoulder + HEAD * neck, shoulder + 2 * HEAD * neck)
    return limbs
