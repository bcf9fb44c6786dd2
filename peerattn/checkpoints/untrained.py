"""Untrained networks: published structures, whose trained weights were never released, and the user's own.

Their structure is real, and so are their connection weights if the structure specifies them; everything else
is random. What these networks predict and attend to means nothing, so `REMARK` must be shown with every
result.
"""

from __future__ import annotations

import torch

from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.errors import PeerattnError
from peerattn.graph import published
from peerattn.graph.structure import Structure
from peerattn.modalities.settings import ClipSettings
from peerattn.network.initialisation import initialise
from peerattn.network.network import Network
from peerattn.network.size import count_parameters

SUFFIX = "-untrained"
"""The ending of an untrained network's name, which marks it as such wherever the name is shown."""
SETTINGS = ClipSettings(size=112, window=16)
REMARK = (
    "untrained filters: the structure is as specified, and so are any connection weights that it specifies, "
    "but everything else is random; predictions and attention factors mean nothing yet"
)


def class_names() -> tuple[str, ...]:
    """Return numbered class names: the published code defines the number of classes, but no names."""
    return tuple(f"class {number}" for number in range(1, published.CLASSES + 1))


MAX_PARAMETERS = 500_000_000
"""Two gigabytes in float32: a structure file could otherwise require more than the memory of the machine."""


def untrained(
    name: str, structure: Structure, device: torch.device | str = "cpu", *, seed: int = 0
) -> Checkpoint:
    """Return a checkpoint with randomly initialised filters, ready to run.

    Raises PeerattnError if the network would be too large.
    """
    names = class_names()
    with torch.device("meta"):
        size = count_parameters(Network(structure, names))
    if size > MAX_PARAMETERS:
        raise PeerattnError(
            f"{name} has {size:,} parameters, more than the limit of {MAX_PARAMETERS:,}: make it smaller"
        )
    network = Network(structure, names)
    initialise(network, seed=seed)
    return Checkpoint(name + SUFFIX, network.to(device).eval(), SETTINGS, {"untrained": REMARK})
