"""Resolve a name to a network, in the same order for every command and screen.

A `Path`, a name with a path separator, and a name that ends in .json are always paths: the folder of a
checkpoint, or the file of a structure. Any other name is, in this order, one of the user's own structures, a
checkpoint (in the first folder that has it), or a published structure. `NAME-untrained` is the published
structure NAME with random filters, even if a checkpoint has this name.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path

import torch

from peerattn.checkpoints import checkpoint as checkpoints
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.checkpoints.untrained import SETTINGS, SUFFIX, untrained
from peerattn.errors import PeerattnError
from peerattn.files.cards import CARD_FILE
from peerattn.files.paths import find_checkpoint, folder_of, is_path
from peerattn.files.weights import WEIGHTS_FILE
from peerattn.graph import published, structure_file
from peerattn.graph.structure import Structure

OwnStructures = Mapping[str, Structure]
"""The user's own structures by name."""
Stamp = tuple[tuple[str, int, int], ...]


def resolve(
    name: str | Path, device: torch.device | str = "cpu", *, own: OwnStructures | None = None
) -> Checkpoint:
    """Return the network of a name, ready to run; it is untrained unless the name is that of a checkpoint.

    Raises PeerattnError if there is none, suggesting a similar name, or if its files are damaged.
    """
    if isinstance(name, Path) or is_path(name):
        path = Path(name)
        if path.suffix == ".json":
            return untrained(path.stem, structure_file.read(path), device)
        return checkpoints.load(path, device)
    plain = name.removesuffix(SUFFIX)
    if own and plain in own:
        return untrained(plain, own[plain], device)
    if is_published(name):
        widths = {"clip_width": SETTINGS.size} if plain == "asnp_lite" else {}
        return untrained(plain, published.structure(plain, **widths), device)
    return checkpoints.load(require_checkpoint(name), device)


def is_published(name: str) -> bool:
    """Whether a name, which is not a path, is that of a published structure."""
    marked = name.endswith(SUFFIX) and name.removesuffix(SUFFIX) in published.NAMES
    return marked or (name in published.NAMES and folder_of(name) is None)


def require_checkpoint(name: str) -> str:
    """Return the name if it is a checkpoint's; if not, raise PeerattnError that suggests a similar name."""
    if folder_of(name) is None:
        names = (*published.NAMES, *checkpoints.names())
        if similar := difflib.get_close_matches(name, names, n=1):
            raise PeerattnError(
                f"there is no published structure, file or checkpoint {name!r}: did you mean {similar[0]}?"
            )
        find_checkpoint(name)
    return name


def stamp(name: str) -> Stamp:
    """Return path, modification time and size of the files that a name refers to; empty if it refers to none.

    If two stamps of a name are equal, its network is unchanged.
    """
    folder = None if name.endswith(SUFFIX) else folder_of(name)
    files = [folder / CARD_FILE, folder / WEIGHTS_FILE] if folder else [Path(name)] if is_path(name) else []
    states = [(file, file.stat()) for file in files if file.is_file()]
    return tuple((str(file.resolve()), state.st_mtime_ns, state.st_size) for file, state in states)
