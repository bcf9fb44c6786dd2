"""Writing films of a clip and its level graph: an MP4 that browsers can play, or a looping GIF."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.filter import Graph
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.tables.clip import frame_ends

Picture = NDArray[np.uint8]
SUFFIXES = (".mp4", ".gif")
TIME_BASES = {".mp4": Fraction(1, 90_000), ".gif": Fraction(1, 100)}  # s
RATES = (0.1, 60.0)  # frames/s
SPEEDS = (0.1, 8.0)
PALETTE_PICTURES = 12  # at equal steps through the film; the palette of a GIF is computed from them


Schedule = list[tuple[int, float]]


def check_timing(speed: float, frame_rate: float | None) -> None:
    """Raise PeerattnError if the speed or the frame rate (frames/s) is outside `SPEEDS` or `RATES`."""
    for name, value, (low, high) in (("speed", speed, SPEEDS), ("frame rate", frame_rate, RATES)):
        if value is not None and not low <= value <= high:
            raise PeerattnError(f"{name} {value:g} is not possible: choose between {low:g} and {high:g}")


def schedule(times: NDArray[np.float64], *, speed: float = 1.0, frame_rate: float | None = None) -> Schedule:
    """Return pairs of a frame index and the time in seconds at which it is shown, and finally (-1, end).

    Without a frame rate, each frame of the clip is shown once, at its own time divided by the speed. With a
    frame rate, the film has pictures at equal steps, each showing the clip's frame at that moment. Raises
    PeerattnError like `check_timing`.
    """
    check_timing(speed, frame_rate)
    starts = (times - times[0]) / speed
    end = float(frame_ends(times)[-1] - times[0]) / speed
    if frame_rate is None:
        pairs = [(frame, float(start)) for frame, start in enumerate(starts)]
    else:
        shown_at = np.arange(max(1, round(end * frame_rate))) / frame_rate
        frames = np.searchsorted(starts, shown_at + 1e-9, side="right") - 1
        pairs = list(zip(frames.tolist(), shown_at.tolist(), strict=True))
    return [*pairs, (-1, end)]


def write_film(
    path: Path, picture: Callable[[int], Picture], timing: Schedule
) -> Generator[tuple[int, int], None, None]:
    """Write a film as MP4 or GIF, by the suffix of the path, yielding (pictures written, all pictures).

    `picture` returns the picture (H, W, 3) of a frame, `timing` comes from `schedule`. The file appears once
    it is complete; closing the iterator early leaves no file behind. Raises PeerattnError for other suffixes.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise PeerattnError(f"{path.name}: films can be written as {' or '.join(SUFFIXES)}")
    unfinished = path.with_name(f".{path.name}.unfinished{suffix}")
    try:
        with closing(_encode_film(unfinished, picture, timing)) as steps:
            yield from steps
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _encode_film(
    path: Path, picture: Callable[[int], Picture], timing: Schedule
) -> Generator[tuple[int, int], None, None]:
    tick = TIME_BASES[path.suffix.lower()]
    # GIF times are in hundredths of a second: of several frames at the same time, the last is shown.
    frame_at = {round(start / tick): frame for frame, start in timing[:-1]}
    frames, starts = list(frame_at.values()), [*frame_at, round(timing[-1][1] / tick)]
    durations = dict(zip(starts, np.diff(starts).tolist(), strict=False))  # by start
    convert = _frame_converter(path, picture, frames)
    with av.open(str(path), "w", options=_options(path)) as container:
        stream = _stream(container, path, picture(0), tick)

        def write(image: av.VideoFrame | None) -> None:
            for packet in stream.encode(image):
                packet.duration = durations.get(packet.pts, 0)
                container.mux(packet)

        for done, frame in enumerate(frames):
            image = convert(picture(frame))
            image.pts, image.time_base = starts[done], tick
            write(image)
            yield done + 1, len(frames)
        write(None)


def _frame_converter(
    path: Path, picture: Callable[[int], Picture], frames: list[int]
) -> Callable[[Picture], av.VideoFrame]:
    """Return the function that converts a picture into a frame for the codec of the file."""
    if path.suffix.lower() != ".gif":
        return _yuv_frame
    indices = np.linspace(0, len(frames) - 1, PALETTE_PICTURES).astype(int)
    return _Palette([picture(frame) for frame in dict.fromkeys(frames[index] for index in indices)]).frame


def _options(path: Path) -> dict[str, str]:
    """Return the options of the container: an MP4 plays before it is fully loaded, a GIF loops forever."""
    return {"loop": "0"} if path.suffix.lower() == ".gif" else {"movflags": "+faststart"}


def _stream(container: Any, path: Path, first: Picture, tick: Fraction) -> Any:
    gif = path.suffix.lower() == ".gif"
    # Thin coloured lines on a static background: a low rate factor costs little here.
    settings = {} if gif else {"crf": "16", "preset": "medium", "tune": "animation"}
    stream = container.add_stream("gif" if gif else "libx264", options=settings)
    stream.height, stream.width = first.shape[:2]
    stream.pix_fmt = "pal8" if gif else "yuv420p"
    if not gif:
        context = stream.codec_context
        context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
        context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    stream.time_base = stream.codec_context.time_base = tick
    return stream


def _yuv_frame(picture: Picture) -> av.VideoFrame:
    """Convert a picture to YUV in the colour space of HD video, which players assume at this size."""
    image = av.VideoFrame.from_ndarray(picture, format="rgb24")
    return image.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG)


class _Palette:
    """One palette of 256 colours for the whole film, so that static parts do not flicker."""

    def __init__(self, pictures: list[Picture]) -> None:
        """Compute the palette from some pictures (H, W, 3) of the film."""
        self.colors = _colors(pictures)
        steps = np.arange(2, 256, 4, dtype=np.int32)  # the middles of 64 steps per channel
        cube = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 1, 3)
        parts = np.array_split(cube, 64)
        nearest = [((part - self.colors) ** 2).sum(axis=-1).argmin(axis=1) for part in parts]
        self.nearest = np.concatenate(nearest).astype(np.uint8)

    def frame(self, picture: Picture) -> av.VideoFrame:
        red, green, blue = np.moveaxis(picture >> 2, -1, 0).astype(np.int32)
        indices = self.nearest[(red << 12) + (green << 6) + blue]
        opaque = np.full((256, 1), 255, np.uint8)
        argb = np.hstack([opaque, self.colors.astype(np.uint8)])
        pair: Any = (indices, argb)
        return av.VideoFrame.from_ndarray(pair, format="pal8")


def _colors(pictures: list[Picture]) -> NDArray[np.int32]:
    """Return the 256 colours (256, 3) that best represent those of the pictures."""
    graph, tick = Graph(), Fraction(1, 100)
    height, width = pictures[0].shape[:2]
    source = graph.add_buffer(width=width, height=height, format=av.VideoFormat("rgb24"), time_base=tick)
    palettegen, sink = graph.add("palettegen", "reserve_transparent=0"), graph.add("buffersink")
    source.link_to(palettegen)
    palettegen.link_to(sink)
    graph.configure()
    for number, each in enumerate(pictures):
        image = av.VideoFrame.from_ndarray(each, format="rgb24")
        image.pts = number
        source.push(image)
    source.push(None)
    palette: Any = sink.pull()
    return np.asarray(palette.to_ndarray(format="rgb24").reshape(-1, 3), np.int32)
