"""Decoding and probing video files, by means of a worker process."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import DamagedError, MissingError, PeerattnError
from peerattn.video.frames import Frames, Limits, VideoInfo
from peerattn.video.pool import send_request

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
    """Return the upright frames of a video file from `start` up to `stop` (s), scaled down to `max_side` px.

    With a frame rate (frames/s), these are the first frames at or after each start + k / frame_rate; of a
    slower source every frame is kept once. Without a frame rate, every frame is returned. Raises
    PeerattnError, with one plain line, if the file is missing, damaged, incomplete, contains no video or
    exceeds the limits.
    """
    _check_stretch(frame_rate, start, stop, max_side)
    stretch = {"frame_rate": frame_rate, "start": start, "stop": stop, "max_side": max_side}
    images, times, numbers, time_base = [], [], [], 0.0
    for message, pixels in _messages(Path(path), stretch, limits):
        images.append(np.frombuffer(pixels, np.uint8).reshape(message["shape"]))
        times.append(message["time"])
        numbers.append(message["number"])
        time_base = message["time_base"]
    remarks = ("one frame only: there is no motion",) if len(images) == 1 else ()
    return Frames(np.stack(images), np.array(times), remarks, np.array(numbers, dtype=np.int64), time_base)


def decode_ids(path: str | Path, *, limits: Limits = DEFAULT_LIMITS) -> NDArray[np.uint8]:
    """Return class ids (N, H, W), exactly as stored in a lossless video (grey or palette) or a PNG (N = 1).

    Raises PeerattnError for lossy files, and as `decode` does.
    """
    stretch = {"frame_rate": None, "start": 0.0, "stop": None, "max_side": 1, "ids": True}
    maps: list[NDArray[np.uint8]] = []
    for message, pixels in _messages(Path(path), stretch, replace(limits, kept_frames=limits.decoded_frames)):
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
    """Raise PeerattnError if `decode` would refuse the file for what it declares; nothing is decoded."""
    _check_stretch(frame_rate, start, stop, max_side=1)
    stretch = {"frame_rate": frame_rate, "start": start, "stop": stop, "max_side": 1}
    list(_messages(Path(path), stretch, limits, decoding=False))


def probe(path: str | Path, *, limits: Limits = DEFAULT_LIMITS) -> VideoInfo:
    """Return what a video file declares, after decoding its first frame; raises PeerattnError as `decode`
    does.
    """
    ((message, _),) = _messages(Path(path), None, limits)
    return VideoInfo(**message["info"])


def _check_stretch(frame_rate: float | None, start: float, stop: float | None, max_side: int) -> None:
    if frame_rate is not None and not 0 < frame_rate < float("inf"):
        raise PeerattnError(f"a frame rate of {frame_rate} frames/s is not possible: choose one above 0")
    if not (isfinite(start) and start >= 0) or (stop is not None and not start < stop < float("inf")):
        raise PeerattnError(
            f"the stretch from {start} to {stop} s is empty: start at 0 or later, and stop after the start"
        )
    if not 1 <= max_side <= 4096:
        raise PeerattnError(f"max_side is {max_side}, but must be from 1 to 4096 px")


def _messages(
    path: Path, stretch: dict[str, Any] | None, limits: Limits, *, decoding: bool = True
) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Yield a worker's messages about one file, each with its pixels; errors name the file."""
    name = " ".join(path.name.split())
    if not path.is_file():
        raise MissingError("there is no such file", name)
    size = path.stat().st_size
    if not size:
        raise DamagedError("the file is empty (0 bytes): copy or download it again", name)
    if size > limits.file_bytes:
        raise PeerattnError(
            f"its {size:,} bytes exceed the limit of {limits.file_bytes:,}: cut or compress the video", name
        )
    request = {
        "path": str(path.resolve()),
        "stretch": stretch,
        "limits": asdict(limits),
        "decoding": decoding,
    }
    try:
        yield from send_request(request, limits.seconds)
    except PeerattnError as error:
        raise error.with_subject(name) from None
