"""Clips on disk: the bundled samples are current, and uploaded files are deleted with the session."""

import gc
import json
from pathlib import Path

import numpy as np
import pytest

from app.opening.files import EARLIER_SAMPLES, SAMPLES, UploadFolder, samples
from examples.make_samples import EARLIER_LENGTHS, FRAME_RATE, LENGTHS, write_sample
from peerattn.actionworld.scene import ACTIONS, LIGHTS
from peerattn.data.generated import TEST_SEED
from peerattn.data.zips import unpack
from peerattn.errors import PeerattnError
from peerattn.modalities.objects import read_objects
from peerattn.video.decoding import decode
from tests.media import moving_square, write_video
from tests.peerattn.data.test_zips import packed


@pytest.fixture
def shelf() -> UploadFolder:
    return UploadFolder()


@pytest.mark.parametrize("place", range(len(LENGTHS)))
@pytest.mark.parametrize(
    ("shelf", "lengths", "version"), [(SAMPLES, LENGTHS, 2), (EARLIER_SAMPLES, EARLIER_LENGTHS, 1)]
)
def test_samples_are_what_the_generator_makes_today(shelf, lengths, version, place, tmp_path):
    seed, frames = list(lengths.items())[place]
    made = write_sample(tmp_path, TEST_SEED + seed, frames, version)
    shipped = json.loads((shelf / "samples.json").read_text())[place]
    assert made == shipped
    assert np.array_equal(
        read_objects(tmp_path / made["objects"]).ids, read_objects(shelf / shipped["objects"]).ids
    )
    clips = [decode(folder / made["clip"], frame_rate=FRAME_RATE).images for folder in (tmp_path, shelf)]
    assert clips[0].shape == clips[1].shape and np.abs(np.subtract(*clips, dtype=float)).mean() < 1


def test_the_samples_show_every_action_and_both_lights_under_names_of_their_own():
    shown = [sample.label for sample in samples()]
    assert {label.split()[0] for label in shown} == {*ACTIONS}
    assert {label.split()[-1] for label in shown} == {*LIGHTS}
    assert not {sample.name for sample in samples()} & {sample.name for sample in samples(EARLIER_SAMPLES)}


def test_samples_are_small_and_have_maps_for_every_frame():
    for sample in (*samples(), *samples(EARLIER_SAMPLES)):
        assert sample.path.stat().st_size < 300_000
        shown = decode(sample.path, frame_rate=FRAME_RATE)
        assert len(read_objects(sample.objects.path, origin="true").ids) == len(shown.images)


def test_a_file_without_a_name_can_be_kept(shelf):
    assert (
        shelf.clip("", b"clip").path.read_bytes() == shelf.clip("a.mp4", b"clip").path.read_bytes() == b"clip"
    )


def test_uploaded_files_are_deleted_with_their_folder_object():
    shelf = UploadFolder()
    path = shelf.clip("mine.mp4", b"content").path
    assert path.read_bytes() == b"content"
    del shelf
    gc.collect()
    assert not path.parent.parent.exists()


def test_equal_bytes_are_one_clip_and_unwanted_ones_are_deleted(shelf):
    first, again, other = (shelf.clip("a.mp4", content) for content in (b"1", b"1", b"2"))
    assert first == again != other
    shelf.keep_only([other])
    assert not first.path.exists() and other.path.exists()


@pytest.mark.parametrize(
    "name", ["../../escape.mp4", "/etc/passwd", "..", "", "a\0b.mp4", "x" * 300 + ".mp4"]
)
def test_file_names_cannot_leave_the_folder(shelf, name):
    clip = shelf.clip(name, b"content")
    assert clip.path.resolve().is_relative_to(shelf.folder.resolve())
    assert clip.path.read_bytes() == b"content" and clip.name == name


def test_object_maps_are_one_npz_or_a_video_with_its_declaration(shelf, tmp_path):
    ids = moving_square(3)[..., 0] // 200
    video = write_video(tmp_path / "maps.mkv", ids, codec="ffv1").read_bytes()
    declared = json.dumps({"class_ids": [1], "class_names": ["square"]}).encode()
    attached = shelf.objects([("other.json", declared), ("maps.mkv", video)])
    assert attached.origin == "attached" and attached.name == "maps.mkv"
    assert np.array_equal(read_objects(attached.path).ids, ids)


@pytest.mark.parametrize(
    "names", [["a.json"], ["a.npz", "b.npz", "c.json"], ["a.mkv", "a.json", "b.json"], ["a.npz", "b.npz"]]
)
def test_other_files_are_refused_as_object_maps(shelf, names):
    with pytest.raises(PeerattnError, match=r"one \.npz file, or one video"):
        shelf.objects([(name, b"") for name in names])


def test_the_refusal_of_a_clip_names_it_once(shelf):
    clip = shelf.clip("mine.mp4", b"")
    assert clip.refusal(PeerattnError("it is empty", "mine.mp4")) == "mine.mp4: it is empty"
    assert clip.refusal(PeerattnError("no object maps")) == "mine.mp4: no object maps"
    assert isinstance(clip.path, Path)


def test_the_upload_folder_keeps_one_zip_at_a_time():
    shelf = UploadFolder()
    first = unpack(packed({"run/a.mp4": b"1"}), shelf.zip_folder(b"first"))
    shelf.keep_only([])
    assert first.folder.exists()
    second = unpack(packed({"run/a.mp4": b"2"}), shelf.zip_folder(b"second"))
    assert second.folder.exists() and not first.folder.exists()
    folder = shelf.folder
    del shelf
    assert not folder.exists()
