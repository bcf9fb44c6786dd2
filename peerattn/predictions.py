"""What a network predicts of labelled clips: of each whole clip, and of its middle window alone.

A clip's prediction is the mean over its windows. Shapes: N clips, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import length_hint

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from peerattn.data import Example
from peerattn.modalities import windows
from peerattn.network import Network

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Predictions:
    """Probabilities (N, K) of clips and of their middle windows, the labels of each clip, and its group."""

    clips: NDArray[np.float32]
    middle: NDArray[np.float32]
    labels: tuple[tuple[int, ...], ...]
    groups: tuple[str, ...]

    @property
    def several(self) -> NDArray[np.bool_]:
        """(N, K) which labels each clip has."""
        table = np.zeros(self.clips.shape, bool)
        for row, labels in zip(table, self.labels, strict=True):
            row[list(labels)] = True
        return table


def predict(
    network: Network,
    examples: Iterable[Example],
    *,
    window: int,
    batch: int = 16,
    several_labels: bool = False,
    progress: Progress | None = None,
) -> Predictions:
    """Predictions in evaluation mode; where clips have several labels, each class is a yes or no of its own.

    `progress(done, total)` counts clips and may raise to cancel.
    """
    total = length_hint(examples)
    none = np.zeros((0, len(network.class_names)), np.float32)
    clips, middle = [none], [none]
    labels: list[tuple[int, ...]] = []
    groups: list[str] = []
    for members in _batches(examples, batch):
        shares = window_answers(network, members, window, torch.sigmoid if several_labels else _softmax)
        clips.append(shares.mean(dim=0).cpu().numpy())
        middle.append(shares[len(shares) // 2].cpu().numpy())
        labels += [member.labels for member in members]
        groups += [member.group for member in members]
        if progress:
            progress(len(labels), max(total, len(labels)))
    return Predictions(np.concatenate(clips), np.concatenate(middle), tuple(labels), tuple(groups))


def _batches(examples: Iterable[Example], most: int) -> Iterator[list[Example]]:
    """Neighbouring examples of one shape."""
    members: list[Example] = []
    for example in examples:
        if members and (len(members) == most or _shapes(members[0]) != _shapes(example)):
            yield members
            members = []
        members.append(example)
    if members:
        yield members


def _shapes(example: Example) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in example.tensors.items()}


def window_answers(
    network: Network, members: Sequence[Example], window: int, answer: Callable[[Tensor], Tensor]
) -> Tensor:
    """What `answer` makes of the logits (B, K) of each window of examples of one shape (windows, B, K)."""
    device = next(network.parameters()).device
    read = [modality.name for modality in network.structure.read_modalities]
    clip = {name: torch.cat([member.tensors[name] for member in members]).to(device) for name in read}
    spans = windows(next(iter(clip.values())).shape[2], window)
    training = network.training
    network.eval()
    try:
        with torch.inference_mode():
            each = [
                answer(network({name: tensor[:, :, start:stop] for name, tensor in clip.items()}))
                for start, stop in spans
            ]
    finally:
        network.train(training)
    return torch.stack(each)


def _softmax(logits: Tensor) -> Tensor:
    return torch.softmax(logits, dim=1)
