"""How long training waits for the clips of a folder: `python -m benchmarks.data_wait FOLDER [CLIPS]`.

The training loop itself, with the strong augmentation: an epoch with an empty cache, then epochs with a warm
one. The share of an epoch in which the network waits for a batch, and where an epoch's time goes.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from peerattn.data import STRONG, Cache, FolderClips, LabelledFile, labelled_files
from peerattn.modalities import ClipSettings, read_objects
from peerattn.structure import Structure
from peerattn.training import Epoch, TrainingConfig, Watch, actionworld_structure, fit, new_network

SETTINGS = ClipSettings(size=64, window=16, frame_rate=15.0, flow="ultrafast")
EPOCHS = 3
WORKERS = (1, 2)


def main() -> None:
    files = labelled_files(Path(sys.argv[1]), split="train")
    files = files[:: max(1, len(files) // int(sys.argv[2]))] if len(sys.argv) > 2 else files
    structure = structure_for(files)
    print(f"{len(files)} clips, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        cold = epochs(files, structure, Cache(Path(folder)), workers=2, count=1)
        print(f"empty cache, 2 workers: {said(cold)}")
        for workers in WORKERS:
            warm = epochs(files, structure, Cache(Path(folder)), workers=workers, count=EPOCHS)
            print(f"warm cache, {workers} workers: {said(warm)}")


def structure_for(files: Sequence[LabelledFile]) -> Structure:
    """The shipped structure, with the object classes of the folder's maps where it has some."""
    if not all(file.objects for file in files):
        return actionworld_structure(modalities=("rgb", "flow"))
    structure, first = actionworld_structure(), files[0].objects
    assert first is not None
    ids = read_objects(first).class_ids
    modalities = [
        replace(one, channels=len(ids), meanings=(), class_ids=ids) if one.name == "object" else one
        for one in structure.modalities
    ]
    return replace(structure, modalities=tuple(modalities))


def epochs(
    files: Sequence[LabelledFile], structure: Structure, cache: Cache, *, workers: int, count: int
) -> list[Epoch]:
    """What some epochs took."""
    names = sorted({label for file in files for label in file.labels})
    reading = {"modalities": structure.read_modalities, "settings": SETTINGS}
    source = FolderClips(files, names, augmentation=STRONG, cache=cache, **reading)
    config = TrainingConfig(epochs=count, workers=workers)
    seen: list[Epoch] = []
    fit(new_network(structure, names, seed=0), source, config, watch=Watch(epoch=seen.append))
    return seen


def said(seen: Sequence[Epoch]) -> str:
    """Median and extremes of the share of waiting, and median seconds."""
    shares = [
        epoch.seconds["waiting"] / (epoch.seconds["waiting"] + epoch.seconds["network"]) for epoch in seen
    ]
    parts = [
        f"{name} {np.median([epoch.seconds[name] for epoch in seen]):.1f} s"
        for name in ("waiting", "network", "decode", "flow", "augment")
    ]
    spread = f"{min(shares):.1%} to {max(shares):.1%}, {len(shares)} epochs"
    return f"waits {np.median(shares):.1%} of the time ({spread}); {', '.join(parts)}"


if __name__ == "__main__":
    main()
