"""Clips prepared for training: the frames of evaluation and those in between, decoded once."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from peerattn.data import prepared as module
from peerattn.data.cache import Cache
from peerattn.data.folder import LabelledFile
from peerattn.data.prepared import Preparation, segmenter_digest
from peerattn.errors import PeerattnError
from peerattn.graph.specs import Modality
from peerattn.modalities.clip import ObjectMaps
from peerattn.modalities.objects import write_objects
from peerattn.modalities.settings import ClipSettings
from peerattn.video.decoding import decode
from tests.media import moving_square, write_video
from tests.strategies import MODALITIES

RGB, OBJECT = (MODALITIES[0],), (MODALITIES[0], MODALITIES[2])
SETTINGS = ClipSettings(size=32, window=4, frame_rate=12.5)


class Thresholds:
    """A segmenter that finds a ball wherever it is bright, and remembers how many frames it was shown."""

    class_ids, class_names = (7,), ("ball",)

    def __init__(self, level: int = 200) -> None:
        self.level = level
        self.shown: list[int] = []

    def estimate(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        self.shown.append(len(images))
        return np.where(images[..., 0] > self.level, 7, 0).astype(np.uint8)


def clip(folder: Path, frames: int = 9, *, times: list[float] | None = None) -> LabelledFile:
    path = write_video(folder / "a.mp4", moving_square(frames), times=times)
    return LabelledFile(path, ("push",), "a")


def test_a_source_twice_as_fast_has_two_phases(tmp_path: Path) -> None:
    file = clip(tmp_path)
    kept = Preparation(RGB, SETTINGS).prepare(file)
    assert (kept.phases, kept.ids) == (2, None)
    np.testing.assert_array_equal(kept.images, decode(file.path).images)
    np.testing.assert_array_equal(kept.images[::2], decode(file.path, frame_rate=12.5).images)


@pytest.mark.parametrize("frame_rate", [20.0, 25.0, 60.0])
def test_a_slower_source_has_one_phase(tmp_path: Path, frame_rate: float) -> None:
    file = clip(tmp_path)
    kept = Preparation(RGB, ClipSettings(size=32, frame_rate=frame_rate)).prepare(file)
    assert kept.phases == 1
    np.testing.assert_array_equal(kept.images, decode(file.path, frame_rate=frame_rate).images)


def test_an_uneven_source_is_read_as_in_evaluation(tmp_path: Path) -> None:
    times = [0.0, 0.04, 0.05, 0.12, 0.16, 0.36, 0.4, 0.41, 0.5, 0.54, 0.58, 0.6]
    file = clip(tmp_path, len(times), times=times)
    kept = Preparation(RGB, SETTINGS).prepare(file)
    assert kept.phases == 1
    np.testing.assert_array_equal(kept.images, decode(file.path, frame_rate=12.5).images)


def test_frames_are_kept_larger_than_the_network_reads_them(tmp_path: Path) -> None:
    kept = Preparation(RGB, ClipSettings(size=16, frame_rate=25.0)).prepare(clip(tmp_path))
    assert kept.images.shape == (9, 24, 32, 3)


def test_maps_from_a_file_are_sampled_like_the_frames(tmp_path: Path) -> None:
    file = clip(tmp_path)
    ids = np.where(np.arange(9) % 2, 3, 7).astype(np.uint8)[:, None, None] * np.ones((48, 64), np.uint8)
    write_objects(tmp_path / "a.npz", ObjectMaps(ids, None, (3, 7), ("cup", "ball"), "attached"))
    file = LabelledFile(file.path, file.labels, file.group, objects=tmp_path / "a.npz")
    kept = Preparation(OBJECT, SETTINGS).prepare(file)
    np.testing.assert_array_equal(kept.ids, ids)


def test_a_segmenter_gets_the_frames_of_each_phase_separately(tmp_path: Path) -> None:
    segmenter = Thresholds()
    kept = Preparation(OBJECT, SETTINGS, segmenter).prepare(clip(tmp_path))
    assert segmenter.shown == [5, 4]
    np.testing.assert_array_equal(kept.ids, np.where(kept.images[..., 0] > 200, 7, 0))


def test_maps_that_a_network_does_not_know_are_refused_from_the_cache_too(tmp_path: Path) -> None:
    file, cache = clip(tmp_path), Cache(tmp_path / "cache")
    stranger = (RGB[0], Modality("object", 1, ("hat",), (9,)))
    for _ in range(2):
        with pytest.raises(PeerattnError, match="knows none"):
            Preparation(stranger, SETTINGS, Thresholds()).prepare(file, cache)
        Preparation(OBJECT, SETTINGS, Thresholds()).prepare(file, cache)
    with pytest.raises(PeerattnError, match="the clip has none"):
        Preparation(OBJECT, SETTINGS).prepare(file, cache)


def test_a_clip_is_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, cache = clip(tmp_path), Cache(tmp_path / "cache")
    preparation = Preparation(OBJECT, SETTINGS, Thresholds())
    assert not preparation.is_cached(file, cache)
    first = preparation.prepare(file, cache)
    assert preparation.is_cached(file, cache)
    monkeypatch.setattr(module, "decode", None)
    again = preparation.prepare(file, cache)
    np.testing.assert_array_equal(again.images, first.images)
    np.testing.assert_array_equal(again.ids, first.ids)
    assert again.phases == first.phases
    np.testing.assert_array_equal(again.frame_timing.times, first.frame_timing.times)
    assert (again.frame_timing.step, again.frame_timing.time_base) == (
        first.frame_timing.step,
        first.frame_timing.time_base,
    )
    assert first.frame_timing.step == 1 / SETTINGS.frame_rate


def test_cache_entries_of_earlier_versions_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, cache = clip(tmp_path), Cache(tmp_path / "cache")
    with monkeypatch.context() as earlier:
        earlier.setattr(module, "_VERSIONS", (1, *module._VERSIONS[1:]))  # entries without times
        Preparation(RGB, SETTINGS).prepare(file, cache)
    assert not Preparation(RGB, SETTINGS).is_cached(file, cache)


def test_the_cache_entry_depends_on_everything_that_affects_the_result(tmp_path: Path) -> None:
    file, cache = clip(tmp_path), Cache(tmp_path / "cache")
    Preparation(OBJECT, SETTINGS, Thresholds()).prepare(file, cache)
    other = ClipSettings(size=32, window=4, frame_rate=25.0)
    assert Preparation(RGB, SETTINGS).is_cached(file, cache)
    assert Preparation(OBJECT, ClipSettings(32, 8, 12.5, "medium"), Thresholds()).is_cached(file, cache)
    assert not Preparation(RGB, other).is_cached(file, cache)
    assert not Preparation(RGB, replace(SETTINGS, view="objects")).is_cached(file, cache)
    assert not Preparation(OBJECT, SETTINGS, Thresholds(level=100)).is_cached(file, cache)
    write_video(file.path, moving_square(8))
    assert not Preparation(RGB, SETTINGS).is_cached(file, cache)


def test_the_digest_of_a_segmenter_depends_on_its_weights() -> None:
    torch = pytest.importorskip("torch")

    class Small(torch.nn.Module):
        class_ids, class_names = (7,), ("ball",)

        def __init__(self, seed: int) -> None:
            super().__init__()
            torch.manual_seed(seed)
            self.layer = torch.nn.Conv2d(3, 2, 1)

    assert segmenter_digest(Small(0)) == segmenter_digest(Small(0)) != segmenter_digest(Small(1))


def test_a_clip_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    with pytest.raises(PeerattnError, match="empty"):
        Preparation(RGB, SETTINGS).prepare(LabelledFile(tmp_path / "a.mp4", ("push",), "a"))


def test_a_single_frame_gets_a_map(tmp_path: Path) -> None:
    kept = Preparation(OBJECT, SETTINGS, Thresholds()).prepare(clip(tmp_path, 1))
    assert kept.ids is not None
    assert kept.images.shape[:3] == kept.ids.shape == (1, 48, 64)
