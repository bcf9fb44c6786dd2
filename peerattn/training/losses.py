"""Losses by name: what each clip of a batch costs, for one label a clip or several.

Shapes: B clips, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from peerattn.errors import PeerattnError

LossFunction = Callable[[Tensor, Tensor, float], Tensor]
"""(logits (B, K), targets (B, K) shares of each class, label smoothing) → (B,)."""


def cross_entropy(logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    """−Σ_k target_k · log softmax(logits)_k, the targets blurred towards all classes."""
    return F.cross_entropy(logits, targets, reduction="none", label_smoothing=smoothing)


def binary(logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    """The mean over classes of each one's own yes or no: for clips of several labels."""
    blurred = targets * (1 - smoothing) + smoothing / 2
    return F.binary_cross_entropy_with_logits(logits, blurred, reduction="none").mean(dim=1)


def l1(logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    """Σ_k |softmax(logits)_k − target_k|."""
    return (torch.softmax(logits, dim=1) - _smoothed(targets, smoothing)).abs().sum(dim=1)


def l2(logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    """Σ_k (softmax(logits)_k − target_k)²."""
    return (torch.softmax(logits, dim=1) - _smoothed(targets, smoothing)).square().sum(dim=1)


LOSSES: dict[str, LossFunction] = {"cross_entropy": cross_entropy, "binary": binary, "l1": l1, "l2": l2}


def _smoothed(targets: Tensor, smoothing: float) -> Tensor:
    return targets * (1 - smoothing) + smoothing / targets.shape[1]


def shares(targets: Tensor, classes: int, loss: str) -> Tensor:
    """Targets as shares of classes (B, K): of labels (B,), or as they are, of mixed clips or several labels.

    Raises PeerattnError for several labels where the loss has softmax's one winner.
    """
    if targets.ndim == 1:
        return F.one_hot(targets, classes).float()
    if loss != "binary" and (targets.sum(dim=1) - 1).abs().max() > 1e-3:
        raise PeerattnError(f"these clips have several labels each: choose the loss binary, not {loss}")
    return targets.float()


def class_weights(clips: Sequence[int], balance: float) -> Tensor:
    """A weight for each class (K,) of so many clips: (mean / clips) ** balance, 0 for a class without clips.

    Scaled so that a training clip weighs 1 on average.
    """
    counts = torch.tensor(clips, dtype=torch.float32)
    weights = torch.where(counts > 0, counts.clamp(min=1) ** -balance, 0.0)
    return weights * (counts.sum() / (weights * counts).sum())
