"""Checkpoints: a saved network is loaded unchanged, and a damaged one is refused in plain words."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings

from peerattn.checkpoints import checkpoint
from peerattn.checkpoints.checkpoint import load, new_folder, save
from peerattn.errors import PeerattnError
from peerattn.files.cards import CARD_FILE
from peerattn.files.weights import WEIGHTS_FILE
from peerattn.graph.structure import Structure
from peerattn.modalities.settings import ClipSettings
from peerattn.pruning.threshold import prune
from tests.conftest import ROOT
from tests.peerattn.pruning.test_pruning import hand_made
from tests.strategies import CLASSES, lively, structures, tensors

SETTINGS = ClipSettings(size=32, window=4, frame_rate=5.0, flow="fast")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that is searched for checkpoints first."""
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(tmp_path))
    return tmp_path


@pytest.fixture
def saved(folder: Path) -> Path:
    save(folder / "hand", lively(hand_made()), SETTINGS, {"command": "by hand", "metrics": {"n": 3}})
    return folder / "hand"


def edit(saved: Path, **changes: Any) -> None:
    """Change entries of the card; None removes an entry."""
    card = {**json.loads((saved / CARD_FILE).read_text()), **changes}
    kept = {key: value for key, value in card.items() if value is not None}
    (saved / CARD_FILE).write_text(json.dumps(kept))


@torch.no_grad()
@settings(max_examples=8)
@given(structures())
def test_a_saved_network_gives_equal_scores(
    tmp_path_factory: pytest.TempPathFactory, structure: Structure
) -> None:
    network, clip = lively(structure), tensors(structure)
    place = tmp_path_factory.mktemp("saved") / "random"
    save(place, network, SETTINGS, {})
    back = load(place)
    assert back.structure == structure
    assert torch.equal(back.network(clip), network(clip))


def test_a_checkpoint_is_found_by_its_name(saved: Path) -> None:
    back = load("hand")
    assert (back.name, back.class_names, back.settings) == ("hand", CLASSES, SETTINGS)
    assert back.card["command"] == "by hand"
    assert not back.network.training
    assert "hand" in checkpoint.names()


@torch.no_grad()
def test_a_pruned_checkpoint_is_a_subset_that_gives_equal_scores(folder: Path) -> None:
    smaller = prune(lively(hand_made()), 0.25)
    save(folder / "smaller", smaller, SETTINGS, {})
    clip = tensors(hand_made())
    assert torch.equal(load("smaller").network(clip), smaller(clip))
    assert (folder / "smaller" / WEIGHTS_FILE).stat().st_size < 100_000


def test_saving_overwrites_card_entries_that_rebuild_the_network(folder: Path) -> None:
    save(folder / "liar", lively(hand_made()), SETTINGS, {"structure": {}, "class_names": ["x"]})
    assert load("liar").class_names == CLASSES


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"structure": None}, "lacks 'structure'"),
        ({"settings": None}, "lacks 'settings'"),
        ({"settings": {"size": 32, "colour": "red"}}, "colour"),
        ({"settings": {"size": 5}}, "size 5 is not between"),
        ({"settings": {"size": "large"}}, "card.json"),
        ({"structure": []}, "this is not a structure"),
        ({"structure": {**hand_made().to_json(), "outputs": []}}, "at least one output"),
        ({"class_names": "lift"}, "class_names is 'lift', but must be a list"),
        ({"class_names": []}, "class_names is empty"),
        ({"class_names": [1, 2, 3]}, r"class_names\[0\] is 1, but must be text"),
        ({"class_names": ["lift", "push", "lift"]}, "a name twice"),
        ({"class_names": ["lift", "push"]}, "another structure|has shape"),
        ({"kind": "segmenter"}, "but a network is needed"),
    ],
)
def test_a_card_that_does_not_fit_is_refused(saved: Path, changes: dict[str, Any], said: str) -> None:
    edit(saved, **changes)
    with pytest.raises(PeerattnError, match=said) as refusal:
        load("hand")
    assert "\n" not in str(refusal.value)


def test_an_unknown_kind_of_block_in_a_card_is_named(saved: Path) -> None:
    structure = hand_made().to_json()
    structure["blocks"][0]["kind"] = "sponge"
    edit(saved, structure=structure)
    with pytest.raises(PeerattnError, match="kind 'sponge'"):
        load("hand")


def test_a_card_of_a_network_too_large_for_memory_is_refused_before_it_is_built(saved: Path) -> None:
    wide = tuple(
        block if block.is_input else dataclasses.replace(block, width=8192, repeats=64)
        for block in hand_made().blocks
    )
    edit(saved, structure=dataclasses.replace(hand_made(), blocks=wide).to_json())
    with pytest.raises(PeerattnError, match="another structure"):
        load("hand")


def test_truncated_weights_are_refused(saved: Path) -> None:
    data = (saved / WEIGHTS_FILE).read_bytes()
    (saved / WEIGHTS_FILE).write_bytes(data[:-100])
    with pytest.raises(PeerattnError, match="damaged"):
        load("hand")


def test_a_name_that_is_taken_is_refused(saved: Path) -> None:
    with pytest.raises(PeerattnError, match="exists already"):
        new_folder("hand")
    assert new_folder("hand2") == saved.parent / "hand2"


@pytest.mark.parametrize("name", ["", "..", "a/b", "/etc", "a\\b", "a b", "é" * 3, "x" * 101])
def test_a_checkpoint_name_cannot_lead_outside_the_folder(name: str) -> None:
    for use in (new_folder, load):
        with pytest.raises(PeerattnError, match="is not a checkpoint's name"):
            use(name)


def test_opening_a_checkpoint_does_not_import_the_compiler() -> None:
    """Importing `torch._dynamo` takes a second; building a network on the meta device must not do so."""
    ask = "import sys; from peerattn.checkpoints import checkpoint; checkpoint.load('actionworld'); "
    code = f"{ask}sys.exit('torch._dynamo' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_checkpoints_that_ship_are_found_from_any_folder(tmp_path: Path) -> None:
    """They are found next to the package, without `./checkpoints` and PEERATTN_CHECKPOINTS."""
    environment = {name: value for name, value in os.environ.items() if name != "PEERATTN_CHECKPOINTS"}
    command = [sys.executable, "-m", "peerattn", "evaluate", "--checkpoint", "actionworld", "--clips", "2"]
    done = subprocess.run(
        [*command, "--json", "-"],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["n"] == 2
