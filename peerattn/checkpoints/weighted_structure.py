"""A structure with its current connection weights, and the clip size for which its costs are counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.checkpoints.resolving import is_published, resolve
from peerattn.checkpoints.untrained import SUFFIX
from peerattn.errors import PeerattnError
from peerattn.files.paths import folder_of, is_path
from peerattn.graph import published, structure_file
from peerattn.graph.connectivity import initial_weights
from peerattn.graph.list_format.options import Options
from peerattn.graph.structure import Structure
from peerattn.network.size import Costs, costs


@dataclass(frozen=True)
class WeightedStructure:
    """A structure, its current connection weights, and the clip size for which its costs are counted."""

    name: str
    structure: Structure
    weights: Mapping[str, float]
    classes: int = published.CLASSES
    frames: int = 16
    height: int = 224  # pixels
    width: int = 224

    @classmethod
    def untrained(cls, name: str, structure: Structure) -> WeightedStructure:
        """Return the structure with the weights that it specifies itself; no filters are created."""
        return cls(name, structure, initial_weights(structure))

    @classmethod
    def trained(cls, loaded: Checkpoint) -> WeightedStructure:
        """Return the structure and weights of a checkpoint, with the size of the clips that it reads."""
        settings, classes = loaded.settings, len(loaded.class_names)
        weights = loaded.network.connection_weights()
        sides = {"height": settings.size, "width": settings.size}
        return cls(loaded.name, loaded.structure, weights, classes, settings.window, **sides)

    def costs(self, structure: Structure) -> Costs:
        """Return the costs of a structure, such as this one after pruning, for this clip size."""
        clip = {"frames": self.frames, "height": self.height, "width": self.width}
        return costs(structure, self.classes, **clip)


def resolve_structure(name: str, **options: Any) -> WeightedStructure:
    """Return the structure of a name, resolved as by `resolve`, but without creating filters for untrained
    networks.

    A file needs no .json in its name if nothing else has that name. `options` are those of `Options`, for a
    published structure or list. Raises PeerattnError for an unknown name, an invalid file, or an option that
    does not apply to the structure.
    """
    if not names_structure(name):
        return _from_checkpoint(name, options)
    if is_published(name) and not is_path(name):
        structure = published.structure(name.removesuffix(SUFFIX), **options)
    else:
        structure = structure_file.read(Path(name), Options(**options) if options else None)
    if options.get("clip_width") and not any(block.kind == "lite" for block in structure.blocks):
        raise PeerattnError(
            f"{name} is not a lite structure: leave the clip width out, on which only lite's channels depend"
        )
    return WeightedStructure.untrained(name, structure)


def names_structure(name: str) -> bool:
    """Whether `resolve_structure` finds a structure without filters under this name, not a checkpoint."""
    if is_path(name):
        return name.endswith(".json") or not Path(name).is_dir()
    return is_published(name) or (folder_of(name) is None and Path(name).is_file())


def _from_checkpoint(name: str, options: Mapping[str, Any]) -> WeightedStructure:
    loaded = resolve(name)
    if options:
        listed = ", ".join(option.replace("_", " ") for option in options)
        raise PeerattnError(
            f"{name} is not a published structure: leave out the options that only those have ({listed})"
        )
    return WeightedStructure.trained(loaded)
