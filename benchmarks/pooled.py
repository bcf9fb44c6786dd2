"""How good the probabilities of `actions21` are, on clips of source videos that a network never saw.

    python -m benchmarks.pooled FOLDER        # labelled clips with the splits train and val, as for actions21

Training clips are answered by the networks of the five folds, validation clips by the network that ships.
Nothing is chosen from these figures.

N clips, K classes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.dress import NETWORKS, fold_of_groups
from peerattn.checkpoints import checkpoint
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.checkpoints.resolving import resolve
from peerattn.cli.console import progress_bar
from peerattn.data.cache import Cache
from peerattn.data.cache_folder import default_folder
from peerattn.data.folder import LabelledFile, labelled_files
from peerattn.data.person_clips import PersonExamples
from peerattn.recording.predictions import Predictions, predict
from peerattn.scores.calibration import NoneOfThese, calibration_error
from peerattn.scores.intervals import group_numbers, share_interval
from peerattn.scores.jackknife import mean_interval

DRAWS = 1000
"""How many sets of true classes are drawn, for a network that is perfectly calibrated."""


def predictions_of(loaded: Checkpoint, files: Sequence[LabelledFile]) -> Predictions:
    """Return the network's predictions on labelled files."""
    examples = PersonExamples(
        files,
        loaded.class_names,
        modalities=loaded.structure.read_modalities,
        settings=loaded.settings,
        cache=Cache(default_folder()),
    )
    with progress_bar("clips") as progress:
        return predict(loaded.network, examples, window=loaded.settings.window, progress=progress)


def pooled(folder: Path, trained: Path) -> Predictions:
    """Return predictions on all clips, each by a network that never saw its source video."""
    fold, files = fold_of_groups(), labelled_files(folder, split="train")
    parts = [
        predictions_of(checkpoint.load(trained / name), [file for file in files if fold[file.group] == name])
        for name in sorted(set(fold.values()))
    ]
    return Predictions.concatenated(
        [*parts, predictions_of(resolve("actions21"), labelled_files(folder, split="val"))]
    )


def lines(predictions: Predictions) -> Iterator[str]:
    """Yield the figures on the probabilities, line by line."""
    shares, truth = predictions.clips, np.array([labels[0] for labels in predictions.labels])
    groups = predictions.groups
    yield f"{len(truth)} clips of {len(set(groups))} source videos"
    own = shares[np.arange(len(truth)), truth].clip(1e-12)
    yield _mean("log-loss", -np.log(own), groups)
    yield _mean("Brier score", ((shares - np.eye(shares.shape[1])[truth]) ** 2).sum(1), groups)
    yield f"calibration error, 10 bins: {calibration_error(shares, truth):.1%}"
    drawn = [calibration_error(shares, classes) for classes in draw_classes(shares)]
    yield f"of a perfectly calibrated network: {np.mean(drawn):.1%} (mean of {DRAWS} draws)"
    rule = NoneOfThese.from_card(resolve("actions21").card)
    assert rule is not None
    refused = shares.max(axis=1) < rule.threshold
    interval = share_interval(refused, group_numbers(len(truth), groups))
    yield f"refused as none of these: {np.mean(refused):.1%} {_bounds(interval, '.1%')}"


def draw_classes(shares: NDArray[np.float32]) -> Iterator[NDArray[np.int64]]:
    """Yield sets of true classes (N,), drawn from the probabilities (N, K)."""
    random, limits = np.random.default_rng(0), shares.astype(np.float64).cumsum(axis=1)
    for _ in range(DRAWS):
        yield (random.random((len(shares), 1)) > limits / limits[:, -1:]).sum(axis=1)


def _mean(name: str, values: NDArray[np.float64], groups: Sequence[str]) -> str:
    return f"{name}: {values.mean():.3f} {_bounds(mean_interval(values, groups), '.3f')}"


def _bounds(interval: tuple[float, float] | None, style: str) -> str:
    return "" if interval is None else f"({format(interval[0], style)} to {format(interval[1], style)})"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="labelled clips with the splits train and val")
    parser.add_argument("--networks", type=Path, default=NETWORKS, help="a folder with a network per fold")
    given = parser.parse_args()
    for line in lines(pooled(given.folder, given.networks)):
        print(line)
