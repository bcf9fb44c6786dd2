"""Official variables: invalid ones are refused by name, and `convert` makes a checkpoint of valid ones."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from peerattn.__main__ import app
from peerattn.checkpoints import checkpoint
from peerattn.errors import PeerattnError
from peerattn.graph import published
from peerattn.graph.answers import Answer
from peerattn.graph.list_format.options import Options
from peerattn.graph.structure import Structure
from peerattn.network.convert import (
    load_tf_variables,
    network_from_tf_variables,
    read_tf_variables,
    to_tf_variables,
)
from peerattn.network.network import Network
from peerattn.network.tf_variables import variables
from tests.small import small_structure
from tests.strategies import CLASSES

NODES = [[-1, 2], [-2, 1], [-3, 1], [0, [1], 2, 4, 2, 0], [1, [0, 2, 3], 2, 1, 1, 0], [3, [4, 3], 2, 2, 2, 0]]
OPTIONS = Options(depth=26, object_classes=3)


def small() -> Structure:
    """A stem of each modality; a node of one input, one of three, one of two."""
    return Structure.from_published(NODES, [], OPTIONS)


def values(structure: Structure, seed: int = 0, *, classes: int = len(CLASSES)) -> dict[str, Any]:
    """A random value of the right shape for each variable."""
    random = np.random.default_rng(seed)
    with torch.device("meta"):
        network = Network(structure, [str(number) for number in range(classes)])
    return {v.name: random.normal(size=v.shape).astype(np.float32) for v in variables(network)}


@pytest.mark.parametrize("name", ["asn26", "full_asnp26", "asnp_lite"])
def test_variable_names_are_unique_and_cover_every_parameter_once(name: str) -> None:
    with torch.device("meta"):
        network = Network(published.structure(name), CLASSES)
    named = variables(network)
    assert len({variable.name for variable in named}) == len(named)
    held = [id(tensor) for variable in named for tensor in variable.tensors]
    kept = [
        id(tensor)
        for key, tensor in (*network.named_parameters(), *network.named_buffers())
        if not key.endswith("num_batches_tracked")
    ]
    assert sorted(held) == sorted(kept)


def test_loaded_variables_are_exported_unchanged() -> None:
    network, given = Network(small(), CLASSES), values(small())
    load_tf_variables(network, given)
    back = to_tf_variables(network)
    assert list(back) == list(given)
    assert all(np.array_equal(back[name], given[name]) for name in given)


def test_loaded_variables_decide_what_the_network_computes() -> None:
    """Two networks with different random weights give equal scores once they have the same variables."""
    clip = {"rgb": torch.rand(1, 3, 3, 32, 32), "object": torch.rand(1, 3, 3, 32, 32)}
    scores = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        network = Network(small(), CLASSES).eval()
        load_tf_variables(network, {name: abs(value) / 10 for name, value in values(small()).items()})
        with torch.no_grad():
            scores.append(network(clip))
    assert scores[0].isfinite().all()
    assert torch.equal(*scores)


def test_variable_names_may_have_the_suffix_that_tensorflow_prints() -> None:
    network, given = Network(small(), CLASSES), values(small())
    load_tf_variables(network, {f"{name}:0": value for name, value in given.items()})
    assert np.array_equal(to_tf_variables(network)["dense/bias"], given["dense/bias"])


def broken(change: str) -> dict[str, Any]:
    given = values(small())
    if change == "missing":
        del given["Node_4/agg_weights"]
    elif change == "extra":
        given["Node_9/conv2d/kernel"] = np.zeros((1, 1), np.float32)
    elif change == "shape":
        given["Node_3/Variable"] = given["Node_3/Variable"].transpose(1, 0, 2, 3)
    elif change == "whole numbers":
        given["dense/bias"] = np.arange(len(CLASSES))
    elif change == "too great":
        given["dense/bias"] = np.full(len(CLASSES), 1e300)
    else:
        given["dense/bias"] = np.full(len(CLASSES), np.nan, np.float32)
    return given


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("missing", "the file lacks Node_4/agg_weights"),
        ("extra", "the network does not have Node_9/conv2d/kernel"),
        ("shape", r"variable Node_3/Variable has shape \(1, 3, 8, 2\), but the network's is \(3, 1, 8, 2\)"),
        ("whole numbers", "variable dense/bias holds values that are not finite"),
        ("too great", "variable dense/bias holds values that are not finite float32 numbers"),
        ("not a number", "variable dense/bias holds values that are not finite"),
    ],
)
def test_wrong_variables_are_refused_by_name_and_nothing_is_loaded(change: str, said: str) -> None:
    network = Network(small(), CLASSES)
    before = to_tf_variables(network)
    with pytest.raises(PeerattnError, match=said):
        load_tf_variables(network, broken(change))
    after = to_tf_variables(network)
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_networks_of_other_blocks_have_no_variables() -> None:
    with pytest.raises(PeerattnError, match="blocks of kind bottleneck, video_input"):
        to_tf_variables(Network(small_structure(), CLASSES))


def test_static_attention_has_no_variables() -> None:
    """Otherwise its factors would silently be lost."""
    network = Network(published.structure("asnp26", attention="static"), CLASSES)
    with pytest.raises(PeerattnError, match="static attention has no TensorFlow variables"):
        to_tf_variables(network)


def test_the_number_of_classes_is_that_of_the_variables() -> None:
    assert len(network_from_tf_variables(small(), values(small())).class_names) == len(CLASSES)
    with pytest.raises(PeerattnError, match="have 3 classes, but 2 class names"):
        network_from_tf_variables(small(), values(small()), ["a", "b"])


@pytest.mark.parametrize(
    ("count", "words", "kind"),
    [
        (3, (), "classes"),
        (3, ("--answer", "labels"), "labels"),
        (published.CLASSES, (), "labels"),
        (published.CLASSES, ("--answer", "classes"), "classes"),
    ],
)
def test_a_network_with_157_classes_answers_with_labels_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, words: tuple[str, ...], kind: str
) -> None:
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(tmp_path / "checkpoints"))
    np.savez(tmp_path / "model.npz", **values(published.structure("asn26"), classes=count))
    app(["convert", "asn26", str(tmp_path / "model.npz"), "--out", "mine", *words], standalone_mode=False)
    assert checkpoint.load("mine").structure.answer == Answer(kind)


def test_an_unknown_kind_of_answer_is_refused() -> None:
    with pytest.raises(PeerattnError, match="answer 'pixels' must be one of classes, labels"):
        network_from_tf_variables(small(), values(small()), answer=Answer("pixels"))


def test_an_npz_is_read_without_pickles(tmp_path: Path) -> None:
    np.savez(tmp_path / "model.npz", **{"Node_0/conv2d/kernel": np.ones((1, 2), np.float32)})
    assert read_tf_variables(tmp_path / "model.npz")["Node_0/conv2d/kernel"].shape == (1, 2)
    np.savez(tmp_path / "pickled.npz", a=np.array([{}], object))
    (tmp_path / "text.npz").write_text("no archive")
    np.save(tmp_path / "one.npy", np.zeros(3))
    (tmp_path / "one.npy").rename(tmp_path / "one.npz")
    np.savez_compressed(tmp_path / "damaged.npz", a=np.zeros(1000))
    content = bytearray((tmp_path / "damaged.npz").read_bytes())
    content[60:90] = bytes(30)
    (tmp_path / "damaged.npz").write_bytes(content)
    for name in ("pickled.npz", "text.npz", "one.npz", "damaged.npz"):
        with pytest.raises(PeerattnError, match=rf"{name} cannot be read as an \.npz file"):
            read_tf_variables(tmp_path / name)


def test_a_tensorflow_checkpoint_needs_tensorflow_or_is_read(tmp_path: Path) -> None:
    path = tmp_path / "model.ckpt-1"
    with pytest.raises(PeerattnError, match=r"pip install|is not a TensorFlow checkpoint"):
        read_tf_variables(path)


def test_the_command_makes_a_checkpoint_that_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(tmp_path / "checkpoints"))
    structure = published.structure("asnp26", attention="self")
    given = values(structure)
    np.savez(tmp_path / "model.npz", **given)
    (tmp_path / "classes.txt").write_text("run\nwalk\nstand\n")
    files = [str(tmp_path / "model.npz"), "--classes", str(tmp_path / "classes.txt")]
    app(["convert", "asnp26", *files, "--attention", "self", "--out", "official"], standalone_mode=False)
    loaded = checkpoint.load("official")
    assert loaded.class_names == ("run", "walk", "stand")
    assert loaded.structure == structure
    back = to_tf_variables(loaded.network)
    assert all(np.array_equal(back[name], given[name]) for name in given)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"run\nrun\nwalk\n", "or has one twice"), (b"\n", "has no names"), (b"\xff\xfe", "is not a text file")],
)
def test_names_that_no_checkpoint_can_have_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, said: str
) -> None:
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(tmp_path / "checkpoints"))
    np.savez(tmp_path / "model.npz", **values(published.structure("asn26")))
    (tmp_path / "classes.txt").write_bytes(content)
    files = [str(tmp_path / "model.npz"), "--classes", str(tmp_path / "classes.txt")]
    with pytest.raises(PeerattnError, match=said):
        app(["convert", "asn26", *files, "--out", "official"], standalone_mode=False)
    assert not (tmp_path / "checkpoints").exists()


def test_lite_is_built_for_the_clips_that_its_checkpoint_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(tmp_path / "checkpoints"))
    np.savez(tmp_path / "lite.npz", **values(published.structure("asnp_lite", clip_width=64)))
    asked = ["convert", "asnp_lite", str(tmp_path / "lite.npz")]
    app([*asked, "--clip-width", "64", "--out", "one"], standalone_mode=False)
    app([*asked, "--size", "64", "--out", "other"], standalone_mode=False)
    one, other = checkpoint.load("one"), checkpoint.load("other")
    assert (one.settings, one.structure) == (other.settings, other.structure)
    with pytest.raises(PeerattnError, match="built for clips 64 px wide cannot read clips of 96 px"):
        app([*asked, "--clip-width", "64", "--size", "96", "--out", "third"], standalone_mode=False)
    with pytest.raises(PeerattnError, match="asnp_lite is the name of a published network"):
        app([*asked, "--size", "64", "--out", "asnp_lite"], standalone_mode=False)


def test_variables_that_only_training_needs_are_ignored_in_an_npz(tmp_path: Path) -> None:
    kept = {"dense/bias": np.zeros(3, np.float32)}
    training = {"global_step": np.array(7), "dense/bias/Momentum": np.zeros(3, np.float32)}
    np.savez(tmp_path / "model.npz", **kept, **training)
    assert read_tf_variables(tmp_path / "model.npz").keys() == kept.keys()
