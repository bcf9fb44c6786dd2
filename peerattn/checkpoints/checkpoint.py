"""Checkpoints: a network's weights (safetensors) and its card (JSON), from which the network is rebuilt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from peerattn.errors import PeerattnError
from peerattn.files.cards import CARD_FILE, read_card, write_card
from peerattn.files.paths import checked_name, checkpoint_folders, find_checkpoint
from peerattn.files.weights import WEIGHTS_FILE, read_weights, write_weights
from peerattn.graph import published
from peerattn.graph.structure import Structure, restore_answers
from peerattn.modalities.reading import Reader
from peerattn.modalities.segmenter import Segmenter, segmenter_for, segmenter_name
from peerattn.modalities.settings import ClipSettings
from peerattn.network.failures import device_failures
from peerattn.network.network import Network
from peerattn.network.state_arrays import as_arrays, load_arrays

KIND = "network"
OF_THE_WHOLE = ("metrics", "calibration", "none_of_these", "learned_connectivity")
"""Entries of a card that were measured on the whole network: dropped when it is pruned."""


@dataclass(frozen=True)
class Checkpoint:
    """A network ready to run, how its clips are prepared, and what its card says of it."""

    name: str
    network: Network
    settings: ClipSettings
    card: Mapping[str, Any]
    folder: Path | None = None  # where it was read from

    def __repr__(self) -> str:
        """Its name, then the network block by block."""
        return f"{self.name}, {self.network!r}"

    @property
    def structure(self) -> Structure:
        return self.network.structure

    @property
    def device(self) -> torch.device:
        return next(self.network.parameters()).device

    @property
    def remarks(self) -> tuple[str, ...]:
        """Warnings to show beside every result: at present, that the filters are random."""
        return (self.card["untrained"],) if "untrained" in self.card else ()

    def reader(self, segmenter: Segmenter | None = None) -> Reader:
        """What reads clips for the network; `segmenter` estimates the maps of those that have none."""
        return Reader(self.structure.read_modalities, self.settings, segmenter)

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.network.class_names


def load(name: str | Path, device: torch.device | str = "cpu") -> Checkpoint:
    """A checkpoint by its name, or by its folder; raises PeerattnError when it is missing or damaged."""
    folder = name if isinstance(name, Path) else find_checkpoint(name)
    if not (folder / CARD_FILE).is_file():
        raise PeerattnError(f"{folder} holds no checkpoint: there is no {CARD_FILE} in it")
    card = read_card(folder, KIND)
    try:
        structure = restore_answers(Structure.from_json(card["structure"]), card.get("training"))
        settings = ClipSettings(**card["settings"])
        class_names = _class_names(card["class_names"])
    except KeyError as error:
        raise PeerattnError(f"{folder / CARD_FILE} lacks {error}: save the checkpoint again") from error
    except (TypeError, PeerattnError) as error:
        raise PeerattnError(f"{folder / CARD_FILE}: {error}: save the checkpoint again") from error
    with torch.device("meta"):
        expected = {
            key: tuple(value.shape) for key, value in Network(structure, class_names).state_dict().items()
        }
    weights = read_weights(folder / WEIGHTS_FILE, expected)
    network = Network(structure, class_names)
    load_arrays(network, weights)
    with device_failures():
        network.to(device)
    return Checkpoint(folder.name, network.eval(), settings, card, folder)


def segmenter_of(loaded: Checkpoint, name: str | None = None) -> Segmenter | None:
    """What estimates object maps, where a network reads them: the one of this name, else its card's.

    It runs where the network does. Raises PeerattnError if it is missing, or if its class ids stand for other
    things than the network's.
    """
    name = name or segmenter_name(loaded.card)
    return segmenter_for(name, loaded.structure.read_modalities, loaded.device)


def _class_names(names: Any) -> list[str]:
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise PeerattnError("class_names must be a list of names")
    if len(set(names)) < len(names):
        raise PeerattnError("class_names has one name twice")
    return names


def save(folder: Path, network: Network, settings: ClipSettings, card: Mapping[str, Any]) -> None:
    """Write weights and card; `card` holds whatever else to store, such as command, metrics, description."""
    write_weights(folder / WEIGHTS_FILE, as_arrays(network.state_dict()))
    needed = {
        "class_names": list(network.class_names),
        "settings": settings.to_json(),
        "structure": network.structure.to_json(),
    }
    write_card(folder, KIND, {**card, **needed})


def pruned_card(loaded: Checkpoint, threshold: float, command: str) -> dict[str, Any]:
    """The card of a pruned network: the entries that stay true, with the name of the original."""
    kept = {name: said for name, said in loaded.card.items() if name not in OF_THE_WHOLE}
    return {**kept, "command": command, "pruned_from": loaded.name, "threshold": threshold, "metrics": {}}


def new_folder(name: str) -> Path:
    """Where a new checkpoint of this name goes; raises PeerattnError when the name is taken or is no name."""
    folder = checkpoint_folders()[0] / checked_name(name)
    if name in published.NAMES:
        raise PeerattnError(f"{name} is the name of a published network: choose another name")
    if folder.exists():
        raise PeerattnError(f"{folder} exists already: choose another name, or delete it first")
    return folder


def names() -> tuple[str, ...]:
    """The networks that `load` finds, first folder first."""
    found: dict[str, None] = {}
    for folder in checkpoint_folders():
        for path in sorted(folder.glob(f"*/{CARD_FILE}")):
            try:
                read_card(path.parent, KIND)
            except PeerattnError:
                continue
            found[path.parent.name] = None
    return tuple(found)
