"""Flow is a velocity: constant motion gives constant flow, however unevenly frames are sampled."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from peerattn.data.augmentation import Augmentation, Timing
from peerattn.data.clips import FolderClips
from peerattn.data.examples import read_clip
from peerattn.data.folder import LabelledFile
from peerattn.graph.specs import Modality
from peerattn.modalities.flow import FrameTiming, optical_flow, remove_camera_motion, velocity
from peerattn.modalities.preparation import prepare
from peerattn.modalities.settings import ClipSettings
from peerattn.video.decoding import decode
from peerattn.video.frames import Frames
from tests.media import moving_square, write_video
from tests.moving import SIDE, SPEED, constant_motion_clip

FLOW = Modality("flow", 2, ("x", "y"))
SETTINGS = ClipSettings(SIDE, 16, 8.0, "ultrafast")
RATES = (24, 25, 30, 50, 60)
STEP = float(np.hypot(*SPEED)) / 8  # px per nominal step, all over the frames
Clips = Callable[..., Path]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    """Files of constant motion by frame rate, each written once."""
    folder, written = tmp_path_factory.mktemp("moving"), dict[tuple[float, str], Path]()

    def file(rate: float, suffix: str = ".mov") -> Path:
        if (rate, suffix) not in written:
            written[rate, suffix] = constant_motion_clip(rate, folder, suffix=suffix)
        return written[rate, suffix]

    return file


def evaluated(path: Path, settings: ClipSettings = SETTINGS) -> Tensor:
    """The flow (1, 2, T, H, W) as evaluation and the recorder read it."""
    return read_clip(path, [FLOW], settings).tensors["flow"]


def trained(path: Path, settings: ClipSettings = SETTINGS, timing: Timing | None = None) -> Tensor:
    """The flow (1, 2, T, H, W) as training reads it."""
    varied = Augmentation(timing or Timing())
    files = [LabelledFile(path, ("push",), "a")]
    clips = FolderClips(files, ["push"], modalities=[FLOW], settings=settings, augmentation=varied)
    return clips.batch(0, [0]).tensors["flow"]


def raw(images: NDArray[np.uint8]) -> Tensor:
    """The unscaled flow (1, 2, T, H, W) in px to the next frame."""
    return torch.from_numpy(optical_flow(images, "ultrafast")).permute(3, 0, 1, 2)[None]


def speeds(flow: Tensor) -> NDArray[np.float32]:
    """The mean speed (T,) over the pixels of each frame."""
    means: NDArray[np.float32] = flow[0].norm(dim=0).mean(dim=(1, 2)).numpy()
    return means


def check_constant(clip: Clips) -> None:
    """The law: mean speeds lie within 5 % of each other, at every frame and over all rates."""
    found = {rate: speeds(evaluated(clip(rate))) for rate in RATES}
    for rate, each in found.items():
        print(f"{rate} frames/s: {len(each)} frames compared, {each.min():.3f} to {each.max():.3f} px")
    every = np.concatenate([*found.values()])
    assert every.max() <= 1.05 * every.min()
    assert every.mean() == pytest.approx(STEP, rel=0.05)


def test_constant_motion_gives_constant_flow_at_every_frame_rate(clip: Clips) -> None:
    check_constant(clip)


def test_the_test_of_constant_motion_fails_without_scaling(
    clip: Clips, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules["peerattn.modalities.preparation"]  # the package's own `prepare` is the function
    monkeypatch.setattr(module, "velocity", lambda flow, timing: flow)
    with pytest.raises(AssertionError):
        check_constant(clip)


@pytest.mark.parametrize(
    ("rate", "suffix", "settings"),
    [
        (24, ".mov", SETTINGS),
        (24, ".mkv", SETTINGS),
        (30, ".mov", replace(SETTINGS, frame_rate=15.0)),
        (30, ".mkv", replace(SETTINGS, frame_rate=15.0)),  # gaps of 66 and 67 ms
        (60, ".mkv", replace(SETTINGS, frame_rate=60.0)),  # gaps of 16 and 17 ms
    ],
)
def test_flow_at_the_nominal_frame_rate_is_not_changed(
    clip: Clips, rate: float, suffix: str, settings: ClipSettings
) -> None:
    path = clip(rate, suffix)
    assert torch.equal(evaluated(path, settings), raw(decode(path, frame_rate=settings.frame_rate).images))


@pytest.mark.parametrize(("rate", "suffix"), [(5, ".mov"), (25, ".mov"), (25, ".mkv"), (30, ".mkv")])
def test_flow_between_unevenly_spaced_frames_is_scaled_to_the_nominal_interval(
    clip: Clips, rate: float, suffix: str
) -> None:
    frames = decode(clip(rate, suffix), frame_rate=8.0)
    scale = torch.from_numpy(1 / 8 / np.diff(frames.times)).float()
    flow = evaluated(clip(rate, suffix))
    assert torch.equal(flow[:, :, :-1], raw(frames.images)[:, :, :-1] * scale[:, None, None])
    assert torch.equal(flow[:, :, -1], flow[:, :, -2])


def test_intervals_within_the_time_base_count_as_nominal_unless_any_interval_does_not() -> None:
    milliseconds = np.array([0.0, 33.0, 67.0, 100.0]) / 1000
    flow = np.ones((4, 1, 1, 2), np.float32)
    assert velocity(flow, FrameTiming(milliseconds, 1 / 30, 0.001)) is flow
    dropped = np.array([0.0, 33.0, 67.0, 133.0]) / 1000
    for timing in (FrameTiming(milliseconds, 1 / 30), FrameTiming(dropped, 1 / 30, 0.001)):
        scaled = velocity(flow, timing)[:-1, 0, 0, 0] * np.diff(timing.times)
        np.testing.assert_allclose(scaled, 1 / 30, rtol=1e-6)


def test_camera_motion_is_removed_before_flow_is_scaled(clip: Clips) -> None:
    steady = replace(SETTINGS, steady=True)
    frames = Frames(moving_square(5, height=SIDE, width=SIDE), np.array([0.0, 0.1, 0.3, 0.4, 0.6]))
    flow = remove_camera_motion(optical_flow(frames.images, "ultrafast"))[:-1]
    expected = flow * (1 / 8 / np.diff(frames.times)).astype(np.float32)[:, None, None, None]
    found = prepare(frames, [FLOW], steady).tensors["flow"][0].permute(1, 2, 3, 0).numpy()
    np.testing.assert_array_equal(found[:-1], expected)
    np.testing.assert_array_equal(found[-1], found[-2])


@pytest.mark.parametrize(
    ("rate", "suffix"), [(24, ".mov"), (24, ".mkv"), (25, ".mov"), (60, ".mov"), (30, ".mkv"), (5, ".mov")]
)
def test_training_and_evaluation_read_the_same_flow(clip: Clips, rate: float, suffix: str) -> None:
    path = clip(rate, suffix)
    whole = evaluated(path)
    assert torch.equal(trained(path, replace(SETTINGS, window=256)), whole)
    assert torch.equal(trained(path), whole[:, :, : SETTINGS.window])


def test_an_uneven_interval_outside_the_window_affects_training_as_it_does_evaluation(tmp_path: Path) -> None:
    times = [*(frame / 15 for frame in range(8)), 9 / 15]  # rounded to 1 ms
    path = write_video(tmp_path / "a.mkv", moving_square(9), codec="ffv1", times=times)
    settings = ClipSettings(48, 4, 15.0, "ultrafast")
    whole = evaluated(path, settings)
    assert not torch.equal(whole[:, :, :3], raw(decode(path).images[:, :, 8:56])[:, :, :3])
    assert torch.equal(trained(path, settings), whole[:, :, :4])


def test_a_drawn_step_is_a_speed_up_of_evenly_spaced_frames(clip: Clips) -> None:
    images = decode(clip(24)).images[::6][: SETTINGS.window + 1]
    expected = raw(images)[:, :, : SETTINGS.window]
    assert torch.equal(trained(clip(24), timing=Timing(stretch=(2.0, 2.0))), expected)


@pytest.mark.parametrize(("rate", "stretch"), [(24, 1.2), (24, 0.8), (25, 1.2), (60, 0.8)])
def test_a_speed_up_moves_constant_motion_faster_and_leaves_it_constant(
    clip: Clips, rate: float, stretch: float
) -> None:
    found = speeds(trained(clip(rate), timing=Timing(stretch=(stretch, stretch))))
    np.testing.assert_allclose(found, stretch * STEP, rtol=0.05)


@pytest.mark.parametrize(("stretch", "believed"), [(0.8, 0.8), (1.0, 1.0), (1.2, 1.0)])
def test_steps_that_fill_the_window_do_not_slow_a_short_clip_down(
    clip: Clips, tmp_path: Path, stretch: float, believed: float
) -> None:
    images = decode(clip(24)).images[:20]
    times = [frame / 24 for frame in range(len(images))]
    path = write_video(tmp_path / "short.mov", images, codec="png", times=times)
    flow = trained(path, timing=Timing(stretch=(stretch, stretch), fill=True))
    assert flow.shape[2] == SETTINGS.window
    np.testing.assert_allclose(speeds(flow), believed * STEP, rtol=0.05)
    np.testing.assert_allclose(speeds(evaluated(path)), STEP, rtol=0.05)


def test_a_still_picture_has_no_motion(tmp_path: Path) -> None:
    path = write_video(tmp_path / "still.mov", moving_square(1), codec="png")
    for flow in (evaluated(path), trained(path)):
        assert flow.shape[2] == SETTINGS.window
        assert not flow.any()
