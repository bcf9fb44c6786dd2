"""What may vary between two looks at the same person: place, size, colours, softness, and who else is there.

N neighbouring frames, H height, W width. The same change meets all N, so that motion stays what it was.
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
    """Neighbouring frames, and 255 where their person is."""

    images: Images  # (N, H, W, 3)
    persons: Images  # (N, H, W)


def placed(shot: Shot, size: int, random: Random) -> Shot:
    """A square of `size` px that shows part of the shot: nearer or farther, turned a little, mirrored."""
    height, width = shot.images.shape[1:3]
    scale = size / height * np.exp(random.uniform(np.log(0.8), np.log(1.7)))
    turn = np.deg2rad(random.normal(0, 5))
    centre = np.array([width, height]) * (0.5 + random.uniform(-0.3, 0.3, 2))
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    linear = scale * rotation * np.array([[random.choice((-1, 1))], [1]])
    matrix = np.column_stack((linear, size / 2 - linear @ centre))
    images = [
        cv2.warpAffine(image, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE) for image in shot.images
    ]
    persons = [cv2.warpAffine(person, matrix, (size, size)) for person in shot.persons]
    return Shot(np.stack(images), np.stack(persons))


def pasted(shot: Shot, other: Shot) -> Shot:
    """The shot with the other's person before everything; both persons count."""
    share = np.stack([cv2.GaussianBlur(person, (3, 3), 0.7) for person in other.persons])[..., None] / 255.0
    images = np.rint(shot.images * (1 - share) + other.images * share).astype(np.uint8)
    return Shot(images, np.maximum(shot.persons, other.persons))


def recoloured(images: Images, random: Random) -> Images:
    """Images under another light, through another camera: of (…, H, W, C), the first three channels."""
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
