"""Diagnosis of a loss that is not finite: the first block with such an output, and for which clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from peerattn.errors import PeerattnError
from peerattn.network.network import Network


def divergence_error(
    network: Network, clip: Mapping[str, Tensor], names: Sequence[str], what: str
) -> PeerattnError:
    """Return the error for a batch whose loss (or other `what`) is not finite; it names block and clips."""
    part, bad = first_not_finite(network, clip)
    clips = [name for name, is_bad in zip(names, bad, strict=False) if is_bad] or list(names)
    listed = ", ".join(clips[:4]) + (f" and {len(clips) - 4} more" if len(clips) > 4 else "")
    where = f"first in {part}" if part else "although every block's output is finite"
    return PeerattnError(
        f"the {what} is not finite, {where}; clips {listed}: lower the learning rate, or check these clips"
    )


def first_not_finite(network: Network, clip: Mapping[str, Tensor]) -> tuple[str | None, list[bool]]:
    """Return the first modality, block or head that is not finite (or None), and for which clips (B,)."""
    not_finite: list[tuple[str, list[bool]]] = [
        (f"the {name} of the clips themselves", _bad(tensor))
        for name, tensor in clip.items()
        if any(_bad(tensor))
    ]

    def check_output(name: str, module: nn.Module, inputs: object, output: Tensor) -> None:
        if any(_bad(output)):
            not_finite.append((name, _bad(output)))

    parts = dict(network.named_children())  # for a module that is not a Network
    if isinstance(network, Network):
        parts = {f"block {name}": part for name, part in network.blocks.items()}
        parts |= {f"the head of block {name}": part for name, part in network.heads.items()}
    handles = [part.register_forward_hook(partial(check_output, name)) for name, part in parts.items()]
    try:
        with torch.no_grad():
            network(clip)
    finally:
        for handle in handles:
            handle.remove()
    return not_finite[0] if not_finite else (None, [])


def _bad(tensor: Tensor) -> list[bool]:
    """Return, for each of B clips, whether it has a value that is not finite."""
    bad: list[bool] = (~torch.isfinite(tensor)).flatten(1).any(dim=1).tolist()
    return bad
