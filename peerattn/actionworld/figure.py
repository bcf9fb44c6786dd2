"""An articulated figure that acts: one body for each point of an action's path, limbs by inverse kinematics.

Points are complex, x + iy. Here the figure is one unit tall, faces +x, stands on y = 0, and y points up.
T instants.
"""

from dataclasses import dataclass

import numpy as np

from peerattn.actionworld.motion import Points, Reals

HIP, TRUNK, UPPER_ARM, FOREARM, THIGH, SHIN, ANKLE = 0.50, 0.30, 0.19, 0.20, 0.25, 0.245, 0.04
HEAD = 0.12  # from the shoulders to the middle of the head


@dataclass(frozen=True)
class Style:
    """How this figure acts: which pair of actions, along which part of its path, how it stands."""

    upright: bool  # the path of lift and lower; otherwise of push and pull
    low: float  # the stretch of the path that is used, within 0 to 1
    high: float
    hand_height: float  # of the path of push and pull
    feet: tuple[float, float]  # x of the far and of the near ankle

    def path(self, progress: Reals) -> Points:
        """Place of the hand at each progress 0 to 1, (T,)."""
        return self.body(progress)[2]

    def body(self, progress: Reals) -> tuple[Points, Points, Points]:
        """Hip, shoulders and hand at each progress 0 to 1, each (T,)."""
        along = self.low + (self.high - self.low) * progress
        if self.upright:
            hip = np.asarray(1j * (HIP - 0.20 * (1 - along) ** 1.5), np.complex128)
            shoulder = hip + TRUNK * towards(35 + 59 * along)
            reach = 0.33 + 0.04 * np.sin(np.pi * along)
            return hip, shoulder, shoulder + reach * towards(-62 + 117 * along)
        hip = -0.08 + 0.22 * along + (HIP - 0.03 - 0.05 * along) * 1j
        hand = np.asarray(0.11 + 0.50 * along + self.hand_height * 1j, np.complex128)
        return hip, hip + TRUNK * towards(98 - 38 * along), hand


def towards(degrees: Reals) -> Points:
    """Unit steps in a direction, 0 being forward and 90 up; the shape of `degrees`."""
    return np.asarray(np.exp(1j * np.radians(degrees)), np.complex128)


def bend(root: Points, tip: Points, first: float, second: float, side: float) -> tuple[Points, Points]:
    """Middle joint and tip of a limb of two bones, each (T,); from `root`, `side` 1 bends left, -1 right."""
    away = tip - root
    distance = np.clip(np.abs(away), abs(first - second) + 1e-3, first + second - 1e-3)
    direction = away / np.maximum(np.abs(away), 1e-9)
    cosine = (first**2 + distance**2 - second**2) / (2 * first * distance)
    middle = root + first * direction * (cosine + 1j * side * np.sqrt(np.maximum(1 - cosine**2, 0)))
    return middle, root + distance * direction


def skeleton(
    style: Style, progress: Reals, release: Reals, *, swing: Reals, nod: Reals, two_handed: bool
) -> dict[str, tuple[Points, Points]]:
    """Root and tip of each limb, each (T,); `swing` and `nod` (T,) turn free arm and head, in radians."""
    hip, shoulder, hand = style.body(progress)
    hand = hand + release * (-0.16 + 0.04j if style.upright else -0.10 + 0.12j)
    hanging = shoulder + 0.36 * towards(-80 + np.degrees(swing))
    limbs = {"trunk": (hip, shoulder)}
    for side, target in (("near", hand), ("far", hand if two_handed else hanging)):
        elbow, wrist = bend(shoulder, target, UPPER_ARM, FOREARM, -1.0)
        limbs[f"{side} upper arm"], limbs[f"{side} forearm"] = (shoulder, elbow), (elbow, wrist)
    for side, x in zip(("far", "near"), style.feet, strict=True):
        knee, ankle = bend(hip, np.full_like(hip, x + 1j * ANKLE), THIGH, SHIN, 1.0)
        limbs[f"{side} thigh"], limbs[f"{side} shin"] = (hip, knee), (knee, ankle)
        limbs[f"{side} shoe"] = (ankle - 0.02 - 0.012j, ankle + 0.07 - 0.018j)
    neck = (shoulder - hip) / TRUNK * np.exp(1j * (nod - 0.15 * np.angle((shoulder - hip) / 1j)))
    limbs["head"] = (shoulder + HEAD * neck, shoulder + 2 * HEAD * neck)
    return limbs
