"""What a network predicts of labelled clips: of each whole clip, and of its middle window alone.

A clip's prediction is the mean over its windows, each the heads' answer over a stretch of the whole clip's
block outputs; its middle window alone is run as a clip of its own. Shapes: N clips, K classes.
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
from peerattn.recording.stretches import Progress, answers, clips_together
from peerattn.recording.windows import windows
from peerattn.scores.kinds import label_matrix
from peerattn.threads import threads_for


@dataclass(frozen=True)
class Predictions:
    """Probabilities (N, K) of clips and of their middle windows, the labels of each clip, and its group.

    Shares of 1 where the network is asked classes; each by itself where it is asked labels.
    """

    clips: NDArray[np.float32]
    middle: NDArray[np.float32]
    labels: tuple[tuple[int, ...], ...]
    groups: tuple[str, ...]
    objects: Mapping[str, int] = field(default_factory=dict)  # origin of object maps → of how many clips

    @classmethod
    def joined(cls, parts: Sequence[Predictions]) -> Predictions:
        """Of the clips of all parts, one behind the other."""
        return cls(
            np.concatenate([part.clips for part in parts]),
            np.concatenate([part.middle for part in parts]),
            tuple(labels for part in parts for labels in part.labels),
            tuple(group for part in parts for group in part.groups),
            dict(sum((Counter(part.objects) for part in parts), Counter())),
        )

    @property
    def several(self) -> NDArray[np.bool_]:
        """(N, K) which labels each clip has."""
        return label_matrix(self.labels, self.clips.shape[1])


def predict(
    network: Network,
    examples: Iterable[Example],
    *,
    window: int,
    batch: int = 16,
    progress: Progress | None = None,
) -> Predictions:
    """Predictions in evaluation mode: probabilities of what the network is asked.

    `progress(done, total)` counts clips and may raise to cancel.
    """
    network, total = unwrap(network), length_hint(examples)
    none = np.zeros((0, len(network.class_names)), np.float32)
    clips, middle = [none], [none]
    labels: list[tuple[int, ...]] = []
    groups: list[str] = []
    objects: Counter[str] = Counter()
    answer = network.probabilities
    for members in batches(examples, batch):
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


def batches(examples: Iterable[Example], most: int) -> Iterator[list[Example]]:
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
    network: Network,
    members: Sequence[Example],
    window: int,
    answer: Callable[[Tensor], Tensor],
    *,
    within: tuple[int, int] | None = None,
) -> Tensor:
    """What `answer` makes of the logits (B, K) of each window of examples of one shape (windows, B, K).

    The blocks run over whole clips; the heads answer over each window of them. `within` says which frames of
    longer clips the examples are, where they are part of such.
    """
    read = [modality.name for modality in network.structure.read_modalities]
    _, _, frames, *sides = members[0].tensors[read[0]].shape
    spans, parts = windows(frames, window), []
    work = rough_multiply_adds(network, clips=len(members), frames=frames, sides=sides)
    with threads_for(work):
        for some in in_parts(members, clips_together(network.structure, frames=frames, sides=sides)):
            joined = {name: torch.cat([member.tensors[name] for member in some]) for name in read}
            clips = {name: network.to_own_device(tensor) for name, tensor in joined.items()}
            found = answers(network, clips, spans, within=within)
            parts.append(torch.stack([answer(logits) for logits in found]))
    return torch.cat(parts, dim=1)


def middle_answers(
    network: Network, members: Sequence[Example], window: int, answer: Callable[[Tensor], Tensor]
) -> Tensor:
    """What `answer` makes of the logits (B, K) of the middle window of each example, run alone (B, K)."""
    frames = next(iter(members[0].tensors.values())).shape[2]
    spans = windows(frames, window)
    start, stop = spans[len(spans) // 2]
    alone = [
        replace(member, tensors={name: tensor[:, :, start:stop] for name, tensor in member.tensors.items()})
        for member in members
    ]
    return window_answers(network, alone, window, answer, within=(start, stop))[0]


def in_parts(members: Sequence[Example], most: int) -> Iterator[Sequence[Example]]:
    """At most so many of them at a time."""
    for first in range(0, len(members), most):
        yield members[first : first + most]
