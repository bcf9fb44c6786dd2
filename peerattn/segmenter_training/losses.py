"""What a segmentation network is corrected by: exact maps of generated frames, person masks of real ones.

B frames, K classes (the background first), H height, W width.
"""

import torch
from torch import Tensor
from torch.nn import functional

from peerattn.modalities.objects import PERSON

_BACKGROUND_WEIGHT = 0.2  # 84 % of the pixels are background, 2 % show any one kind of object
_OBJECT_PRESSURE = 0.2
_SMOOTHING = 50.0  # px; a mask of fewer is not worth a whole frame's error


def map_loss(logits: Tensor, ids: Tensor) -> Tensor:
    """Cross-entropy of (B, K, H, W) logits with true class ids (B, H, W)."""
    weights = logits.new_ones(logits.shape[1])
    weights[0] = _BACKGROUND_WEIGHT
    return functional.cross_entropy(logits, ids, weight=weights)


def person_loss(logits: Tensor, persons: Tensor) -> Tensor:
    """Error of (B, K, H, W) logits where all that is known is which pixels are the person's (B, H, W).

    Any other class is right outside the mask, since the objects of real clips have no labels: the
    probability of not being a person is the sum of theirs. A light pressure keeps objects of generated clips
    from being seen in real ones without need. Cross-entropy counts pixels, Dice's coefficient the overlap:
    small persons matter as much as large ones.
    """
    logs = functional.log_softmax(logits, dim=1)
    others = [number for number in range(logits.shape[1]) if number != PERSON]
    person, other = logs[:, PERSON], logs[:, others].logsumexp(dim=1)
    entropy = -torch.where(persons, person, other).mean()
    objects = logs[:, others[1:]].exp().sum(dim=1)
    pressure = -torch.log1p(-objects.clamp(max=0.999)).mean()
    return 2 * entropy + _dice_error(person.exp(), persons.float()) + _OBJECT_PRESSURE * pressure


def _dice_error(estimated: Tensor, true: Tensor) -> Tensor:
    """1 - Dice's coefficient, the mean over frames."""
    both, sizes = (estimated * true).sum((1, 2)), estimated.sum((1, 2)) + true.sum((1, 2))
    return 1 - ((2 * both + _SMOOTHING) / (sizes + _SMOOTHING)).mean()
