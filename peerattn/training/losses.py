"""Losses and targets for each kind of answer: one class, or any number of labels.

Shapes: B clips, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from peerattn.errors import PeerattnError

LossFunction = Callable[[Tensor, Tensor, float], Tensor]
"""(logits (B, K), targets (B, K) as shares of the classes, label smoothing) → the loss of each clip (B,)."""


def cross_entropy(logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    """Return −Σ_k target_k · log softmax(logits)_k (B,), with the targets smoothed towards all classes."""
    return F.cross_entropy(logits, targets, reduction="none", label_smoothing=smoothing)


def binary(logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    """Return the binary cross-entropy (B,) of each label's own sigmoid, averaged over the labels."""
    smoothed = targets * (1 - smoothing) + smoothing / 2
    return F.binary_cross_entropy_with_logits(logits, smoothed, reduction="none").mean(dim=1)


LOSSES: Mapping[str, LossFunction] = {"classes": cross_entropy, "labels": binary}
"""Kind of answer → its loss function."""


def _check_one_class(targets: Tensor) -> Tensor:
    if (targets.sum(dim=1) - 1).abs().max() > 1e-3:
        raise PeerattnError("these clips have several labels each: choose the loss binary")
    return targets


def _unchecked(targets: Tensor) -> Tensor:
    return targets


TARGETS: Mapping[str, Callable[[Tensor], Tensor]] = {"classes": _check_one_class, "labels": _unchecked}
"""Kind of answer → the function that returns targets (B, K), or raises if they do not fit the answer."""


def shares(targets: Tensor, classes: int, kind: str) -> Tensor:
    """Return targets as shares of the classes (B, K), from class numbers (B,) or from shares already (B, K).

    Targets are already shares for mixed clips and for several labels. Raises PeerattnError for several labels
    where the answer is one class.
    """
    if targets.ndim == 1:
        return F.one_hot(targets, classes).float()
    return TARGETS[kind](targets.float())


def class_weights(clips: Sequence[int], balance: float) -> Tensor:
    """Return a weight per class (K,) from its number of clips: proportional to clips ** -balance.

    The weights are scaled so that a training clip has weight 1 on average; a class without clips gets 0.
    """
    counts = torch.tensor(clips, dtype=torch.float32)
    weights = torch.where(counts > 0, counts.clamp(min=1) ** -balance, 0.0)
    return weights * (counts.sum() / (weights * counts).sum())
