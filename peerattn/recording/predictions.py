"""Predictions of a network on labelled clips: for each whole clip, and for its middle window alone.

The prediction for a clip is the mean over its windows, in each of which the heads read a part of the block
outputs over the whole clip. The middle window alone runs as a clip of its own. Shapes: N clips, K classes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import length_hint

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from peerattn.data.examples import Example
from peerattn.network.failures import translate_device_errors
from peerattn.network.network import Network
from peerattn.network.size import rough_multiply_adds
from peerattn.network.unwrapping import unwrap
from peerattn.recording.stretches import Progress, clips_together, window_logits
from peerattn.recording.windows import windows
from peerattn.scores.kinds import label_matrix
from peerattn.threads import threads_for


@dataclass(frozen=True)
class Predictions:
    """Probabilities (N, K) for clips and for their middle windows, the labels of each clip, and its group.

    For a network of classes the K probabilities sum to 1; for one of labels each is independent. `objects`
    counts the clips by where their object maps come from.
    """

    clips: NDArray[np.float32]
    middle: NDArray[np.float32]
    labels: tuple[tuple[int, ...], ...]
    groups: tuple[str, ...]
    objects: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def concatenated(cls, parts: Sequence[Predictions]) -> Predictions:
        """Return the predictions for the clips of all parts, in order."""
        return cls(
            np.concatenate([part.clips for part in parts]),
            np.concatenate([part.middle for part in parts]),
            tuple(labels for part in parts for labels in part.labels),
            tuple(group for part in parts for group in part.groups),
            dict(sum((Counter(part.objects) for part in parts), Counter())),
        )

    @property
    def several(self) -> NDArray[np.bool_]:
        """(N, K) whether each clip has each label."""
        return label_matrix(self.labels, self.clips.shape[1])


def predict(
    network: Network,
    examples: Iterable[Example],
    *,
    window: int,
    batch: int = 16,
    progress: Progress | None = None,
) -> Predictions:
    """Predict, in evaluation mode, the probabilities of the classes or labels for each clip.

    `progress(done, total)` counts clips and may raise to cancel.
    """
    network, total = unwrap(network), length_hint(examples)
    none = np.zeros((0, len(network.class_names)), np.float32)
    clips, middle = [none], [none]
    labels: list[tuple[int, ...]] = []
    groups: list[str] = []
    objects: Counter[str] = Counter()
    answer = network.probabilities
    for members in same_shape_batches(examples, batch):
        with translate_device_errors():
            shares = window_answers(network, members, window, answer)
            clips.append(shares.mean(dim=0).cpu().numpy())
            alone = shares[0] if len(shares) == 1 else middle_answers(network, members, window, answer)
            middle.append(alone.cpu().numpy())
        labels += [member.labels for member in members]
        groups += [member.group for member in members]
        objects.update(member.origin for member in members if member.origin)
        if progress:
            progress(len(labels), max(total, len(labels)))
    return Predictions(
        np.concatenate(clips), np.concatenate(middle), tuple(labels), tuple(groups), dict(objects)
    )


def same_shape_batches(examples: Iterable[Example], most: int) -> Iterator[list[Example]]:
    """Yield batches of at most `most` consecutive examples of one shape."""
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
    network: Network,
    members: Sequence[Example],
    window: int,
    answer: Callable[[Tensor], Tensor],
    *,
    within: tuple[int, int] | None = None,
) -> Tensor:
    """Apply `answer` to the logits (B, K) of each window of examples of one shape: (windows, B, K).

    The blocks run over whole clips; the heads answer over each window. If the examples are parts of longer
    clips, `within` says which of their frames.
    """
    read = [modality.name for modality in network.structure.read_modalities]
    _, _, frames, *sides = members[0].tensors[read[0]].shape
    spans, parts = windows(frames, window), []
    work = rough_multiply_adds(network, clips=len(members), frames=frames, sides=sides)
    with threads_for(work):
        for some in chunks(members, clips_together(network.structure, frames=frames, sides=sides)):
            joined = {name: torch.cat([member.tensors[name] for member in some]) for name in read}
            clips = {name: network.to_own_device(tensor) for name, tensor in joined.items()}
            logits = window_logits(network, clips, spans, within=within)
            parts.append(torch.stack([answer(each) for each in logits]))
    return torch.cat(parts, dim=1)


def middle_answers(
    network: Network, members: Sequence[Example], window: int, answer: Callable[[Tensor], Tensor]
) -> Tensor:
    """Apply `answer` to the logits of the middle window of each example, run as a clip of its own: (B, K)."""
    frames = next(iter(members[0].tensors.values())).shape[2]
    spans = windows(frames, window)
    start, stop = spans[len(spans) // 2]
    alone = [
        replace(member, tensors={name: tensor[:, :, start:stop] for name, tensor in member.tensors.items()})
        for member in members
    ]
    return window_answers(network, alone, window, answer, within=(start, stop))[0]


def chunks(members: Sequence[Example], most: int) -> Iterator[Sequence[Example]]:
    """Yield consecutive parts of at most `most` members."""
    for first in range(0, len(members), most):
        yield members[first : first + most]
