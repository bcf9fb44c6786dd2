"""ActionWorld: generated clips of a figure acting on an object, with exact flow, object maps and depth.

A class is an action times an object. No modality tells it alone:

- the *object* wears the room's own colours and textures, but is plain in the object map;
- the *action* is one of a pair that is each other backwards in time (lift and lower, push and pull), so that
  a single frame is ambiguous and the motion plain;
- two or three *other objects* are always there, and at least one moves by itself on a path of the same
  family, so that the object map alone does not say which object the figure acts on.

A clip of any length shows the same motion at 8 frames a second. The action repeats: stroke, hold, return,
hold. In the stroke (1.3 to 1.9 s) the hand is on the object. In the return (about 0.6 s) the hand lets go and
the object comes back alone: a lifted object falls, a pushed one slides back, a lowered one is tossed up and
caught, a pulled one slides off. So the figure never performs the reverse of its action, and each repetition
shows the label anew. The middle of the first two seconds lies near the middle of a stroke.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peerattn.actionworld.casting import compose
from peerattn.actionworld.motion import FRAME_RATE
from peerattn.actionworld.painting import render
from peerattn.actionworld.parts import FIRST_OBJECT
from peerattn.actionworld.scene import ACTIONS, OBJECTS
from peerattn.errors import PeerattnError

CLASS_NAMES = tuple(f"{action} {thing}" for action in ACTIONS for thing in OBJECTS)  # by label
MAP_NAMES = ("background", "person", *OBJECTS)  # by class id in the object maps
OBJECT_CLASS_IDS = tuple(range(FIRST_OBJECT, FIRST_OBJECT + len(OBJECTS)))
SMALLEST, LARGEST = 16, 2048  # px a side
LATEST = 3600.0  # s


@dataclass(frozen=True, eq=False)
class WorldClip:
    """T frames of H by W px and all that is known about them.

    `flow` is in px to the next frame, x then y; the last frame's leads to the pose one step later.
    `object_ids` shows what is visible (see `MAP_NAMES`); what stands before the lens counts as background.
    `depth` is in metres. `positions` has the centre of each of N objects in px (x, y; whole numbers are pixel
    centres), visible or not; row 0 is the one acted on, and `kinds` gives the class id of each row.
    """

    images: NDArray[np.uint8]  # (T, H, W, 3)
    flow: NDArray[np.float32]  # (T, H, W, 2)
    object_ids: NDArray[np.uint8]  # (T, H, W)
    depth: NDArray[np.float32]  # (T, H, W)
    action: int
    object: int
    label: int
    positions: NDArray[np.float64]  # (T, N, 2)
    kinds: tuple[int, ...]


def generate(
    seed: int, *, frames: int = 16, size: int | tuple[int, int] = 64, start: float = 0.0
) -> WorldClip:
    """The clip of a seed: the same bytes for the same arguments, the same scene at every size.

    `size` is the side in px, or height and width; `start` is where in the scene the clip begins, in seconds.
    The 16 seeds from a multiple of 16 on have all different labels.
    Raises PeerattnError for arguments out of range.
    """
    height, width = (size, size) if isinstance(size, int) else size
    if seed < 0:
        raise PeerattnError(f"seed {seed} is negative: give 0 or more")
    if frames < 1:
        raise PeerattnError(f"{frames} frames are too few: give 1 or more")
    if not 0 <= start < LATEST:
        raise PeerattnError(f"start {start} s is out of range: give 0 up to {LATEST} s")
    if not (SMALLEST <= height <= LARGEST and SMALLEST <= width <= LARGEST):
        raise PeerattnError(
            f"size {height} x {width} is out of range: give {SMALLEST} to {LARGEST} px a side"
        )
    scene = compose(seed)
    times = start + np.arange(frames + 1) / FRAME_RATE
    drawn = render(scene, times, height, width)
    positions = np.stack([drawn.centres.real, drawn.centres.imag], -1)
    label = scene.action * len(OBJECTS) + scene.object
    kinds = tuple(FIRST_OBJECT + thing.kind for thing in scene.things)
    return WorldClip(
        drawn.images,
        drawn.flow,
        drawn.object_ids,
        drawn.depth,
        scene.action,
        scene.object,
        label,
        positions,
        kinds,
    )
