"""How long training waits for the clips of a folder: `python -m benchmarks.data_wait FOLDER --maps MAPS`.

Runs the real training loop with the recipe of `actions14`: one epoch with an empty cache, then several with a
warm one, first with 1 worker, then with 2. Prints the fraction of the time that the network waits for a
batch, and the time spent on each part. The parts overlap, so their times do not add up: workers decode,
compute flow and augment while the network runs.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.actions import RECIPE
from peerattn.data.cache import Cache
from peerattn.data.clips import FolderClips
from peerattn.data.folder import LabelledFile, labelled_files, with_alternative_maps
from peerattn.training.callbacks import Callbacks, Epoch
from peerattn.training.initialisation import new_network
from peerattn.training.loop import fit
from peerattn.training.people import people_structure
from peerattn.training.recipe import read_recipe

EPOCHS = 4
WORKERS = (1, 2)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="labelled clips with masks")
    parser.add_argument(
        "--maps",
        type=Path,
        required=True,
        help="estimated object maps of the training clips, each from a segmenter not trained on that clip",
    )
    options = parser.parse_args()
    files = with_alternative_maps(labelled_files(options.folder, split="train"), options.folder, options.maps)
    print(f"{len(files)} clips, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        cold = train_epochs(files, Cache(Path(folder)), workers=2, count=1)
        print(f"empty cache, 2 workers: {describe(cold)}")
        for workers in WORKERS:
            warm = train_epochs(files, Cache(Path(folder)), workers=workers, count=EPOCHS)
            print(f"warm cache, {workers} workers: {describe(warm)}")


def train_epochs(files: Sequence[LabelledFile], cache: Cache, *, workers: int, count: int) -> list[Epoch]:
    """Train for `count` epochs and return their records."""
    names = sorted({label for file in files for label in file.labels})
    recipe, structure = read_recipe(RECIPE), people_structure()
    source = FolderClips(
        files,
        names,
        modalities=structure.read_modalities,
        settings=recipe.clip,
        augmentation=recipe.augmentation,
        cache=cache,
    )
    config = recipe.changed({"epochs": count, "workers": workers}).training
    epochs: list[Epoch] = []
    fit(new_network(structure, names, seed=0), source, config, callbacks=Callbacks(epoch=epochs.append))
    return epochs


def describe(epochs: Sequence[Epoch]) -> str:
    """Return the median and range of the fraction of time spent waiting, and median seconds of each part."""
    shares = [
        epoch.seconds["waiting"] / (epoch.seconds["waiting"] + epoch.seconds["network"]) for epoch in epochs
    ]
    parts = [
        f"{name} {np.median([epoch.seconds[name] for epoch in epochs]):.1f} s"
        for name in ("waiting", "network", "decode", "flow", "augment")
    ]
    spread = f"{min(shares):.1%} to {max(shares):.1%}, {len(shares)} epochs"
    return f"waits {np.median(shares):.1%} of the time ({spread}); {', '.join(parts)}"


if __name__ == "__main__":
    main()
