"""Find the network inside wrappers such as DataParallel: recording and pruning work on its own modules."""

from __future__ import annotations

from torch import nn

from peerattn.errors import PeerattnError
from peerattn.network.network import Network

WRAPPERS = {"DataParallel": "module", "DistributedDataParallel": "module", "OptimizedModule": "_orig_mod"}
"""Wrapper class (OptimizedModule is torch.compile's) → attribute that holds the wrapped module."""


def unwrap(network: nn.Module) -> Network:
    """Return the network inside any number of wrappers; raise PeerattnError for any other module."""
    inner = network
    while (name := WRAPPERS.get(type(inner).__name__)) is not None:
        inner = getattr(inner, name)
    if not isinstance(inner, Network):
        raise PeerattnError(
            f"this is a {type(inner).__name__}, but a peerattn Network is needed: pass the network itself, "
            "or one wrapped by DataParallel or torch.compile"
        )
    return inner
