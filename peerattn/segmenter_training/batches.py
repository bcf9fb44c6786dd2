"""What a segmentation network is shown in a step: frames of generated clips, frames of people.

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
from peerattn.segmenter_training.augmentation import Images, Random, Shot, pasted, placed, recoloured
from peerattn.segmenter_training.config import FRAMES_A_CLIP, SegmenterConfig
from peerattn.segmenter_training.videos import PersonVideo

T = TypeVar("T")

_SPACINGS = 4  # up to every fourth frame is sampled: of 30 frames/s, 7.5 to 30
_STILL = 0.1  # of the frames show no motion, as those of a still picture
_PASTED = 0.3  # of the shots have one more person


def generated_batches(config: SegmenterConfig) -> Iterator[tuple[Tensor, Tensor]]:
    """(B, C, H, W) colours and (B, H, W) class ids of fresh clips, half of them mirrored."""
    clips_a_batch = config.batch // FRAMES_A_CLIP
    random = np.random.default_rng(config.seed)
    for step in range(config.steps):
        first = config.seed * config.clips + step * clips_a_batch
        clips = [
            _varied(generate(seed, frames=FRAMES_A_CLIP, size=config.size), random)
            for seed in range(first, first + clips_a_batch)
        ]
        images = [_seen(add_motion(images), random) if config.motion else images for images, _ in clips]
        ids = np.concatenate([ids for _, ids in clips])
        yield _colours(np.concatenate(images)), torch.from_numpy(ids).long()


def _varied(clip: WorldClip, random: Random) -> tuple[Images, Images]:
    """Images and ids of a clip, half of the clips mirrored, half as soft as after a video codec."""
    images, ids = clip.images, clip.object_ids
    if random.random() < 0.5:
        images = np.stack([cv2.GaussianBlur(image, (3, 3), random.uniform(0.3, 0.8)) for image in images])
    if random.random() < 0.5:
        images, ids = np.ascontiguousarray(images[:, :, ::-1]), np.ascontiguousarray(ids[:, :, ::-1])
    return images, ids


def people_batches(videos: Sequence[PersonVideo], config: SegmenterConfig) -> Iterator[tuple[Tensor, Tensor]]:
    """(B, C, H, W) colours and (B, H, W) bool, where the person is, of shots drawn from random clips.

    Each source video is shown as often, however many clips there are of it.
    """
    random = np.random.default_rng([config.seed, 1])
    films = [
        [one for one in videos if one.group == group] for group in dict.fromkeys(v.group for v in videos)
    ]
    for _ in range(config.steps):
        shots = [_shot(films, config.size, random) for _ in range(config.people)]
        images = np.stack([_seen(add_motion_to_first(shot.images), random) for shot in shots])
        persons = np.stack([shot.persons[0] > 127 for shot in shots])
        yield _colours(images if config.motion else images[..., :3]), torch.from_numpy(persons)


def _shot(films: Sequence[Sequence[PersonVideo]], size: int, random: Random) -> Shot:
    """A frame and those that its motion leads to, now and then with the person of another before them."""
    shot = placed(_drawn(films, random), size, random)
    if random.random() < _PASTED:
        shot = pasted(shot, placed(_drawn(films, random), size, random))
    return shot


def _drawn(films: Sequence[Sequence[PersonVideo]], random: Random) -> Shot:
    """A frame of a random clip, sampled more or less often, and those that its motion leads to."""
    film = films[int(random.integers(len(films)))]
    video = film[int(random.integers(len(film)))]
    count = len(video.persons)
    frame, spacing = int(random.integers(count)), int(random.integers(1, _SPACINGS + 1))
    chosen = [frame, *motion_frames(frame, count, spacing=spacing)]
    return Shot(video.frames.images[chosen], video.persons[chosen].astype(np.uint8) * 255)


def _seen(images: Images, random: Random) -> NDArray[np.uint8]:
    """(…, H, W, C) images in other colours, now and then those of a still picture."""
    return recoloured(clear_motion(images) if random.random() < _STILL else images, random)


def ahead(batches: Iterator[T]) -> Iterator[T]:
    """The same batches, the next of which is made while one is used."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = thread.submit(next, batches, None)
            yield batch


def _colours(images: Images) -> Tensor:
    """(B, C, H, W) in [0, 1]."""
    return to_tensor(images).float() / 255
