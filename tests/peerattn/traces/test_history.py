"""The training history: it contains the weights of the network, and its files are read back or refused."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from peerattn.errors import PeerattnError
from peerattn.graph.structure import Structure
from peerattn.pruning.threshold import prune
from peerattn.traces.history import History, history_arrays, history_from_arrays, read_history, write_history
from peerattn.training.history_log import HistoryLog
from tests.small import small_structure
from tests.strategies import lively, structures

NAN = float("nan")


def logged(steps: int = 3) -> HistoryLog:
    """A history of a small network that was pruned before its last step."""
    network = lively(small_structure())
    for place, connection in enumerate(network.connections.values()):
        connection.weight.data.fill_(place / 4 - 1)
    log = HistoryLog(network)
    for step in range(steps - 1):
        log.log(step, loss=1.0 / (step + 1))
    weights = sorted(network.connection_weights().values())
    log.follow(prune(network, weights[len(weights) // 3]))
    log.log(steps - 1, epoch=1, loss=0.1, top1=0.5)
    return log


def json_of(structure: Structure) -> str:
    return json.dumps(structure.to_json())


def same(first: History, second: History) -> bool:
    ours, theirs = history_arrays(first), history_arrays(second)
    equal = all(np.array_equal(ours[name], theirs[name], equal_nan=True) for name in ours)
    return first.structure == second.structure and ours.keys() == theirs.keys() and equal


@given(structures())
def test_a_logged_row_contains_the_weights_of_the_network(structure: Structure) -> None:
    network = lively(structure)
    log = HistoryLog(network)
    log.log(0)
    history = log.history()
    weights = network.connection_weights()
    expected = [weights.get(key, NAN) for key in history.keys]
    assert np.array_equal(history.connection_weights[0], np.float32(expected), equal_nan=True)
    for spec in structure.connections:
        shares = history.attention_weights[spec.key][0]
        if spec.attention == "peer":
            h = network.connection(spec.key).attention.weights.detach()
            np.testing.assert_allclose(shares, torch.softmax(h, dim=0), rtol=1e-5, atol=1e-7)
        else:
            assert shares.size == 0


def test_pruned_connections_are_nan_from_then_on() -> None:
    history = logged().history()
    before, after = history.connection_weights[1], history.connection_weights[2]
    assert not np.isnan(before).any()
    gone = np.isnan(after)
    assert 0 < gone.sum() < len(gone)
    assert np.array_equal(before[~gone], after[~gone])
    for key, pruned in zip(history.keys, gone, strict=True):
        assert np.isnan(history.attention_weights[key][2]).all() == pruned


def test_only_every_nth_step_is_kept_unless_asked_for() -> None:
    log = HistoryLog(lively(small_structure()), every=3)
    for step in range(7):
        log.log(step, loss=float(step))
    log.keep(6, top1=0.5)
    log.keep(7, top1=0.75)
    history = log.history()
    assert history.steps.tolist() == [0, 3, 6, 7]
    np.testing.assert_array_equal(history.metrics["loss"], [0, 3, 6, NAN])
    np.testing.assert_array_equal(history.metrics["top1"], [NAN, NAN, 0.5, 0.75])


def test_logged_values_do_not_move_with_the_network() -> None:
    network = lively(small_structure())
    log = HistoryLog(network)
    log.log(0)
    before = log.history().connection_weights.copy()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(1.0)
    assert np.array_equal(log.history().connection_weights, before)


def test_steps_ascend() -> None:
    log = logged()
    with pytest.raises(PeerattnError, match="must ascend"):
        log.keep(1)
    with pytest.raises(PeerattnError, match="every 0 steps"):
        HistoryLog(lively(small_structure()), every=0)


def test_a_history_can_be_continued(tmp_path: Path) -> None:
    network, whole = lively(small_structure()), HistoryLog(lively(small_structure()))
    first = HistoryLog(network)
    for step in range(2):
        first.log(step, loss=0.5)
        whole.log(step, loss=0.5)
    write_history(tmp_path / "history.safetensors", first.history())
    second = HistoryLog(network, before=read_history(tmp_path / "history.safetensors"))
    second.log(2, epoch=1, top1=1.0)
    whole.log(2, epoch=1, top1=1.0)
    assert same(second.history(), whole.history())


@pytest.mark.parametrize("attention", ["peer", "self", "static", "none"])
def test_what_is_written_is_read_back(tmp_path: Path, attention: str) -> None:
    given = small_structure()
    complete = Structure.complete(given.blocks, modalities=given.modalities, attention=attention)
    log = HistoryLog(lively(complete))
    assert len(log.history()) == 0
    for rows in range(2):
        write_history(tmp_path / "history.safetensors", log.history())
        assert same(read_history(tmp_path / "history.safetensors"), log.history())
        log.log(rows, loss=0.5)


FAULTS = {
    "a weight above one": ("connection_weights", lambda a: a + 2, "between 0 and 1"),
    "an infinite weight": ("attention_weights", lambda a: a + np.float32(np.inf), "between 0 and 1"),
    "a column too few": ("connection_weights", lambda a: a[:, 1:], "has shape"),
    "a row too few": ("attention_weights", lambda a: a[1:], "has shape"),
    "a score too few": ("metrics.loss", lambda a: a[1:], "has shape"),
    "an infinite score": ("metrics.loss", lambda a: a + np.inf, "contains infinite values"),
    "steps that fall": ("steps", lambda a: a[::-1], "not in increasing order"),
    "a step without a place": ("steps", lambda a: a.reshape(1, -1), "has shape"),
    "other numbers": ("epochs", lambda a: a.astype(np.float32), "is not a training history"),
    "another tensor": ("more", lambda a: np.zeros(3), "is not a training history"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_history_that_is_none_is_refused_in_one_line(tmp_path: Path, fault: str) -> None:
    path = tmp_path / "history.safetensors"
    write_history(path, logged().history())
    metadata = {"format": "peerattn-history/1", "structure": json_of(logged().history().structure)}
    tensors = history_arrays(logged().history())
    name, change, said = FAULTS[fault]
    tensors[name] = np.ascontiguousarray(change(tensors.get(name)))
    save_file(tensors, path, metadata)
    with pytest.raises(PeerattnError, match=said) as refusal:
        read_history(path)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("metadata", [None, {"format": "peerattn-history/1"}, {"structure": "{}"}])
def test_a_history_without_its_structure_is_refused(tmp_path: Path, metadata: dict[str, str] | None) -> None:
    save_file(history_arrays(logged().history()), tmp_path / "history.safetensors", metadata)
    with pytest.raises(PeerattnError):
        read_history(tmp_path / "history.safetensors")


@cache
def written(folder: Path) -> bytes:
    write_history(folder / "whole.safetensors", logged().history())
    return (folder / "whole.safetensors").read_bytes()


@settings(max_examples=60)
@given(st.data())
def test_a_damaged_file_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(written(tmp_path_factory.getbasetemp()))
    path = tmp_path_factory.getbasetemp() / "damaged.safetensors"
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(
        content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content
    )
    try:
        read_history(path)
    except PeerattnError as refusal:
        assert "\n" not in str(refusal)


def test_a_history_of_another_structure_is_refused() -> None:
    other = lively(
        Structure.complete(small_structure().blocks[:2], modalities=small_structure().modalities[:2])
    )
    with pytest.raises(PeerattnError, match="has shape"):
        history_from_arrays(other.structure, history_arrays(logged().history()))
