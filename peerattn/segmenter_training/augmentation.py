"""Augmentation of clips of people: random position, size, colours and blur, and a second person.

N neighbouring frames, H height, W width. All N frames get the same change, so that their motion stays the
same.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Random = np.random.Generator
Images = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Shot:
    """Neighbouring frames with masks that are 255 where the person is."""

    images: Images  # (N, H, W, 3)
    persons: Images  # (N, H, W)


def random_view(shot: Shot, shape: tuple[int, int], random: Random) -> Shot:
    """Return a random view of the shot, of this height and width: shifted, zoomed, rotated, mirrored."""
    height, width = shot.images.shape[1:3]
    scale = shape[0] / height * np.exp(random.uniform(np.log(0.8), np.log(1.7)))
    turn = np.deg2rad(random.normal(0, 5))
    centre = np.array([width, height]) * (0.5 + random.uniform(-0.3, 0.3, 2))
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    linear = scale * rotation * np.array([[random.choice((-1, 1))], [1]])
    matrix = np.column_stack((linear, np.array(shape[::-1]) / 2 - linear @ centre))
    size = shape[::-1]
    images = [cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REPLICATE) for image in shot.images]
    persons = [cv2.warpAffine(person, matrix, size) for person in shot.persons]
    return Shot(np.stack(images), np.stack(persons))


def paste_person(shot: Shot, other: Shot) -> Shot:
    """Paste the person of the other shot in front of everything; the mask covers both persons."""
    share = np.stack([cv2.GaussianBlur(person, (3, 3), 0.7) for person in other.persons])[..., None] / 255.0
    images = np.rint(shot.images * (1 - share) + other.images * share).astype(np.uint8)
    return Shot(images, np.maximum(shot.persons, other.persons))


def jitter_colours(images: Images, random: Random) -> Images:
    """Vary the lighting, colours, blur and noise of images (…, H, W, C), in their first three channels."""
    colours = images[..., :3].astype(np.float32) / 255
    if random.random() < 0.8:
        colours = colours ** np.exp(random.uniform(-0.5, 0.5))
        mean = colours.mean()
        colours = (colours - mean) * random.uniform(0.6, 1.4) + mean * random.uniform(0.6, 1.4)
        grey = colours.mean(axis=-1, keepdims=True)
        colours = (grey + (colours - grey) * random.uniform(0, 1.6)) * random.uniform(0.8, 1.2, 3)
    if random.random() < 0.2:
        colours = colours[..., random.permutation(3)]
    if random.random() < 0.15:
        colours = np.repeat(colours.mean(axis=-1, keepdims=True), 3, axis=-1)
    if random.random() < 0.3:
        width = random.uniform(0.3, 1.2)
        every = colours.reshape(-1, *colours.shape[-3:])
        colours = np.stack([cv2.GaussianBlur(image, (0, 0), width) for image in every]).reshape(colours.shape)
    if random.random() < 0.3:
        colours = colours + random.normal(0, random.uniform(0, 0.05), colours.shape)
    result = images.copy()
    result[..., :3] = np.rint(np.clip(colours, 0, 1) * 255)
    return result
