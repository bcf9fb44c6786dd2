"""Turn logits into probabilities, and combine the logits of several heads into those of one answer.

Both depend on the kind of the answer: `classes` (one class of several) or `labels` (any number of labels).

Shapes: H heads, B clips, K class names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor

PROBABILITIES: Mapping[str, Callable[[Tensor], Tensor]] = {
    "classes": partial(torch.softmax, dim=-1),
    "labels": torch.sigmoid,
}
"""Kind of answer → function from logits (..., K) to probabilities (..., K)."""


def _identity(logits: Tensor) -> Tensor:
    return logits


LOG_PROBABILITIES: Mapping[str, Callable[[Tensor], Tensor]] = {
    "classes": partial(torch.log_softmax, dim=-1),
    "labels": _identity,
}
"""Kind of answer → function from logits (..., K) to log-probabilities (..., K), which can be averaged over
heads.

The logit of a label is already log P(yes) - log P(no), so its mean is the mean of these log-probabilities.
"""


def _mean_of_logits(logits: Tensor, kind: str) -> Tensor:
    return logits.mean(dim=0)


def _mean_of_log_probabilities(logits: Tensor, kind: str) -> Tensor:
    return LOG_PROBABILITIES[kind](logits).mean(dim=0)


def _first_head(logits: Tensor, kind: str) -> Tensor:
    return logits[0]


COMBINING: Mapping[str, Callable[[Tensor, str], Tensor]] = {
    "mean_of_logits": _mean_of_logits,
    "mean_of_log_probabilities": _mean_of_log_probabilities,
    "separate": _first_head,
}
"""Combination → function from the heads' logits (H, B, K) and their kind to the network's (B, K)."""
