"""Resolving names: one order of precedence everywhere, and a stamp that changes with the files."""

import json
import os
from pathlib import Path

import pytest

from peerattn.checkpoints import checkpoint
from peerattn.checkpoints.resolving import resolve, stamp
from peerattn.checkpoints.untrained import REMARK
from peerattn.checkpoints.weighted_structure import resolve_structure
from peerattn.errors import PeerattnError
from tests.small import small_structure, write_small_checkpoints


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of checkpoints, where one has the name of a published structure."""
    write_small_checkpoints(tmp_path / "checkpoints")
    (tmp_path / "checkpoints" / "small").rename(tmp_path / "checkpoints" / "asn26")
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "checkpoints"


def test_a_checkpoint_comes_before_a_published_name(folder: Path) -> None:
    assert "asn26" in checkpoint.names()
    trained = resolve("asn26")
    assert trained.remarks == ()
    assert resolve_structure("asn26").structure == trained.structure
    for name in ("asn38", "asn26-untrained"):
        untrained = resolve(name)
        assert untrained.remarks == (REMARK,)
        assert untrained.name.endswith("-untrained")
        assert resolve_structure(name).structure == untrained.structure


def test_the_suffix_untrained_means_the_published_structure_even_if_such_a_checkpoint_exists(
    folder: Path,
) -> None:
    (folder / "asn26").rename(folder / "asn26-untrained")
    assert resolve("asn26-untrained").folder is None
    assert len(resolve("asn26-untrained").class_names) == 157


def test_a_structure_of_the_user_takes_precedence(folder: Path) -> None:
    own = {"asn26": small_structure()}
    assert resolve("asn26", own=own).structure == small_structure()
    assert resolve("asn26-untrained", own=own).structure == small_structure()
    assert resolve("asn38", own=own).structure != small_structure()


def test_a_path_is_never_looked_up_as_a_name(folder: Path, tmp_path: Path) -> None:
    assert resolve(str(folder / "asn26")).folder == folder / "asn26"
    assert resolve("./checkpoints/asn26").name == "asn26"
    (tmp_path / "asn26.json").write_text(json.dumps(small_structure().to_json()))
    assert resolve("asn26.json").remarks == (REMARK,)
    assert resolve_structure("asn26.json").structure == small_structure()
    assert resolve_structure(str(folder / "asn26")).structure == resolve("asn26").structure
    with pytest.raises(PeerattnError, match=r"nowhere.asn26 is not a checkpoint"):
        resolve("nowhere/asn26")
    for ask in (resolve, resolve_structure):
        with pytest.raises((PeerattnError, OSError), match=r"absent\.json"):
            ask("absent.json")


def test_unknown_names_are_refused_with_the_nearest(folder: Path) -> None:
    for ask in (resolve, resolve_structure):
        with pytest.raises(PeerattnError, match="did you mean asn38"):
            ask("asn39")
        with pytest.raises(PeerattnError, match="no checkpoint 'mine'"):
            ask("mine")


def test_a_stamp_changes_only_with_the_files(folder: Path) -> None:
    before = stamp("asn26")
    assert before == stamp("asn26")
    assert len(before) == 2
    os.utime(folder / "asn26" / "card.json", ns=(1, 1))
    assert stamp("asn26") != before
    assert stamp("asn26-untrained") == stamp("asn38") == ()
