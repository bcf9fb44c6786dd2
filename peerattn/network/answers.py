"""Logits to probabilities by the kind of the answer, and the logits of several heads to those of one answer.

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
"""Kind → (..., K) logits to (..., K) probabilities."""


def _as_they_are(logits: Tensor) -> Tensor:
    return logits


LOG_PROBABILITIES: Mapping[str, Callable[[Tensor], Tensor]] = {
    "classes": partial(torch.log_softmax, dim=-1),
    "labels": _as_they_are,
}
"""Kind → logits (..., K) of the same probabilities, so scaled that heads count alike.

Of labels the logit is the log-probability of yes minus that of no, so its mean is theirs.
"""


def _mean_of_logits(logits: Tensor, kind: str) -> Tensor:
    return logits.mean(dim=0)


def _mean_of_log_probabilities(logits: Tensor, kind: str) -> Tensor:
    return LOG_PROBABILITIES[kind](logits).mean(dim=0)


def _first(logits: Tensor, kind: str) -> Tensor:
    return logits[0]


COMBINING: Mapping[str, Callable[[Tensor, str], Tensor]] = {
    "mean_of_logits": _mean_of_logits,
    "mean_of_log_probabilities": _mean_of_log_probabilities,
    "separate": _first,
}
"""Combination → logits (H, B, K) of heads that answer in one kind, to the logits (B, K) of the network."""
