"""Saving a pruned checkpoint, so that it can be chosen and loaded like any other."""

from __future__ import annotations

from pathlib import Path

from peerattn.checkpoints import checkpoint
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.errors import PeerattnError
from peerattn.pruning.threshold import prune


def save_pruned(loaded: Checkpoint, threshold: float, name: str) -> Path:
    """The folder of the new checkpoint; raises PeerattnError rather than take a name that is in use."""
    if name in checkpoint.names():
        raise PeerattnError(f"there is a checkpoint {name!r} already: choose another name")
    folder = checkpoint.new_folder(name)
    smaller = prune(loaded.network, threshold)
    command = f"peerattn prune --checkpoint {loaded.name} --threshold {threshold:g} --out {name}"
    if loaded.remarks:  # the command measures the accuracy, which takes trained filters
        command = f"the app's Prune screen: {loaded.name} at threshold {threshold:g}, saved as {name}"
    checkpoint.save(folder, smaller, loaded.settings, checkpoint.pruned_card(loaded, threshold, command))
    return folder
