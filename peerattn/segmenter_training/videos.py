"""Real clips with a mask of the person in every frame, from which a segmentation network learns people.

T frames, H height, W width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from peerattn.data.folder import LabelledFile
from peerattn.errors import PeerattnError, strip_subject
from peerattn.modalities.alignment import map_of_each_frame
from peerattn.modalities.objects import PERSON, read_objects
from peerattn.modalities.segmentation_network import scale_images
from peerattn.video.decoding import decode
from peerattn.video.frames import Frames, Limits

MAX_SECONDS = 4.0  # of a clip that are used for training and measuring: later frames look alike
PIECE_FRAMES = 512  # frames of a clip in memory at once
_SMALL = 16  # px a side: enough to read the times of all frames
_EVERY_FRAME = replace(Limits(), kept_frames=Limits().decoded_frames)

Skip = Callable[[LabelledFile, str], None]
"""Called with a clip that is skipped, and the reason."""


@dataclass(frozen=True, eq=False)
class PersonVideo:
    """Consecutive frames of a clip with person masks; clips of the same group are not independent."""

    frames: Frames
    persons: NDArray[np.bool_]  # (T, H, W)
    group: str

    def every(self, step: int) -> PersonVideo:
        """Return every `step`-th frame."""
        frames = self.frames
        kept = replace(
            frames,
            images=frames.images[::step],
            times=frames.times[::step],
            numbers=frames.source_numbers[::step],
        )
        return PersonVideo(kept, self.persons[::step], self.group)


@contextmanager
def skip_unreadable(file: LabelledFile, skip: Skip) -> Iterator[None]:
    """Leave the `with` block if the clip or its masks cannot be read, and call `skip` with the reason."""
    try:
        yield
    except (PeerattnError, OSError) as error:
        skip(file, strip_subject(error, file.path.name))


def decode_in_pieces(path: Path) -> Iterator[Frames]:
    """Decode every frame of a clip of any length, in pieces of at most `PIECE_FRAMES` frames."""
    times = decode(path, max_side=_SMALL, limits=_EVERY_FRAME).times
    starts = [float(part[0]) for part in np.array_split(times, ceil(len(times) / PIECE_FRAMES))]
    for start, stop in zip(starts, [*starts[1:], None], strict=True):
        yield decode(path, start=start, stop=stop)


def read_person_video(file: LabelledFile, *, size: int | None = None) -> PersonVideo:
    """Read the first `MAX_SECONDS` s of a clip with masks, scaled to a short side of `size` px if given.

    Raises PeerattnError if one of these frames has no mask.
    """
    if file.objects is None:
        raise PeerattnError(f"{file.path.name} has no person masks: name them in the manifest, as mask_path")
    frames, maps = decode(file.path, stop=MAX_SECONDS), read_objects(file.objects)
    rate = 1 / float(np.diff(frames.times).mean()) if len(frames.times) > 1 else 30.0
    index, _ = map_of_each_frame(maps, frames, frame_rate=rate, hold=False)
    persons = maps.ids[index] == PERSON
    if size:
        images = scale_images(frames.images, size)
        frames = Frames(images, frames.times, numbers=frames.numbers)
        persons = resize_masks(persons, images.shape[1:3])
    return PersonVideo(frames, persons, file.group)


def resize_masks(masks: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Resize masks to this height and width; a pixel belongs to one if more than half of its area does."""
    grey = masks.astype(np.uint8) * 255
    size = (shape[1], shape[0])
    return np.stack([cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in grey]) > 127


def with_masks(files: Sequence[LabelledFile]) -> tuple[LabelledFile, ...]:
    """Return the clips that have masks. Raises PeerattnError if none has."""
    masked = tuple(file for file in files if file.objects)
    if not masked:
        raise PeerattnError("none of the clips has person masks: name them in the manifest, as mask_path")
    return masked
