"""The numbers of a network as numpy arrays, as files hold them, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn


def as_arrays(tensors: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
    """Tensors by name, from any device, as arrays that share no memory with them."""
    return {name: tensor.detach().cpu().contiguous().clone().numpy() for name, tensor in tensors.items()}


def load_arrays(module: nn.Module, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Give a module the numbers of a file; raises RuntimeError unless all names and shapes fit."""
    module.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
