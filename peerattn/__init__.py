"""Peer-attention video networks: build, train, record and prune them.

The names in `__all__` are loaded on first use: importing the package costs almost nothing, and the decoder's
worker process can use `peerattn.video` without torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

import peerattn.moved as _moved  # noqa: F401 - importing it registers the finder of moved modules

if TYPE_CHECKING:
    from peerattn.api import effect, evaluate, load, prune, published, read_clip, record
    from peerattn.errors import PeerattnError
    from peerattn.graph.structure import Structure
    from peerattn.network.network import Network

__all__ = [
    "Network",
    "PeerattnError",
    "Structure",
    "effect",
    "evaluate",
    "load",
    "prune",
    "published",
    "read_clip",
    "record",
]
_MODULES = {
    "Network": "peerattn.network.network",
    "PeerattnError": "peerattn.errors",
    "Structure": "peerattn.graph.structure",
}
"""Name → the module that defines it; every other name is defined in `peerattn.api`."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES.get(name, "peerattn.api")), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
