"""The initial weights of a network: random ones, or another network's where they fit."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from peerattn.graph.specs import Modality
from peerattn.graph.structure import Structure
from peerattn.network.network import Network


def new_network(structure: Structure, class_names: Sequence[str], *, seed: int) -> Network:
    """Return an untrained network, with weights drawn from the seed."""
    torch.manual_seed(seed)
    return Network(structure, class_names)


def copy_matching_weights(network: Network, other: Network) -> tuple[str, ...]:
    """Copy another network's weights wherever name and shape match; return the names that did not match.

    Heads are copied only if the classes are the same. If an input block reads other channels (classes of
    objects), it gets the filters of the classes that both know, and the mean filter for each other class.
    """
    weights, unmatched = other.state_dict(), []
    reads, known = _input_filters(network), _input_filters(other)
    with torch.no_grad():
        for name, own in network.state_dict().items():
            weight = weights.get(name)
            if name.startswith("heads.") and network.class_names != other.class_names:
                weight = None
            if weight is not None and name in reads and name in known:
                weight = _select_channels(weight, known[name].class_ids, reads[name].class_ids)
            if weight is None or weight.shape != own.shape:
                unmatched.append(name)
            else:
                own.copy_(weight)
    return tuple(unmatched)


def _input_filters(network: Network) -> dict[str, Modality]:
    """Return the first filters of each input block, which read the clip itself: name → their modality."""
    filters = {}
    for block in network.structure.blocks:
        if block.modality:
            named = network.blocks[block.id].named_parameters(prefix=f"blocks.{block.id}")
            name = next(name for name, parameter in named if parameter.ndim > 2)
            filters[name] = network.structure.modality(block.modality)
    return filters


def _select_channels(filters: Tensor, known: Sequence[int], read: Sequence[int]) -> Tensor:
    """Rearrange filters (C, classes, ...) from the `known` class ids to the ones that are read."""
    if tuple(known) == tuple(read):
        return filters
    mean = filters.mean(dim=1)
    return torch.stack([filters[:, known.index(one)] if one in known else mean for one in read], dim=1)
