"""Films: their pictures show the colours of the trace, and files keep the timing of the clip."""

import dataclasses
from collections.abc import Callable
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.figures import film
from peerattn.figures.film_frames import FilmFrames
from peerattn.figures.film_layout import DARK, GRAPH, HEAD, LEFT, LIGHT, PLOT, SIDE, SIZE, TOP
from peerattn.figures.palette import VIRIDIS
from peerattn.figures.raster import line_coverage, split_into_dashes, viridis_color
from tests.traces import HOSTILE, images, older, shown_frame, trace

TRACE = trace(frames=12, window=5)
TIMES = TRACE.times
END = -1  # the frame number of a schedule's last entry, which is the end of the film


@pytest.fixture(scope="module", params=[LIGHT, DARK], ids=["light", "dark"])
def frames(request: pytest.FixtureRequest) -> FilmFrames:
    return FilmFrames(TRACE, images(12), title="a clip.mp4", subtitle="small", theme=request.param)


@cache
def visible_pixels(frames: FilmFrames, key: str) -> NDArray[np.intp]:
    """Return the pixels (rows, columns) that a connection covers wholly and nothing else touches.

    Pixels of lines drawn later and pixels near blocks are left out.
    """
    keys = [connection.key for connection in TRACE.connections]
    own = frames.lines[keys.index(key)].line
    whole = set(own.pixels[own.fractions == 1].tolist())
    for line in frames.lines[keys.index(key) + 1 :]:
        whole -= {*line.casing.pixels.tolist(), *line.line.pixels.tolist()}
    rows, columns = np.divmod(np.array(sorted(whole), int), SIZE[0])
    near = [np.hypot(columns - x, rows - y) < 40 for x, y in frames.layout.block_positions.values()]
    return np.stack([rows, columns])[:, ~np.any(near, axis=0)]


def interpolated_viridis(value: float) -> tuple[int, ...]:
    """Return the colour of a value, by numpy's interpolation instead of the package's own."""
    stops = np.array([list(bytes.fromhex(color[1:])) for color in VIRIDIS], float)
    return tuple(np.interp(value, np.linspace(0, 1, len(stops)), stop) for stop in stops.T)


@cache
def visible_connections() -> tuple[str, ...]:
    """Return the connections with enough visible pixels for a test."""
    frames = FilmFrames(TRACE, images(12), title="", subtitle="")
    return tuple(each.key for each in TRACE.connections if visible_pixels(frames, each.key).shape[1] >= 12)


def test_a_connection_has_the_colour_of_its_shade_at_every_frame(frames):
    shown = visible_connections()
    assert len(shown) >= 20
    for frame in range(12):
        picture = frames.picture(frame)
        for key in shown:
            colors = picture[tuple(visible_pixels(frames, key))]
            wanted = interpolated_viridis(float(TRACE.connection(key).mean_factor[frame]))
            assert np.abs(colors - np.array(wanted)).max() <= 1


def test_pictures_differ_only_where_connections_run(frames):
    """Elsewhere the graph is the same on every picture, to the pixel."""
    touched = np.zeros(SIZE[0] * SIZE[1], bool)
    for line in frames.lines:
        touched[line.casing.pixels] = touched[line.line.pixels] = True
    left, top, right, bottom = GRAPH
    still = ~touched.reshape(SIZE[1], SIZE[0])[top:bottom, left:right]
    first, *others = (frames.picture(frame)[top:bottom, left:right] for frame in range(12))
    assert still.mean() > 0.5
    assert all(np.array_equal(first[still], other[still]) for other in others)
    assert not any(np.array_equal(first, other) for other in others)


def test_frames_within_reach_of_an_end_are_hatched_and_named(frames):
    """Of 12 frames, the padding affects 2 at the start and 3 at the end."""
    plain = FilmFrames(older(TRACE), images(12), title="a clip.mp4", subtitle="small", theme=frames.theme)
    left, top, right, bottom = PLOT
    changed = np.any(frames.background != plain.background, axis=2)
    columns = np.flatnonzero(changed[top:bottom].any(axis=0))
    first, last = frames.layout.frame_x(1.5), frames.layout.frame_x(8.5)
    inside = columns[(columns > first) & (columns < last)]
    assert not len(inside) and len(columns) > 0.9 * (first - left + right - last)
    assert changed[:HEAD].sum() == 0
    for frame, reached in ((1, True), (2, False), (8, False), (9, True)):
        head = [each.picture(frame)[HEAD - 20 : HEAD + 10] for each in (frames, plain)]
        assert np.array_equal(*head) is not reached


def test_a_clip_that_is_all_within_reach_of_its_ends_is_hatched_throughout():
    wholly = [dataclasses.replace(each, reached=(9, 9)) for each in TRACE.connections]
    whole = FilmFrames(
        dataclasses.replace(TRACE, connections=tuple(wholly)), images(12), title="", subtitle=""
    )
    plain = FilmFrames(older(TRACE), images(12), title="", subtitle="")
    left, top, right, bottom = PLOT
    assert np.any(whole.background != plain.background, axis=2)[top:bottom, left:right].any(axis=0).all()


def test_each_picture_shows_the_frame_of_the_clip(frames):
    for frame in range(12):
        middle = frames.picture(frame)[TOP + SIDE // 2, LEFT + SIDE // 2]
        assert shown_frame(int(middle[0])) == frame


def test_a_picture_is_the_same_however_often_it_is_drawn(frames):
    assert np.array_equal(frames.picture(3), frames.picture(3))


def test_names_of_any_length_and_kind_stay_on_the_picture():
    long = trace(frames=2, hostile=True)
    named = FilmFrames(long, images(2), title=HOSTILE * 9, subtitle="→ 日本 \n" * 40)
    assert named.picture(1).shape == (720, 1280, 3)


def test_one_image_too_few_is_refused():
    with pytest.raises(PeerattnError, match="11 images for 12 frames"):
        FilmFrames(TRACE, images(11), title="", subtitle="")


LINE = np.array([(10.0, 10.3), (90.0, 10.3)])


def test_coverage_is_the_area_of_a_line():
    assert line_coverage([LINE], 2.5, (100, 40)).fractions.sum() == pytest.approx(80 * 2.5, rel=0.02)


def test_a_line_is_split_into_dashes():
    pieces = split_into_dashes(LINE, (9, 5))
    assert [piece[0, 0] for piece in pieces] == pytest.approx([10, 24, 38, 52, 66, 80])
    assert [np.ptp(piece[:, 0]) for piece in pieces] == pytest.approx([9] * 6)


def test_colours_of_factors_are_viridis_interpolated_linearly():
    for value in np.linspace(0, 1, 101):
        assert np.abs(np.subtract(viridis_color(value), interpolated_viridis(value))).max() <= 0.5 + 1e-9
    assert viridis_color(-1) == viridis_color(0) and viridis_color(2) == viridis_color(1)


def test_schedule_keeps_the_clips_times_or_takes_equal_steps():
    own = film.schedule(TIMES)
    assert [frame for frame, _ in own] == [*range(12), END]
    assert [start for _, start in own] == pytest.approx([*TIMES, 1.5])
    assert film.schedule(TIMES, speed=2)[-1][1] == pytest.approx(0.75)
    even = film.schedule(TIMES, frame_rate=4)
    assert even == [(0, 0.0), (2, 0.25), (4, 0.5), (6, 0.75), (8, 1.0), (10, 1.25), (END, pytest.approx(1.5))]
    doubled = film.schedule(TIMES, frame_rate=16)
    assert [frame for frame, _ in doubled[:-1]] == [frame for frame in range(12) for _ in range(2)]


@pytest.mark.parametrize("given", [{"speed": 0.0}, {"speed": 99.0}, {"frame_rate": 0.0}, {"speed": np.nan}])
def test_speeds_and_frame_rates_out_of_range_are_refused(given):
    with pytest.raises(PeerattnError, match="choose between"):
        film.schedule(TIMES, **given)


def written(path: Path, picture: Callable, shown: film.Schedule) -> list[av.VideoFrame]:
    steps = list(film.write_film(path, picture, shown))
    assert steps == [(done, len(shown) - 1) for done in range(1, len(shown))]
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def rgb(frame: av.VideoFrame) -> NDArray[np.int64]:
    return frame.reformat(format="rgb24", src_colorspace="ITU709").to_ndarray().astype(int)


def test_mp4_has_each_frame_at_its_time_in_its_colours(frames, tmp_path):
    path = tmp_path / "film.mp4"
    found = written(path, frames.picture, film.schedule(TIMES))
    assert [frame.time for frame in found] == pytest.approx(TIMES, abs=1e-4)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height) == SIZE
        assert container.duration / 1e6 == pytest.approx(1.5, abs=0.001)
    for frame in (0, 5, 11):
        off = np.abs(rgb(found[frame]) - frames.picture(frame))
        assert off.mean() < 3
        for key in visible_connections():
            place = tuple(visible_pixels(frames, key))
            wanted = interpolated_viridis(float(TRACE.connection(key).mean_factor[frame]))
            # Four pixels share their chroma, so that a thin line keeps only its luma.
            luma = np.array([0.2126, 0.7152, 0.0722])
            assert abs(np.median(rgb(found[frame])[place] @ luma) - np.dot(luma, wanted)) < 25


def test_gif_repeats_and_keeps_times_and_colours(frames, tmp_path):
    path = tmp_path / "film.gif"
    found = written(path, frames.picture, film.schedule(TIMES))
    assert [frame.time for frame in found] == pytest.approx(TIMES, abs=0.011)
    extension = path.read_bytes().partition(b"NETSCAPE2.0")[2]
    assert extension[:4] == b"\x03\x01\0\0"  # for ever
    for frame in (0, 5, 11):
        off = np.abs(found[frame].to_ndarray(format="rgb24").astype(int) - frames.picture(frame))
        assert off.mean() < 2
        assert np.median(off, axis=(0, 1)).max() <= 3


def grey(frame: int) -> NDArray[np.uint8]:
    """A small picture, lighter for later frames, for tests of files."""
    return np.full((72, 128, 3), 20 * frame, np.uint8)


@pytest.mark.parametrize("name", ["film.mp4", "film.gif"])
def test_an_unfinished_film_leaves_no_file(tmp_path, name):
    steps = film.write_film(tmp_path / name, grey, film.schedule(TIMES))
    assert next(steps) == (1, 12)
    steps.close()
    assert list(tmp_path.iterdir()) == []

    def fails_at_frame_7(frame: int) -> NDArray[np.uint8]:
        if frame == 7:
            raise RuntimeError
        return grey(frame)

    with pytest.raises(RuntimeError):
        list(film.write_film(tmp_path / name, fails_at_frame_7, film.schedule(TIMES)))
    assert list(tmp_path.iterdir()) == []


def test_other_file_extensions_are_refused(frames, tmp_path):
    with pytest.raises(PeerattnError, match=r"\.mp4 or \.gif"):
        next(film.write_film(tmp_path / "film.avi", frames.picture, film.schedule(TIMES)))


@pytest.mark.parametrize("name", ["film.mp4", "film.gif"])
def test_a_film_can_have_a_single_frame(tmp_path, name):
    alone = trace(frames=1, window=1)
    frames = FilmFrames(alone, images(1), title="one", subtitle="")
    assert len(written(tmp_path / name, frames.picture, film.schedule(alone.times))) == 1


def test_a_gif_shows_only_the_last_frame_of_each_hundredth_of_a_second(tmp_path):
    shown = film.schedule(np.arange(12) / 30, speed=8.0)  # 240 a second
    path = tmp_path / "fast.gif"
    done = list(film.write_film(path, grey, shown))
    assert done == [(count, 6) for count in range(1, 7)]
    with av.open(str(path)) as container:
        found = [rgb(frame) for frame in container.decode(video=0)]
    assert [round(picture.mean() / 20) for picture in found] == [1, 3, 6, 8, 10, 11]
