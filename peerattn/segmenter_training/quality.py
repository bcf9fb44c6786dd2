"""How well a network segments: generated clips that were never trained on, and people of real clips.

N clips, K classes (the background first), T frames, H height, W width.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

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
    """Intersection over union of estimated and true maps, of all pixels of `n` clips; 95 % interval.

    The mean is over the classes that occur, the background included.
    """

    n: int
    mean_iou: float
    mean_iou_interval: Interval | None
    classes: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        """As a segmenter's card holds it."""
        return _to_json(self, ("mean_iou",), too_few([str(clip) for clip in range(self.n)]))


@dataclass(frozen=True)
class PersonSegmentation:
    """Intersection over union of estimated persons and masks, of all pixels of `n` clips; 95 % interval.

    `clip_mean` is the mean of the clips' own. `mean_iou` is the mean over person and background. The
    intervals leave out one group after the other; `remark` says why there are none, where there are none.
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
        """As a segmenter's card holds it."""
        said = _to_json(self, ("person_iou", "clip_mean", "mean_iou"), self.remark)
        del said["remark"]
        return said


def _to_json(
    measured: Segmentation | PersonSegmentation, means: Sequence[str], remark: str
) -> dict[str, Any]:
    said = {**asdict(measured), "interval_method": METHOD}
    for name in means:
        said |= interval_json(f"{name}_interval", getattr(measured, f"{name}_interval"), remark)
    return said


def evaluate_segmenter(
    segmenter: SegmentationNetwork, *, clips: int = 200, first_seed: int = TEST_SEED
) -> Segmentation:
    """How well a network segments generated clips; the default seeds are never trained on."""
    if clips < 1:
        raise PeerattnError("there are no clips to evaluate on: give at least one")
    counts = np.stack([_generated(segmenter, seed) for seed in range(first_seed, first_seed + clips)])
    groups = [str(clip) for clip in range(clips)]
    interval = statistic_interval(lambda chosen: float(np.nanmean(_iou(counts[chosen]))), groups)
    iou = _iou(counts)
    classes = {name: float(iou[one]) for one, name in enumerate(MAP_NAMES) if not np.isnan(iou[one])}
    return Segmentation(clips, float(np.nanmean(iou)), interval, classes)


def evaluate_persons(counts: Sequence[Counts], groups: Sequence[str], frames: int) -> PersonSegmentation:
    """How well persons were found, by the pixel counts of each clip (`person_overlaps`) and its group."""
    if not counts:
        raise PeerattnError("there are no clips to evaluate on: give at least one")
    stacked = np.stack(counts)  # (N, 2, 2): background and person
    own = np.array([_iou(clip[None])[PERSON] for clip in stacked])

    def result(statistic: Callable[[NDArray[np.int64]], float]) -> tuple[float, Interval | None]:
        return statistic(np.arange(len(stacked))), statistic_interval(statistic, groups)

    person = result(lambda chosen: float(_iou(stacked[chosen])[PERSON]))
    clip_mean = float(np.nanmean(own)), mean_interval(own, groups, share=True)
    mean = result(lambda chosen: float(np.nanmean(_iou(stacked[chosen]))))
    count = len(set(groups))
    return PersonSegmentation(len(stacked), frames, count, *person, *clip_mean, *mean, too_few(groups))


def person_overlaps(ids: NDArray[np.uint8], video: PersonVideo) -> Counts:
    """(2, 2) pixels of background and person in the intersection and in the union with the masks.

    The estimated maps (T, H, W) are compared at the masks' size.
    """
    height, width = video.persons.shape[1:]
    size = (width, height)
    found = np.stack([cv2.resize(one, size, interpolation=cv2.INTER_NEAREST_EXACT) for one in ids]) == PERSON
    pairs = [(~found, ~video.persons), (found, video.persons)]
    return np.array([[(one & other).sum(), (one | other).sum()] for one, other in pairs])


def _generated(segmenter: SegmentationNetwork, seed: int) -> Counts:
    """(K, 2) pixels of each class in the intersection and in the union of one clip's maps."""
    clip = generate(seed, frames=FRAMES_A_CLIP, size=segmenter.size)
    frames = Frames(clip.images, np.arange(FRAMES_A_CLIP) / 8)
    estimated, true = estimate_objects(frames, segmenter).ids, clip.object_ids
    ids = range(len(MAP_NAMES))
    pairs = [((estimated == one) & (true == one), (estimated == one) | (true == one)) for one in ids]
    return np.array([[both.sum(), either.sum()] for both, either in pairs])


def _iou(counts: Counts) -> NDArray[np.float64]:
    """(K,) intersection over union of (N, K, 2) pixel counts; not a number for a class that never occurs."""
    both, either = counts.sum(axis=0).T
    iou: NDArray[np.float64] = np.divide(both, either, out=np.full(len(both), np.nan), where=either > 0)
    return iou
