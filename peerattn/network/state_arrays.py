"""Convert a network's tensors to the numpy arrays that checkpoint files hold, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn


def as_arrays(tensors: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
    """Copy named tensors, on any device, to numpy arrays that share no memory with them."""
    return {name: tensor.detach().cpu().contiguous().clone().numpy() for name, tensor in tensors.items()}


def load_arrays(module: nn.Module, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Load arrays into a module; raise RuntimeError unless all names and shapes match."""
    module.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
