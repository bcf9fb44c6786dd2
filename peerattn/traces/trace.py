"""The trace of one clip through a network: all connection weights, attention weights and attention factors.

Shapes: T frames of the clip, C channels of a connection's source block, P peers, K classes, (h, w) the size
of a small heatmap. The file is JSON, `"format": "peerattn-trace/1"`. Numbers keep full float32 precision, so
a trace that is written, read and written again gives the same bytes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError, lookup
from peerattn.files.decoding import decode, parse
from peerattn.graph.structure import Structure

FORMAT = "peerattn-trace/1"
MIN_INNER_FRAMES = 8
"""With fewer frames than this beyond the reach of the clip's ends, a change over time is not meaningful."""

ROUNDING_TOLERANCE = 1e-5
"""A contribution below this fraction of what is delivered is rounding error and counts as zero."""

Array = NDArray[np.float32]
Vector = np.ndarray[tuple[int], np.dtype[np.float32]]
Matrix = np.ndarray[tuple[int, int], np.dtype[np.float32]]
Maps = np.ndarray[tuple[int, int, int], np.dtype[np.float32]]
Times = np.ndarray[tuple[int], np.dtype[np.float64]]


@dataclass(frozen=True)
class WindowTrace:
    """A window of the clip, frames start ≤ t < stop, and the probabilities (K,) that the heads give for it.

    In files written before the whole clip was recorded in one pass, a window is a group of frames that went
    through the network together, padded with zeros.
    """

    start: int
    stop: int
    probabilities: Vector


@dataclass(frozen=True)
class BlockTrace:
    """`activity` (T,) is the mean |output| of a block, and `heatmap` (T, h, w) the same at each location.

    `added` (T, h, w) is what the clip adds at each location, the mean |output − output on an empty clip|. It
    is None in files written before it was recorded.
    """

    block: str
    activity: Vector
    heatmap: Maps
    added: Maps | None = None


@dataclass(frozen=True)
class ConnectionTrace:
    """The recorded values of a connection: its weight (or None), attention weights (P,) and factors (T, C).

    With `self` attention the source is the only peer; with `none` and `static` there are no peers and no
    attention weights. `magnitude` (T,) is ‖σ(w) · A ⊙ X‖₁, the size of what the connection delivers, with X
    as its target reads it. `contribution` (T,) is what the clip adds to that, ‖σ(w) · (A ⊙ X − A° ⊙ X°)‖₁,
    where ° marks the same network on an empty clip. `source_contribution` (T,) is ‖X − X°‖₁, what the clip
    adds to the source itself. `reached` counts the frames at the start and at the end of the clip whose
    values also depend on the padding beyond that end.

    `channel_shares` (C,) is each channel's share of Σ‖X − X°‖₁ over the clip; it sums to 1, or is 0 if the
    clip adds nothing to the source. `carried` (T,) is Σ‖X‖₁. `passed_by_attention` and `passed_by_source`
    (T,) are the two parts of the change in the signal passed (`peerattn.traces.shift`). All from `magnitude`
    on are None in files written before they were recorded.
    """

    source: str
    target: str
    peers: tuple[str, ...]
    connection_weight: int | float | None
    attention_weights: Vector
    attention_factors: Matrix
    magnitude: Vector | None = None
    contribution: Vector | None = None
    source_contribution: Vector | None = None
    reached: tuple[int, int] | None = None
    channel_shares: Vector | None = None
    carried: Vector | None = None
    passed_by_attention: Vector | None = None
    passed_by_source: Vector | None = None

    @property
    def key(self) -> str:
        return f"{self.source}_to_{self.target}"

    @property
    def mean_factor(self) -> Array:
        """The mean attention factor over the channels (T,): how much of the connection is let through."""
        mean: Array = self.attention_factors.mean(axis=1, dtype=np.float32)
        return mean

    @property
    def inner(self) -> slice:
        """The frames beyond the reach of the clip's ends; all frames if those are too few, or not known."""
        frames = len(self.attention_factors)
        first, last = self.reached or (0, 0)
        return slice(first, frames - last) if first + last + MIN_INNER_FRAMES <= frames else slice(0, frames)


@dataclass(frozen=True)
class ComputedBy:
    """How the network was run: execution mode (`eager`), device, precision and number of CPU threads."""

    route: str
    device: str
    precision: str
    threads: int

    def __str__(self) -> str:
        threads = f"{self.threads} thread{'s' * (self.threads > 1)}"
        return f"{self.device}, {self.precision}, {threads}, {self.route}"


@dataclass(frozen=True)
class Conclusion:
    """What a network's card makes of its probabilities for a clip.

    `kind` is `class`, `labels`, `unsure` or `none`; `reason` says in one line why no class is the answer, and
    is empty otherwise.
    """

    kind: str
    reason: str = ""


@dataclass(frozen=True)
class ShiftedConnection:
    """A connection in a moment: its shift of attention, and the usual value of its shift in this clip.

    `rise` is the attention passed minus its usual value: the connection opens if it is above 0.
    """

    source: str
    target: str
    shift: float
    usual: float
    rise: float


@dataclass(frozen=True)
class Moment:
    """A frame in which attention shifts most; see `peerattn.traces.moments`.

    `frame` counts from 0, `time` is in seconds. `connections` are those that contribute most to the strength.
    """

    frame: int
    time: float
    strength: float
    connections: tuple[ShiftedConnection, ...]


@dataclass(frozen=True)
class Trace:
    """The recording of one clip through one network.

    `times` (T,) are in seconds. `probabilities` (K,) is the mean over the windows; it sums to 1 if the
    network predicts classes, and has independent entries if it predicts labels. `person_found`, and `moves`,
    whether anything moves in the clip, are None if the network does not look for a person, and `verdict` and
    `moments`, the strongest first, if none were added. These four and `computed_by` are None in files written
    before they were recorded.
    """

    structure: Structure
    times: Times
    windows: tuple[WindowTrace, ...]
    class_names: tuple[str, ...]
    probabilities: Vector
    blocks: tuple[BlockTrace, ...]
    connections: tuple[ConnectionTrace, ...]
    objects: str | None = None
    remarks: tuple[str, ...] = field(default=())
    computed_by: ComputedBy | None = None
    person_found: bool | None = None
    moves: bool | None = None
    verdict: Conclusion | None = None
    moments: tuple[Moment, ...] | None = None

    def connection(self, key: str) -> ConnectionTrace:
        return lookup("connection", key, {connection.key: connection for connection in self.connections})

    def block(self, block_id: str) -> BlockTrace:
        return lookup("block", block_id, {block.block: block for block in self.blocks})

    def to_json(self) -> str:
        """Return the text of the trace file."""
        document = {
            "format": FORMAT,
            "structure": self.structure.to_json(),
            "attention_mode": self.structure.attention_mode,
            "times": self.times.tolist(),
            "windows": [_plain(window) for window in self.windows],
            "class_names": list(self.class_names),
            "probabilities": _numbers(self.probabilities),
            "objects": self.objects,
            "remarks": list(self.remarks),
            **({"computed_by": asdict(self.computed_by)} if self.computed_by else {}),
            **({} if self.person_found is None else {"person_found": self.person_found}),
            **({} if self.moves is None else {"moves": self.moves}),
            **({"verdict": asdict(self.verdict)} if self.verdict else {}),
            **({} if self.moments is None else {"moments": [asdict(moment) for moment in self.moments]}),
            "blocks": [_plain(block) for block in self.blocks],
            "connections": [_plain(connection) for connection in self.connections],
        }
        return json.dumps(document, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Trace:
        """The inverse of `to_json`; raises PeerattnError on anything else."""
        document = parse(text, "a trace file")
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise PeerattnError(f"this is not a trace file: its format is not {FORMAT}")
        known = {item.name: document[item.name] for item in fields(cls) if item.name in document}
        try:
            known["structure"] = Structure.from_json(document.get("structure"))
            trace = decode(known, cls, "a trace")
            _check(trace)
        except ValueError as error:
            raise PeerattnError(f"this trace file cannot be read ({error}): record the clip again") from error
        return trace

    def save(self, path: Path) -> None:
        """Write the trace file."""
        path.write_text(self.to_json(), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Trace:
        """Read a trace file; raises PeerattnError if it is not one."""
        return cls.from_json(path.read_text(encoding="utf-8"))


def _check(trace: Trace) -> None:
    """Raise ValueError unless the parts of a trace are consistent: frames, classes, peers and block ids."""
    frames, classes = len(trace.times), len(trace.class_names)
    starts, stops = [window.start for window in trace.windows], [window.stop for window in trace.windows]
    if not [*starts, frames] == sorted({*starts, frames}) == [0, *stops]:
        raise ValueError(f"its windows do not cover each of the {frames} frames once")
    if {classes} != {len(trace.probabilities), *(len(window.probabilities) for window in trace.windows)}:
        raise ValueError(f"it does not have one probability for each of {classes} classes")
    if len(trace.structure.answer.thresholds) not in (0, classes):
        raise ValueError(f"it does not have one threshold for each of {classes} labels")
    if trace.verdict and trace.verdict.kind not in CONCLUSIONS:
        raise ValueError(f"its verdict {trace.verdict.kind!r} is none of {', '.join(CONCLUSIONS)}")
    known = {(spec.source, spec.target) for spec in trace.structure.connections}
    for moment in trace.moments or ():
        pairs = {(each.source, each.target) for each in moment.connections}
        if not (0 <= moment.frame < frames and pairs <= known):
            raise ValueError(f"its moment at {moment.time} s is of another clip or network")
    if trace.computed_by and trace.computed_by.threads < 1:
        raise ValueError(f"{trace.computed_by.threads} is not a number of threads")
    for block in trace.blocks:
        if block.added is not None and block.added.shape != block.heatmap.shape:
            raise ValueError(f"what the clip adds to block {block.block} has another size than its heat map")
        if (
            block.block not in trace.structure.by_id
            or not len(block.activity) == len(block.heatmap) == frames
            or not block.heatmap.size
        ):
            raise ValueError(f"block {block.block} is unknown or does not have {frames} frames")
    for connection in trace.connections:
        if (connection.source, connection.target) not in known or len(connection.attention_factors) != frames:
            raise ValueError(f"connection {connection.key} is unknown or does not have {frames} frames")
        if len(connection.attention_weights) != len(connection.peers):
            raise ValueError(f"connection {connection.key} does not have one attention weight per peer")
        if unknown := [peer for peer in connection.peers if peer not in trace.structure.by_id]:
            raise ValueError(f"peer {unknown[0]} of connection {connection.key} is not a block")
        if not 0 <= (connection.connection_weight or 0) <= 1:
            raise ValueError(f"the weight of connection {connection.key} is not from 0 to 1")
        for name in SERIES:
            series = getattr(connection, name)
            if series is not None and not _is_series(series, frames, signed=name in _SIGNED):
                raise ValueError(f"the {name} of connection {connection.key} is not one value per frame")
        if (shares := connection.channel_shares) is not None and not _are_shares(
            shares, connection.attention_factors.shape[1]
        ):
            raise ValueError(f"the channel_shares of connection {connection.key} are not one per channel")
        if not all(0 <= count <= frames for count in connection.reached or ()):
            raise ValueError(f"reached of connection {connection.key} is not two numbers of frames")


def _is_series(series: Array, frames: int, *, signed: bool) -> bool:
    return len(series) == frames and bool(np.isfinite(series).all() and (signed or (series >= 0).all()))


def _are_shares(shares: Array, channels: int) -> bool:
    total = float(shares.sum(dtype=np.float64))
    return _is_series(shares, channels, signed=False) and (total == 0 or abs(total - 1) < 1e-3)


def _numbers(array: Array) -> Any:
    """Return nested lists in which each float32 is the shortest decimal that reads back identically."""
    return array.astype(str).astype(np.float64).tolist()


def _plain(part: WindowTrace | BlockTrace | ConnectionTrace) -> dict[str, Any]:
    values = {item.name: getattr(part, item.name) for item in fields(part)}
    return {
        name: _numbers(value) if isinstance(value, np.ndarray) else value
        for name, value in values.items()
        if value is not None or name not in _OPTIONAL  # not written if the file that was read did not have it
    }


CONCLUSIONS = ("class", "labels", "unsure", "none")
"""The kinds of verdict on a clip."""
_SIGNED = ("passed_by_attention", "passed_by_source")
SERIES = ("magnitude", "contribution", "source_contribution", "carried", *_SIGNED)
"""Fields of a connection with one value per frame, if they were recorded; those not signed are ≥ 0."""
_OPTIONAL = (*SERIES, "reached", "channel_shares", "added")
"""Fields of a connection or a block that older files do not have."""
