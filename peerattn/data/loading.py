"""The batches of a training: which clips are in each, and how worker processes make them.

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

_PREFETCHED = 4  # batches that each worker process makes in advance


@dataclass(frozen=True)
class Batch:
    """Clips of the same length, and their targets.

    Targets are class numbers (B,) int64, or the share of each class (B, K) float32 if clips have several
    classes or are mixed.
    """

    tensors: Mapping[str, Tensor]  # modality → (B, C, T, H, W) float32 in channels-last format
    targets: Tensor
    names: tuple[str, ...]  # of the clips, for messages
    seconds: Mapping[str, float]  # step → its duration: "decode", "flow", "augment"; "draw" if generated
    skipped: Mapping[str, str] = field(default_factory=dict)  # clips that could not be read → the reason


class ClipSource(Protocol):
    """A source of training clips."""

    shuffled: bool
    """Whether each epoch has its own random order; not needed if all clips are independent."""
    skipped: dict[str, str]
    """Clips that could not be read → the reason; `batches` adds to it."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes, by class number."""
        ...

    def __len__(self) -> int:
        """The number of clips per epoch."""
        ...

    def batch(self, epoch: int, members: Sequence[int]) -> Batch:
        """Return these clips as augmented for this epoch: always the same for the same arguments, in any
        process.

        Clips that cannot be read are left out. Raises PeerattnError if no clip of the source can be read.
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
    """Yield the batches of these updates, over as many epochs as they span.

    Updates are counted from 0, the first batch of epoch 0. Each of `world` processes gets its own share of
    each batch (batch / world clips), so that together they see what a single process would see. Clips at the
    end of an epoch that do not fill a batch are dropped, unless the epoch has no full batch. A clip that
    cannot be read is named once on stderr. With `workers` 0, this process makes the batches itself. Raises
    PeerattnError if the batch does not fit the number of clips or processes.
    """
    shares = _Shares(source, seed, batch, rank, world)
    loader: DataLoader[Batch | PeerattnError] = DataLoader(
        shares,
        batch_size=None,
        sampler=updates,
        num_workers=workers,
        worker_init_fn=single_threaded,
        prefetch_factor=_PREFETCHED if workers else None,
    )
    for item in loader:
        if isinstance(item, PeerattnError):
            raise item
        _report_skipped(source, item.skipped)
        yield item


def order(source: ClipSource, *, seed: int, epoch: int, batch: int) -> list[list[int]]:
    """Return the clip numbers of each batch of an epoch, in the epoch's order."""
    count = len(source)
    numbers = np.arange(count)
    if source.shuffled:
        numbers = np.random.default_rng(np.random.SeedSequence((seed, epoch))).permutation(count)
    size = min(batch, count)
    return [numbers[start : start + size].tolist() for start in range(0, count - size + 1, max(size, 1))]


def _check_batches(numbers: list[list[int]], batch: int, world: int) -> list[list[int]]:
    """Return the batches; raise PeerattnError if they cannot be shared among `world` processes."""
    if batch < 1 or batch % world:
        raise PeerattnError(
            f"a batch of {batch} cannot be shared among {world} processes: choose a multiple of {world}"
        )
    clips = len(numbers[0])
    if not clips or clips % world:
        raise PeerattnError(
            f"{clips} clips do not fill one batch of {batch}: add clips, or choose a smaller batch"
        )
    return numbers


class _Shares(Dataset[Batch | PeerattnError]):
    """This process's share of the batch of each update, or the error that prevented it.

    Errors are returned, because the message of one raised in a worker process would contain its traceback.
    """

    def __init__(self, source: ClipSource, seed: int, batch: int, rank: int, world: int) -> None:
        self.source, self.seed, self.batch, self.rank, self.world = source, seed, batch, rank, world
        self.epoch, self.members = 0, _check_batches(self._order(0), batch, world)

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


def _report_skipped(source: ClipSource, skipped: Mapping[str, str]) -> None:
    """Print one line to stderr for each clip that is skipped for the first time."""
    for name, reason in skipped.items():
        if name not in source.skipped:
            source.skipped[name] = reason
            print(f"skipped {name}: {reason}", file=sys.stderr)


def single_threaded(worker: int) -> None:
    """Initialise a worker process to use one thread: the other cores belong to the other workers."""
    cv2.setNumThreads(
        0
    )  # no thread pool: with 1, OpenCV would wait for threads that do not exist after a fork
    os.environ[THREADS_VARIABLE] = "1"
    torch.set_num_threads(1)
