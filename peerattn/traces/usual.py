"""What is usual for a network: the range of its shifts, and the mean heat map of each block, over many clips.

A picture of one clip is drawn on the range that the network has over many clips, so that a quiet clip looks
quiet, and a heat map is compared with what the block shows at each place on any clip, which is mostly the
padding of its convolutions. T frames of a clip, (h, w) the size of a small heat map.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.files.decoding import decode, parse
from peerattn.files.writing import write_atomically
from peerattn.graph.structure import Structure
from peerattn.traces.moments import strength_parts, total_strength
from peerattn.traces.shift import DEFAULT_SCALE, MEASURES
from peerattn.traces.trace import Maps, Matrix, Trace

USUAL_FILE = "usual.json"
"""Its name in a checkpoint's folder."""
SIZE_LIMIT = 16 * 2**20
LEAST_SCALE = 0.01
"""A network whose shifts are usually below this has factors that do not move."""
PERCENTILES = (1, 99)
"""A range reaches from the first to the second of these percentiles."""


@dataclass(frozen=True)
class UsualMap:
    """The mean and the standard deviation (h, w) of a block's heat map, over the frames of all clips."""

    mean: Matrix
    deviation: Matrix


@dataclass(frozen=True)
class Usual:
    """What is usual: the range of each measure of `traces.shift`, and the heat map of each block.

    A range is from one of the `PERCENTILES` to the other, over the inner frames of all connections and clips.
    `ranges` also has that of the `strength` of `traces.moments`, over frames. `clips` counts the clips, and
    `of` says which these are.
    """

    clips: int
    of: str
    ranges: Mapping[str, tuple[float, float]]
    heatmaps: Mapping[str, UsualMap]

    def to_json(self) -> dict[str, Any]:
        """Return plain data; numbers have five significant digits, which is more than a picture shows."""
        return {
            "clips": self.clips,
            "of": self.of,
            "ranges": {name: [_rounded(end) for end in ends] for name, ends in self.ranges.items()},
            "heatmaps": {
                block: {"mean": _rounded(one.mean), "deviation": _rounded(one.deviation)}
                for block, one in self.heatmaps.items()
            },
        }

    @classmethod
    def from_json(cls, data: Any) -> Usual:
        """The inverse of `to_json`; raises PeerattnError on anything else."""
        try:
            usual = decode(data, cls, "what is usual")
            for name, (low, high) in usual.ranges.items():
                if not low <= high:
                    raise ValueError(f"the range of {name} does not rise")
            for block, one in usual.heatmaps.items():
                if one.mean.shape != one.deviation.shape or not one.mean.size:
                    raise ValueError(f"the mean and the deviation of {block} do not fit together")
        except ValueError as error:
            raise PeerattnError(str(error)) from error
        return usual


def shift_scale(usual: Usual | None) -> float:
    """Return the greatest usual shift: pictures have their strongest colour there.

    Networks for which it was not measured, or whose factors never move, have the default.
    """
    most = usual.ranges["shift"][1] if usual and "shift" in usual.ranges else 0.0
    return most if most >= LEAST_SCALE else DEFAULT_SCALE


def load_usual(folder: Path | None, structure: Structure) -> Usual | None:
    """Return what is usual for the network in a checkpoint's folder; None if that was not measured.

    Raises PeerattnError if the file is damaged, or of another network.
    """
    if folder is None or not (path := folder / USUAL_FILE).is_file():
        return None
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise PeerattnError(f"it is larger than {SIZE_LIMIT:,} bytes")
        usual = Usual.from_json(parse(path.read_text(encoding="utf-8"), "another file"))
        if unknown := usual.heatmaps.keys() - structure.by_id.keys():
            raise PeerattnError(f"it is of another network: this one has no block {min(unknown)}")
    except (OSError, UnicodeDecodeError, PeerattnError) as error:
        raise PeerattnError(f"{path} cannot be used ({error}): measure again what is usual") from error
    return usual


def save_usual(folder: Path, usual: Usual) -> None:
    """Write what is usual for the network in a checkpoint's folder."""
    text = json.dumps(usual.to_json(), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    write_atomically(folder / USUAL_FILE, (text + "\n").encode())


def summarise(traces: Iterable[Trace], *, of: str) -> Usual:
    """Return what is usual in these traces of one network; `of` says which clips they show.

    Raises PeerattnError if there are none.
    """
    clips, sums = 0, dict[str, _Sums]()
    values: dict[str, list[NDArray[np.float32]]] = {name: [] for name in (*MEASURES, "strength")}
    for trace in traces:
        clips += 1
        for name, measure in MEASURES.items():
            for connection in trace.connections:
                series = measure(connection)[connection.inner]
                values[name].append(series[np.isfinite(series)].astype(np.float32))
        values["strength"].append(total_strength(trace, strength_parts(trace)).astype(np.float32))
        for block in trace.blocks:
            sums.setdefault(block.block, _Sums()).add(block.heatmap)
    if not clips:
        raise PeerattnError("there are no clips to say what is usual")
    ranges = {name: _range(np.concatenate(parts)) for name, parts in values.items()}
    return Usual(clips, of, ranges, {block: each.summary() for block, each in sums.items()})


class _Sums:
    """Sums over the frames of heat maps."""

    def __init__(self) -> None:
        self.frames, self.total, self.squares = 0, np.zeros(()), np.zeros(())

    def add(self, heatmap: Maps) -> None:
        exact = heatmap.astype(np.float64)
        self.frames += len(exact)
        self.total, self.squares = self.total + exact.sum(axis=0), self.squares + (exact**2).sum(axis=0)

    def summary(self) -> UsualMap:
        mean = self.total / self.frames
        deviation = np.sqrt(np.maximum(self.squares / self.frames - mean**2, 0))
        return UsualMap(mean.astype(np.float32), deviation.astype(np.float32))


def _range(values: NDArray[np.float32]) -> tuple[float, float]:
    if not len(values):
        return 0.0, 0.0
    low, high = np.percentile(values, PERCENTILES)
    return float(low), float(high)


def _rounded(values: Any) -> Any:
    """Return numbers or nested lists of them with five significant digits."""
    return np.vectorize(lambda value: float(f"{value:.5g}"))(values).tolist()
