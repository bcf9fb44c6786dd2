"""What a network starts from: random weights, or those of another one where they fit."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from peerattn.network import Network
from peerattn.structure import Modality, Structure


def new_network(structure: Structure, class_names: Sequence[str], *, seed: int) -> Network:
    """An untrained network; the seed says which."""
    torch.manual_seed(seed)
    return Network(structure, class_names)


def start_from(network: Network, other: Network) -> tuple[str, ...]:
    """Copies another network's weights wherever name and shape fit; returns the names of those that did not.

    Heads are copied only where the classes are the same. An input block that reads other channels (object
    classes) takes each class's own filters, and the mean of all for a class that the other does not know.
    """
    given, left = other.state_dict(), []
    with torch.no_grad():
        for name, own in network.state_dict().items():
            found = given.get(name)
            if name.startswith("heads.") and network.class_names != other.class_names:
                found = None
            if found is not None and found.shape != own.shape:
                found = _other_channels(name, found, own, network.structure, other.structure)
            if found is None:
                left.append(name)
            else:
                own.copy_(found)
    return tuple(left)


def _other_channels(name: str, given: Tensor, own: Tensor, to: Structure, of: Structure) -> Tensor | None:
    """The filters of an input block for the channels that it reads here; None where more differs."""
    modality, known = _read_by(name, to), _read_by(name, of)
    if not (modality and known and given.ndim == own.ndim and given.ndim > 1):
        return None
    shape = (given.shape[0], modality.channels, *given.shape[2:])
    if given.shape[1] != known.channels or tuple(own.shape) != shape:
        return None
    columns = [
        given[:, known.class_ids.index(one)] if one in known.class_ids else given.mean(dim=1)
        for one in modality.class_ids
    ]
    return torch.stack(columns, dim=1) if columns else None


def _read_by(name: str, structure: Structure) -> Modality | None:
    """The modality that the block of a parameter reads, if it is an input block."""
    for block in structure.blocks:
        if block.modality and name.startswith(f"blocks.{block.id}."):
            return structure.modality(block.modality)
    return None
