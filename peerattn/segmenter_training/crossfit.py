"""Object maps of the very clips that a segmentation network learns from, made so that they are honest.

A network's maps of clips that it was trained on are better than those of any upload, and an action network
trained on them would trust them too much. So the clips are split into folds, those of one source video in the
same fold, and each fold's maps come from a network that was trained on the others.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from peerattn.data.folder import LabelledFile, relative_path
from peerattn.errors import PeerattnError
from peerattn.modalities.clip import ObjectMaps
from peerattn.modalities.segmentation_network import SegmentationNetwork
from peerattn.modalities.segmenter import Segmenter, estimate_objects
from peerattn.segmenter_training.config import SegmenterConfig
from peerattn.segmenter_training.quality import person_overlaps
from peerattn.segmenter_training.training import Progress as TrainingProgress
from peerattn.segmenter_training.training import train_segmenter
from peerattn.segmenter_training.videos import Skip, passing_over, pieces, read_person_video
from peerattn.video.frames import Frames

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Held:
    """A clip whose maps come from a network that never saw its source video, and how good they are.

    All its frames have a map; so many of the first ones were compared with masks.
    """

    file: LabelledFile
    fold: int
    maps: ObjectMaps
    counts: NDArray[np.int64]  # as `person_overlaps`
    compared: int


def cross_fitted(
    files: Sequence[LabelledFile],
    config: SegmenterConfig,
    *,
    start: SegmentationNetwork,
    folds: int,
    frame_rate: float,
    skip: Skip,
    progress: Progress | None = None,
) -> Iterator[Held]:
    """The maps of every clip, fold by fold; each fold's network starts as `start`, on its device.

    `skip` is told of the clips that cannot be read. `progress(done, total)` counts generated clips of
    training.
    """
    read = []
    for file in files:
        with passing_over(file, skip):
            read.append((file, read_person_video(file, size=config.size)))
    numbers = fold_numbers([file.group for file, _ in read], folds)
    for fold in range(folds):
        others = [video for (_, video), number in zip(read, numbers, strict=True) if number != fold]
        counted = _nth_of(folds, fold, progress)
        segmenter = train_segmenter(config, others, start=start, device=start.device, progress=counted)
        for (file, _), number in zip(read, numbers, strict=True):
            if number == fold:
                with passing_over(file, skip):
                    yield _held(file, fold, segmenter, frame_rate)


def _held(file: LabelledFile, fold: int, segmenter: Segmenter, frame_rate: float) -> Held:
    """One clip by the network of its fold."""
    maps, video = whole_maps(file.path, segmenter, frame_rate), read_person_video(file)
    compared = len(video.persons)
    return Held(file, fold, maps, person_overlaps(maps.ids[:compared], video), compared)


def _nth_of(folds: int, fold: int, progress: Progress | None) -> TrainingProgress | None:
    """What one fold's training reports, as progress of all folds."""
    if progress is None:
        return None
    return lambda done, total, loss: progress(fold * total + done, folds * total)


def fold_numbers(groups: Sequence[str], folds: int) -> tuple[int, ...]:
    """The fold of each clip: those of a group are in one fold, and folds have about as many clips."""
    names, counts = np.unique(np.array(groups), return_counts=True)
    if not 2 <= folds <= len(names):
        raise PeerattnError(f"{folds} folds of {len(names)} source videos: give 2 or more, at most as many")
    sizes = [0] * folds
    fold_of: dict[str, int] = {}
    for name, count in sorted(zip(names.tolist(), counts.tolist(), strict=True), key=lambda pair: -pair[1]):
        fold_of[name] = sizes.index(min(sizes))
        sizes[fold_of[name]] += count
    return tuple(fold_of[group] for group in groups)


def whole_maps(path: Path, segmenter: Segmenter, frame_rate: float) -> ObjectMaps:
    """Maps of all frames of a clip, however long it is; neighbours are those of a frame's piece."""
    numbers, parts = [], []
    for frames in pieces(path):
        numbers.append(frames.source_numbers)
        parts.append(every_frame(frames, segmenter, frame_rate))
    return replace(parts[0], ids=np.concatenate([part.ids for part in parts]), frames=np.concatenate(numbers))


def every_frame(frames: Frames, segmenter: Segmenter, frame_rate: float) -> ObjectMaps:
    """Maps of all frames, each estimated among the neighbours that it has when sampled at `frame_rate`."""
    spacing = float(np.diff(frames.times).mean()) if len(frames.times) > 1 else 1.0
    step = min(max(1, round(1 / (frame_rate * spacing))), len(frames.times))
    parts = [
        estimate_objects(
            Frames(
                frames.images[first::step], frames.times[first::step], (), frames.source_numbers[first::step]
            ),
            segmenter,
        )
        for first in range(step)
    ]
    ids = np.empty((len(frames.times), *parts[0].ids.shape[1:]), np.uint8)
    for first, part in enumerate(parts):
        ids[first::step] = part.ids
    return ObjectMaps(ids, frames.source_numbers, parts[0].class_ids, parts[0].class_names, "estimated")


def maps_file(folder: Path, data: Path, file: LabelledFile) -> Path:
    """Where the maps of a clip of `data` lie in a folder of maps: at the clip's own place in its folder."""
    return folder / relative_path(data, file.path).with_suffix(".npz")
