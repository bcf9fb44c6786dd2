"""Training batches for a segmentation network: frames of generated clips, and frames of people.

B frames, C channels, N neighbouring frames, H height, W width.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from peerattn.actionworld.clips import WorldClip, generate
from peerattn.modalities.motion import add_motion, add_motion_to_first, clear_motion, motion_frames
from peerattn.modalities.segmentation_network import to_tensor
from peerattn.segmenter_training.augmentation import (
    Images,
    Random,
    Shot,
    jitter_colours,
    paste_person,
    random_view,
)
from peerattn.segmenter_training.config import FRAMES_A_CLIP, SegmenterConfig
from peerattn.segmenter_training.videos import PersonVideo

T = TypeVar("T")

_SPACINGS = 4  # sample every frame, or up to every fourth: 30 frames/s become 7.5 to 30
_STILL = 0.1  # share of frames without motion, as in a still image
_PASTED = 0.3  # share of shots with a second person


def generated_batches(config: SegmenterConfig) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (B, C, H, W) images and (B, H, W) class ids of new generated clips."""
    clips_a_batch = config.batch // FRAMES_A_CLIP
    random = np.random.default_rng(config.seed)
    for step in range(config.steps):
        first = config.seed * config.clips + step * clips_a_batch
        clips = [
            _augment_clip(
                generate(seed, frames=FRAMES_A_CLIP, size=config.size, version=config.generator_version),
                random,
            )
            for seed in range(first, first + clips_a_batch)
        ]
        images = [
            _augment_colours(add_motion(images), random) if config.motion else images for images, _ in clips
        ]
        ids = np.concatenate([ids for _, ids in clips])
        yield _to_tensor(np.concatenate(images)), torch.from_numpy(ids).long()


def _augment_clip(clip: WorldClip, random: Random) -> tuple[Images, Images]:
    """Return images and ids of a clip; half are mirrored, and half are blurred as by a video codec."""
    images, ids = clip.images, clip.object_ids
    if random.random() < 0.5:
        images = np.stack([cv2.GaussianBlur(image, (3, 3), random.uniform(0.3, 0.8)) for image in images])
    if random.random() < 0.5:
        images, ids = np.ascontiguousarray(images[:, :, ::-1]), np.ascontiguousarray(ids[:, :, ::-1])
    return images, ids


def people_batches(videos: Sequence[PersonVideo], config: SegmenterConfig) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (B, C, H, W) images and (B, H, W) bool, where the person is, of shots from random clips.

    Every source video is shown equally often, no matter how many clips there are of it.
    """
    random = np.random.default_rng([config.seed, 1])
    groups = dict.fromkeys(video.group for video in videos)
    by_group = [[video for video in videos if video.group == group] for group in groups]
    for _ in range(config.steps):
        shots = [_random_shot(by_group, config.size, random) for _ in range(config.people)]
        images = np.stack([_augment_colours(add_motion_to_first(shot.images), random) for shot in shots])
        persons = np.stack([shot.persons[0] > 127 for shot in shots])
        yield _to_tensor(images if config.motion else images[..., :3]), torch.from_numpy(persons)


def _random_shot(by_group: Sequence[Sequence[PersonVideo]], size: int, random: Random) -> Shot:
    """Return a random view of a frame and its motion neighbours, sometimes with a second person in front."""
    shape = (size, size)
    shot = random_view(_sample_shot(by_group, random), shape, random)
    if random.random() < _PASTED:
        shot = paste_person(shot, random_view(_sample_shot(by_group, random), shape, random))
    return shot


def _sample_shot(by_group: Sequence[Sequence[PersonVideo]], random: Random) -> Shot:
    """Return a frame of a random clip with its motion neighbours, at a random frame spacing."""
    group = by_group[int(random.integers(len(by_group)))]
    video = group[int(random.integers(len(group)))]
    count = len(video.persons)
    frame, spacing = int(random.integers(count)), int(random.integers(1, _SPACINGS + 1))
    chosen = [frame, *motion_frames(frame, count, spacing=spacing)]
    return Shot(video.frames.images[chosen], video.persons[chosen].astype(np.uint8) * 255)


def _augment_colours(images: Images, random: Random) -> NDArray[np.uint8]:
    """Return images (…, H, W, C) with other colours, sometimes without motion."""
    return jitter_colours(clear_motion(images) if random.random() < _STILL else images, random)


def prefetch(batches: Iterator[T]) -> Iterator[T]:
    """Yield the same batches, preparing the next one in a thread while one is used."""
    with ThreadPoolExecutor(1) as thread:
        upcoming = thread.submit(next, batches, None)
        while (batch := upcoming.result()) is not None:
            upcoming = thread.submit(next, batches, None)
            yield batch


def _to_tensor(images: Images) -> Tensor:
    """Return images as (B, C, H, W) in [0, 1]."""
    return to_tensor(images).float() / 255
