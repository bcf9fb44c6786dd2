"""Where a pass stops giving numbers: the first block whose output is not finite, and for which clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from peerattn.errors import PeerattnError
from peerattn.network.network import Network


def diverged(network: Network, clip: Mapping[str, Tensor], names: Sequence[str], what: str) -> PeerattnError:
    """The error to raise when `what` (the loss) of a batch is not finite: it names block and clips."""
    part, bad = first_not_finite(network, clip)
    clips = [name for name, is_bad in zip(names, bad, strict=False) if is_bad] or list(names)
    said = ", ".join(clips[:4]) + (f" and {len(clips) - 4} more" if len(clips) > 4 else "")
    where = f"first in {part}" if part else "though every block's output is"
    return PeerattnError(f"the {what} is not finite, {where}; clips {said}: lower the rate, or check them")


def first_not_finite(network: Network, clip: Mapping[str, Tensor]) -> tuple[str | None, list[bool]]:
    """The first modality, block or head that a pass leaves not finite (None: none), for which clips (B,)."""
    found: list[tuple[str, list[bool]]] = [
        (f"the {name} of the clips themselves", _bad(tensor))
        for name, tensor in clip.items()
        if any(_bad(tensor))
    ]

    def look(name: str, module: nn.Module, inputs: object, output: Tensor) -> None:
        if any(_bad(output)):
            found.append((name, _bad(output)))

    parts = dict(network.named_children())  # of a module that is no Network
    if isinstance(network, Network):
        parts = {f"block {name}": part for name, part in network.blocks.items()}
        parts |= {f"the head of block {name}": part for name, part in network.heads.items()}
    handles = [part.register_forward_hook(partial(look, name)) for name, part in parts.items()]
    try:
        with torch.no_grad():
            network(clip)
    finally:
        for handle in handles:
            handle.remove()
    return found[0] if found else (None, [])


def _bad(tensor: Tensor) -> list[bool]:
    """Whether each of B clips holds a number that is not finite."""
    bad: list[bool] = (~torch.isfinite(tensor)).flatten(1).any(dim=1).tolist()
    return bad
