"""Fill the cache before training, in worker processes."""

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
class CacheReport:
    """The result of filling the cache.

    `prepared` clips were added, `present` ones were already in the cache, and `skipped` maps those that
    cannot be read to the reason. `seconds` is the time spent on preparing clips, summed over all worker
    processes.
    """

    prepared: int
    present: int
    skipped: dict[str, str]
    seconds: float


def warm_cache(
    source: FolderClips, *, workers: int | None = None, progress: Progress | None = None
) -> CacheReport:
    """Prepare every clip of a source with a cache; `progress(done, total)` may raise to cancel."""
    loader: DataLoader[_ClipResult] = DataLoader(
        _Preparing(source),
        batch_size=None,
        num_workers=os.cpu_count() or 1 if workers is None else workers,
        worker_init_fn=single_threaded,
    )
    prepared, present, seconds, skipped = 0, 0, 0.0, dict[str, str]()
    for done, (file, result) in enumerate(zip(source.files, loader, strict=True), start=1):
        if result.error:
            skipped[str(file.path)] = result.error
        elif result.present:
            present += 1
        else:
            prepared += 1
            seconds += result.seconds
        if progress:
            progress(done, len(source))
    return CacheReport(prepared, present, skipped, seconds)


@dataclass(frozen=True)
class _ClipResult:
    present: bool
    seconds: float
    error: str


class _Preparing(Dataset[_ClipResult]):
    """Prepares each clip of a source on access."""

    def __init__(self, source: FolderClips) -> None:
        self.source = source

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, member: int) -> _ClipResult:
        started, cache = time.perf_counter(), self.source.cache
        assert cache is not None  # only sources with a cache are passed
        try:
            present = self.source.preparation.is_cached(self.source.files[member], cache)
            self.source.prepared(member)
            self.source.prepared(member, others=True)
        except (PeerattnError, OSError) as error:
            return _ClipResult(False, 0.0, str(error))
        return _ClipResult(present, time.perf_counter() - started, "")
