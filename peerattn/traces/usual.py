"""What is usual for a network: the range of its shifts, and the heat maps of its blocks, over many clips.

A picture of one clip is drawn on the range that the network has over many clips, so that a quiet clip looks
quiet. A heat map is compared with what clips usually add to the block at each place; by itself it shows
mostly the padding of convolutions, which is the same for any clip. T frames of a clip, (h, w) the size of a
small heat map.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
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
from peerattn.traces.trace import Maps, Trace

USUAL_FILE = "usual.json"
"""Its name in a checkpoint's folder."""
SIZE_LIMIT = 16 * 2**20
LEAST_SCALE = 0.01
"""A network whose shifts are usually below this has factors that do not move."""
DECILES = 11
PERCENTILES = (1, 99)
"""A range reaches from the first to the second of these percentiles."""


@dataclass(frozen=True)
class UsualMap:
    """The deciles (11, h, w), from least to greatest, of what clips add to a block at each place."""

    deciles: Maps

    def share_below(self, added: Maps) -> Maps:
        """Return the share of usual frames in which less is added at each place, (T, h, w) → (T, h, w).

        It is 0 where a clip adds nothing.
        """
        shares = np.zeros(added.shape, np.float32)
        steps = np.linspace(0, 1, len(self.deciles))
        for row, column in np.ndindex(added.shape[1:]):
            shares[:, row, column] = np.interp(
                added[:, row, column], self.deciles[:, row, column], steps, left=0.0
            )
        shares[added <= 0] = 0
        return shares


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
            "heatmaps": {block: {"deciles": _rounded(one.deciles)} for block, one in self.heatmaps.items()},
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
                if (
                    len(one.deciles) != DECILES
                    or not one.deciles.size
                    or (np.diff(one.deciles, axis=0) < 0).any()
                ):
                    raise ValueError(f"the deciles of {block} do not rise")
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
    clips, maps = 0, dict[str, list[Maps]]()
    values: dict[str, list[NDArray[np.float32]]] = {name: [] for name in (*MEASURES, "strength")}
    for trace in traces:
        clips += 1
        for name, measure in MEASURES.items():
            for connection in trace.connections:
                series = measure(connection)[connection.inner]
                values[name].append(series[np.isfinite(series)].astype(np.float32))
        values["strength"].append(total_strength(trace, strength_parts(trace)).astype(np.float32))
        for block in trace.blocks:
            if block.added is not None:
                maps.setdefault(block.block, []).append(block.added)
    if not clips:
        raise PeerattnError("there are no clips to say what is usual")
    ranges = {name: _range(np.concatenate(parts)) for name, parts in values.items()}
    return Usual(clips, of, ranges, {block: _deciles(each) for block, each in maps.items()})


def _deciles(maps: Sequence[Maps]) -> UsualMap:
    deciles = np.quantile(np.concatenate(maps), np.linspace(0, 1, DECILES), axis=0)
    return UsualMap(deciles.astype(np.float32))


def _range(values: NDArray[np.float32]) -> tuple[float, float]:
    if not len(values):
        return 0.0, 0.0
    low, high = np.percentile(values, PERCENTILES)
    return float(low), float(high)


def _rounded(values: Any) -> Any:
    """Return numbers or nested lists of them with five significant digits."""
    return np.vectorize(lambda value: float(f"{value:.5g}"))(values).tolist()
