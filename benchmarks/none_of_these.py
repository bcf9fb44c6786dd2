"""What `actions21` says of clips that show none of its actions: no acting person, or a still picture.

    python -m benchmarks.none_of_these FOLDER --clips 84   # labelled clips with masks of the acting person

Real clips of the train split are compared with videos made from them: the largest part of the picture in
which the acting person never is, and the middle frame, repeated. Each clip, and what is made from it, is
answered by the network that never saw its source video.

T frames of H × W px.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.dress import (
    NETWORKS,
    Dress,
    Images,
    chosen,
    fold_of_groups,
    frames_per_second,
    share_text,
    write,
)
from peerattn.checkpoints import checkpoint
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.checkpoints.resolving import resolve
from peerattn.data.folder import labelled_files
from peerattn.modalities.objects import PERSON, read_objects
from peerattn.modalities.stillness import greatest_change
from peerattn.recording.recorder import record
from peerattn.scores.auroc import auroc, auroc_interval
from peerattn.scores.verdict import verdict
from peerattn.video.decoding import decode

LEAST_SIDE = 96
"""The smallest height and width of a part without the person, in px; smaller parts are left out."""
SQUARE = 8
"""Parts are made of squares of this side, in px."""
QUALITY = "28"
"""The constant rate factor of the videos that are made: 23 is libx264's usual one, more is coarser."""
ORIGINAL, NOBODY, STILL = "real clip", "no acting person", "still picture"
SCORES = {ORIGINAL: "", NOBODY: "sureness", STILL: "change"}
"""Kind of clip → the score by which it is told from real clips."""


@dataclass(frozen=True)
class Said:
    """What is said of one clip: the verdict's outcome, and the scores by which kinds are told from others."""

    kind: str
    group: str
    outcome: str
    sureness: float  # of the joints, on average
    change: float  # the greatest from frame to frame, in grey levels


def free_part(person: NDArray[np.bool_]) -> tuple[slice, slice] | None:
    """Return rows and columns of the largest rectangle in which masks (T, H, W) never have a person.

    It is made of whole squares of `SQUARE` px. None if its sides are shorter than `LEAST_SIDE`.
    """
    height, width = (side // SQUARE for side in person.shape[1:])
    squares = np.asarray(person.any(axis=0))[: height * SQUARE, : width * SQUARE]
    taken = np.asarray(squares.reshape(height, SQUARE, width, SQUARE).any(axis=(1, 3)))
    parts = [
        (slice(top, bottom), columns)
        for top in range(height)
        for bottom in range(top + LEAST_SIDE // SQUARE, height + 1)
        if (columns := longest_run(np.asarray(~taken[top:bottom].any(axis=0)))).stop - columns.start
        >= LEAST_SIDE // SQUARE
    ]
    if not parts:
        return None
    largest = max(parts, key=lambda part: _length(part[0]) * _length(part[1]))
    rows, columns = (slice(SQUARE * side.start, SQUARE * side.stop) for side in largest)
    return rows, columns


def longest_run(free: NDArray[np.bool_]) -> slice:
    """Return where the longest run of true values is."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], free, [False]]).astype(int)))
    runs = [slice(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]
    return max(runs, key=_length, default=slice(0, 0))


def _length(part: slice) -> int:
    return int(part.stop - part.start)


def answer(loaded: Checkpoint, card: Mapping[str, Any], path: Path, kind: str, group: str) -> Said:
    """Return what the network says of a video, by the rules on the card of the network that ships."""
    clip = loaded.reader().file(path)
    trace = record(loaded.network, clip, window=loaded.settings.window)
    assert clip.joints is not None
    sureness = float(clip.joints[..., 2].mean())
    return Said(kind, group, verdict(trace, card).outcome, sureness, greatest_change(clip.images))


def made_from(images: Images, person: NDArray[np.bool_]) -> dict[str, Images]:
    """Return the frames of the videos that are made from a clip."""
    made = {STILL: images[len(images) // 2][None].repeat(len(images), axis=0)}
    if part := free_part(person):
        made[NOBODY] = images[:, part[0], part[1]]
    return made


def main(folder: Path, count: int, trained: Path) -> None:
    """Print a table of the kinds of clips; `trained` has a checkpoint for each fold."""
    fold, card = fold_of_groups(), resolve("actions21").card
    networks = {name: checkpoint.load(trained / name) for name in sorted(set(fold.values()))}
    said = list[Said]()
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / "clip.mp4"
        for file in chosen(labelled_files(folder, split="train"), count):
            loaded, frames = networks[fold[file.group]], decode(file.path)
            assert file.objects is not None
            said.append(answer(loaded, card, file.path, ORIGINAL, file.group))
            for kind, images in made_from(frames.images, read_objects(file.objects).ids == PERSON).items():
                write(path, images, Dress(quality=QUALITY), frames_per_second(frames))
                said.append(answer(loaded, card, path, kind, file.group))
    report(said)


def report(said: Sequence[Said]) -> None:
    """Print how many clips of each kind get a class, and how well its score tells a kind from real clips."""
    print("| kind | clips, source videos | a class | unsure | none of these | AUROC, by |")
    print("|---|---|---|---|---|---|")
    for kind, score in SCORES.items():
        own = [one for one in said if one.kind == kind]
        numbers = np.unique([one.group for one in own], return_inverse=True)[1]
        shares = [
            share_text(np.array([one.outcome == outcome for one in own]), numbers)
            for outcome in ("class", "unsure", "none")
        ]
        area = _area([one for one in said if one.kind in (ORIGINAL, kind)], score) if score else ""
        print(f"| {kind} | {len(own)}, {numbers.max() + 1} | {' | '.join(shares)} | {area} |")


def _area(said: Sequence[Said], score: str) -> str:
    scores = np.array([getattr(one, score) for one in said])
    known = np.array([one.kind == ORIGINAL for one in said])
    interval = auroc_interval(scores, known, [one.group for one in said])
    bounds = "" if interval is None else f" ({interval[0]:.3f} to {interval[1]:.3f})"
    return f"{auroc(scores[known], scores[~known]):.3f}{bounds}, {score}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="labelled clips with a train split and masks of persons")
    parser.add_argument("--clips", type=int, default=84, help="how many clips, of all classes alike")
    parser.add_argument("--networks", type=Path, default=NETWORKS, help="a folder with a network per fold")
    given = parser.parse_args()
    main(given.folder, given.clips, given.networks)
