"""The values that fill every variable and input of the golden cases, so that no file of weights is needed.

All is computed in float64 and cast to float32 at the end; numpy's legacy RandomState is frozen, so the values
are the same with every numpy. Names and shapes are TensorFlow's: the last axis is the channels'.
"""

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

CENTRAL, FORWARD = [-0.5, 0.0, 0.5], [-1.0, 1.0]
FLOW_START = {
    "img_grad_x": np.reshape(CENTRAL, (1, 3, 1, 1)),
    "img_grad_y": np.reshape(CENTRAL, (3, 1, 1, 1)),
    "f_grad_x": np.reshape(FORWARD, (1, 2, 1, 1)),
    "f_grad_y": np.reshape(FORWARD, (2, 1, 1, 1)),
    "f_grad_x2": np.reshape(FORWARD, (1, 2, 1, 1)),
    "f_grad_y2": np.reshape(FORWARD, (2, 1, 1, 1)),
    "theta": np.array(0.3),
    "lambda": np.array(0.15),
    "tau": np.array(0.25),
}


def variable(name: str, shape: Sequence[int], salt: str, published: Sequence[float] | None) -> Array:
    """A variable's value; `published` are the connection weights of its node where these are fixed."""
    leaf = name.split("/")[-1]
    if leaf == "agg_weights" and published is not None:
        weights = np.array(published, np.float32)
        return (-np.log(1.0 / weights - 1.0)).astype(np.float32)
    return np.asarray(_scaled(name, leaf, noise(name, salt, shape)), np.float64).astype(np.float32)


def noise(name: str, salt: str, shape: Sequence[int]) -> NDArray[np.float64]:
    """Standard normal numbers that belong to a name."""
    seed = zlib.crc32(f"{salt}|{name}".encode())
    numbers: NDArray[np.float64] = np.random.RandomState(seed).standard_normal(tuple(shape))
    return numbers


def _scaled(name: str, leaf: str, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    if name.startswith("rep_flow/"):
        start, clipped = FLOW_START[leaf], np.clip(numbers, -2.0, 2.0)
        return start * (1.0 + 0.05 * clipped) if start.ndim == 0 else start + 0.02 * clipped
    if leaf == "gamma":
        return 1.0 + 0.1 * numbers
    if leaf == "moving_variance":
        return 1.0 + 0.1 * np.abs(numbers)
    if leaf in ("beta", "moving_mean", "bias"):
        return 0.1 * numbers
    if leaf in ("agg_weights", "peer_attention_weights"):
        return 0.5 * numbers
    gain = 3.0 if numbers.ndim == 2 else 1.0  # dense layers have two axes, convolutions more
    return gain * numbers / np.sqrt(float(np.prod(numbers.shape[:-1])))


def video(clips: int, frames: int, height: int, width: int, seed: int) -> Array:
    """A moving texture of blurred blocks, with noise: (clips, frames, height, width, 3) in 0 to 1."""
    random = np.random.RandomState(seed)
    out = np.empty((clips, frames, height, width, 3))
    for clip in range(clips):
        texture = _texture(random, height + 2 * frames + 8, width + 2 * frames + 8)
        for frame in range(frames):
            top, left = frame + frame % 3, max(2 * frame - frame % 2, 0)
            noise = random.random_sample((height, width, 3))
            out[clip, frame] = 0.85 * texture[top : top + height, left : left + width] + 0.15 * noise
    return out.astype(np.float32)


def _texture(random: np.random.RandomState, height: int, width: int) -> NDArray[np.float64]:
    """Blocks of 8×8 pixels, blurred over 5×5."""
    blocks = random.random_sample(((height + 7) // 8, (width + 7) // 8, 3))
    texture = np.repeat(np.repeat(blocks, 8, axis=0), 8, axis=1)[:height, :width]
    for axis in (0, 1):
        size, total = texture.shape[axis], np.zeros_like(texture)
        for offset in (-2, -1, 0, 1, 2):
            total = total + np.take(texture, np.clip(np.arange(size) + offset, 0, size - 1), axis=axis)
        texture = total / 5.0
    return texture


def objects(clips: int, frames: int, height: int, width: int, *, classes: int, seed: int) -> Array:
    """Scores of object classes, most of them small: (clips, frames, height, width, classes)."""
    random = np.random.RandomState(seed)
    out = np.empty((clips, frames, height, width, classes), np.float32)
    for clip in range(clips):
        for frame in range(frames):
            scores = random.random_sample((height, width, classes))
            out[clip, frame] = scores * scores * scores
    return out
