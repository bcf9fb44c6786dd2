"""Peer-attention video networks: build, train, record and prune them.

What is listed in `__all__` is loaded when it is first asked for: importing the package costs next to nothing,
and the decoder's worker process can use `peerattn.video` without torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

import peerattn.moved as _moved  # noqa: F401 - its import is its effect

if TYPE_CHECKING:
    from peerattn.errors import PeerattnError
    from peerattn.graph.structure import Structure
    from peerattn.network.network import Network
    from peerattn.short import effect, evaluate, load, prune, published, read_clip, record

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
_HOMES = {
    "Network": "peerattn.network.network",
    "PeerattnError": "peerattn.errors",
    "Structure": "peerattn.graph.structure",
}
"""Name → the module that has it; all others are in `peerattn.short`."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "peerattn.short")), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
