"""Checkpoints: a network's weights (safetensors) and its card (JSON), from which the network is rebuilt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from peerattn.errors import PeerattnError
from peerattn.files.cards import CARD_FILE, read_card, write_card
from peerattn.files.decoding import decode
from peerattn.files.paths import checked_name, checkpoint_folders, find_checkpoint
from peerattn.files.weights import WEIGHTS_FILE, read_weights, write_weights
from peerattn.graph import published
from peerattn.graph.structure import Structure, restore_answers
from peerattn.modalities.reading import Reader
from peerattn.modalities.segmenter import Segmenter, segmenter_for, segmenter_name
from peerattn.modalities.settings import ClipSettings
from peerattn.network.failures import translate_device_errors
from peerattn.network.network import Network
from peerattn.network.state_arrays import as_arrays, load_arrays

KIND = "network"
WHOLE_NETWORK_ENTRIES = ("metrics", "calibration", "none_of_these", "learned_connectivity")
"""Entries of a card that were measured on the whole network: they are left out when it is pruned."""


@dataclass(frozen=True)
class Checkpoint:
    """A network that is ready to run, the settings with which its clips are prepared, and its card."""

    name: str
    network: Network
    settings: ClipSettings
    card: Mapping[str, Any]
    folder: Path | None = None  # from which it was read

    def __repr__(self) -> str:
        """Describe the checkpoint: its name, then the network block by block."""
        return f"{self.name}, {self.network!r}"

    @property
    def structure(self) -> Structure:
        return self.network.structure

    @property
    def device(self) -> torch.device:
        return next(self.network.parameters()).device

    @property
    def remarks(self) -> tuple[str, ...]:
        """Warnings to show with every result; at present only that the filters are random."""
        return (self.card["untrained"],) if "untrained" in self.card else ()

    def reader(self, segmenter: Segmenter | None = None) -> Reader:
        """Return a reader of clips for the network; `segmenter` estimates the maps of clips without maps."""
        return Reader(self.structure.read_modalities, self.settings, segmenter, self.device)

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.network.class_names


def load(name: str | Path, device: torch.device | str = "cpu") -> Checkpoint:
    """Load a checkpoint by its name or folder; raise PeerattnError if it is missing or damaged."""
    folder = name if isinstance(name, Path) else find_checkpoint(name)
    if not (folder / CARD_FILE).is_file():
        raise PeerattnError(f"{folder} is not a checkpoint: there is no {CARD_FILE} in it")
    card = read_card(folder, KIND)
    try:
        structure = restore_answers(Structure.from_json(card["structure"]), card.get("training"))
        settings = ClipSettings.from_json(card["settings"])
        class_names = _class_names(card["class_names"])
    except KeyError as error:
        raise PeerattnError(f"{folder / CARD_FILE} lacks {error}: save the checkpoint again") from error
    except PeerattnError as error:
        raise PeerattnError(f"{folder / CARD_FILE}: {error}: save the checkpoint again") from error
    with torch.device("meta"):
        expected = {
            key: tuple(value.shape) for key, value in Network(structure, class_names).state_dict().items()
        }
    weights = read_weights(folder / WEIGHTS_FILE, expected)
    network = Network(structure, class_names)
    load_arrays(network, weights)
    with translate_device_errors():
        network.to(device)
    return Checkpoint(folder.name, network.eval(), settings, card, folder)


def segmenter_of(loaded: Checkpoint, name: str | None = None) -> Segmenter | None:
    """Load the segmenter of this name, or else the one on the checkpoint's card; None if no object maps are
    read.

    It is placed on the network's device. Raises PeerattnError if it is missing, or if its class ids have
    other meanings than the network's.
    """
    name = name or segmenter_name(loaded.card)
    return segmenter_for(name, loaded.structure.read_modalities, loaded.device)


def _class_names(data: Any) -> list[str]:
    names = decode(data, tuple[str, ...], "class_names")
    if not names or len(set(names)) < len(names):
        raise PeerattnError("class_names is empty, or contains a name twice")
    return list(names)


def save(folder: Path, network: Network, settings: ClipSettings, card: Mapping[str, Any]) -> None:
    """Write weights and card; `card` has the other entries to store: command, metrics, description, …."""
    write_weights(folder / WEIGHTS_FILE, as_arrays(network.state_dict()))
    required = {
        "class_names": list(network.class_names),
        "settings": settings.to_json(),
        "structure": network.structure.to_json(),
    }
    write_card(folder, KIND, {**card, **required})


def pruned_card(loaded: Checkpoint, threshold: float, command: str) -> dict[str, Any]:
    """Return the card of a pruned network: the entries that are still true, and the name of the original."""
    kept = {name: entry for name, entry in loaded.card.items() if name not in WHOLE_NETWORK_ENTRIES}
    return {**kept, "command": command, "pruned_from": loaded.name, "threshold": threshold, "metrics": {}}


def new_folder(name: str) -> Path:
    """Return the folder for a new checkpoint; raise PeerattnError if the name is taken or not allowed."""
    folder = checkpoint_folders()[0] / checked_name(name)
    if name in published.NAMES:
        raise PeerattnError(f"{name} is the name of a published network: choose another name")
    if folder.exists():
        raise PeerattnError(f"{folder} exists already: choose another name, or delete it first")
    return folder


def names() -> tuple[str, ...]:
    """Return the names of the networks that `load` finds, folder by folder."""
    networks: dict[str, None] = {}
    for folder in checkpoint_folders():
        for path in sorted(folder.glob(f"*/{CARD_FILE}")):
            try:
                read_card(path.parent, KIND)
            except PeerattnError:
                continue
            networks[path.parent.name] = None
    return tuple(networks)
