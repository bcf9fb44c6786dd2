"""Films of a clip and its level graph: MP4 that browsers play, or a GIF that repeats."""

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
from peerattn.moved import moved
from peerattn.tables.clip import frame_ends

__getattr__ = moved(__name__)

Picture = NDArray[np.uint8]
SUFFIXES = (".mp4", ".gif")
TIME_BASES = {".mp4": Fraction(1, 90_000), ".gif": Fraction(1, 100)}  # s
RATES = (0.1, 60.0)  # frames/s
SPEEDS = (0.1, 8.0)
PALETTE_PICTURES = 12  # pictures, at equal steps


Schedule = list[tuple[int, float]]


def check_timing(speed: float, frame_rate: float | None) -> None:
    """Raises PeerattnError for a speed or a rate (frames/s) that no film has."""
    for name, value, (least, most) in (("speed", speed, SPEEDS), ("frame rate", frame_rate, RATES)):
        if value is not None and not least <= value <= most:
            raise PeerattnError(f"a {name} of {value:g}: choose between {least:g} and {most:g}")


def schedule(times: NDArray[np.float64], *, speed: float = 1.0, frame_rate: float | None = None) -> Schedule:
    """(frame, when it is shown) in seconds from the film's start, and at last (-1, the film's end).

    Without a rate each of the clip's frames once, at its own time over the speed; with one, at equal steps
    the frame that is shown then. Raises what `check_timing` does.
    """
    check_timing(speed, frame_rate)
    starts = (times - times[0]) / speed
    end = float(frame_ends(times)[-1] - times[0]) / speed
    if frame_rate is None:
        shown = [(frame, float(start)) for frame, start in enumerate(starts)]
    else:
        moments = np.arange(max(1, round(end * frame_rate))) / frame_rate
        frames = np.searchsorted(starts, moments + 1e-9, side="right") - 1
        shown = list(zip(frames.tolist(), moments.tolist(), strict=True))
    return [*shown, (-1, end)]


def write_film(
    path: Path, picture: Callable[[int], Picture], shown: Schedule
) -> Generator[tuple[int, int], None, None]:
    """Write the pictures (H, W, 3) of a `schedule` to a file, MP4 or GIF by its suffix; yields (done, all).

    The file appears when the last is written: an iterator that is closed before leaves none behind.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise PeerattnError(f"{path.name}: a film is written as {' or '.join(SUFFIXES)}")
    unfinished = path.with_name(f".{path.name}.unfinished{suffix}")
    try:
        with closing(_encode_film(unfinished, picture, shown)) as steps:
            yield from steps
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _encode_film(
    path: Path, picture: Callable[[int], Picture], shown: Schedule
) -> Generator[tuple[int, int], None, None]:
    tick = TIME_BASES[path.suffix.lower()]
    # A GIF counts hundredths of a second: of the frames in one of them the last is shown.
    moments = {round(start / tick): frame for frame, start in shown[:-1]}
    frames, starts = list(moments.values()), [*moments, round(shown[-1][1] / tick)]
    lasts = dict(zip(starts, np.diff(starts).tolist(), strict=False))  # when it starts → how long it lasts
    make = _frame_converter(path, picture, frames)
    with av.open(str(path), "w", options=_options(path)) as container:
        stream = _stream(container, path, picture(0), tick)

        def write(image: av.VideoFrame | None) -> None:
            for packet in stream.encode(image):
                packet.duration = lasts.get(packet.pts, 0)
                container.mux(packet)

        for done, frame in enumerate(frames):
            image = make(picture(frame))
            image.pts, image.time_base = starts[done], tick
            write(image)
            yield done + 1, len(frames)
        write(None)


def _frame_converter(
    path: Path, picture: Callable[[int], Picture], frames: list[int]
) -> Callable[[Picture], av.VideoFrame]:
    """What turns a picture into what the file's codec takes."""
    if path.suffix.lower() != ".gif":
        return _yuv_frame
    places = np.linspace(0, len(frames) - 1, PALETTE_PICTURES).astype(int)
    return _Palette([picture(frame) for frame in dict.fromkeys(frames[place] for place in places)]).frame


def _options(path: Path) -> dict[str, str]:
    """A film that starts before it is all there; a GIF that repeats for ever."""
    return {"loop": "0"} if path.suffix.lower() == ".gif" else {"movflags": "+faststart"}


def _stream(container: Any, path: Path, first: Picture, tick: Fraction) -> Any:
    gif = path.suffix.lower() == ".gif"
    # Thin coloured lines on a still ground: a low rate factor costs little here.
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
    """In the colours of high definition, which players assume at this size."""
    image = av.VideoFrame.from_ndarray(picture, format="rgb24")
    return image.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG)


class _Palette:
    """One palette for the whole film, so that what stands still does not flicker."""

    def __init__(self, pictures: list[Picture]) -> None:
        """From some of its pictures (H, W, 3)."""
        self.colors = _colors(pictures)
        steps = np.arange(2, 256, 4, dtype=np.int32)  # the middles of 64 steps
        cube = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 1, 3)
        parts = np.array_split(cube, 64)
        near = [((part - self.colors) ** 2).sum(axis=-1).argmin(axis=1) for part in parts]
        self.nearest = np.concatenate(near).astype(np.uint8)

    def frame(self, picture: Picture) -> av.VideoFrame:
        red, green, blue = np.moveaxis(picture >> 2, -1, 0).astype(np.int32)
        indices = self.nearest[(red << 12) + (green << 6) + blue]
        opaque = np.full((256, 1), 255, np.uint8)
        argb = np.hstack([opaque, self.colors.astype(np.uint8)])
        pair: Any = (indices, argb)
        return av.VideoFrame.from_ndarray(pair, format="pal8")


def _colors(pictures: list[Picture]) -> NDArray[np.int32]:
    """The 256 colours (256, 3) that stand best for those of the pictures."""
    graph, tick = Graph(), Fraction(1, 100)
    height, width = pictures[0].shape[:2]
    source = graph.add_buffer(width=width, height=height, format=av.VideoFormat("rgb24"), time_base=tick)
    make, sink = graph.add("palettegen", "reserve_transparent=0"), graph.add("buffersink")
    source.link_to(make)
    make.link_to(sink)
    graph.configure()
    for number, each in enumerate(pictures):
        image = av.VideoFrame.from_ndarray(each, format="rgb24")
        image.pts = number
        source.push(image)
    source.push(None)
    found: Any = sink.pull()
    return np.asarray(found.to_ndarray(format="rgb24").reshape(-1, 3), np.int32)
