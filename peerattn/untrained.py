"""Published networks with random filters: no trained ones were released.

Their structure and connection weights are the published ones; what they predict and attend to means nothing
yet, so whatever shows them must say `REMARK`.
"""

from __future__ import annotations

import torch

from peerattn import checkpoint, published
from peerattn.checkpoint import Checkpoint
from peerattn.initialisation import initialise
from peerattn.modalities import ClipSettings
from peerattn.network import Network

MARK = "-untrained"
"""What a published network's name may end in, so that it says what it is wherever it stands."""
SETTINGS = ClipSettings(size=112, window=16)
REMARK = (
    "untrained filters: structure and connection weights are the published ones, the filters random; "
    "predictions and attention factors mean nothing yet"
)


def class_names() -> tuple[str, ...]:
    """The published code assumes this many classes and names none."""
    return tuple(f"class {number}" for number in range(1, published.CLASSES + 1))


def untrained(name: str, device: torch.device | str = "cpu", *, seed: int = 0) -> Checkpoint:
    """A published network at its start, ready to run; raises PeerattnError for a name that is not known."""
    plain = name.removesuffix(MARK)
    widths = {"clip_width": SETTINGS.size} if plain == "asnp_lite" else {}
    network = Network(published.structure(plain, **widths), class_names())
    initialise(network, seed=seed)
    return Checkpoint(plain + MARK, network.to(device).eval(), SETTINGS, {"untrained": REMARK})


def opened(name: str, device: torch.device | str = "cpu") -> Checkpoint:
    """A checkpoint by its name, else the published network of that name, untrained.

    Raises PeerattnError when there is neither, or the checkpoint is damaged.
    """
    if name.removesuffix(MARK) in published.NAMES and name not in checkpoint.names():
        return untrained(name, device)
    return checkpoint.load(name, device)
