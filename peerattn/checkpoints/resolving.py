"""What a name stands for, in one order for every command and screen.

What has a path separator, or ends in .json, is a path and nothing else: a checkpoint's folder, or the file of
a structure. Any other name is, in this order, a visitor's own structure, a checkpoint (the first folder that
has it), a published structure. `NAME-untrained` is the published structure NAME with random filters, whatever
checkpoints there are.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path

import torch

from peerattn.checkpoints import checkpoint as checkpoints
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.checkpoints.untrained import MARK, SETTINGS, untrained
from peerattn.errors import PeerattnError
from peerattn.files.cards import CARD_FILE
from peerattn.files.paths import find_checkpoint, folder_of, is_path
from peerattn.files.weights import WEIGHTS_FILE
from peerattn.graph import published, structure_file
from peerattn.graph.structure import Structure

Own = Mapping[str, Structure]
"""A visitor's structures by name."""
Stamp = tuple[tuple[str, int, int], ...]


def resolve(name: str, device: torch.device | str = "cpu", *, own: Own | None = None) -> Checkpoint:
    """The network that a name stands for, ready to run, untrained where no checkpoint is meant.

    Raises PeerattnError, with the name that may be meant where one is near, when there is none; or when what
    there is, is damaged.
    """
    plain = name.removesuffix(MARK)
    if is_path(name):
        path = Path(name)
        if path.suffix == ".json":
            return untrained(path.stem, structure_file.read(path), device)
        return checkpoints.load(path, device)
    if own and plain in own:
        return untrained(plain, own[plain], device)
    if is_published(name):
        widths = {"clip_width": SETTINGS.size} if plain == "asnp_lite" else {}
        return untrained(plain, published.structure(plain, **widths), device)
    return checkpoints.load(known(name), device)


def is_published(name: str) -> bool:
    """Whether a name that is no path stands for a published structure."""
    marked = name.endswith(MARK) and name.removesuffix(MARK) in published.NAMES
    return marked or (name in published.NAMES and folder_of(name) is None)


def known(name: str) -> str:
    """The name of a checkpoint; raises PeerattnError with the name that may be meant, where one is near."""
    if folder_of(name) is None:
        names = (*published.NAMES, *checkpoints.names())
        if near := difflib.get_close_matches(name, names, n=1):
            raise PeerattnError(
                f"there is no published structure, file or checkpoint {name!r}: did you mean {near[0]}?"
            )
        find_checkpoint(name)
    return name


def stamp(name: str) -> Stamp:
    """Path, time of change and size of the files that decide what a name stands for; none where none do.

    Two equal stamps of a name mean one network.
    """
    folder = None if name.endswith(MARK) else folder_of(name)
    files = [folder / CARD_FILE, folder / WEIGHTS_FILE] if folder else [Path(name)] if is_path(name) else []
    found = [(file, file.stat()) for file in files if file.is_file()]
    return tuple((str(file.resolve()), facts.st_mtime_ns, facts.st_size) for file, facts in found)
