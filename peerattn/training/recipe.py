"""A recipe: how a network is trained, how its clips are read, and how they are augmented."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peerattn.data.augmentation import STRONG, Augmentation
from peerattn.errors import PeerattnError
from peerattn.files.decoding import decode, parse
from peerattn.modalities.settings import ClipSettings
from peerattn.training.actionworld import SETTINGS
from peerattn.training.config import TrainingConfig

MOST_BYTES = 1_000_000
DEFAULT = TrainingConfig()


@dataclass(frozen=True)
class Recipe:
    """A recipe; in JSON, the fields of the training settings together with `clip` and `augmentation`."""

    training: TrainingConfig = DEFAULT
    clip: ClipSettings = SETTINGS
    augmentation: Augmentation = STRONG

    def to_json(self) -> dict[str, Any]:
        """Return the whole recipe, as a card stores it."""
        parts = {"clip": self.clip.to_json(), "augmentation": dataclasses.asdict(self.augmentation)}
        return {**self.training.to_json(), **parts}

    def changed(self, changes: dict[str, Any]) -> Recipe:
        """Return the recipe with new values in a nested dictionary; None leaves a value as it is."""
        return Recipe.from_json(_merged(self.to_json(), changes))

    @classmethod
    def from_json(cls, data: Any, *, clip: ClipSettings = SETTINGS) -> Recipe:
        """Return the recipe in JSON; missing values get their defaults, those for reading clips from `clip`.

        Raises PeerattnError if the data is invalid.
        """
        if not isinstance(data, Mapping):
            raise PeerattnError("a recipe must be a JSON object of names and values")
        parts = {name: data[name] for name in ("clip", "augmentation") if data.get(name) is not None}
        if isinstance(changed := parts.get("clip", {}), Mapping):
            parts["clip"] = {**dataclasses.asdict(clip), **changed}
        training = {name: value for name, value in data.items() if name not in ("clip", "augmentation")}
        return decode({**parts, "training": TrainingConfig.from_json(training)}, cls, "a recipe")


def _merged(data: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = dict(data)
    for name, value in changes.items():
        if isinstance(value, dict):
            merged[name] = _merged(data[name], value)
        elif value is not None:
            merged[name] = value
    return merged


def read_recipe(path: Path, *, clip: ClipSettings = SETTINGS) -> Recipe:
    """Read a recipe from a JSON file. Raises PeerattnError, naming the invalid field, if it is not one."""
    if path.stat().st_size > MOST_BYTES:
        raise PeerattnError(f"{path} is over {MOST_BYTES:,} bytes: it is not a recipe")
    try:
        return Recipe.from_json(parse(path.read_text(encoding="utf-8"), "the file of a recipe"), clip=clip)
    except ValueError as error:
        raise PeerattnError(f"{path}: {error}") from error
