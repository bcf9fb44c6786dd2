"""Heads fitted in closed form: ridge regression of the classes on what an input block gives a head.

With few clips and many channels this finds softer and better answers than gradient descent, in seconds, and
always the same ones. Such a head learns from whole clips, before the other parts of a network are trained.

N clips, C channels, T frames, D numbers that a head sums up, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from peerattn.errors import PeerattnError
from peerattn.network.blocks.temporal import StandardisedInput, TemporalHead
from peerattn.network.network import Network
from peerattn.training.losses import shares

STRENGTH = 0.5
"""Of the penalty on squared weights, in units of the mean squared length of a clip's numbers."""
SHARPNESS = 8.0
"""Factor from a regression's scores, which are near 0 and 1, to logits."""
_LEAST_DEVIATION = 1e-2  # of the mean deviation: numbers that hardly vary do not count more than others


@runtime_checkable
class WholeClips(Protocol):
    """A source of training clips that can also give them whole."""

    def whole_clips(self) -> Iterator[tuple[Mapping[str, Tensor], Tensor]]:
        """Yield modality → (1, C, T, 1, 1) and targets, (1,) or (1, K), for each clip and its mirror image.

        Clips that cannot be read are left out.
        """
        ...


def fit_linear_heads(network: Network, source: object, outputs: Iterable[str]) -> None:
    """Fit the heads of these output blocks to whole clips of the source.

    Raises PeerattnError for a block or head of another kind, for a source without whole clips, and if no clip
    can be read.
    """
    names = tuple(outputs)
    for name in names:
        linear_parts(network, name)
    if not names:
        return
    if not isinstance(source, WholeClips):
        raise PeerattnError(
            f"the heads of {', '.join(names)} are fitted in closed form, which needs whole clips of people: "
            "leave closed_form out of the recipe"
        )
    clips = list(source.whole_clips())
    if not clips:
        raise PeerattnError("none of the training clips can be read")
    kind = network.structure.answer.kind
    truth = torch.cat([shares(target, len(network.class_names), kind) for _, target in clips]).numpy()
    for name in names:
        _fit_head(network, name, [tensors for tensors, _ in clips], truth)


def _fit_head(
    network: Network, name: str, clips: Sequence[Mapping[str, Tensor]], truth: NDArray[np.float32]
) -> None:
    block, head = linear_parts(network, name)
    spec, structure = network.structure.block(name), network.structure
    read = [network.to_own_device(network.input_of(spec, dict(clip), {})) for clip in clips]
    block.set_statistics(read)
    trains = block.training
    with torch.no_grad():
        pooled = np.concatenate([head.pool(block.eval()(clip)).cpu().numpy() for clip in read])
    block.train(trains)
    weights, bias = ridge(pooled, truth)
    bias = bias + OFFSETS[structure.answer.kind](truth.mean(0))
    with torch.no_grad():
        head.scores.weight.copy_(torch.from_numpy(weights))
        head.scores.bias.copy_(torch.from_numpy(bias))


def fix_linear_heads(network: Network, outputs: Iterable[str]) -> None:
    """Leave these heads and their blocks as they are while the network is trained."""
    for name in outputs:
        block, head = linear_parts(network, name)
        block.standardise.fixed = True
        for parameter in head.parameters():
            parameter.requires_grad_(False)


def ridge(
    numbers: NDArray[np.float32], truth: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return weights (K, D) and bias (K,) whose scores are logits, from numbers (N, D) and shares (N, K).

    Numbers are standardised first. The regression is solved with the N × N matrix of clips' products.
    """
    count, width = numbers.shape
    mean, deviation = numbers.mean(0, dtype=np.float64), numbers.std(0, dtype=np.float64)
    deviation = (deviation + _LEAST_DEVIATION * deviation.mean() + 1e-12) * width**0.5
    standard = (numbers - mean) / deviation
    prior = truth.mean(0)
    products = standard @ standard.T
    penalty = STRENGTH * np.trace(products) / count
    solved = np.linalg.solve(products + penalty * np.eye(count), truth - prior)
    weights = SHARPNESS * (standard.T @ solved) / deviation[:, None]
    return weights.T.astype(np.float32), (-mean @ weights).astype(np.float32)


def linear_parts(network: Network, name: str) -> tuple[StandardisedInput, TemporalHead]:
    """Return an output's block and head. Raises PeerattnError if they are not linear in the modality."""
    block, head = network.blocks[network.structure.output(name).block], network.heads[name]
    if not isinstance(block, StandardisedInput) or not isinstance(head, TemporalHead):
        raise PeerattnError(
            f"output {name} cannot be fitted in closed form: that takes a block of kind standardised_input "
            "and a head of kind temporal"
        )
    return block, head


def _log_odds(share: NDArray[np.float32]) -> NDArray[np.float32]:
    bounded = share.clip(0.01, 0.99)
    odds: NDArray[np.float32] = np.log(bounded / (1 - bounded))
    return odds


OFFSETS: Mapping[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
    "classes": np.zeros_like,
    "labels": _log_odds,
}
"""Kind of answer → what is added to the scores (K,), given the share of clips with each class or label.

Without evidence, a label is as probable as among all clips, and all classes have the same score.
"""
