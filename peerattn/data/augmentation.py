"""How training clips are varied: one draw a clip and epoch, the same for all its frames and modalities.

Frames are chosen, then frames and maps are warped alike; optical flow is computed from the warped frames, so
that it always tells how the pictures move within the step that was drawn. Only then are objects put before
another clip, each part with the motion that it had, and colours changed. N frames kept, T frames read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from peerattn.data.colour import UNCHANGED, Colour
from peerattn.data.prepared import Prepared
from peerattn.data.warp import CENTRAL, UNMOVED, Placement, Warp, placed_ids, placed_images
from peerattn.errors import PeerattnError
from peerattn.modalities.preparation import Pictures
from peerattn.modalities.view import shown


@dataclass(frozen=True)
class Timing:
    """Which frames are read; as it stands, from the first one on, at the network's frame rate.

    `stretch` is the range of factors on the time between frames: what is drawn is shown faster or slower.
    With `fill`, a clip too short for the window is read in smaller steps, as far as its frames allow.
    """

    random_start: bool = False
    stretch: tuple[float, float] = (1.0, 1.0)
    fill: bool = False

    def __post_init__(self) -> None:
        low, high = self.stretch
        if not 0.1 <= low <= high <= 10:
            raise PeerattnError(f"the stretch of time {self.stretch} must rise and lie between 0.1 and 10")


@dataclass(frozen=True)
class Augmentation:
    """How clips are varied; as it stands, not at all: what evaluation reads, from the first frame on.

    `others` is the probability that a file's other object maps are read, `degrade` that of faults in them,
    `drop` that of a modality being all zero (never two of them). `elsewhere` is the probability that the
    objects are put before the frames of another clip of the batch, so that what surrounds them tells
    nothing; clips read with their other maps stay where they are. `mixup` is α of the beta distribution of
    shares in which two clips are mixed; 0: they are not.
    """

    timing: Timing = Timing()
    warp: Warp = UNMOVED
    colour: Colour = UNCHANGED
    others: float = 0.0
    degrade: float = 0.0
    elsewhere: float = 0.0
    drop: Mapping[str, float] = field(default_factory=dict)
    mixup: float = 0.0

    def __post_init__(self) -> None:
        if not all(0 <= share <= 1 for share in self._probabilities):
            raise PeerattnError(
                "the probabilities of other maps, faults, other places and dropped modalities must be 0 to 1"
            )
        if not 0 <= self.mixup <= 100:
            raise PeerattnError(f"mixup {self.mixup} must be 0 to 100")

    @property
    def _probabilities(self) -> tuple[float, ...]:
        return (self.others, self.degrade, self.elsewhere, *self.drop.values())

    def draw(self, seed: int, epoch: int, clip: int) -> Draw:
        """What happens to this clip in this epoch: a function of these three numbers and nothing else."""
        streams = np.random.SeedSequence((seed, epoch, clip)).spawn(6)
        timing, warp, maps, colour, rest, place = (np.random.default_rng(stream) for stream in streams)
        return Draw(
            stretch=timing.uniform(*self.timing.stretch),
            start=timing.random() if self.timing.random_start else 0.0,
            placement=self.warp.draw(warp),
            others=bool(maps.random() < self.others),
            maps=maps if maps.random() < self.degrade else None,
            elsewhere=bool(place.random() < self.elsewhere),
            colour=colour,
            dropped=self._dropped(rest),
            share=float(rest.beta(self.mixup, self.mixup)) if self.mixup else 1.0,
        )

    def _dropped(self, random: np.random.Generator) -> str | None:
        """The modality that is dropped: each in turn has its chance, until one is."""
        return next((name for name, share in self.drop.items() if random.random() < share), None)


@dataclass(frozen=True)
class Draw:
    """What happens to one clip; as it stands, nothing."""

    stretch: float = 1.0
    start: float = 0.0  # where the first frame is, from 0 to 1 of the places where it can be
    placement: Placement = CENTRAL
    others: bool = False  # whether the other object maps are read
    maps: np.random.Generator | None = None  # draws the faults of object maps
    elsewhere: bool = False  # whether its objects are put before another clip
    colour: np.random.Generator | None = None
    dropped: str | None = None
    share: float = 1.0  # of this clip where it is mixed with another


STRONG = Augmentation(
    Timing(random_start=True, stretch=(0.8, 1.2), fill=True),
    Warp(scale=(0.7, 1.05), aspect=1.27, shift=0.8, turn=8.0, flip=0.5),
    Colour(
        grey=0.3,
        saturation=(0.3, 1.6),
        swap=0.5,
        gain=(0.75, 1.3),
        gamma=0.5,
        contrast=(0.6, 1.4),
        brightness=0.2,
        blur=0.3,
        holes=0.3,
    ),
    degrade=0.5,
    drop={"rgb": 0.4, "flow": 0.1, "object": 0.1},
)
"""For a few hundred clips, whose colours a network would otherwise learn by heart."""


def step(prepared: Prepared, draw: Draw, window: int, timing: Timing) -> float:
    """Kept frames from one read frame to the next, at least 1."""
    wanted = _drawn_step(prepared, draw)
    if not timing.fill or window < 2:
        return wanted
    return max(1.0, min(wanted, (len(prepared.images) - 1) / (window - 1)))


def speed(prepared: Prepared, draw: Draw, step: float) -> float:
    """How many times faster than it is a clip read in this step is shown."""
    # Smaller steps that fill the window take a speed-up back, but are no slow motion: evaluation reads the
    # same short clip at the nominal rate, so its velocities count by that, or by a shorter step if drawn.
    return min(_drawn_step(prepared, draw), max(step, prepared.phases)) / prepared.phases


def _drawn_step(prepared: Prepared, draw: Draw) -> float:
    """Kept frames from one read frame to the next, however short the clip."""
    return max(1.0, prepared.phases * draw.stretch)


def length(prepared: Prepared, step: float, window: int) -> int:
    """How many frames of a clip can be read, up to a window; a still picture fills it."""
    frames = len(prepared.images)
    return window if frames == 1 else min(window, 1 + math.floor((frames - 1) / step + 1e-9))


def frame_numbers(frames: int, *, read: int, step: float, start: float) -> NDArray[np.int64]:
    """(T,) which of the kept frames are read; `start` from 0, the first place, to 1, past the last one."""
    room = max(0, math.floor(frames - 1 - (read - 1) * step + 1e-9))
    first = math.floor(start * (room + 1))
    numbers: NDArray[np.int64] = np.rint(first + step * np.arange(read)).astype(np.int64)
    return np.minimum(numbers, frames - 1)


def taken(clip: Prepared, *, read: int, step: float, start: float, speed: float) -> Prepared:
    """The clip with the frames that are read and their maps alone, shown so many times faster than it is.

    The frame after them is there too, where the clip has one: optical flow leads to it.
    """
    numbers = frame_numbers(len(clip.images), read=read, step=step, start=start)
    after = round(float(numbers[-1]) + step)
    if numbers[-1] < after < len(clip.images):
        numbers = np.append(numbers, after)
    ids = None if clip.ids is None else clip.ids[numbers]
    seen = None if clip.seen is None else clip.seen.taken(numbers)
    pace = replace(clip.pace, times=clip.pace.times[numbers], step=clip.pace.step * speed)
    return replace(clip, images=clip.images[numbers], ids=ids, pace=pace, seen=seen)


def warped(clip: Prepared, draw: Draw, size: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """(T, size, size, 3) frames and (T, size, size) class ids, alike cropped, turned and mirrored.

    Where none of this is drawn they are as evaluation sees them.
    """
    if clip.seen is not None and draw.placement == CENTRAL:
        return clip.seen.images, clip.seen.ids
    images = placed_images(clip.images, draw.placement, size, clip.view)
    ids = None if clip.ids is None else placed_ids(clip.ids, draw.placement, size, clip.view)
    return images, ids


def elsewhere(own: Pictures, other: Pictures, class_ids: Sequence[int]) -> Pictures:
    """The objects of these classes as they look and move, and all around them as in the other clip.

    Both are T frames of one size. Another clip's objects are then part of what is around, and no map shows
    them. Where a frame shows no object, the clip stays where it is.
    """
    assert own.ids is not None  # clips without maps are refused before
    objects = shown(own.ids, class_ids)
    if not objects.any(axis=(1, 2)).all():
        return own
    images = np.where(objects[..., None], own.images, other.images)
    if own.flow is None or other.flow is None:
        return Pictures(images, None, own.ids)
    return Pictures(images, np.where(objects[..., None], own.flow, other.flow), own.ids)
