"""Whether a clip gets the same answer in other dress: letterboxed, mirrored, darker, in another codec.

    python -m benchmarks.dress FOLDER --clips 42        # labelled clips with a train split, as for actions21

Every clip is answered by the network that never saw its source video (`examples/make_actions21.py` trains one
per fold). Each variant is written as a video file and read like any upload.

T frames of H × W px.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from peerattn.checkpoints import checkpoint
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.data.folder import LabelledFile, labelled_files
from peerattn.scores.intervals import paired_interval, share_interval
from peerattn.video.decoding import decode
from peerattn.video.frames import Frames

ROOT = Path(__file__).resolve().parent.parent
NETWORKS = ROOT / "checkpoints" / "actions21" / "folds"
FOLDS = ROOT / "examples" / "actions21_folds.csv"
Images = NDArray[np.uint8]  # (T, H, W, 3)


@dataclass(frozen=True)
class Dress:
    """What is done to the frames of a clip, and how the file is written; `rate` is in frames/s."""

    change: Callable[[Images], Images] = lambda images: images
    codec: str = "libx264"
    quality: str = "18"
    rate: float | None = None


def _padded(images: Images, rows: int, columns: int) -> Images:
    return np.pad(images, ((0, 0), (rows, rows), (columns, columns), (0, 0)))


def letterboxed(images: Images) -> Images:
    """Put the picture in the middle of a portrait frame of 9 to 16."""
    height, width = images.shape[1:3]
    return _padded(images, max(0, round(width * 16 / 9) - height) // 2, 0)


def pillarboxed(images: Images) -> Images:
    """Add black bars at the sides, each a quarter of the width."""
    return _padded(images, 0, images.shape[2] // 4)


def _resized(images: Images, scale: float) -> Images:
    sides = tuple(2 * round(scale * side / 2) for side in images.shape[2:0:-1])
    return np.stack([cv2.resize(image, sides, interpolation=cv2.INTER_AREA) for image in images]).astype(
        np.uint8
    )


def _cropped(images: Images) -> Images:
    height, width = images.shape[1:3]
    rows, columns = round(0.075 * height), round(0.075 * width)
    return images[:, rows : height - rows, columns : width - columns]


def _turned(images: Images) -> Images:
    height, width = images.shape[1:3]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 5, 1.0)
    turned = [cv2.warpAffine(one, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE) for one in images]
    return np.stack(turned).astype(np.uint8)


def _noisy(images: Images) -> Images:
    noise = np.random.default_rng(0).normal(0, 10, images.shape)
    return (images + noise).clip(0, 255).astype(np.uint8)


def _darker(images: Images) -> Images:
    return (images * 0.5).astype(np.uint8)


def _grey(images: Images) -> Images:
    return np.stack(
        [cv2.cvtColor(cv2.cvtColor(one, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB) for one in images]
    )


DRESSES: Mapping[str, Dress] = {
    "written again": Dress(),
    "letterboxed in a portrait frame": Dress(letterboxed),
    "black bars at the sides": Dress(pillarboxed),
    "mirrored": Dress(lambda images: images[:, :, ::-1]),
    "darker by half": Dress(_darker),
    "grey": Dress(_grey),
    "15 frames/s": Dress(rate=15),
    "60 frames/s": Dress(rate=60),
    "half size": Dress(lambda images: _resized(images, 0.5)),
    "double size": Dress(lambda images: _resized(images, 2.0)),
    "stronger compression": Dress(quality="36"),
    "HEVC": Dress(codec="libx265", quality="24"),
    "noise": Dress(_noisy),
    "the middle 85 %": Dress(_cropped),
    "turned by 5 degrees": Dress(_turned),
}


def write(path: Path, images: Images, dress: Dress, rate: float) -> None:
    """Write the frames of a clip of `rate` frames/s in this dress."""
    images = dress.change(images)
    if dress.rate:
        times = np.arange(0, len(images) / rate, 1 / dress.rate)
        images, rate = images[(times * rate + 1e-6).astype(int).clip(0, len(images) - 1)], dress.rate
    images = images[:, : images.shape[1] // 2 * 2, : images.shape[2] // 2 * 2]
    options = {"crf": dress.quality, "x265-params": "log-level=none"}
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            dress.codec, rate=Fraction(rate).limit_denominator(1001), options=options
        )
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = images.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for image in images:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def chosen(files: Sequence[LabelledFile], count: int) -> list[LabelledFile]:
    """Return `count` clips, as many of each class as of any other, from as many source videos as possible."""
    waiting: dict[str, list[LabelledFile]] = defaultdict(list)
    for file in files:
        waiting[file.label].append(file)
    taken: list[LabelledFile] = []
    while len(taken) < count and any(waiting.values()):
        for queue in waiting.values():
            groups = {file.group for file in taken}
            queue.sort(key=lambda file: file.group in groups)
            taken += [queue.pop(0)] if queue and len(taken) < count else []
    return taken


def fold_of_groups() -> dict[str, str]:
    """Return source video → the number of its fold."""
    with FOLDS.open(encoding="utf-8", newline="") as table:
        return {row["group"]: row["fold"] for row in csv.DictReader(table)}


def frames_per_second(frames: Frames) -> float:
    """Return the frame rate of a clip, by its median frame."""
    return 1 / float(np.median(np.diff(frames.times)))


def answer(loaded: Checkpoint, path: Path) -> int:
    """Return the number of the most probable class."""
    clip = loaded.reader().file(path)
    with torch.no_grad():
        return int(loaded.network(clip.tensors).argmax())


def main(folder: Path, count: int, trained: Path) -> None:
    """Print a table of all dresses; `trained` has a checkpoint for each fold."""
    fold = fold_of_groups()
    files = chosen(labelled_files(folder, split="train"), count)
    networks = {name: checkpoint.load(trained / name) for name in sorted(set(fold.values()))}
    answers: dict[str, list[int]] = defaultdict(list)
    names = next(iter(networks.values())).class_names
    with tempfile.TemporaryDirectory() as work:
        for file in files:
            loaded = networks[fold[file.group]]
            answers[""].append(answer(loaded, file.path))
            frames = decode(file.path)
            for name, dress in DRESSES.items():
                path = Path(work) / "clip.mp4"
                write(path, frames.images, dress, frames_per_second(frames))
                answers[name].append(answer(loaded, path))
    report(np.array([names.index(file.label) for file in files]), answers, [file.group for file in files])


def report(truth: NDArray[np.int64], answers: Mapping[str, Sequence[int]], groups: Sequence[str]) -> None:
    """Print the share of same answers, the accuracy and its change, of each dress."""
    plain = np.array(answers[""])
    videos = len(set(groups))
    right = np.mean(plain == truth)
    print(f"{len(truth)} clips of {videos} source videos; as they are, {right:.1%} are right\n")
    print("| dress | same answer | accuracy | change, points |\n|---|---|---|---|")
    numbers = np.unique(groups, return_inverse=True)[1]
    for name in DRESSES:
        other = np.array(answers[name])
        change = paired_interval(plain == truth, other == truth, numbers)
        accuracy = np.mean(other == truth)
        print(
            f"| {name} | {share_text(other == plain, numbers)} | {accuracy:.1%} "
            f"| {100 * (accuracy - right):+.1f} {_bounds(change, 100, '+.1f')} |"
        )


def share_text(hits: NDArray[np.bool_], groups: NDArray[np.int64]) -> str:
    """Return a share in per cent with its 95 % interval over groups."""
    return f"{np.mean(hits):.1%} {_bounds(share_interval(hits, groups), 1, '.1%')}"


def _bounds(interval: tuple[float, float] | None, scale: float, style: str) -> str:
    return "" if interval is None else "({} to {})".format(*(format(scale * one, style) for one in interval))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="labelled clips with a train split")
    parser.add_argument("--clips", type=int, default=42, help="how many clips, of all classes alike")
    parser.add_argument("--networks", type=Path, default=NETWORKS, help="a folder with a network per fold")
    given = parser.parse_args()
    main(given.folder, given.clips, given.networks)
