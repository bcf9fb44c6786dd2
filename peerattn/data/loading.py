"""The batches of a training: which clips each holds, and their making in worker processes.

B clips, C channels, T frames, H height, W width, K classes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from peerattn.errors import PeerattnError
from peerattn.threads import THREADS_VARIABLE

_AHEAD = 4  # batches that each worker process makes before they are asked for


@dataclass(frozen=True)
class Batch:
    """Clips of one length and what they show.

    Targets are class numbers (B,) int64; where clips have several classes, or are mixed, the share of each
    class (B, K) float32.
    """

    tensors: Mapping[str, Tensor]  # modality → (B, C, T, H, W) float32, channels last in memory
    targets: Tensor
    names: tuple[str, ...]  # the clips, for messages
    seconds: Mapping[str, float]  # what making it took: "decode", "flow", "augment"; "draw" if generated
    skipped: Mapping[str, str] = field(default_factory=dict)  # clips that could not be read → why


class ClipSource(Protocol):
    """Where clips to train on come from."""

    shuffled: bool
    """Whether each epoch has a random order of its own; clips that are all independent need none."""
    skipped: dict[str, str]
    """The clips that could not be read, and why; `batches` adds to it."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """By class number."""
        ...

    def __len__(self) -> int:
        """Clips an epoch."""
        ...

    def batch(self, epoch: int, members: Sequence[int]) -> Batch:
        """These clips, as they look in this epoch: the same for the same arguments, in any process.

        Those that cannot be read are left out; raises PeerattnError when no clip of the source can be.
        """
        ...


def batches(
    source: ClipSource,
    updates: range,
    *,
    seed: int,
    batch: int,
    workers: int = 0,
    rank: int = 0,
    world: int = 1,
) -> Iterator[Batch]:
    """The batches of these updates, one after the other over as many epochs as they span.

    Updates count from 0 at the first batch of epoch 0. Each of `world` processes gets its own share of each
    batch (batch / world clips), so that together they see what one process sees. The tail of an epoch that
    does not fill a batch is dropped unless it is all there is. A clip that cannot be read is named once on
    stderr. `workers` 0 makes the batches in this process. Raises PeerattnError when clips or processes are
    too few or too many for the batch.
    """
    shares = _Shares(source, seed, batch, rank, world)
    loader: DataLoader[Batch | PeerattnError] = DataLoader(
        shares,
        batch_size=None,
        sampler=updates,
        num_workers=workers,
        worker_init_fn=single_threaded,
        prefetch_factor=_AHEAD if workers else None,
    )
    for made in loader:
        if isinstance(made, PeerattnError):
            raise made
        _tell(source, made.skipped)
        yield made


def order(source: ClipSource, *, seed: int, epoch: int, batch: int) -> list[list[int]]:
    """The clips of each batch of an epoch, in the epoch's order."""
    count = len(source)
    numbers = np.arange(count)
    if source.shuffled:
        numbers = np.random.default_rng(np.random.SeedSequence((seed, epoch))).permutation(count)
    size = min(batch, count)
    return [numbers[start : start + size].tolist() for start in range(0, count - size + 1, max(size, 1))]


def _checked(numbers: list[list[int]], batch: int, world: int) -> list[list[int]]:
    """The batches; raises PeerattnError when they cannot be shared among so many processes."""
    if batch < 1 or batch % world:
        raise PeerattnError(f"a batch of {batch} cannot be shared among {world} processes: give a multiple")
    clips = len(numbers[0])
    if not clips or clips % world:
        raise PeerattnError(
            f"{clips} clips do not fill one batch of {batch}: give more clips, or a smaller batch"
        )
    return numbers


class _Shares(Dataset[Batch | PeerattnError]):
    """This process's share of the batch of each update, or why there is none.

    A worker process that raised would have its traceback in the message.
    """

    def __init__(self, source: ClipSource, seed: int, batch: int, rank: int, world: int) -> None:
        self.source, self.seed, self.batch, self.rank, self.world = source, seed, batch, rank, world
        self.epoch, self.members = 0, _checked(self._order(0), batch, world)

    def __getitem__(self, update: int) -> Batch | PeerattnError:
        epoch, step = divmod(update, len(self.members))
        if epoch != self.epoch:
            self.epoch, self.members = epoch, self._order(epoch)
        try:
            return self.source.batch(epoch, self.members[step][self.rank :: self.world])
        except PeerattnError as error:
            return error

    def _order(self, epoch: int) -> list[list[int]]:
        return order(self.source, seed=self.seed, epoch=epoch, batch=self.batch)


def _tell(source: ClipSource, skipped: Mapping[str, str]) -> None:
    """One line for each clip that is skipped for the first time."""
    for name, reason in skipped.items():
        if name not in source.skipped:
            source.skipped[name] = reason
            print(f"skipped {name}: {reason}", file=sys.stderr)


def single_threaded(worker: int) -> None:
    """What a worker process begins with: the cores belong to its fellows."""
    cv2.setNumThreads(0)  # no pool of threads: 1 would wait for those that a fork leaves behind
    os.environ[THREADS_VARIABLE] = "1"
    torch.set_num_threads(1)
