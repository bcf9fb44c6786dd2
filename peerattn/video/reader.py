"""Reads a video file with PyAV, once and in order. Runs in the worker process only."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import floor
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.video.checks import Stretch, too_long, too_many_decoded, too_many_kept
from peerattn.video.container import check_complete, sniff
from peerattn.video.frames import Limits

_DECODER_THREADS = 4
_COARSEST_TIME_BASE = 0.01  # s; that of GIF
_CODECS = {  # the decoders needed for common videos and for lossless maps of class ids
    *("h264", "hevc", "av1", "libdav1d", "libaom-av1", "vp8", "vp9", "libvpx", "libvpx-vp9", "gif"),
    *("mpeg4", "mpeg2video", "mpeg1video", "mjpeg", "h263", "prores", "dnxhd", "theora", "vc1", "wmv3"),
    *(
        "msmpeg4v1",
        "msmpeg4v2",
        "msmpeg4",
        "ffv1",
        "png",
        "rawvideo",
        "huffyuv",
        "ffvhuff",
        "utvideo",
        "qtrle",
    ),
}


@dataclass(frozen=True)
class Picture:
    """One sampled frame: its position in the file, its time and its upright pixels."""

    number: int
    time: float  # s
    image: NDArray[np.uint8]  # (H, W, 3) RGB, or (H, W) class ids


@contextmanager
def open_video(
    path: str, limits: Limits, *, ids: bool = False
) -> Iterator[tuple[InputContainer, VideoStream, str]]:
    """Open a video file: yield its container, video stream and container format.

    No other file can be opened through it, and no network address. Raises PeerattnError if the file is not a
    complete video with a supported codec.
    """
    with Path(path).open("rb") as file:
        kind = sniff(file, pictures=ids)
        check_complete(file, kind)
    options = {"protocol_whitelist": "file", "format_whitelist": kind}
    with av.open(f"file:{path}", format=kind, options=options, metadata_errors="ignore") as container:
        stream = _video_stream(container)
        stream.codec_context.options = {"max_pixels": str(limits.pixels)}
        stream.codec_context.thread_count = _DECODER_THREADS
        stream.thread_type = "AUTO"
        yield container, stream, kind


def _video_stream(container: InputContainer) -> VideoStream:
    cover = av.stream.Disposition.attached_pic
    streams = [stream for stream in container.streams.video if not stream.disposition & cover]
    if not streams:
        raise PeerattnError("the file contains no video, only sound or other data: choose a video file")
    stream = streams[0]
    if stream.codec_context is None or stream.codec_context.codec.name not in _CODECS:
        raise PeerattnError("the video's codec is not supported: convert it to H.264 in an mp4")
    return stream


def sample_pictures(
    container: InputContainer, stream: VideoStream, stretch: Stretch, limits: Limits
) -> Iterator[Picture]:
    """Yield the frames of a stretch: the first at or after each start + k / frame_rate, each at most once."""
    sampler = Sampler(stretch, tolerance=float(stream.time_base or 0) / 2)
    shape: tuple[int, int] | None = None
    kept, time = 0, 0.0
    for number, time, frame in timed_frames(container, stream, limits):
        if time >= stretch.end:
            break
        if time > limits.duration:
            raise too_long(limits)
        if not sampler.keeps(time):
            continue
        kept += 1
        if kept > limits.kept_frames:
            raise too_many_kept(limits)
        shape = shape or _scaled(frame, stretch.max_side)
        image = class_ids(frame) if stretch.ids else colours(frame, shape)
        yield Picture(number, time, np.ascontiguousarray(np.rot90(image, quarter_turns(frame))))
    if not kept:
        raise PeerattnError(
            f"no frame in the chosen stretch, as the last is at {time:.2f} s: choose an earlier start"
        )


def timed_frames(
    container: InputContainer, stream: VideoStream, limits: Limits
) -> Iterator[tuple[int, float, VideoFrame]]:
    """Yield number, time (s from the first frame, increasing) and frame; raises PeerattnError at a damaged
    one.
    """
    step = 1 / float(stream.guessed_rate or 25)
    first = time = 0.0
    frames = container.decode(stream)
    for number in range(limits.decoded_frames + 1):
        try:
            frame = next(frames, None)
        except av.error.FFmpegError as error:
            if isinstance(error, MemoryError):
                raise
            raise _damaged(number, time) from error
        if frame is None:
            return
        if frame.is_corrupt:
            raise _damaged(number, time)
        if frame.width * frame.height > limits.pixels:
            raise PeerattnError(f"its frames grow to {frame.width}x{frame.height}: scale the video down")
        if number == 0:
            first = frame.time or 0.0
        else:  # a frame whose time is missing or runs backwards follows at the declared frame rate
            shown = time + step if frame.time is None else frame.time - first
            time = shown if shown > time else time + step
        yield number, time, frame
    raise too_many_decoded(limits)


def time_base(stream: VideoStream) -> float:
    """Return the unit (s) to which the container rounds times: 1 ms in Matroska, 10 ms in GIF, 0 if none.

    If a tick lasts half a frame or more (in AVI it is one frame), or is coarser than GIF's, frames lie
    exactly on ticks. Treating such a tick as rounding would make gaps of one frame more and one frame less
    look equal.
    """
    tick, rate = float(stream.time_base or 0), float(stream.average_rate or 0)
    return tick if tick <= _COARSEST_TIME_BASE and tick * rate < 0.49 else 0.0


class Sampler:
    """Selects, from increasing times, the first at or after each start + k / frame_rate, or all without a
    rate.
    """

    def __init__(self, stretch: Stretch, *, tolerance: float) -> None:
        self.start, self.rate = stretch.start, stretch.frame_rate
        self.due = self.start
        # Containers round times to their time base (Matroska: 1 ms), so a time may be half a unit too early.
        self.tolerance = min(tolerance, 0.0005) + 1e-6

    def keeps(self, time: float) -> bool:
        """Whether the frame at this time is kept."""
        if time < self.due - self.tolerance:
            return False
        if self.rate is not None:
            self.due = self.start + (floor((time + self.tolerance - self.start) * self.rate) + 1) / self.rate
        return True


def _scaled(frame: VideoFrame, max_side: int) -> tuple[int, int]:
    """Return the stored width and height (px), scaled down to `max_side`."""
    scale = min(1.0, max_side / max(frame.width, frame.height))
    return max(1, round(frame.width * scale)), max(1, round(frame.height * scale))


def colours(frame: VideoFrame, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Return RGB pixels (H, W, 3), not yet upright, scaled to `shape` = (width, height)."""
    if shape != (frame.width, frame.height):
        frame = frame.reformat(width=shape[0], height=shape[1], format="rgb24", interpolation="AREA")
    image: NDArray[Any] = frame.to_ndarray(format="rgb24")
    return image


def class_ids(frame: VideoFrame) -> NDArray[np.uint8]:
    """Return class ids (H, W): grey levels or palette indices as stored, or RGB with three equal channels.

    Raises PeerattnError for any other pixels.
    """
    stored: Any = frame.to_ndarray() if frame.format.name in ("gray", "pal8") else None
    if stored is not None:
        return np.asarray(stored[0] if frame.format.name == "pal8" else stored)
    if not frame.format.is_rgb or frame.format.components[0].bits != 8:
        raise PeerattnError(
            "its pixels are not class ids: save them as 8-bit grey PNG, or as grey FFV1 in an mkv"
        )
    image: NDArray[Any] = frame.to_ndarray(format="rgb24")
    if np.any(image != image[..., :1]):
        raise PeerattnError(
            "its pixels are colours, not class ids: save the ids as grey levels or as a palette"
        )
    return image[..., 0]


def quarter_turns(frame: VideoFrame) -> int:
    """Return how many times the stored picture must be turned left by 90 degrees to be upright."""
    return frame.rotation // 90 % 4


def _damaged(number: int, time: float) -> PeerattnError:
    where = f"after {time:.2f} s (frame {number})" if number else "from its first frame on"
    return PeerattnError(f"the video is damaged {where}: copy it again, or choose a stop before that")
