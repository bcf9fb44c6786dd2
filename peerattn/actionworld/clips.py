"""ActionWorld: generated clips of a figure acting on an object, with exact flow, object maps and depth.

A class is a combination of an action, an object and the light, each of which another modality shows best:

- The *action* is one of a pair that is the same backwards in time (lift and lower, push and pull), so that a
  single frame is ambiguous, but the motion is clear.
- The *object* has the room's colours and textures, but is clearly visible in the object map. Two or three
  *other objects* are always present, and at least one moves by itself on a path of the same family, so that
  the object map alone does not show which object the figure acts on.
- The *light* is a lamp, lit (lamplight) or dark (daylight). Exact flow, object maps and depth are the same in
  both lights, and the brightness of the whole picture hardly differs: the colours of the lamp and of the wall
  around it do.

A clip of any length shows the same motion at 8 frames per second. The action is repeated: stroke, hold,
return, hold. In the stroke (1.3 to 1.9 s) the hand is on the object. In the return (about 0.6 s) the hand
lets go and the object comes back by itself: a lifted object falls, a pushed one slides back, a lowered one is
tossed up and caught, a pulled one slides off. The figure therefore never performs the reverse of its action,
and each repetition shows the label again. The middle of the first two seconds is near the middle of a stroke.

The generator has versions, so that networks are measured on the clips that they learned. The first one has no
lamp, and 16 classes; rgb was of no use to the networks that learned it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peerattn.actionworld.casting import LATEST_VERSION, compose
from peerattn.actionworld.motion import FRAME_RATE
from peerattn.actionworld.painting import render
from peerattn.actionworld.parts import FIRST_OBJECT
from peerattn.actionworld.scene import ACTIONS, LIGHTS, OBJECTS
from peerattn.errors import PeerattnError

_ACTS = tuple(f"{action} {item}" for action in ACTIONS for item in OBJECTS)
CLASS_NAMES_OF = {1: _ACTS, 2: tuple(f"{act} by {light}" for light in LIGHTS for act in _ACTS)}
"""Version of the generator → its class names, by label."""
CLASS_NAMES = CLASS_NAMES_OF[LATEST_VERSION]
MAP_NAMES = ("background", "person", *OBJECTS)  # by class id in the object maps
OBJECT_CLASS_IDS = tuple(range(FIRST_OBJECT, FIRST_OBJECT + len(OBJECTS)))
MIN_SIDE, MAX_SIDE = 16, 2048  # px
MAX_START = 3600.0  # s


@dataclass(frozen=True, eq=False)
class WorldClip:
    """T frames of H × W px with their exact annotations.

    `action`, `object` and `light` are indices into `scene.ACTIONS`, `OBJECTS` and `LIGHTS`; in the first
    version `light` is 0.

    `flow` is in px to the next frame, x then y; that of the last frame leads to the pose one step later.
    `object_ids` are the visible objects (see `MAP_NAMES`); anything right in front of the lens counts as
    background. `depth` is in metres. `positions` has the centre of each of N objects in px (x, y; whole
    numbers are pixel centres), visible or not; row 0 is the object acted on, and `kinds` has the class id of
    each row.
    """

    images: NDArray[np.uint8]  # (T, H, W, 3)
    flow: NDArray[np.float32]  # (T, H, W, 2)
    object_ids: NDArray[np.uint8]  # (T, H, W)
    depth: NDArray[np.float32]  # (T, H, W)
    action: int
    object: int
    light: int
    label: int
    positions: NDArray[np.float64]  # (T, N, 2)
    kinds: tuple[int, ...]


def generate(
    seed: int,
    *,
    frames: int = 16,
    size: int | tuple[int, int] = 64,
    start: float = 0.0,
    version: int = LATEST_VERSION,
) -> WorldClip:
    """Return the clip of a seed: the same bytes for the same arguments, and the same scene at every size.

    `size` is the side in px, or height and width; `start` is the time in the scene at which the clip begins,
    in seconds. The seeds from a multiple of the number of classes on, as many as there are classes, all have
    different labels. Raises PeerattnError for arguments out of range.
    """
    height, width = (size, size) if isinstance(size, int) else size
    if seed < 0:
        raise PeerattnError(f"seed {seed} is negative: choose 0 or more")
    if frames < 1:
        raise PeerattnError(f"{frames} frames are too few: choose 1 or more")
    if not 0 <= start < MAX_START:
        raise PeerattnError(f"start {start} s is out of range: choose a time from 0 to {MAX_START} s")
    if not (MIN_SIDE <= height <= MAX_SIDE and MIN_SIDE <= width <= MAX_SIDE):
        raise PeerattnError(
            f"size {height} x {width} is out of range: choose {MIN_SIDE} to {MAX_SIDE} px a side"
        )
    if version not in CLASS_NAMES_OF:
        raise PeerattnError(
            f"there is no version {version} of the generated clips: choose among {sorted(CLASS_NAMES_OF)}"
        )
    scene = compose(seed, version)
    times = start + np.arange(frames + 1) / FRAME_RATE
    rendering = render(scene, times, height, width)
    positions = np.stack([rendering.centres.real, rendering.centres.imag], -1)
    light = int(scene.lit)
    label = (light * len(ACTIONS) + scene.action) * len(OBJECTS) + scene.object
    kinds = tuple(FIRST_OBJECT + item.kind for item in scene.items)
    return WorldClip(
        rendering.images,
        rendering.flow,
        rendering.object_ids,
        rendering.depth,
        scene.action,
        scene.object,
        light,
        label,
        positions,
        kinds,
    )


def version_of(class_names: Sequence[str]) -> int | None:
    """Return the version of the generator whose classes these are, or None if they are not those of any."""
    versions = {names: version for version, names in CLASS_NAMES_OF.items()}
    return versions.get(tuple(class_names))
