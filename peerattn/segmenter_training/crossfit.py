"""Cross-fitting: honest object maps of the clips that a segmentation network is trained on.

A network's maps of its own training clips are better than its maps of any upload, and an action network
trained on them would trust object maps too much. So the clips are split into folds, with all clips of a
source video in the same fold, and each fold's maps come from a network that was trained on the other folds.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from peerattn.data.cache import Cache
from peerattn.data.folder import LabelledFile, relative_path
from peerattn.errors import PeerattnError
from peerattn.modalities.backbone_segmenter import BackboneSegmenter
from peerattn.modalities.clip import ObjectMaps
from peerattn.modalities.pretrained.efficientnet import EfficientNetLite0
from peerattn.modalities.segmentation_network import SegmentationNetwork
from peerattn.modalities.segmenter import Segmenter, estimate_objects
from peerattn.segmenter_training.config import DecoderConfig, SegmenterConfig
from peerattn.segmenter_training.decoder import train_decoder
from peerattn.segmenter_training.features import views_of_clips
from peerattn.segmenter_training.quality import person_overlaps
from peerattn.segmenter_training.training import Progress as TrainingProgress
from peerattn.segmenter_training.training import train_segmenter
from peerattn.segmenter_training.videos import Skip, decode_in_pieces, read_person_video, skip_unreadable
from peerattn.video.frames import Frames

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class CrossFittedClip:
    """A clip with maps from a network that never saw its source video, and their quality.

    All frames have a map; the first `compared` of them were compared with masks.
    """

    file: LabelledFile
    fold: int
    maps: ObjectMaps
    counts: NDArray[np.int64]  # as `person_overlaps`
    compared: int


def cross_fit(
    files: Sequence[LabelledFile],
    config: SegmenterConfig,
    *,
    start: SegmentationNetwork,
    folds: int,
    frame_rate: float,
    skip: Skip,
    progress: Progress | None = None,
) -> Iterator[CrossFittedClip]:
    """Yield the maps of every clip, fold by fold; each fold's network starts from `start`, on its device.

    `skip` is called for clips that cannot be read. `progress(done, total)` counts generated training clips.
    """
    readable = []
    for file in files:
        with skip_unreadable(file, skip):
            readable.append((file, read_person_video(file, size=config.size)))
    numbers = assign_folds([file.group for file, _ in readable], folds)
    for fold in range(folds):
        others = [video for (_, video), number in zip(readable, numbers, strict=True) if number != fold]
        fold_progress = _fold_progress(folds, fold, progress)
        segmenter = train_segmenter(config, others, start=start, device=start.device, progress=fold_progress)
        for (file, _), number in zip(readable, numbers, strict=True):
            if number == fold:
                with skip_unreadable(file, skip):
                    yield _cross_fitted_clip(file, fold, segmenter, frame_rate)


def cross_fit_decoders(
    files: Sequence[LabelledFile],
    config: DecoderConfig,
    *,
    backbone: EfficientNetLite0,
    folds: int,
    frame_rate: float,
    skip: Skip,
    cache: Cache | None = None,
    progress: Progress | None = None,
) -> Iterator[CrossFittedClip]:
    """Yield the maps of every clip, fold by fold, by a `BackboneSegmenter` whose decoder saw other folds.

    `skip` is called for clips that cannot be read. `progress(done, total)` counts training steps.
    """
    device = next(backbone.parameters()).device
    with views_of_clips(files, backbone, config.views, skip=skip, cache=cache) as (views, readable):
        numbers = np.array(assign_folds([file.group for file in readable], folds))
        for fold in range(folds):
            chosen = np.flatnonzero(np.repeat(numbers != fold, config.views.count))
            fold_progress = _fold_progress(folds, fold, progress)
            decoder = train_decoder(views, chosen, config, device=device, progress=fold_progress)
            segmenter = BackboneSegmenter(backbone, decoder)
            for number in np.flatnonzero(numbers == fold):
                with skip_unreadable(readable[number], skip):
                    yield _cross_fitted_clip(readable[number], fold, segmenter, frame_rate)


def _cross_fitted_clip(
    file: LabelledFile, fold: int, segmenter: Segmenter, frame_rate: float
) -> CrossFittedClip:
    """Return the maps of one clip, by the network of its fold."""
    maps, video = estimate_all_frames(file.path, segmenter, frame_rate), read_person_video(file)
    compared = len(video.persons)
    return CrossFittedClip(file, fold, maps, person_overlaps(maps.ids[:compared], video), compared)


def _fold_progress(folds: int, fold: int, progress: Progress | None) -> TrainingProgress | None:
    """Return a callback that reports the training of one fold as part of the progress of all folds."""
    if progress is None:
        return None
    return lambda done, total, loss: progress(fold * total + done, folds * total)


def assign_folds(groups: Sequence[str], folds: int) -> tuple[int, ...]:
    """Return the fold of each clip: one fold per group, with about as many clips in each fold."""
    names, counts = np.unique(np.array(groups), return_counts=True)
    if not 2 <= folds <= len(names):
        raise PeerattnError(
            f"{folds} folds are impossible with {len(names)} source videos: give 2 or more, at most that many"
        )
    sizes = [0] * folds
    fold_of: dict[str, int] = {}
    for name, count in sorted(zip(names.tolist(), counts.tolist(), strict=True), key=lambda pair: -pair[1]):
        fold_of[name] = sizes.index(min(sizes))
        sizes[fold_of[name]] += count
    return tuple(fold_of[group] for group in groups)


def estimate_all_frames(path: Path, segmenter: Segmenter, frame_rate: float) -> ObjectMaps:
    """Estimate maps of all frames of a clip of any length, piece by piece; motion stops at a piece's ends."""
    numbers, parts = [], []
    for frames in decode_in_pieces(path):
        numbers.append(frames.source_numbers)
        parts.append(maps_of_every_frame(frames, segmenter, frame_rate))
    return replace(parts[0], ids=np.concatenate([part.ids for part in parts]), frames=np.concatenate(numbers))


def maps_of_every_frame(frames: Frames, segmenter: Segmenter, frame_rate: float) -> ObjectMaps:
    """Estimate maps of all frames, each with the neighbours that it has when sampled at `frame_rate`."""
    step = sampling_step(frames, frame_rate)
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


def sampling_step(frames: Frames, frame_rate: float) -> int:
    """Return which share of the frames `frame_rate` samples: every frame (1), every second one (2), …"""
    spacing = float(np.diff(frames.times).mean()) if len(frames.times) > 1 else 1.0
    return min(max(1, round(1 / (frame_rate * spacing))), len(frames.times))


def maps_path(folder: Path, data: Path, file: LabelledFile) -> Path:
    """Return the file for a clip's maps: its path in a folder of maps is the clip's path in `data`."""
    return folder / relative_path(data, file.path).with_suffix(".npz")
