"""Published networks, and own structures, with random filters: no trained ones were released.

Their structure and connection weights are given; what they predict and attend to means nothing yet, so
whatever shows them must say `REMARK`.
"""

from __future__ import annotations

import torch

from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.errors import PeerattnError
from peerattn.graph import published
from peerattn.graph.structure import Structure
from peerattn.modalities.settings import ClipSettings
from peerattn.moved import moved
from peerattn.network.initialisation import initialise
from peerattn.network.network import Network
from peerattn.network.size import parameters

__getattr__ = moved(__name__)

MARK = "-untrained"
"""What a published network's name may end in, so that it says what it is wherever it stands."""
SETTINGS = ClipSettings(size=112, window=16)
REMARK = (
    "untrained filters: structure and connection weights are the given ones, the filters random; "
    "predictions and attention factors mean nothing yet"
)


def class_names() -> tuple[str, ...]:
    """The published code assumes this many classes and names none."""
    return tuple(f"class {number}" for number in range(1, published.CLASSES + 1))


MOST_PARAMETERS = 500_000_000
"""Two gigabytes: a file may ask for more than there is memory."""


def untrained(
    name: str, structure: Structure, device: torch.device | str = "cpu", *, seed: int = 0
) -> Checkpoint:
    """The network of a structure at its start, ready to run; raises PeerattnError where it is too large."""
    names = class_names()
    with torch.device("meta"):
        size = parameters(Network(structure, names))
    if size > MOST_PARAMETERS:
        raise PeerattnError(f"{name} asks for {size:,} parameters: at most {MOST_PARAMETERS:,} are built")
    network = Network(structure, names)
    initialise(network, seed=seed)
    return Checkpoint(name + MARK, network.to(device).eval(), SETTINGS, {"untrained": REMARK})
