"""Reading video files: ordinary and unusual ones are read, damaged and hostile ones refused in one line."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerattn.errors import PeerattnError
from peerattn.video.checks import Stretch
from peerattn.video.decoding import check_header, decode, probe
from peerattn.video.frames import Limits
from peerattn.video.reader import Sampler
from tests import media

FAST = {"movflags": "faststart"}  # the index first: a file that breaks off can still be opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="module")
def square(folder: Path) -> Path:
    return media.write_video(folder / "square.mp4", media.moving_square(30), options=FAST)


def refusal(path: Path, **options: object) -> str:
    """The one line with which a file is refused."""
    with pytest.raises(PeerattnError) as caught:
        decode(path, **options)  # type: ignore[arg-type]
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(path.name)
    return message


# Ordinary and awkward files


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "libx264"),
        ("a.mov", "libx264"),
        ("a.mkv", "ffv1"),
        ("a.webm", "libvpx-vp9"),
        ("a.avi", "mjpeg"),
    ],
)
def test_each_container_is_read_whole(tmp_path: Path, name: str, codec: str) -> None:
    images = media.moving_square(20)
    frames = decode(media.write_video(tmp_path / name, images, codec=codec))
    assert frames.images.shape == images.shape
    np.testing.assert_allclose(frames.times, np.arange(20) / 25, atol=0.001)
    assert frames.source_numbers.tolist() == list(range(20))
    assert np.abs(frames.images.astype(int) - images).mean() < 12


def test_lossless_frames_come_back_exactly(tmp_path: Path) -> None:
    images = media.moving_square(5)
    np.testing.assert_array_equal(
        decode(media.write_video(tmp_path / "a.mkv", images, codec="ffv1")).images, images
    )


def test_gif_is_read(tmp_path: Path) -> None:
    frames = decode(media.write_video(tmp_path / "a.gif", media.moving_square(10), codec="gif"))
    assert frames.images.shape == (10, 48, 64, 3)
    assert probe(tmp_path / "a.gif").container == "gif"


@pytest.mark.parametrize("rotation", [90, 180, -90])
def test_rotation_tag_turns_the_picture_as_opencv_does(tmp_path: Path, rotation: int) -> None:
    path = media.write_video(tmp_path / "turned.mp4", media.moving_square(3), rotation=rotation)
    capture = cv2.VideoCapture(str(path))
    expected = cv2.cvtColor(capture.read()[1], cv2.COLOR_BGR2RGB)
    capture.release()
    np.testing.assert_array_equal(decode(path).images[0], expected)
    info = probe(path)
    assert (info.height, info.width) == expected.shape[:2]


def test_variable_frame_rate_keeps_each_frames_own_time(tmp_path: Path) -> None:
    times = [0.0, 0.04, 0.08, 0.5, 0.54, 1.5, 1.54, 1.58]
    path = media.write_video(tmp_path / "variable.mp4", media.moving_square(8), times=times)
    np.testing.assert_allclose(decode(path).times, times, atol=1e-4)
    sampled = decode(path, frame_rate=4)  # due at 0, .25, .5, .75, 1, 1.25, 1.5 s
    np.testing.assert_allclose(sampled.times, [0.0, 0.5, 1.5], atol=1e-4)
    assert sampled.source_numbers.tolist() == [0, 3, 5]


def test_times_count_from_the_first_frame(tmp_path: Path) -> None:
    times = [3.0 + frame / 25 for frame in range(6)]
    path = media.write_video(tmp_path / "late.mkv", media.moving_square(6), codec="ffv1", times=times)
    np.testing.assert_allclose(decode(path).times, np.arange(6) / 25, atol=0.001)


@pytest.mark.parametrize(
    ("name", "codec", "time_base"),
    [
        ("a.mp4", "libx264", 1 / 12_800),
        ("a.mkv", "ffv1", 0.001),
        ("a.gif", "gif", 0.01),
        ("a.avi", "mjpeg", 0),
    ],
)
def test_frames_have_the_time_base_of_their_file(
    tmp_path: Path, name: str, codec: str, time_base: float
) -> None:
    frames = decode(media.write_video(tmp_path / name, media.moving_square(4), codec=codec))
    assert frames.time_base == pytest.approx(time_base)


def test_odd_sizes_are_read(tmp_path: Path) -> None:
    images = media.moving_square(4, height=49, width=63)
    assert decode(media.write_video(tmp_path / "odd.mkv", images, codec="ffv1")).images.shape == (
        4,
        49,
        63,
        3,
    )
    assert decode(tmp_path / "odd.mkv", max_side=32).images.shape == (4, 25, 32, 3)


def test_a_single_frame_is_read_with_a_remark(tmp_path: Path) -> None:
    frames = decode(media.write_video(tmp_path / "still.mp4", media.moving_square(1)))
    assert frames.images.shape == (1, 48, 64, 3)
    assert frames.remarks == ("one frame only: there is no motion",)


def test_a_file_without_a_duration_is_read(tmp_path: Path) -> None:
    path = media.without_duration(tmp_path / "live.webm", media.moving_square(20))
    assert probe(path).duration is None
    assert len(decode(path).images) == 20


def test_large_frames_are_scaled_down(tmp_path: Path) -> None:
    path = media.write_video(tmp_path / "large.mp4", media.moving_square(3, height=360, width=640))
    assert decode(path).images.shape == (3, 180, 320, 3)


# Sampling


def test_a_stretch_contains_the_frames_from_start_up_to_stop(square: Path) -> None:
    frames = decode(square, start=0.4, stop=0.8)
    np.testing.assert_allclose(frames.times, np.arange(10, 20) / 25, atol=1e-4)
    assert frames.source_numbers.tolist() == list(range(10, 20))


def test_sampled_frames_are_the_first_at_or_after_each_step(square: Path) -> None:
    frames = decode(square, frame_rate=8)
    expected = [np.ceil(step / 8 * 25 - 1e-6) for step in range(10)]
    assert frames.source_numbers.tolist() == expected


def test_milliseconds_of_matroska_lose_no_frame(tmp_path: Path) -> None:
    times = [frame / 30 for frame in range(30)]  # stored as 0.033, 0.067, 0.1, …
    path = media.write_video(tmp_path / "thirty.mkv", media.moving_square(30), codec="ffv1", times=times)
    assert len(decode(path, frame_rate=30).images) == 30


@given(
    st.lists(st.integers(1, 400), min_size=1, max_size=60),
    st.floats(0.5, 60),
    st.floats(0, 2),
    st.just(0.0005),
)
def test_the_sampler_keeps_the_first_frame_at_or_after_each_due_time(
    steps: list[int], rate: float, start: float, tolerance: float
) -> None:
    times = np.cumsum(steps) / 1000 - steps[0] / 1000
    sampler = Sampler(Stretch(rate, start, None, 320), tolerance=tolerance)
    kept = {int(frame) for frame in np.flatnonzero([sampler.keeps(time) for time in times])}
    early = sampler.tolerance
    due = (
        start
        + np.arange(int((times[-1] - start + early) * rate) + 1 if times[-1] + early >= start else 0) / rate
    )
    first = np.searchsorted(times, due - early)
    must = {
        int(frame) for frame, step in zip(first, due, strict=True) if abs(times[frame] - step + early) > 1e-9
    }
    assert must <= kept  # the first at or after each due time …
    assert len(kept) <= len(due) + 1  # … and no other
    assert all(times[frame] >= start - early for frame in kept)


@pytest.mark.parametrize(
    "options",
    [
        {"frame_rate": 0.0},
        {"frame_rate": float("nan")},
        {"start": -1.0},
        {"start": 1.0, "stop": 1.0},
        {"start": float("nan")},
        {"max_side": 0},
    ],
)
def test_invalid_options_are_refused(square: Path, options: dict[str, float]) -> None:
    with pytest.raises(PeerattnError):
        decode(square, **options)  # type: ignore[arg-type]


def test_start_after_the_end_is_refused(square: Path) -> None:
    assert "as the last is at 1.16 s" in refusal(square, start=5.0)


# Broken files


def test_missing_and_empty_files_are_refused(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "nothing.mp4")
    assert "no such file" in refusal(tmp_path)
    (tmp_path / "empty.mp4").touch()
    assert "empty (0 bytes)" in refusal(tmp_path / "empty.mp4")


def test_text_is_refused_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("this is not a video\n")
    assert "not a video file" in refusal(tmp_path / "text.mp4")


def test_sound_without_pictures_is_refused(tmp_path: Path) -> None:
    assert "no video, only sound" in refusal(media.audio_only(tmp_path / "tone.mp4"))


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "libx264"), ("a.mkv", "ffv1"), ("a.webm", "libvpx-vp9"), ("a.avi", "mjpeg"), ("a.gif", "gif")],
)
def test_file_that_breaks_off_is_refused(tmp_path: Path, name: str, codec: str, share: float) -> None:
    whole = media.write_video(tmp_path / name, media.moving_square(30), codec=codec)
    assert "the file is incomplete" in refusal(
        media.broken_off(tmp_path / f"part_{name}", whole, share=share)
    )


def test_file_that_breaks_off_with_its_index_first_is_refused(tmp_path: Path, square: Path) -> None:
    assert "the file is incomplete" in refusal(media.broken_off(tmp_path / "part.mp4", square, share=0.8))


def test_a_damaged_file_is_refused_but_frames_before_the_damage_can_be_read(tmp_path: Path) -> None:
    whole = media.write_video(tmp_path / "whole.mp4", media.moving_square(120), options=FAST)
    rotten = media.bit_rotten(tmp_path / "rotten.mp4", whole)
    assert "damaged" in refusal(rotten)
    check_header(rotten)  # decodes nothing
    assert len(decode(rotten, stop=0.2).images) == 5


@given(
    st.binary(min_size=1, max_size=200),
    st.sampled_from(["ftypisom", "RIFF....AVI ", "GIF89a", "\x1aE\xdf\xa3"]),
)
def test_a_valid_header_followed_by_garbage_is_refused(tmp_path_factory, rubbish: bytes, head: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path_factory.mktemp("rubbish") / "rubbish.mp4"
    path.write_bytes((b"\0\0\0\x14" if head.startswith("ftyp") else b"") + head.encode("latin-1") + rubbish)
    refusal(path)


# Hostile files


def test_script_that_names_another_file_is_refused(tmp_path: Path, square: Path) -> None:
    assert "not a video file" in refusal(media.concat_script(tmp_path / "script.mp4", square))


def test_playlist_that_names_an_address_is_refused(tmp_path: Path) -> None:
    assert "not a video file" in refusal(media.playlist(tmp_path / "list.mp4", "http://127.0.0.1:9/a.ts"))


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(file_bytes=100), "exceed the limit of 100"),
        (Limits(pixels=1000), "64x48"),
        (Limits(frame_rate=10), "25 frames/s"),
        (Limits(duration=0.5), "longer than"),
        (Limits(decoded_frames=10), "more than 10 frames would be decoded"),
        (Limits(kept_frames=10), "more than 10 frames would be kept"),
    ],
)
def test_each_limit_is_kept(square: Path, limits: Limits, said: str) -> None:
    assert said in (message := refusal(square, limits=limits))
    with pytest.raises(PeerattnError) as caught:
        check_header(square, limits=limits)
    assert str(caught.value) == message


@pytest.mark.parametrize("limits", [Limits(duration=0.5), Limits(decoded_frames=10), Limits(kept_frames=10)])
def test_limits_hold_where_the_file_declares_nothing(tmp_path: Path, limits: Limits) -> None:
    path = media.without_duration(tmp_path / "live.webm", media.moving_square(30))
    assert "0 frames would be" in (message := refusal(path, limits=limits)) or "longer than" in message


def test_stretch_within_the_limits_of_a_file_beyond_them_is_read(square: Path) -> None:
    assert (
        len(decode(square, stop=0.2, limits=Limits(duration=0.5, decoded_frames=10, kept_frames=5)).images)
        == 5
    )


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space reliably")
def test_memory_is_limited(tmp_path: Path) -> None:
    path = media.write_video(tmp_path / "huge.mp4", np.zeros((2, 2304, 4096, 3), np.uint8))
    assert refusal(path, limits=Limits(address_space=300 * 2**20))
    assert len(decode(path).images) == 2


# Real files

READ = {
    "golfdb_test_video.mp4": (264, 492, 354),
    "sam2_04_coffee.mp4": (287, 720, 1280),
    "sam2_05_default_juggle.mp4": (247, 720, 1280),
    "intel_asl_walk.mkv": (89, 480, 640),
    "decord_rot_90.mov": (3, 568, 320),
    "torchcodec_av1_video.mkv": (125, 360, 640),
    "torchcodec_h265_video.mp4": (10, 128, 128),
    "torchcodec_h264_10bits.mp4": (30, 200, 200),
    "torchcodec_testsrc2_odd_height_and_width_vp9.mp4": (25, 241, 321),
    "imageio_newtonscradle.gif": (36, 150, 200),
    "moviepy_no_duration.webm": (74, 720, 1280),
    "derived_single_frame.mp4": (1, 492, 354),
}
REFUSED = {
    "derived_truncated.mp4": "the file is incomplete",
    "derived_text_renamed.mp4": "not a video file",
    "derived_empty.mp4": "empty",
    "derived_audio_only.mp4": "no video",
}


@pytest.mark.parametrize("name", READ)
def test_real_clip_is_read_whole_and_upright(shared: Path, name: str) -> None:
    path = shared / "clips" / name
    count, height, width = READ[name]
    info = probe(path)
    frames = decode(path, max_side=64)
    assert (len(frames.images), info.height, info.width) == (count, height, width)
    assert (height > width) == (frames.images.shape[1] > frames.images.shape[2])
    assert bool(frames.remarks) == (count == 1)


@pytest.mark.parametrize("name", REFUSED)
def test_broken_real_clip_is_refused_and_the_next_is_read(shared: Path, name: str) -> None:
    assert REFUSED[name] in refusal(shared / "clips" / name)
    assert len(decode(shared / "clips" / "decord_rot_90.mov").images) == 3


def test_turned_clip_is_shown_as_its_tag_says(shared: Path) -> None:
    """As OpenCV and Chromium show it: this file's tag turns the portrait clip's picture upside down."""
    turned = decode(shared / "clips" / "derived_portrait_rotation_tag90.mp4")
    portrait = decode(shared / "clips" / "derived_portrait_360x640.mp4")
    assert turned.images.shape == portrait.images.shape
    np.testing.assert_array_equal(turned.times, portrait.times)
    assert np.abs(turned.images[:, ::-1, ::-1].astype(int) - portrait.images).mean() < 5  # both lossy
    capture = cv2.VideoCapture(str(shared / "clips" / "derived_portrait_rotation_tag90.mp4"))
    expected = cv2.cvtColor(capture.read()[1], cv2.COLOR_BGR2RGB)
    capture.release()
    unscaled = decode(shared / "clips" / "derived_portrait_rotation_tag90.mp4", max_side=640, stop=0.01)
    np.testing.assert_array_equal(unscaled.images[0], expected)
