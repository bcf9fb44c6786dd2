"""Loading and saving the frozen networks: weights in half precision, computed with in single precision."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn

from peerattn.files.cards import read_card, write_card
from peerattn.files.paths import find_checkpoint
from peerattn.files.weights import WEIGHTS_FILE, read_weights, write_weights
from peerattn.modalities.pretrained.efficientnet import EfficientNetLite0
from peerattn.modalities.pretrained.movenet import MoveNet
from peerattn.network.state_arrays import as_arrays, load_arrays

KIND = "pretrained"
"""The kind of these checkpoints, on their cards."""
BACKBONE, POSE = "efficientnet-lite0", "movenet-lightning"
"""The names of the bundled checkpoints."""

Part = TypeVar("Part", bound=nn.Module)


def load_backbone(device: torch.device | str = "cpu", name: str = BACKBONE) -> EfficientNetLite0:
    """Load EfficientNet-lite0; raise PeerattnError if the checkpoint is missing or damaged."""
    return _load(EfficientNetLite0(), name, device)


def load_pose_network(device: torch.device | str = "cpu", name: str = POSE) -> MoveNet:
    """Load MoveNet; raise PeerattnError if the checkpoint is missing or damaged."""
    return _load(MoveNet(), name, device)


def save_pretrained(folder: Path, network: nn.Module, facts: Mapping[str, Any]) -> None:
    """Write a checkpoint with the weights in half precision, and these facts on its card."""
    folder.mkdir(parents=True, exist_ok=True)
    halves = {name: array.astype(np.float16) for name, array in as_arrays(network.state_dict()).items()}
    write_weights(folder / WEIGHTS_FILE, halves)
    write_card(folder, KIND, facts)


def _load(network: Part, name: str, device: torch.device | str) -> Part:
    folder = find_checkpoint(name)
    read_card(folder, KIND)
    expected = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    load_arrays(network, read_weights(folder / WEIGHTS_FILE, expected))
    return network.to(device).eval().requires_grad_(False)
