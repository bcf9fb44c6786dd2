"""Training of the segmentation network on frames of generated clips, and how well it segments unseen ones.

B frames, K classes (the background first), H height, W width.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from peerattn.actionworld import MAP_NAMES, WorldClip, generate
from peerattn.errors import PeerattnError
from peerattn.evaluation import bootstrap
from peerattn.generated import TEST_SEED
from peerattn.modalities import Segmenter, estimate_objects
from peerattn.video import Frames
from peerattn.weights import WEIGHTS_FILE, write_card, write_weights

Progress = Callable[[int, int, float], None]

_FRAMES_A_CLIP = 4  # frames of one clip resemble each other, but more of them cost less to generate
_BACKGROUND_WEIGHT = 0.2  # 84 % of the pixels are background, 2 % show any one kind of object


@dataclass(frozen=True)
class SegmenterConfig:
    """How the segmentation network is built and trained; saved on its card."""

    clips: int = 16_000
    batch: int = 16  # frames
    rate: float = 4e-3
    size: int = 64  # px a side
    width: int = 8  # channels at full size
    seed: int = 0

    def __post_init__(self) -> None:
        if self.batch < 1 or self.batch % _FRAMES_A_CLIP:
            raise PeerattnError(f"a batch of {self.batch} frames is not a multiple of {_FRAMES_A_CLIP}")
        if not 0 < self.clips * (self.seed + 1) < TEST_SEED or self.seed < 0:
            raise PeerattnError(
                f"{self.clips} clips and seed {self.seed} would reach the test clips: give fewer"
            )

    @property
    def steps(self) -> int:
        return max(1, self.clips * _FRAMES_A_CLIP // self.batch)


@dataclass(frozen=True)
class Segmentation:
    """Intersection over union of estimated and true maps, of all pixels of `n` clips; 95 % interval.

    The mean is over the classes that occur, the background included.
    """

    n: int
    mean_iou: float
    mean_iou_interval: tuple[float, float]
    classes: dict[str, float]


def train_segmenter(config: SegmenterConfig, *, progress: Progress | None = None) -> Segmenter:
    """A segmentation network trained on `config.clips` generated clips, four frames of each, each seen once.

    `progress(done, total, loss)` counts clips and may raise to cancel. Raises PeerattnError when the loss is
    no longer a number.
    """
    torch.manual_seed(config.seed)
    class_ids = tuple(range(1, len(MAP_NAMES)))
    segmenter = Segmenter(class_ids, MAP_NAMES[1:], size=config.size, width=config.width).train()
    optimiser = torch.optim.AdamW(segmenter.parameters(), weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.rate, config.steps + 1, pct_start=0.1)
    weights = torch.tensor([_BACKGROUND_WEIGHT] + [1.0] * len(class_ids))
    for step, (images, ids) in enumerate(_batches(config), start=1):
        loss = functional.cross_entropy(segmenter(images), ids, weight=weights)
        if not torch.isfinite(loss):
            raise PeerattnError(f"the loss is {loss.item()} after step {step}: lower the rate")
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
        if progress:
            progress(step * config.batch // _FRAMES_A_CLIP, config.clips, loss.item())
    return segmenter.eval()


def _batches(config: SegmenterConfig) -> Iterator[tuple[Tensor, Tensor]]:
    """(B, 3, H, W) colours and (B, H, W) class ids of fresh clips, half of them mirrored."""
    clips_a_batch = config.batch // _FRAMES_A_CLIP
    random = np.random.default_rng(config.seed)
    for step in range(config.steps):
        first = config.seed * config.clips + step * clips_a_batch
        clips = [
            _varied(generate(seed, frames=_FRAMES_A_CLIP, size=config.size), random)
            for seed in range(first, first + clips_a_batch)
        ]
        images = np.concatenate([images for images, _ in clips])
        ids = np.concatenate([ids for _, ids in clips])
        yield torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255, torch.from_numpy(ids).long()


def _varied(clip: WorldClip, random: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images and ids of a clip, half of the clips mirrored, half as soft as after a video codec."""
    images, ids = clip.images, clip.object_ids
    if random.random() < 0.5:
        images = np.stack([cv2.GaussianBlur(image, (3, 3), random.uniform(0.3, 0.8)) for image in images])
    if random.random() < 0.5:
        images, ids = np.ascontiguousarray(images[:, :, ::-1]), np.ascontiguousarray(ids[:, :, ::-1])
    return images, ids


def evaluate_segmenter(
    segmenter: Segmenter, *, clips: int = 200, first_seed: int = TEST_SEED
) -> Segmentation:
    """How well a network segments generated clips; the default seeds are never trained on."""
    if clips < 1:
        raise PeerattnError("there are no clips to evaluate on: give at least one")
    counts = np.stack([_overlaps(segmenter, seed) for seed in range(first_seed, first_seed + clips)])
    interval = bootstrap(
        lambda drawn: float(np.nanmean(_iou(counts[drawn]))), [str(clip) for clip in range(clips)]
    )
    iou = _iou(counts)
    classes = {name: float(iou[one]) for one, name in enumerate(MAP_NAMES) if not np.isnan(iou[one])}
    return Segmentation(clips, float(np.nanmean(iou)), interval, classes)


def _overlaps(segmenter: Segmenter, seed: int) -> NDArray[np.int64]:
    """(K, 2) pixels of each class in the intersection and in the union of one clip's maps."""
    clip = generate(seed, frames=_FRAMES_A_CLIP, size=segmenter.size)
    frames = Frames(clip.images, np.arange(_FRAMES_A_CLIP) / 8)
    estimated, true = estimate_objects(frames, segmenter).ids, clip.object_ids
    ids = range(len(MAP_NAMES))
    pairs = [((estimated == one) & (true == one), (estimated == one) | (true == one)) for one in ids]
    return np.array([[both.sum(), either.sum()] for both, either in pairs])


def _iou(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """(K,) intersection over union of (N, K, 2) pixel counts; not a number for a class that never occurs."""
    both, either = counts.sum(axis=0).T
    iou: NDArray[np.float64] = np.divide(both, either, out=np.full(len(both), np.nan), where=either > 0)
    return iou


def save_segmenter(
    folder: Path, segmenter: Segmenter, *, config: SegmenterConfig, result: Segmentation, command: str
) -> None:
    """Write the checkpoint that `load_segmenter` reads, with its settings, its quality and what made it."""
    card: dict[str, Any] = {
        "class_ids": list(segmenter.class_ids),
        "class_names": list(segmenter.class_names),
        "settings": {"size": segmenter.size, "width": segmenter.width},
        "training": asdict(config),
        "metrics": asdict(result),
        "command": command,
    }
    write_weights(folder / WEIGHTS_FILE, segmenter.state_dict())
    write_card(folder, "segmenter", card)
