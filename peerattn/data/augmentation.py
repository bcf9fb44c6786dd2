"""Augmentation of training clips: one random draw per clip and epoch, shared by all its frames and
modalities.

First frames are selected, then frames and maps are warped together. Optical flow is computed from the warped
frames, so that it is always the motion between the frames that were selected. Only then are backgrounds
replaced, with the flow of each part, and colours changed. N kept frames, T read frames.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from peerattn.data.colour import UNCHANGED, Colour
from peerattn.data.prepared import PreparedClip
from peerattn.data.warp import NO_WARP, UNCHANGED_PLACEMENT, Placement, Warp, warp_ids, warp_images
from peerattn.errors import PeerattnError
from peerattn.modalities.preparation import ClipSources
from peerattn.modalities.view import object_mask


@dataclass(frozen=True)
class Timing:
    """Which frames are read; by default from the first one on, at the network's frame rate.

    `stretch` is the range of random factors on the time between frames, which make motion faster or slower.
    With `fill`, a clip that is too short for the window is read in smaller steps, as far as its frames allow.
    """

    random_start: bool = False
    stretch: tuple[float, float] = (1.0, 1.0)
    fill: bool = False

    def __post_init__(self) -> None:
        low, high = self.stretch
        if not 0.1 <= low <= high <= 10:
            raise PeerattnError(
                f"the time stretch {self.stretch} must be two increasing numbers between 0.1 and 10"
            )


@dataclass(frozen=True)
class Augmentation:
    """How clips are varied; by default not at all, so that they are read as in evaluation, from the first
    frame on.

    - `others`: probability that a file's alternative object maps are read.
    - `degrade`: probability that the object maps are degraded.
    - `elsewhere`: probability that the objects are put in front of another clip of the batch, so that their
      background gives nothing away. It does not apply to clips that are read with their alternative maps.
    - `drop`: modality → probability that it is all zero; at most one modality of a clip is.
    - `mixup`: α of the beta distribution of the shares in which two clips are mixed; 0 mixes none.

    Raises PeerattnError for values out of range.
    """

    timing: Timing = Timing()
    warp: Warp = NO_WARP
    colour: Colour = UNCHANGED
    others: float = 0.0
    degrade: float = 0.0
    elsewhere: float = 0.0
    drop: Mapping[str, float] = field(default_factory=dict)
    mixup: float = 0.0

    def __post_init__(self) -> None:
        if not all(0 <= probability <= 1 for probability in self._probabilities):
            raise PeerattnError(
                "the probabilities of alternative maps, degraded maps, other backgrounds and dropped "
                "modalities must be from 0 to 1"
            )
        if not 0 <= self.mixup <= 100:
            raise PeerattnError(f"mixup {self.mixup} must be from 0 to 100")

    @property
    def _probabilities(self) -> tuple[float, ...]:
        return (self.others, self.degrade, self.elsewhere, *self.drop.values())

    def draw(self, seed: int, epoch: int, clip: int) -> Draw:
        """Draw the variation of a clip in an epoch; it depends on these three numbers only."""
        streams = np.random.SeedSequence((seed, epoch, clip)).spawn(6)
        timing, warp, maps, colour, mixing, background = (np.random.default_rng(stream) for stream in streams)
        return Draw(
            stretch=timing.uniform(*self.timing.stretch),
            start=timing.random() if self.timing.random_start else 0.0,
            placement=self.warp.draw(warp),
            others=bool(maps.random() < self.others),
            maps=maps if maps.random() < self.degrade else None,
            elsewhere=bool(background.random() < self.elsewhere),
            colour=colour,
            dropped=self._dropped(mixing),
            share=float(mixing.beta(self.mixup, self.mixup)) if self.mixup else 1.0,
        )

    def _dropped(self, random: np.random.Generator) -> str | None:
        """Draw the modality that is dropped, or None; modalities are tried in order until one is dropped."""
        return next((name for name, probability in self.drop.items() if random.random() < probability), None)


@dataclass(frozen=True)
class Draw:
    """The random variation of one clip; by default none."""

    stretch: float = 1.0  # factor on the time between frames
    start: float = 0.0  # position of the first frame, from 0 to 1 of the possible ones
    placement: Placement = UNCHANGED_PLACEMENT
    others: bool = False  # whether the alternative object maps are read
    maps: np.random.Generator | None = (
        None  # draws how object maps are degraded; None leaves them as they are
    )
    elsewhere: bool = False  # whether the objects are put in front of another clip
    colour: np.random.Generator | None = None  # draws the colour changes
    dropped: str | None = None  # the modality that is all zero
    share: float = 1.0  # of this clip in the mixture with another one


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
"""For a few hundred clips, whose colours a network would otherwise memorise."""


def frame_step(prepared: PreparedClip, draw: Draw, window: int, timing: Timing) -> float:
    """Return the step from one read frame to the next, in kept frames, at least 1."""
    drawn_step = _drawn_step(prepared, draw)
    if not timing.fill or window < 2:
        return drawn_step
    return max(1.0, min(drawn_step, (len(prepared.images) - 1) / (window - 1)))


def playback_speed(prepared: PreparedClip, draw: Draw, step: float) -> float:
    """Return the factor by which a clip that is read in this step is sped up."""
    # Smaller steps that fill the window undo a speed-up, but do not count as slow motion: evaluation reads
    # the same short clip at the nominal rate, so its velocities refer to that rate, or to a shorter step if
    # one was drawn.
    return min(_drawn_step(prepared, draw), max(step, prepared.phases)) / prepared.phases


def _drawn_step(prepared: PreparedClip, draw: Draw) -> float:
    """Return the step from one read frame to the next, in kept frames, regardless of the clip's length."""
    return max(1.0, prepared.phases * draw.stretch)


def readable_length(prepared: PreparedClip, step: float, window: int) -> int:
    """Return how many frames of a clip can be read, up to a window; a single frame fills the window."""
    frames = len(prepared.images)
    return window if frames == 1 else min(window, 1 + math.floor((frames - 1) / step + 1e-9))


def frame_numbers(frames: int, *, read: int, step: float, start: float) -> NDArray[np.int64]:
    """Return the indices (T,) of the kept frames that are read; `start` is the position in [0, 1)."""
    last_start = max(0, math.floor(frames - 1 - (read - 1) * step + 1e-9))
    first = math.floor(start * (last_start + 1))
    numbers: NDArray[np.int64] = np.rint(first + step * np.arange(read)).astype(np.int64)
    return np.minimum(numbers, frames - 1)


def select_frames(clip: PreparedClip, *, read: int, step: float, start: float, speed: float) -> PreparedClip:
    """Return the clip with only the frames that are read and their maps, sped up by the factor `speed`.

    The frame after the last one is included if the clip has one, because optical flow is computed to it.
    """
    numbers = frame_numbers(len(clip.images), read=read, step=step, start=start)
    after = round(float(numbers[-1]) + step)
    if numbers[-1] < after < len(clip.images):
        numbers = np.append(numbers, after)
    ids = None if clip.ids is None else clip.ids[numbers]
    crop = None if clip.crop is None else clip.crop.select(numbers)
    frame_timing = replace(
        clip.frame_timing, times=clip.frame_timing.times[numbers], step=clip.frame_timing.step * speed
    )
    return replace(clip, images=clip.images[numbers], ids=ids, frame_timing=frame_timing, crop=crop)


def warp_clip(
    clip: PreparedClip, draw: Draw, size: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """Return frames (T, size, size, 3) and class ids (T, size, size), cropped, turned and mirrored in the
    same way.

    If the draw has no warp, they are exactly as in evaluation.
    """
    if clip.crop is not None and draw.placement == UNCHANGED_PLACEMENT:
        return clip.crop.images, clip.crop.ids
    images = warp_images(clip.images, draw.placement, size, clip.view)
    ids = None if clip.ids is None else warp_ids(clip.ids, draw.placement, size, clip.view)
    return images, ids


def replace_background(own: ClipSources, other: ClipSources, class_ids: Sequence[int]) -> ClipSources:
    """Return the objects of these classes, with their own flow, in front of the other clip.

    Both clips have T frames of the same size. The other clip's objects become part of the background, and are
    not in the maps. If any frame shows no object, the clip is returned unchanged.
    """
    assert own.ids is not None  # clips without maps have been refused before
    objects = object_mask(own.ids, class_ids)
    if not objects.any(axis=(1, 2)).all():
        return own
    images = np.where(objects[..., None], own.images, other.images)
    if own.flow is None or other.flow is None:
        return ClipSources(images, None, own.ids)
    return ClipSources(images, np.where(objects[..., None], own.flow, other.flow), own.ids)
