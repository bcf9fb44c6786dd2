"""Losses and targets by what a network is asked: what each clip of a batch costs, of one class or any labels.

Shapes: B clips, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

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
    """The mean over labels of each one's own yes or no."""
    blurred = targets * (1 - smoothing) + smoothing / 2
    return F.binary_cross_entropy_with_logits(logits, blurred, reduction="none").mean(dim=1)


LOSSES: Mapping[str, LossFunction] = {"classes": cross_entropy, "labels": binary}
"""Kind of answer → its loss."""


def _of_one(targets: Tensor) -> Tensor:
    if (targets.sum(dim=1) - 1).abs().max() > 1e-3:
        raise PeerattnError("these clips have several labels each: choose the loss binary")
    return targets


def _of_any(targets: Tensor) -> Tensor:
    return targets


TARGETS: Mapping[str, Callable[[Tensor], Tensor]] = {"classes": _of_one, "labels": _of_any}
"""Kind of answer → the shares (B, K) that clips have of each class, refused where it cannot be asked them."""


def shares(targets: Tensor, classes: int, kind: str) -> Tensor:
    """Targets as shares of classes (B, K): of labels (B,), or as they are, of mixed clips or several labels.

    Raises PeerattnError for several labels where one class is asked.
    """
    if targets.ndim == 1:
        return F.one_hot(targets, classes).float()
    return TARGETS[kind](targets.float())


def class_weights(clips: Sequence[int], balance: float) -> Tensor:
    """A weight for each class (K,) of so many clips: (mean / clips) ** balance, 0 for a class without clips.

    Scaled so that a training clip weighs 1 on average.
    """
    counts = torch.tensor(clips, dtype=torch.float32)
    weights = torch.where(counts > 0, counts.clamp(min=1) ** -balance, 0.0)
    return weights * (counts.sum() / (weights * counts).sum())
