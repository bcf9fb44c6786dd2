"""A structure with its connection weights in force, and the clips that its costs are counted for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.checkpoints.resolving import is_published, resolve
from peerattn.checkpoints.untrained import MARK
from peerattn.errors import PeerattnError
from peerattn.files.paths import folder_of, is_path
from peerattn.graph import published, structure_file
from peerattn.graph.connectivity import initial_weights
from peerattn.graph.list_format.options import Options
from peerattn.graph.structure import Structure
from peerattn.network.size import Costs, costs


@dataclass(frozen=True)
class Subject:
    """A structure, the connection weights in force, and the clips that its costs are counted for."""

    name: str
    structure: Structure
    weights: Mapping[str, float]
    classes: int = published.CLASSES
    frames: int = 16
    height: int = 224  # pixels
    width: int = 224

    @classmethod
    def untrained(cls, name: str, structure: Structure) -> Subject:
        """With the weights of the structure itself: no filters exist."""
        return cls(name, structure, initial_weights(structure))

    @classmethod
    def trained(cls, loaded: Checkpoint) -> Subject:
        """With the weights of a checkpoint and the clips that it reads."""
        settings, classes = loaded.settings, len(loaded.class_names)
        weights = loaded.network.connection_weights()
        sides = {"height": settings.size, "width": settings.size}
        return cls(loaded.name, loaded.structure, weights, classes, settings.window, **sides)

    def costs(self, structure: Structure) -> Costs:
        """Those of a structure, or of a part of it, for these clips."""
        clip = {"frames": self.frames, "height": self.height, "width": self.width}
        return costs(structure, self.classes, **clip)


def subject(name: str, **options: Any) -> Subject:
    """What a name stands for, as `resolve` has it, without filters where none are needed.

    A file needs no .json where nothing else has its name. `options` are those of `Options`, for a published
    structure or list. Raises PeerattnError for an unknown name, a wrong file, or an option that the structure
    has no use for.
    """
    if is_path(name) and not name.endswith(".json") and Path(name).is_dir():
        return _of_checkpoint(name, options)
    if is_path(name):
        found = structure_file.read(Path(name), Options(**options) if options else None)
    elif is_published(name):
        found = published.structure(name.removesuffix(MARK), **options)
    elif folder_of(name) is None and Path(name).is_file():
        found = structure_file.read(Path(name), Options(**options) if options else None)
    else:
        return _of_checkpoint(name, options)
    if options.get("clip_width") and not any(block.kind == "lite" for block in found.blocks):
        raise PeerattnError(f"{name} is not lite: only lite's channels depend on a clip width, leave it out")
    return Subject.untrained(name, found)


def _of_checkpoint(name: str, options: Mapping[str, Any]) -> Subject:
    loaded = resolve(name)
    if options:
        words = ", ".join(option.replace("_", " ") for option in options)
        raise PeerattnError(f"{name} is not a published structure: leave out what only these have ({words})")
    return Subject.trained(loaded)
