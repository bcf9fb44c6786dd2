"""The public API gives the same numbers as the modules that it calls, and loads them only on first use."""

import inspect
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import peerattn
from peerattn import api
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.checkpoints.checkpoint import load as load_checkpoint
from peerattn.data.labelled_set import LabelledSet
from peerattn.pruning.threshold import prune
from peerattn.recording.effects import effects
from peerattn.recording.evaluating import evaluate
from peerattn.recording.recorder import record
from tests.conftest import ROOT
from tests.media import moving_square, write_video
from tests.small import write_small_checkpoints


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkpoint:
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(tmp_path / "checkpoints"))
    write_small_checkpoints(tmp_path / "checkpoints")
    return peerattn.load("small")


def test_the_short_functions_read_and_record_like_the_modules(small: Checkpoint, tmp_path: Path) -> None:
    write_video(tmp_path / "clip.mp4", moving_square(24))
    clip = peerattn.read_clip(str(tmp_path / "clip.mp4"), small)
    assert set(clip.tensors) == {modality.name for modality in small.structure.read_modalities}
    trace = peerattn.record(small, clip)
    settings = small.settings
    long = record(small.network, clip, window=settings.window, baselines=settings.baselines)
    np.testing.assert_array_equal(trace.probabilities, long.probabilities)
    bare = peerattn.record(small.network, clip, settings=settings)
    np.testing.assert_array_equal(bare.probabilities, long.probabilities)
    one = peerattn.record(small, clip, connections=["rgb1_to_top"], frames=(2, 5))
    assert [connection.key for connection in one.connections] == ["rgb1_to_top"]
    assert len(one.times) == 3


def test_the_short_functions_measure_the_same_as_the_modules(small: Checkpoint) -> None:
    examples = LabelledSet(count=6).examples(small)
    found = peerattn.evaluate(small, clips=6)
    expected = evaluate(small.network, examples, window=small.settings.window)
    np.testing.assert_array_equal(found.probabilities, expected.probabilities)
    bare = peerattn.evaluate(small.network, clips=6, settings=small.settings)
    np.testing.assert_array_equal(bare.probabilities, expected.probabilities)
    lost = peerattn.effect(small, clips=6, of="connection", how="remove", names=["rgb1_to_top"])
    other = effects(
        small.network,
        examples,
        of="connection",
        how="remove",
        names=["rgb1_to_top"],
        window=small.settings.window,
    )
    assert lost.effects[0].difference == other.effects[0].difference


def test_prune_returns_a_smaller_checkpoint_and_leaves_the_original_unchanged(small: Checkpoint) -> None:
    weights = sorted(small.network.connection_weights().values())
    threshold = (weights[0] + weights[1]) / 2
    smaller = peerattn.prune(small, threshold)
    assert isinstance(smaller, Checkpoint)
    assert len(smaller.structure.connections) == len(small.structure.connections) - 1
    assert smaller.card["pruned_from"] == "small"
    assert smaller.folder is None
    assert peerattn.prune(small.network, threshold).structure == smaller.structure
    assert prune(small.network, threshold).structure == smaller.structure


def test_load_resolves_names_like_the_commands(small: Checkpoint, tmp_path: Path) -> None:
    assert peerattn.load(tmp_path / "checkpoints" / "small").name == "small"
    assert load_checkpoint("small").structure == small.structure
    assert peerattn.published("asnp26") == peerattn.load("asnp26").structure
    with pytest.raises(peerattn.PeerattnError, match="did you mean"):
        peerattn.load("smal")


def test_a_path_object_is_resolved_like_the_same_path_as_text(
    small: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.json").write_text(json.dumps(small.structure.to_json()))
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path / "mine.json", Path("mine.json"), "./mine.json"):
        loaded = peerattn.load(path)
        assert loaded.name == "mine-untrained"
        assert loaded.structure == small.structure
    monkeypatch.chdir(tmp_path / "checkpoints")
    monkeypatch.delenv("PEERATTN_CHECKPOINTS")
    assert peerattn.load(Path("small")).name == "small"
    with pytest.raises(peerattn.PeerattnError, match="asnp26 is not a checkpoint"):
        peerattn.load(Path("asnp26"))  # a path, not the name of a published structure


def test_a_bare_network_needs_settings(small: Checkpoint) -> None:
    with pytest.raises(peerattn.PeerattnError, match="pass settings= with a bare network"):
        peerattn.evaluate(small.network, clips=2)


def test_the_repr_of_a_network_has_one_line_per_block(small: Checkpoint) -> None:
    first, *lines = repr(small.network).splitlines()
    assert len(lines) == len(small.structure.blocks)
    assert first.startswith(f"Network: {len(lines)} blocks, {len(small.structure.connections)} connections")
    weight = small.network.connection_weights()["rgb1_to_top"]
    assert f"rgb1 {weight:.2f}" in lines[-1]
    assert repr(small).startswith("small, Network: ")


def test_everything_in_all_exists_and_is_documented() -> None:
    assert set(peerattn.__all__) <= set(dir(peerattn))
    for name in peerattn.__all__:
        assert inspect.getdoc(getattr(peerattn, name)), name
    functions = {name for name, _ in inspect.getmembers(api, inspect.isfunction) if not name.startswith("_")}
    own = {name for name in functions if getattr(api, name).__module__ == api.__name__}
    assert own <= set(peerattn.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        peerattn.nothing  # noqa: B018


def test_importing_the_package_loads_neither_torch_nor_numpy() -> None:
    code = "import peerattn, sys; print(sorted({'torch', 'numpy', 'pandas'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
