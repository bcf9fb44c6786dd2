"""`decode` and `probe`: what a person asks of a video file, answered by a worker process."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import DamagedError, MissingError, PeerattnError
from peerattn.video.frames import Frames, Limits, VideoInfo
from peerattn.video.pool import converse

DEFAULT_LIMITS = Limits()


def decode(
    path: str | Path,
    *,
    frame_rate: float | None = None,
    start: float = 0.0,
    stop: float | None = None,
    max_side: int = 320,
    limits: Limits = DEFAULT_LIMITS,
) -> Frames:
    """Upright frames of a video file from `start` up to `stop` (s), scaled down to `max_side` px.

    With a frame rate, the first frame at or after each start + k / frame_rate (a slower source keeps every
    frame); without, every frame. Raises PeerattnError with one plain line for a file that is damaged, breaks
    off, holds no video, or asks for more than the limits.
    """
    _check_stretch(frame_rate, start, stop, max_side)
    stretch = {"frame_rate": frame_rate, "start": start, "stop": stop, "max_side": max_side}
    images, times, numbers, time_base = [], [], [], 0.0
    for message, pixels in _ask(Path(path), stretch, limits):
        images.append(np.frombuffer(pixels, np.uint8).reshape(message["shape"]))
        times.append(message["time"])
        numbers.append(message["number"])
        time_base = message["time_base"]
    remarks = ("one frame only: there is no motion",) if len(images) == 1 else ()
    return Frames(np.stack(images), np.array(times), remarks, np.array(numbers, dtype=np.int64), time_base)


def decode_ids(path: str | Path, *, limits: Limits = DEFAULT_LIMITS) -> NDArray[np.uint8]:
    """(N, H, W) class ids, exactly as stored in a lossless video (grey or palette) or in one PNG (N = 1)."""
    stretch = {"frame_rate": None, "start": 0.0, "stop": None, "max_side": 1, "ids": True}
    maps: list[NDArray[np.uint8]] = []
    for message, pixels in _ask(Path(path), stretch, replace(limits, kept_frames=limits.decoded_frames)):
        if (len(maps) + 1) * len(pixels) > limits.id_pixels:
            raise PeerattnError(
                f"{Path(path).name}: over {limits.id_pixels:,} pixels of class ids: scale the maps down"
            )
        maps.append(np.frombuffer(pixels, np.uint8).reshape(message["shape"]))
    return np.stack(maps)


def check_header(
    path: str | Path,
    *,
    frame_rate: float | None = None,
    start: float = 0.0,
    stop: float | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> None:
    """Raise PeerattnError where `decode` would refuse a file by what it declares; nothing is decoded."""
    _check_stretch(frame_rate, start, stop, max_side=1)
    stretch = {"frame_rate": frame_rate, "start": start, "stop": stop, "max_side": 1}
    list(_ask(Path(path), stretch, limits, decoding=False))


def probe(path: str | Path, *, limits: Limits = DEFAULT_LIMITS) -> VideoInfo:
    """What a video file declares, once its first frame was decoded; refuses what `decode` refuses."""
    ((message, _),) = _ask(Path(path), None, limits)
    return VideoInfo(**message["info"])


def _check_stretch(frame_rate: float | None, start: float, stop: float | None, max_side: int) -> None:
    if frame_rate is not None and not 0 < frame_rate < float("inf"):
        raise PeerattnError(f"a frame rate of {frame_rate} cannot be sampled: give frames/s above 0")
    if not (isfinite(start) and start >= 0) or (stop is not None and not start < stop < float("inf")):
        raise PeerattnError(
            f"the stretch from {start} to {stop} s is empty: start at 0 or later, stop after that"
        )
    if not 1 <= max_side <= 4096:
        raise PeerattnError(f"max_side {max_side} is not between 1 and 4096 px")


def _ask(
    path: Path, stretch: dict[str, Any] | None, limits: Limits, *, decoding: bool = True
) -> Iterator[tuple[dict[str, Any], bytes]]:
    """The messages of a worker about one file, each with its pixels; refusals name the file."""
    name = " ".join(path.name.split())
    if not path.is_file():
        raise MissingError("there is no such file", name)
    size = path.stat().st_size
    if not size:
        raise DamagedError("the file is empty (0 bytes): copy or download it again", name)
    if size > limits.file_bytes:
        raise PeerattnError(
            f"{size:,} bytes exceed the limit of {limits.file_bytes:,}: cut or compress it", name
        )
    request = {
        "path": str(path.resolve()),
        "stretch": stretch,
        "limits": asdict(limits),
        "decoding": decoding,
    }
    try:
        yield from converse(request, limits.seconds)
    except PeerattnError as error:
        raise error.with_subject(name) from None
