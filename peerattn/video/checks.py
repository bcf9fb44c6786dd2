"""Checks of what a video file declares about itself, before anything is decoded."""

from dataclasses import dataclass
from math import inf

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from peerattn.errors import PeerattnError
from peerattn.video.frames import Limits, VideoInfo

LOSSLESS = {"ffv1", "png", "rawvideo", "huffyuv", "ffvhuff", "utvideo", "qtrle"}


@dataclass(frozen=True)
class Stretch:
    """The frames to read: from `start` up to `stop` (s), at `frame_rate` (frames/s), scaled to `max_side`."""

    frame_rate: float | None
    start: float
    stop: float | None
    max_side: int  # px
    ids: bool = False  # the pixels are class ids, to be returned as stored and never scaled

    @property
    def end(self) -> float:
        """`stop`, or infinity if there is none."""
        return inf if self.stop is None else self.stop


def declared_info(container: InputContainer, stream: VideoStream, kind: str) -> VideoInfo:
    """Return what the file declares about its video stream; the size is as stored, not yet turned upright."""
    duration = None
    if stream.duration is not None and stream.time_base is not None:
        duration = float(stream.duration * stream.time_base)
    elif container.duration is not None:
        duration = container.duration / av.time_base
    return VideoInfo(
        container=kind,
        codec=stream.codec_context.codec.name,
        width=stream.width,
        height=stream.height,
        duration=duration if duration and duration > 0 else None,
        frame_rate=float(stream.average_rate) if stream.average_rate else None,
        frame_count=stream.frames or None,
    )


def check_frame_size_and_rate(info: VideoInfo, limits: Limits) -> None:
    """Raise PeerattnError if the frames are too large or the declared frame rate is implausibly high."""
    if not 0 < info.width * info.height <= limits.pixels:
        size = f"{info.width}x{info.height}"
        raise PeerattnError(
            f"its frames are {size}, over the limit of {limits.pixels:,} pixels: scale the video down"
        )
    if info.frame_count != 1 and (info.frame_rate or 0) > limits.frame_rate:
        rate = f"{info.frame_rate:,.0f} frames/s, over the limit of {limits.frame_rate:,.0f}"
        raise PeerattnError(f"it declares {rate}: convert it to a usual frame rate, such as 30 frames/s")


def check_lossless(info: VideoInfo) -> None:
    """Raise PeerattnError if the codec is lossy and may therefore change class ids."""
    if info.codec not in LOSSLESS:
        raise PeerattnError(
            f"its codec {info.codec} may change class ids: save them as PNG, or as grey FFV1 in an mkv"
        )


def check_stretch(info: VideoInfo, stretch: Stretch, limits: Limits) -> None:
    """Raise PeerattnError if, by the declared duration and frame rate, the stretch exceeds the limits."""
    end = min(stretch.end, info.duration or 0)
    if end > limits.duration:
        raise too_long(limits)
    frames = end * info.frame_rate if info.frame_rate else 0
    if stretch.stop is None:
        frames = max(frames, info.frame_count or 0)
    if frames > limits.decoded_frames:
        raise too_many_decoded(limits)
    rate = min(stretch.frame_rate or inf, info.frame_rate or 0)
    if (end - stretch.start) * rate > limits.kept_frames + 1:
        raise too_many_kept(limits)


def too_long(limits: Limits) -> PeerattnError:
    """Return the error for a video that is read beyond the longest allowed duration."""
    return PeerattnError(f"it is longer than {limits.duration:,.0f} s: choose an earlier stop")


def too_many_decoded(limits: Limits) -> PeerattnError:
    """Return the error for a stretch up to whose end too many frames must be decoded."""
    return PeerattnError(
        f"more than {limits.decoded_frames:,} frames would be decoded: choose an earlier stop"
    )


def too_many_kept(limits: Limits) -> PeerattnError:
    """Return the error for a stretch with too many sampled frames."""
    return PeerattnError(f"more than {limits.kept_frames:,} frames would be kept: choose a shorter stretch")
