"""Filling the cache before training, in worker processes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from torch.utils.data import DataLoader, Dataset

from peerattn.data.clips import FolderClips
from peerattn.data.loading import single_threaded
from peerattn.errors import PeerattnError

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Warmed:
    """How many clips were prepared now, how many were there already, and which cannot be read and why.

    `seconds` is what preparing took, in all worker processes together.
    """

    made: int
    found: int
    skipped: dict[str, str]
    seconds: float


def warm(source: FolderClips, *, workers: int | None = None, progress: Progress | None = None) -> Warmed:
    """Prepare every clip of a source that has a cache; `progress(done, total)` may raise to cancel."""
    loader: DataLoader[_Done] = DataLoader(
        _Preparing(source),
        batch_size=None,
        num_workers=os.cpu_count() or 1 if workers is None else workers,
        worker_init_fn=single_threaded,
    )
    made, found, seconds, skipped = 0, 0, 0.0, dict[str, str]()
    for done, (file, one) in enumerate(zip(source.files, loader, strict=True), start=1):
        if one.fault:
            skipped[str(file.path)] = one.fault
        elif one.found:
            found += 1
        else:
            made += 1
            seconds += one.seconds
        if progress:
            progress(done, len(source))
    return Warmed(made, found, skipped, seconds)


@dataclass(frozen=True)
class _Done:
    found: bool
    seconds: float
    fault: str


class _Preparing(Dataset[_Done]):
    """What became of each clip."""

    def __init__(self, source: FolderClips) -> None:
        self.source = source

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, member: int) -> _Done:
        began, cache = time.perf_counter(), self.source.cache
        assert cache is not None  # there is something to fill
        try:
            found = self.source.preparation.is_cached(self.source.files[member], cache)
            self.source.prepared(member)
            self.source.prepared(member, others=True)
        except (PeerattnError, OSError) as error:
            return _Done(False, 0.0, str(error))
        return _Done(found, time.perf_counter() - began, "")
