"""Zips of labelled clips: which files are unpacked, and what is refused before anything is written."""

import io
import shutil
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from peerattn.data import zips
from peerattn.data.zips import unpack
from peerattn.errors import PeerattnError


def packed(files: dict[str, bytes], **options: int) -> bytes:
    """A zip of these files."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", **options) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return written.getvalue()


def inside(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def refusal(content: bytes, folder: Path) -> str:
    """The line why nothing is unpacked; nothing is left of the folder."""
    with pytest.raises(PeerattnError) as refused:
        unpack(content, folder / "into")
    assert not (folder / "into").exists() and inside(folder) == {}
    line = str(refused.value)
    assert "\n" not in line
    return line


def test_a_folder_of_classes_is_unpacked_byte_for_byte(tmp_path):
    files = {"run/a.mp4": b"one", "run/a.npz": b"maps", "jump/b.MP4": b"two", "manifest.csv": b"path,label"}
    files |= {"maps/b/0.png": b"map", "maps/b/classes.json": b"{}"}
    found = unpack(packed(files), tmp_path / "into")
    assert inside(found.folder) == files and found.left_out == 0


def test_only_clips_and_their_files_are_unpacked(tmp_path):
    files = {"run/a.mp4": b"one", "run/notes.txt": b"no", "run/run.exe": b"no"}
    extra = {"__MACOSX/run/._a.mp4": b"no", "run/.DS_Store": b"no"}
    found = unpack(packed(files | extra), tmp_path / "into")
    assert inside(found.folder) == {"run/a.mp4": b"one"} and found.left_out == 2


@pytest.mark.parametrize(
    ("names", "root"),
    [
        (("data/train/run/a.mp4", "data/val/run/b.mp4"), "data"),
        (("data/run/a.mp4", "data/jump/b.mp4"), "data"),
        (("data/manifest.csv", "data/a.mp4"), "data"),
        (("run/a.mp4",), ""),
        (("train/run/a.mp4",), ""),
    ],
)
def test_the_folder_of_classes_may_be_nested_in_the_zip(tmp_path, names, root):
    found = unpack(packed(dict.fromkeys(names, b"x")), tmp_path / "into")
    assert found.folder == tmp_path / "into" / root


@pytest.mark.parametrize("name", ["../a.mp4", "/etc/a.mp4", "run/../../a.mp4", "..\\a.mp4", "C:/a.mp4"])
def test_a_path_that_leads_outside_is_refused(tmp_path, name):
    assert "leads outside" in refusal(packed({"run/b.mp4": b"x", name: b"x"}), tmp_path)


def test_links_are_refused(tmp_path):
    written = io.BytesIO()
    link = zipfile.ZipInfo("run/a.mp4")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "a link" in refusal(written.getvalue(), tmp_path)


def test_a_zip_that_is_too_large_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(zips, "MAX_BYTES", 2**20)
    bomb = packed({"run/a.mp4": bytes(2**21)}, compression=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 10_000 and "GiB" in refusal(bomb, tmp_path)
    monkeypatch.setattr(zips, "MAX_FILES", 3)
    assert "4 files" in refusal(packed({f"run/{i}.mp4": b"" for i in range(4)}), tmp_path)


def test_a_file_larger_than_its_declared_size_is_refused_or_cut_to_that_size(tmp_path):
    """The directory says 10 bytes of a file that holds a million."""
    content = bytearray(packed({"run/a.mp4": bytes(10**6)}, compression=zipfile.ZIP_DEFLATED))
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = (10).to_bytes(4, "little")
    try:
        found = unpack(bytes(content), tmp_path / "into")
    except PeerattnError:
        assert inside(tmp_path) == {}
    else:
        assert len(inside(found.folder)["run/a.mp4"]) == 10


def test_encrypted_and_unusual_zips_are_refused(tmp_path):
    locked = bytearray(packed({"run/a.mp4": b"x"}))
    locked[locked.rindex(b"PK\x01\x02") + 8] |= 1
    assert "encrypted" in refusal(bytes(locked), tmp_path)
    assert "unusual" in refusal(packed({"run/a.mp4": b"x"}, compression=zipfile.ZIP_BZIP2), tmp_path)
    deep = "/".join("abcdefghijklmn") + "/a.mp4"
    assert "deeper" in refusal(packed({deep: b"x"}), tmp_path)


def test_a_file_where_a_folder_is_needed_is_refused(tmp_path):
    assert "pack the folder again" in refusal(packed({"a.mp4": b"x", "a.mp4/b.mp4": b"x"}), tmp_path)


@given(st.binary(max_size=300), st.integers(0, 200), st.integers(0, 255))
@example(b"", 200, 130)
def test_a_damaged_zip_is_refused_in_one_line_or_unpacked_only_inside_the_folder(
    tmp_path_factory, noise, place, value
):
    folder = tmp_path_factory.mktemp("damaged")
    content = bytearray(packed({"run/a.mp4": b"0123456789" * 9}))
    content[place % len(content)] = value
    for bad in (bytes(content), noise):
        try:
            unpack(bad, folder / "into")
        except PeerattnError as error:
            assert "\n" not in str(error) and not (folder / "into").exists()
        else:
            assert not [name for name in inside(folder) if not name.startswith("into/")]
            shutil.rmtree(folder / "into")


def test_files_are_unpacked_byte_for_byte(tmp_path: Path) -> None:
    file = tmp_path / "clips.zip"
    file.write_bytes(packed({"run/a.mp4": b"1", "run/a.npz": b"2"}))
    found = unpack(file, tmp_path / "into")
    assert inside(found.folder) == {"run/a.mp4": b"1", "run/a.npz": b"2"}
