"""Saving a pruned checkpoint as a new one, which can be chosen and loaded like any other."""

from __future__ import annotations

from pathlib import Path

from peerattn.checkpoints import checkpoint
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.errors import PeerattnError
from peerattn.pruning.threshold import prune


def save_pruned(loaded: Checkpoint, threshold: float, name: str) -> Path:
    """Save the pruned checkpoint and return its folder; raises PeerattnError if the name is in use."""
    if name in checkpoint.names():
        raise PeerattnError(f"there is already a checkpoint {name!r}: choose another name")
    folder = checkpoint.new_folder(name)
    smaller = prune(loaded.network, threshold)
    command = f"peerattn prune --checkpoint {loaded.name} --threshold {threshold:g} --out {name}"
    if loaded.remarks:  # the command would measure the accuracy, which needs trained filters
        command = f"the app's Prune screen: {loaded.name} at threshold {threshold:g}, saved as {name}"
    checkpoint.save(folder, smaller, loaded.settings, checkpoint.pruned_card(loaded, threshold, command))
    return folder
