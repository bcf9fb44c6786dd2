"""Losses of a segmentation network: for exact maps of generated frames, and for person masks of real ones.

B frames, K classes (the background first), H height, W width.
"""

import torch
from torch import Tensor
from torch.nn import functional

from peerattn.modalities.objects import PERSON

_BACKGROUND_WEIGHT = 0.2  # 84 % of the pixels are background, 2 % show any one kind of object
_OBJECT_PRESSURE = 0.2
_SMOOTHING = 50.0  # in pixels; a smaller mask should not count as much as a whole frame's error


def map_loss(logits: Tensor, ids: Tensor) -> Tensor:
    """Return the cross-entropy of logits (B, K, H, W) and true class ids (B, H, W)."""
    weights = logits.new_ones(logits.shape[1])
    weights[0] = _BACKGROUND_WEIGHT
    return functional.cross_entropy(logits, ids, weight=weights)


def person_loss(logits: Tensor, persons: Tensor) -> Tensor:
    """Return the loss of logits (B, K, H, W) if only the person's pixels (B, H, W) are known.

    Outside the mask any other class is right, since objects in real clips have no labels: the probability of
    "no person" is the sum of theirs. A light pressure keeps the network from seeing objects of generated
    clips in real ones without need. Cross-entropy counts pixels and Dice's coefficient overlap, so that small
    persons matter as much as large ones.
    """
    logs = functional.log_softmax(logits, dim=1)
    others = [number for number in range(logits.shape[1]) if number != PERSON]
    person, other = logs[:, PERSON], logs[:, others].logsumexp(dim=1)
    entropy = -torch.where(persons, person, other).mean()
    objects = logs[:, others[1:]].exp().sum(dim=1)
    pressure = -torch.log1p(-objects.clamp(max=0.999)).mean()
    return 2 * entropy + _dice_error(person.exp(), persons.float()) + _OBJECT_PRESSURE * pressure


def presence_loss(logits: Tensor, persons: Tensor) -> Tensor:
    """Return the loss of logits (B, H, W) of "here is the person", where `persons` (B, H, W) are 0 to 1."""
    entropy = functional.binary_cross_entropy_with_logits(logits, persons)
    return 2 * entropy + _dice_error(logits.sigmoid(), persons)


def _dice_error(estimated: Tensor, true: Tensor) -> Tensor:
    """Return 1 - Dice's coefficient, averaged over frames."""
    both, sizes = (estimated * true).sum((1, 2)), estimated.sum((1, 2)) + true.sum((1, 2))
    return 1 - ((2 * both + _SMOOTHING) / (sizes + _SMOOTHING)).mean()
