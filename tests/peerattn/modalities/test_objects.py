"""Object maps from files: they are read back, and invalid files are refused early."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from peerattn.actionworld.clips import MAP_NAMES
from peerattn.errors import PeerattnError
from peerattn.modalities.clip import ObjectMaps
from peerattn.modalities.objects import read_objects, write_objects
from peerattn.video.decoding import decode_ids
from tests import media


def some_maps(count: int, *, height: int = 48, width: int = 64, **places: NDArray[np.int64]) -> ObjectMaps:
    """Object maps; map n shows class 1 + 2 * (n % 2) in its left half."""
    ids = np.zeros((count, height, width), np.uint8)
    ids[:, :, : width // 2] = (1 + 2 * (np.arange(count) % 2))[:, None, None]
    return ObjectMaps(ids, places.get("frames"), (1, 3), ("person", "ball"), "true")


@pytest.mark.parametrize("places", [{}, {"frames": np.array([0, 3, 7])}])
def test_written_maps_are_read_back(tmp_path: Path, places: dict[str, NDArray[np.int64]]) -> None:
    maps = some_maps(3, **places)
    write_objects(tmp_path / "maps.npz", maps)
    back = read_objects(tmp_path / "maps.npz", origin="true")
    np.testing.assert_array_equal(back.ids, maps.ids)
    np.testing.assert_array_equal(back.frames, maps.frames)
    assert (back.class_ids, back.class_names, back.origin) == (maps.class_ids, maps.class_names, "true")


def test_packed_person_masks_are_read(tmp_path: Path) -> None:
    mask = np.random.default_rng(0).integers(0, 2, (4, 6, 13), dtype=np.uint8)
    packed = {"mask": np.packbits(mask, axis=-1), "shape": np.array(mask.shape, np.int32)}
    np.savez_compressed(tmp_path / "persons.npz", **packed)
    back = read_objects(tmp_path / "persons.npz")
    np.testing.assert_array_equal(back.ids, mask * MAP_NAMES.index("person"))
    assert (back.class_ids, back.class_names, back.frames) == ((1,), ("person",), None)


@pytest.mark.parametrize("shape", [(4, 6, 30), (3, 6, 13), (4, 6), (4, 6, 0), (4.0, 6.0, 13.0)])
def test_packed_masks_of_another_shape_are_refused(tmp_path: Path, shape: tuple[float, ...]) -> None:
    np.savez(tmp_path / "persons.npz", mask=np.zeros((4, 6, 2), np.uint8), shape=np.array(shape))
    with pytest.raises(PeerattnError, match="mask"):
        read_objects(tmp_path / "persons.npz")


def test_folder_of_pictures_is_read(tmp_path: Path) -> None:
    maps = some_maps(3)
    for number, ids in zip((0, 5, 12), maps.ids, strict=True):
        cv2.imwrite(str(tmp_path / f"map_{number:05}.png"), ids)
    (tmp_path / "classes.json").write_text(
        json.dumps({"class_ids": [0, 1, 3], "class_names": ["none", "a", "b"]})
    )
    back = read_objects(tmp_path)
    np.testing.assert_array_equal(back.ids, maps.ids)
    assert back.frames is not None
    assert back.frames.tolist() == [0, 5, 12]
    assert (back.class_ids, back.class_names) == ((1, 3), ("a", "b"))


def test_palette_indices_of_pictures_are_ids(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    ids = some_maps(1).ids[0]
    picture = image.fromarray(ids, mode=None).convert("P")
    picture.putdata(ids.ravel().tolist())
    picture.putpalette([*range(255, -1, -1)] * 3)
    picture.save(tmp_path / "0.png")
    (tmp_path / "classes.json").write_text('{"class_ids": [1, 3]}')
    np.testing.assert_array_equal(read_objects(tmp_path).ids[0], ids)


def test_lossless_video_of_ids_is_read(tmp_path: Path) -> None:
    maps = some_maps(4)
    media.write_video(tmp_path / "maps.mkv", maps.ids, codec="ffv1")
    (tmp_path / "maps.json").write_text('{"class_ids": [1, 3], "times": [0, 0.5, 1, 1.5]}')
    back = read_objects(tmp_path / "maps.mkv")
    np.testing.assert_array_equal(back.ids, maps.ids)
    assert back.times is not None
    assert back.times.tolist() == [0, 0.5, 1, 1.5]


IDS = np.ones((2, 4, 4), np.uint8)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"ids": IDS}, "do not declare their class_ids"),
        ({"class_ids": [1]}, "no array named ids"),
        ({"ids": IDS, "class_ids": [2]}, r"\[1\]"),
        ({"ids": IDS, "class_ids": [1, 1]}, "each one once"),
        ({"ids": IDS, "class_ids": [1, 300]}, "1 to 255"),
        ({"ids": IDS, "class_ids": ["person"]}, "whole numbers"),
        ({"ids": IDS, "class_ids": [1], "class_names": ["a", "b"]}, "2 class_names"),
        ({"ids": IDS[0], "class_ids": [1]}, r"\(N, H, W\)"),
        ({"ids": IDS.astype(float), "class_ids": [1]}, "whole numbers"),
        ({"ids": IDS.astype(int) * 300, "class_ids": [1]}, "0 to 255"),
        ({"ids": IDS, "class_ids": [1], "frames": [3, 2]}, "increase"),
        ({"ids": IDS, "class_ids": [1], "frames": [3]}, "as many frames"),
        ({"ids": IDS, "class_ids": [1], "frames": [0.5, 1.5]}, "whole numbers"),
        ({"ids": IDS, "class_ids": [1], "frames": [0, 1], "times": [0, 1]}, "one of the two"),
        ({"ids": IDS, "class_ids": [1], "times": [0, np.nan]}, "times"),
        ({"ids": np.array([[[None]]]), "class_ids": [1]}, "pickled"),
    ],
)
def test_an_invalid_npz_is_refused(tmp_path: Path, arrays: dict[str, object], said: str) -> None:
    path = tmp_path / "wrong.npz"
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
    with pytest.raises(PeerattnError, match=said):
        read_objects(path)


def test_an_npz_that_is_too_large_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    header = "{'descr': '|u1', 'fortran_order': False, 'shape': (1000, 2000, 2000), }"
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w") as archive:
        archive.writestr(
            "ids.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()
        )
    with pytest.raises(PeerattnError, match=r"4,000,000,000 bytes exceeds"):
        read_objects(tmp_path / "bomb.npz")


def _no_pictures(folder: Path) -> None:
    (folder / "classes.json").write_text('{"class_ids": [1]}')


def _no_declaration(folder: Path) -> None:
    cv2.imwrite(str(folder / "0.png"), IDS[0])


def _two_sizes(folder: Path) -> None:
    _no_pictures(folder)
    _no_declaration(folder)
    cv2.imwrite(str(folder / "1.png"), np.ones((5, 4), np.uint8))


def _one_number_twice(folder: Path) -> None:
    _no_pictures(folder)
    for name in ("a_1.png", "b_1.png"):
        cv2.imwrite(str(folder / name), IDS[0])


def _broken_json(folder: Path) -> None:
    (folder / "classes.json").write_text("[" * 100_000)


def _colours(folder: Path) -> None:
    _no_pictures(folder)
    cv2.imwrite(str(folder / "0.png"), media.moving_square(1)[0])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_no_pictures, "no .png"),
        (_no_declaration, "classes.json, which declares their class_ids, is missing"),
        (_two_sizes, r"1\.png and .* differ in size"),
        (_one_number_twice, "different frame number"),
        (_broken_json, "not readable JSON"),
        (_colours, "colours, not class ids"),
    ],
)
def test_wrong_folder_is_refused(tmp_path: Path, make: Callable[[Path], None], said: str) -> None:
    make(tmp_path)
    with pytest.raises(PeerattnError, match=said):
        read_objects(tmp_path)


def test_arrays_that_are_not_object_maps_are_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.npz").write_text("these are notes")
    for path in (tmp_path / "notes.npz", tmp_path / "nothing.npz"):
        with pytest.raises(PeerattnError, match=path.name):
            read_objects(path)


@given(st.integers(0, 2**32 - 1))
def test_mutated_npz_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    path = tmp_path_factory.mktemp("mutated") / "maps.npz"
    write_objects(path, some_maps(2))
    data, random = bytearray(path.read_bytes()), np.random.default_rng(seed)
    for place in random.integers(0, len(data), 3):
        data[place] = random.integers(0, 256)
    path.write_bytes(bytes(data))
    try:
        read_objects(path)
    except PeerattnError as error:
        assert "\n" not in str(error)


def test_ids_of_a_lossless_video_are_exact(tmp_path: Path) -> None:
    ids = np.random.default_rng(0).integers(0, 256, (4, 49, 63), dtype=np.uint8)
    np.testing.assert_array_equal(decode_ids(media.write_video(tmp_path / "ids.mkv", ids, codec="ffv1")), ids)


def test_ids_of_a_lossy_video_are_refused(tmp_path: Path) -> None:
    path = media.write_video(tmp_path / "lossy.mp4", media.moving_square(3))
    with pytest.raises(PeerattnError, match="may change class ids"):
        decode_ids(path)


def test_a_video_of_colours_is_refused_as_object_maps(tmp_path: Path) -> None:
    path = media.write_video(tmp_path / "colours.mkv", media.moving_square(3), codec="ffv1")
    with pytest.raises(PeerattnError, match="not class ids"):
        decode_ids(path)
