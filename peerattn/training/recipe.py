"""A recipe: how a network is trained, how its clips are read, and how they are varied."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peerattn.data.augmentation import STRONG, Augmentation
from peerattn.errors import PeerattnError
from peerattn.modalities.settings import ClipSettings
from peerattn.training.actionworld import SETTINGS
from peerattn.training.checks import built
from peerattn.training.config import TrainingConfig

MOST_BYTES = 1_000_000
DEFAULT = TrainingConfig()


@dataclass(frozen=True)
class Recipe:
    """In JSON the fields of the training settings, and beside them `clip` and `augmentation`."""

    training: TrainingConfig = DEFAULT
    clip: ClipSettings = SETTINGS
    augmentation: Augmentation = STRONG

    def to_json(self) -> dict[str, Any]:
        """The whole recipe, as a card holds it."""
        parts = {"clip": self.clip.to_json(), "augmentation": dataclasses.asdict(self.augmentation)}
        return {**self.training.to_json(), **parts}

    def changed(self, changes: dict[str, Any]) -> Recipe:
        """The recipe with other values, part by part; None leaves one as it is."""
        return Recipe.from_json(_merged(self.to_json(), changes))

    @classmethod
    def from_json(cls, data: Any, *, clip: ClipSettings = SETTINGS) -> Recipe:
        """The inverse of `to_json`; what is left out has its default, of clips `clip`.

        Raises PeerattnError on anything else.
        """
        if not isinstance(data, dict):
            raise PeerattnError("a recipe must be a JSON object of names and values")
        given = dict(data)
        read = built(ClipSettings, {**dataclasses.asdict(clip), **given.pop("clip", {})}, "the clip settings")
        varied = given.pop("augmentation", None)
        augmentation = (
            STRONG if varied is None else built(Augmentation, varied, "the settings of augmentation")
        )
        return cls(TrainingConfig.from_json(given), read, augmentation)


def _merged(given: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = dict(given)
    for name, value in changes.items():
        if isinstance(value, dict):
            merged[name] = _merged(given[name], value)
        elif value is not None:
            merged[name] = value
    return merged


def read_recipe(path: Path, *, clip: ClipSettings = SETTINGS) -> Recipe:
    """The recipe in a JSON file; raises PeerattnError, which names the field, when it is none."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise PeerattnError(f"{path} is over {MOST_BYTES:,} bytes: it is not a recipe")
        data = json.loads(path.read_text(encoding="utf-8"))
    except (RecursionError, ValueError) as error:
        raise PeerattnError(f"{path} cannot be read as JSON ({error}): give a recipe's file") from error
    try:
        return Recipe.from_json(data, clip=clip)
    except PeerattnError as error:
        raise PeerattnError(f"{path}: {error}") from error
