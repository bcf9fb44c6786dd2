"""Checkpoint folders: weights are read back, and invalid ones are refused before memory is allocated."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerattn.errors import PeerattnError
from peerattn.files.cards import read_card, write_card
from peerattn.files.paths import find_checkpoint
from peerattn.files.weights import read_weights, write_weights

ARRAYS = {"a.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "a.count": np.array(7)}
SHAPES: dict[str, tuple[int, ...]] = {"a.weight": (2, 3), "a.count": ()}


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "weights.safetensors"
    write_weights(path, ARRAYS)
    return path


def with_header(path: Path, header: bytes, *, length: int | None = None) -> Path:
    """Write a weights file with an arbitrary header."""
    path.write_bytes((len(header) if length is None else length).to_bytes(8, "little") + header)
    return path


def test_written_weights_are_read_back(weights: Path) -> None:
    back = read_weights(weights, SHAPES)
    assert back.keys() == ARRAYS.keys()
    assert all(np.array_equal(back[name], ARRAYS[name]) for name in ARRAYS)


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ({**SHAPES, "b.weight": (2,)}, "lacks b.weight"),
        ({"a.weight": (2, 3)}, "contains a.count, so it belongs to another structure"),
        ({**SHAPES, "a.weight": (3, 2)}, r"a.weight has shape \[2, 3\], not \[3, 2\]"),
        ({f"c{number}": () for number in range(9)} | SHAPES, "and 6 more"),
    ],
)
def test_weights_that_do_not_fit_are_named(
    weights: Path, expected: dict[str, tuple[int, ...]], said: str
) -> None:
    with pytest.raises(PeerattnError, match=said):
        read_weights(weights, expected)


def test_other_number_types_are_refused(tmp_path: Path) -> None:
    write_weights(tmp_path / "double.safetensors", {"a": np.zeros(2, np.float64)})
    with pytest.raises(PeerattnError, match="F64"):
        read_weights(tmp_path / "double.safetensors", {"a": (2,)})


def test_half_precision_is_read(tmp_path: Path) -> None:
    halves = np.array([0.1, 1e-5, 60000], np.float16)
    write_weights(tmp_path / "half.safetensors", {"a": halves})
    read = read_weights(tmp_path / "half.safetensors", {"a": (3,)})["a"]
    assert read.dtype == np.float16
    np.testing.assert_array_equal(read, halves)


def test_numbers_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    write_weights(tmp_path / "nan.safetensors", {"a": np.array([1.0, np.nan], np.float32)})
    with pytest.raises(PeerattnError, match="not finite"):
        read_weights(tmp_path / "nan.safetensors", {"a": (2,)})


@pytest.mark.parametrize(
    ("header", "length"),
    [(b"{}", 10**12), (b"{}", 0), (b"[]", None), (b"not json", None), (b"[" * 90_000, None), (b"{}", 90_000)],
)
def test_senseless_headers_are_refused(tmp_path: Path, header: bytes, length: int | None) -> None:
    with pytest.raises(PeerattnError):
        read_weights(with_header(tmp_path / "x.safetensors", header, length=length), SHAPES)


def test_declared_size_is_not_believed(tmp_path: Path) -> None:
    entry = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}
    header = json.dumps(
        {"a.weight": entry, "a.count": {"dtype": "I64", "shape": [], "data_offsets": [24, 32]}}
    )
    with pytest.raises(PeerattnError, match="damaged"):  # no data follows
        read_weights(with_header(tmp_path / "x.safetensors", header.encode()), SHAPES)


def test_missing_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PeerattnError, match="not a safetensors file"):
        read_weights(tmp_path / "nothing.safetensors", SHAPES)


def test_checkpoint_is_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", os.fspath(tmp_path))
    write_card(tmp_path / "mine", "network", {"settings": {"size": 64}})
    assert find_checkpoint("mine") == tmp_path / "mine"
    assert read_card(find_checkpoint("mine"), "network")["settings"] == {"size": 64}
    with pytest.raises(PeerattnError, match="but a segmenter is needed"):
        read_card(tmp_path / "mine", "segmenter")


def test_chosen_folder_comes_before_the_current_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("chosen", "checkpoints"):
        write_card(tmp_path / folder / "mine", "network", {})
    assert find_checkpoint("mine") == Path("checkpoints/mine")
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", os.fspath(tmp_path / "chosen"))
    assert find_checkpoint("mine") == tmp_path / "chosen/mine"


@pytest.mark.parametrize("name", ["", "..", "../mine", "/etc", "a/b", "a\nb", "x" * 200])
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    with pytest.raises(PeerattnError, match="not a checkpoint's name"):
        find_checkpoint(name)


@given(st.binary(max_size=300))
def test_any_card_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: bytes) -> None:
    folder = tmp_path_factory.mktemp("cards")
    (folder / "card.json").write_bytes(text)
    with pytest.raises(PeerattnError):
        read_card(folder, "network")
