"""Work on a device gives the results of the CPU: on the strict device, and on CUDA if available.

A missing `.to` or `.cpu` in the package, which a GPU would reject, makes a test fail here. Other tests that
run over devices are with their subjects: random structures, official numbers, commands.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import streamlit as st
import torch
from torch import Tensor, nn
from torch.nn import functional

from app.opening.files import Source, digest
from app.state import clips, networks
from app.state.networks import segmenter
from app.state.opened import Choice as Chosen
from app.state.pictures import packed
from peerattn.checkpoints import checkpoint, untrained
from peerattn.cli import calibration_run
from peerattn.data import prepared
from peerattn.data.loading import batches
from peerattn.graph.connectivity import survey
from peerattn.modalities import backbone_segmenter, segformer, segmentation_network
from peerattn.modalities.segmenter import SEGMENTER
from peerattn.network import fusion, state_arrays, tf_variables
from peerattn.network import network as network_module
from peerattn.pruning import threshold
from peerattn.recording import baseline, inside, predictions, recorder, substitutes
from peerattn.segmenter_training import decoder as decoder_training
from peerattn.segmenter_training import features as decoder_features
from peerattn.segmenter_training import training as segmentation_training
from peerattn.training import history_log, optimisation, updating
from peerattn.training.config import TrainingConfig
from peerattn.training.recipe import Recipe
from peerattn.training.training_data import DataSelection, load_training_data
from tests.device_work import WORK
from tests.devices import CPU, check
from tests.media import moving_square, write_video
from tests.small import SETTINGS, small_structure, write_small_checkpoints


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize("name", WORK)
def test_a_device_gives_what_the_cpu_gives(device: torch.device, name: str) -> None:
    check(WORK[name](device), WORK[name](CPU), device, within=1e-3)


@pytest.fixture
def checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The checkpoints that commands and app find: a small network and its segmenter."""
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(tmp_path))
    return write_small_checkpoints(tmp_path)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_worker_process_estimates_maps_on_the_cpu(
    device: torch.device, checkpoints: Path, workers: int
) -> None:
    """The worker is forked, and CUDA cannot be used in a forked process."""
    recipe = Recipe(TrainingConfig(epochs=1, batch=2, workers=workers), SETTINGS)
    choice = DataSelection(clips=(2, 1), segmenter=SEGMENTER, origin="estimated")
    given = load_training_data(choice, small_structure(), recipe, device)
    segmenters = given.source.reading["segmenter"], given.examples._examples.reader.segmenter
    assert [one.device.type for one in segmenters] == ["cpu" if workers else device.type, device.type]
    batch = next(batches(given.source, range(1), seed=0, batch=2, workers=workers))
    assert batch.tensors["object"].any()
    assert next(iter(given.examples)).tensors["object"].any()


def test_the_app_reads_and_runs_a_clip_on_its_device(
    device: torch.device, checkpoints: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_video(checkpoints / "clip.mp4", moving_square(12))
    source = Source("clip", digest((checkpoints / "clip.mp4").read_bytes()), "clip", checkpoints / "clip.mp4")
    choice = Chosen("small", source)
    found = []
    for where in (CPU, device):
        st.cache_resource.clear()
        monkeypatch.setattr(networks, "device", lambda where=where: where)
        opened = clips.open_clip(choice)
        assert opened.checkpoint.device.type == segmenter(opened.checkpoint).device.type == where.type
        weights = opened.checkpoint.network.connection_weights()
        pruned = clips.pruned_trace(opened, survey(opened.checkpoint.structure, weights, 0.5))
        steps = [clips.inside(opened, one.key) for one in opened.trace.connections]
        found.append((opened.clip.tensors, opened.trace, pruned, steps))
        assert packed(opened)
    st.cache_resource.clear()
    check(found[1], found[0], device)


FORGOTTEN: tuple[tuple[ModuleType, type, str, str], ...] = (
    (tf_variables, Tensor, "cpu", "converted"),
    (segmentation_network, nn.Module, "to", "segmented"),
    (segmentation_network, Tensor, "to", "segmented"),
    (segmentation_network, Tensor, "cpu", "segmented"),
    (backbone_segmenter, nn.Module, "to", "segmented on a backbone"),
    (backbone_segmenter, Tensor, "to", "segmented on a backbone"),
    (backbone_segmenter, Tensor, "cpu", "segmented on a backbone"),
    (segformer, Tensor, "to", "segmented by segformer"),
    (segformer, Tensor, "cpu", "segmented by segformer"),
    (prepared, Tensor, "cpu", "segmented"),
    (checkpoint, nn.Module, "to", "saved and loaded"),
    (state_arrays, Tensor, "cpu", "saved and loaded"),
    (untrained, nn.Module, "to", "opened untrained"),
    (network_module, Tensor, "to", "recorded in every mode"),
    (recorder, Tensor, "cpu", "recorded in every mode"),
    (baseline, Tensor, "cpu", "recorded in every mode"),
    (inside, Tensor, "to", "recorded in every mode"),
    (inside, Tensor, "cpu", "recorded in every mode"),
    (substitutes, Tensor, "to", "changed"),
    (network_module, Tensor, "to", "evaluated"),
    (predictions, Tensor, "cpu", "evaluated"),
    (calibration_run, Tensor, "cpu", "calibrated"),
    (threshold, nn.Module, "to", "pruned"),
    (updating, Tensor, "to", "trained as it is"),
    (optimisation, Tensor, "to", "resumed as it is"),
    (history_log, Tensor, "cpu", "trained as it is"),
    (decoder_training, nn.Module, "to", "learnt on a backbone"),
    (decoder_features, Tensor, "to", "learnt on a backbone"),
    (decoder_features, Tensor, "cpu", "learnt on a backbone"),
    (segmentation_training, nn.Module, "to", "learnt to segment"),
    (segmentation_training, Tensor, "to", "learnt to segment"),
)
"""A module, the method of tensors or modules that it forgets to call, and the work that detects it."""


@pytest.mark.parametrize("device", ["strict"], indirect=True)
@pytest.mark.parametrize(
    ("module", "kind", "method", "work"),
    FORGOTTEN,
    ids=[f"{module.__name__} {kind.__name__}.{method}" for module, kind, method, _ in FORGOTTEN],
)
def test_what_a_module_forgets_to_move_is_caught(
    device: torch.device,
    module: ModuleType,
    kind: type,
    method: str,
    work: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kind, method, forgotten(getattr(kind, method), module))
    with pytest.raises((RuntimeError, TypeError, AssertionError), match="strict"):
        WORK[work](device)


def forgotten(method: Callable[..., object], module: ModuleType) -> Callable[..., object]:
    """The method, which does nothing if this module calls it."""

    def called(self: object, *args: object, **kwargs: object) -> object:
        by = sys._getframe(1).f_globals["__name__"]
        return self if by == module.__name__ else method(self, *args, **kwargs)

    return called


MISPLACED: tuple[tuple[ModuleType, str, Callable[..., object], str], ...] = (
    (fusion, "spatial_mean", lambda output: output.mean(dim=(3, 4)).transpose(1, 2).cpu(), "passed own"),
    (
        recorder,
        "baseline_clip",
        lambda network, like, **given: baseline.baseline_clip(network, like.cpu(), **given),
        "recorded with the baseline beside",
    ),
    (
        segmentation_training,
        "map_loss",
        lambda logits, ids: functional.cross_entropy(logits, ids, weight=torch.ones(logits.shape[1])),
        "learnt to segment",
    ),
)
"""A module, a function of it that leaves a tensor on the CPU, and the work that detects it."""


@pytest.mark.parametrize("device", ["strict"], indirect=True)
@pytest.mark.parametrize(("module", "name", "misplacing", "work"), MISPLACED, ids=[m[1] for m in MISPLACED])
def test_what_a_function_leaves_on_the_cpu_is_caught(
    device: torch.device,
    module: ModuleType,
    name: str,
    misplacing: Callable[..., object],
    work: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, name, misplacing)
    with pytest.raises(RuntimeError, match="expected all tensors on strict"):
        WORK[work](device)
