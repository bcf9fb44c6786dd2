"""Real clips with a mask of the person in every frame: what a segmentation network learns people from.

T frames, H height, W width.
"""

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

LONGEST = 4.0  # s of a clip that are learnt from and measured on: the rest looks alike
PIECE = 512  # frames of a clip that are held at once
_SMALL = 16  # px a side: enough to tell the times of all frames
_EVERY_FRAME = replace(Limits(), kept_frames=Limits().decoded_frames)

Skip = Callable[[LabelledFile, str], None]
"""Told of a clip that is passed over, and why."""


@dataclass(frozen=True, eq=False)
class PersonVideo:
    """Neighbouring frames of a clip, and where its person is; clips of one group are not independent."""

    frames: Frames
    persons: NDArray[np.bool_]  # (T, H, W)
    group: str


@contextmanager
def passing_over(file: LabelledFile, skip: Skip) -> Iterator[None]:
    """Ends the block where the clip or its masks cannot be read, and tells `skip` why."""
    try:
        yield
    except (PeerattnError, OSError) as error:
        skip(file, strip_subject(error, file.path.name))


def pieces(path: Path) -> Iterator[Frames]:
    """Every frame of a clip, however many they are, in pieces of at most `PIECE`."""
    times = decode(path, max_side=_SMALL, limits=_EVERY_FRAME).times
    starts = [float(part[0]) for part in np.array_split(times, ceil(len(times) / PIECE))]
    for start, stop in zip(starts, [*starts[1:], None], strict=True):
        yield decode(path, start=start, stop=stop)


def read_person_video(file: LabelledFile, *, size: int | None = None) -> PersonVideo:
    """The first `LONGEST` s of a clip with their masks, to a short side of `size` px.

    Raises PeerattnError where a frame of them has no mask.
    """
    if file.objects is None:
        raise PeerattnError(f"{file.path.name} has no person masks: name them in the manifest, as mask_path")
    frames, maps = decode(file.path, stop=LONGEST), read_objects(file.objects)
    rate = 1 / float(np.diff(frames.times).mean()) if len(frames.times) > 1 else 30.0
    index, _ = map_of_each_frame(maps, frames, frame_rate=rate, hold=False)
    persons = maps.ids[index] == PERSON
    if size:
        images = scale_images(frames.images, size)
        frames = Frames(images, frames.times, numbers=frames.numbers)
        persons = resized(persons, images.shape[1:3])
    return PersonVideo(frames, persons, file.group)


def resized(masks: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Masks of this height and width: a pixel belongs to them where more than half of it does."""
    grey = masks.astype(np.uint8) * 255
    size = (shape[1], shape[0])
    return np.stack([cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in grey]) > 127


def with_masks(files: Sequence[LabelledFile]) -> tuple[LabelledFile, ...]:
    """Those of the clips that have masks; raises PeerattnError when none has."""
    masked = tuple(file for file in files if file.objects)
    if not masked:
        raise PeerattnError("none of the clips has person masks: name them in the manifest, as mask_path")
    return masked
