"""Measuring segmentation: on generated clips that were never trained on, and on people in real clips.

N clips, K classes (the background first), T frames, H height, W width.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from peerattn.actionworld.casting import LATEST_VERSION
from peerattn.actionworld.clips import MAP_NAMES, generate
from peerattn.data.generated import TEST_SEED
from peerattn.errors import PeerattnError
from peerattn.modalities.objects import PERSON
from peerattn.modalities.segmentation_network import SegmentationNetwork
from peerattn.modalities.segmenter import estimate_objects
from peerattn.scores.intervals import METHOD, Interval, interval_json, too_few
from peerattn.scores.jackknife import mean_interval, statistic_interval
from peerattn.segmenter_training.config import FRAMES_A_CLIP
from peerattn.segmenter_training.videos import PersonVideo
from peerattn.video.frames import Frames

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Segmentation:
    """Intersection over union of estimated and true maps, over all pixels of `n` clips, with 95 % interval.

    The mean is over the classes that occur, including the background.
    """

    n: int
    mean_iou: float
    mean_iou_interval: Interval | None
    classes: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        """Return the result as a segmenter's card stores it."""
        return _to_json(self, ("mean_iou",), too_few([str(clip) for clip in range(self.n)]))


@dataclass(frozen=True)
class PersonSegmentation:
    """Intersection over union of estimated persons and masks, over all pixels of `n` clips; 95 % intervals.

    `clip_mean` is the mean over clips of their own values, `mean_iou` the mean over person and background.
    The intervals come from leaving out one group at a time; without them, `remark` says why.
    """

    n: int
    frames: int
    groups: int
    person_iou: float
    person_iou_interval: Interval | None
    clip_mean: float
    clip_mean_interval: Interval | None
    mean_iou: float
    mean_iou_interval: Interval | None
    remark: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the result as a segmenter's card stores it."""
        result = _to_json(self, ("person_iou", "clip_mean", "mean_iou"), self.remark)
        del result["remark"]
        return result


def _to_json(
    measured: Segmentation | PersonSegmentation, means: Sequence[str], remark: str
) -> dict[str, Any]:
    result = {**asdict(measured), "interval_method": METHOD}
    for name in means:
        result |= interval_json(f"{name}_interval", getattr(measured, f"{name}_interval"), remark)
    return result


def evaluate_segmenter(
    segmenter: SegmentationNetwork,
    *,
    clips: int = 200,
    first_seed: int = TEST_SEED,
    version: int = LATEST_VERSION,
) -> Segmentation:
    """Measure how well a network segments generated clips; the default seeds are never trained on.

    `version` is that of the generator whose clips the network learned.
    """
    if clips < 1:
        raise PeerattnError("there are no clips to evaluate on: give at least one")
    seeds = range(first_seed, first_seed + clips)
    counts = np.stack([_class_overlaps(segmenter, seed, version) for seed in seeds])
    groups = [str(clip) for clip in range(clips)]
    interval = statistic_interval(lambda chosen: float(np.nanmean(_iou(counts[chosen]))), groups)
    iou = _iou(counts)
    classes = {name: float(iou[one]) for one, name in enumerate(MAP_NAMES) if not np.isnan(iou[one])}
    return Segmentation(clips, float(np.nanmean(iou)), interval, classes)


def evaluate_persons(counts: Sequence[Counts], groups: Sequence[str], frames: int) -> PersonSegmentation:
    """Measure how well persons were found, from each clip's pixel counts (`person_overlaps`) and group."""
    if not counts:
        raise PeerattnError("there are no clips to evaluate on: give at least one")
    stacked = np.stack(counts)  # (N, 2, 2): background and person
    clip_ious = np.array([_iou(clip[None])[PERSON] for clip in stacked])

    def result(statistic: Callable[[NDArray[np.int64]], float]) -> tuple[float, Interval | None]:
        return statistic(np.arange(len(stacked))), statistic_interval(statistic, groups)

    person = result(lambda chosen: float(_iou(stacked[chosen])[PERSON]))
    clip_mean = float(np.nanmean(clip_ious)), mean_interval(clip_ious, groups, share=True)
    mean = result(lambda chosen: float(np.nanmean(_iou(stacked[chosen]))))
    count = len(set(groups))
    return PersonSegmentation(len(stacked), frames, count, *person, *clip_mean, *mean, too_few(groups))


def person_overlaps(ids: NDArray[np.uint8], video: PersonVideo) -> Counts:
    """Count the pixels (2, 2) of background and person in the intersection and the union with the masks.

    The estimated maps (T, H, W) are compared at the size of the masks.
    """
    height, width = video.persons.shape[1:]
    size = (width, height)
    resized = np.stack([cv2.resize(one, size, interpolation=cv2.INTER_NEAREST_EXACT) for one in ids])
    persons = resized == PERSON
    pairs = [(~persons, ~video.persons), (persons, video.persons)]
    return np.array([[(one & other).sum(), (one | other).sum()] for one, other in pairs])


def _class_overlaps(segmenter: SegmentationNetwork, seed: int, version: int) -> Counts:
    """Count the pixels (K, 2) of each class in the intersection and union of one generated clip's maps."""
    clip = generate(seed, frames=FRAMES_A_CLIP, size=segmenter.size, version=version)
    frames = Frames(clip.images, np.arange(FRAMES_A_CLIP) / 8)
    estimated, true = estimate_objects(frames, segmenter).ids, clip.object_ids
    ids = range(len(MAP_NAMES))
    pairs = [((estimated == one) & (true == one), (estimated == one) | (true == one)) for one in ids]
    return np.array([[both.sum(), either.sum()] for both, either in pairs])


def _iou(counts: Counts) -> NDArray[np.float64]:
    """Return intersection over union (K,) from pixel counts (N, K, 2); NaN for a class that never occurs."""
    both, either = counts.sum(axis=0).T
    iou: NDArray[np.float64] = np.divide(both, either, out=np.full(len(both), np.nan), where=either > 0)
    return iou
