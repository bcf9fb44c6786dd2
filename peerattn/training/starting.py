"""What a network starts from: random weights, or those of another one where they fit."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from peerattn.graph.specs import Modality
from peerattn.graph.structure import Structure
from peerattn.network.network import Network


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
    reads, known = _reading_filters(network), _reading_filters(other)
    with torch.no_grad():
        for name, own in network.state_dict().items():
            found = given.get(name)
            if name.startswith("heads.") and network.class_names != other.class_names:
                found = None
            if found is not None and name in reads and name in known:
                found = _for_channels(found, known[name].class_ids, reads[name].class_ids)
            if found is None or found.shape != own.shape:
                left.append(name)
            else:
                own.copy_(found)
    return tuple(left)


def _reading_filters(network: Network) -> dict[str, Modality]:
    """The filters that read the clip itself → their modality: the first ones of each input block."""
    filters = {}
    for block in network.structure.blocks:
        if block.modality:
            named = network.blocks[block.id].named_parameters(prefix=f"blocks.{block.id}")
            name = next(name for name, parameter in named if parameter.ndim > 2)
            filters[name] = network.structure.modality(block.modality)
    return filters


def _for_channels(filters: Tensor, known: Sequence[int], read: Sequence[int]) -> Tensor:
    """Filters (C, classes, ...) of some object classes for those that are read instead."""
    if tuple(known) == tuple(read):
        return filters
    mean = filters.mean(dim=1)
    return torch.stack([filters[:, known.index(one)] if one in known else mean for one in read], dim=1)
