"""The network inside a wrapper: what records, measures or prunes works on its own modules."""

from __future__ import annotations

from torch import nn

from peerattn.errors import PeerattnError
from peerattn.network.network import Network

WRAPPERS = {"DataParallel": "module", "DistributedDataParallel": "module", "OptimizedModule": "_orig_mod"}
"""Class that wraps a network (the last is torch.compile's) -> the attribute that holds it."""


def unwrapped(network: nn.Module) -> Network:
    """The network itself, however often it is wrapped; raises PeerattnError for any other module."""
    inner = network
    while (name := WRAPPERS.get(type(inner).__name__)) is not None:
        inner = getattr(inner, name)
    if not isinstance(inner, Network):
        raise PeerattnError(
            f"this is a {type(inner).__name__}, but a peerattn Network is needed: give the network itself, "
            "or one wrapped by DataParallel or torch.compile"
        )
    return inner
