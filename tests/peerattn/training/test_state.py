"""The saved state of a training run: resuming gives identical weights, and a failed save loses nothing."""

import dataclasses
import errno
import json
import os
import resource
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from benchmarks.resume import CLASSES, Noise, tiny
from peerattn.data.loading import Batch
from peerattn.errors import PeerattnError
from peerattn.files.header import read_header
from peerattn.files.weights import write_weights
from peerattn.graph.answers import LABELS
from peerattn.graph.structure import Structure
from peerattn.network.network import Network
from peerattn.network.state_arrays import as_arrays
from peerattn.scores.metrics import Score
from peerattn.traces.history import history_arrays
from peerattn.training import state as training_state
from peerattn.training.callbacks import Callbacks, Epoch, StateSaving
from peerattn.training.config import (
    Averaging,
    Loss,
    Optimisation,
    PruningSchedule,
    Schedule,
    Stopping,
    TrainingConfig,
)
from peerattn.training.initialisation import new_network
from peerattn.training.loop import FitResult, fit

QUICK = TrainingConfig(epochs=3, batch=4, workers=0, log_every=2)


def scores(network: Network) -> dict[str, Score]:
    """A made-up score that depends on the weights and goes up and down."""
    weights = network.connection_weights().values()
    value = sum(weights) * 1e4 % 1
    return {"top1": Score(value, (0.0, 1.0), 10)}


CONFIGS = {
    "as it is": QUICK,
    "workers": dataclasses.replace(QUICK, workers=2),
    "sgd": dataclasses.replace(
        QUICK, optimisation=Optimisation("sgd", rate=0.05), schedule=Schedule("cosine")
    ),
    "averaged": dataclasses.replace(QUICK, averaging=Averaging("ema", decay=0.9)),
    "mean": dataclasses.replace(
        QUICK, averaging=Averaging("mean", epochs=2, batch_norm="estimated", batches=2)
    ),
    "pruned": dataclasses.replace(
        QUICK, pruning=PruningSchedule((1, 2), keep=5), averaging=Averaging("ema", decay=0.9)
    ),
    "stopping": dataclasses.replace(QUICK, epochs=5, stopping=Stopping(2)),
}


class Interrupted(Exception):
    pass


def run(
    config: TrainingConfig,
    path: Path | None,
    *,
    stop_after: int | None = None,
    device: torch.device | str = "cpu",
) -> FitResult:
    """Run a training that saves its state after every update; `stop_after` interrupts it after so many."""
    updates = 0

    def progress(done: int, total: int, loss: float) -> None:
        nonlocal updates
        updates += 1
        if updates == stop_after:
            raise Interrupted

    saving = StateSaving(path, seconds=0) if path else None
    network = tiny().to(device)
    return fit(network, Noise(8), config, validate=scores, saving=saving, callbacks=Callbacks(progress))


def equal_results(first: FitResult, second: FitResult) -> bool:
    ours, theirs = first.network.state_dict(), second.network.state_dict()
    logged, again = history_arrays(first.history), history_arrays(second.history)
    return (
        first.network.structure == second.network.structure
        and ours.keys() == theirs.keys()
        and all(torch.equal(ours[name], theirs[name]) for name in ours)
        and logged.keys() == again.keys()
        and all(np.array_equal(logged[n], again[n], equal_nan=True) for n in logged)
        and first.epochs == second.epochs
    )


@pytest.mark.parametrize("name", CONFIGS)
def test_a_resumed_run_ends_with_the_same_weights_as_an_uninterrupted_one(tmp_path: Path, name: str) -> None:
    config, state = CONFIGS[name], tmp_path / "training.safetensors"
    whole = run(config, None)
    for stop_after in (1, 2):  # in the middle of an epoch, and of the next one
        with pytest.raises(Interrupted):
            run(config, state, stop_after=stop_after)
    assert equal_results(run(config, state), whole)


def test_resuming_a_finished_run_returns_its_network(tmp_path: Path) -> None:
    state = tmp_path / "training.safetensors"
    assert equal_results(run(QUICK, state), run(QUICK, state))


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (dataclasses.replace(QUICK, epochs=9), "epochs 3, not 9"),
        (dataclasses.replace(QUICK, optimisation=Optimisation(rate=1.0)), "optimisation.rate 0.004, not 1.0"),
    ],
)
def test_a_state_with_other_settings_is_refused(saved: Path, config: TrainingConfig, said: str) -> None:
    with pytest.raises(PeerattnError, match=said):
        run(config, saved)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """The state of a run that was interrupted after its second update."""
    state = tmp_path / "training.safetensors"
    with pytest.raises(Interrupted):
        run(QUICK, state, stop_after=2)
    return state


def test_a_state_with_other_clips_or_other_clip_settings_is_refused(saved: Path) -> None:
    with pytest.raises(PeerattnError, match="clips 8, not 12"):
        fit(tiny(), Noise(12), QUICK, saving=StateSaving(saved))
    saving = StateSaving(saved, other_settings={"clip": {"size": 64}})
    with pytest.raises(PeerattnError, match=r"clip\.size None, not 64"):
        fit(tiny(), Noise(8), QUICK, saving=saving)


def test_another_version_of_the_format_and_another_kind_of_file_get_different_errors(saved: Path) -> None:
    kept = load_file(saved)
    for written, said in (("peerattn-training/1", "another version"), ("pictures/1", "not the state")):
        write_weights(saved, kept, {"format": written})
        with pytest.raises(PeerattnError, match=said):
            run(QUICK, saved)


def test_a_temporary_read_error_is_not_reported_as_a_damaged_state(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error in (OSError(errno.EIO, "Input/output error"), torch.OutOfMemoryError("full")):

        def fails(path: Path, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(training_state, "load_file", fails)
        with pytest.raises(type(error)):
            run(QUICK, saved)


def test_the_number_of_workers_does_not_change_the_weights(saved: Path) -> None:
    assert equal_results(run(dataclasses.replace(QUICK, workers=2), saved), run(QUICK, None))


def test_early_stopping_without_validation_clips_is_refused() -> None:
    with pytest.raises(PeerattnError, match="needs validation clips"):
        fit(tiny(), Noise(), dataclasses.replace(QUICK, stopping=Stopping(2)))


def test_a_state_of_another_structure_or_other_classes_is_refused(saved: Path) -> None:
    other = Structure.complete(tiny().structure.blocks[1:], modalities=tiny().structure.modalities)
    with pytest.raises(PeerattnError, match="another structure"):
        fit(new_network(other, CLASSES, seed=0), Noise(8), QUICK, saving=StateSaving(saved))
    with pytest.raises(PeerattnError, match="other classes"):
        fit(new_network(tiny().structure, ("a", "b"), seed=0), Noise(8), QUICK, saving=StateSaving(saved))


def test_a_run_from_an_older_version_is_resumed_with_its_own_structure_and_dropout(tmp_path: Path) -> None:
    """The resumed network has the zero padding of the saved one, and dropout in its heads."""
    state, config = tmp_path / "training.safetensors", dataclasses.replace(QUICK, dropout=0.5)
    repeating = tiny().structure
    zeros = tuple(dataclasses.replace(block, time_padding="zeros") for block in repeating.blocks)
    old = dataclasses.replace(repeating, blocks=zeros)
    assert old != repeating

    def go(structure: Structure, saving: StateSaving | None, callbacks: Callbacks = Callbacks()) -> FitResult:  # noqa: B008
        network = new_network(structure, CLASSES, seed=0)
        return fit(network, Noise(8), config, validate=scores, saving=saving, callbacks=callbacks)

    def interrupt(done: int, total: int, loss: float) -> None:
        raise Interrupted

    whole = go(old, None)
    with pytest.raises(Interrupted):
        go(old, StateSaving(state, seconds=0), Callbacks(interrupt))
    found = go(repeating, StateSaving(state, seconds=0))
    assert found.network.structure == old
    assert {m.p for m in found.network.modules() if isinstance(m, torch.nn.Dropout)} == {0.5}
    assert equal_results(found, whole)


def test_a_run_with_labels_from_an_older_version_can_be_resumed(tmp_path: Path) -> None:
    """Its state contains the loss, but no kind of answer."""
    state, config = tmp_path / "training.safetensors", dataclasses.replace(QUICK, loss=Loss("binary"))

    def go(saving: StateSaving | None, callbacks: Callbacks = Callbacks()) -> FitResult:  # noqa: B008
        network = new_network(tiny().structure.with_answer(LABELS), CLASSES, seed=0)
        return fit(network, Noise(8), config, validate=scores, saving=saving, callbacks=callbacks)

    def interrupt(done: int, total: int, loss: float) -> None:
        raise Interrupted

    whole = go(None)
    with pytest.raises(Interrupted):
        go(StateSaving(state, seconds=0), Callbacks(interrupt))
    metadata = read_header(state, limit=training_state.HEADER_LIMIT).metadata
    facts = json.loads(metadata["state"])
    for when in ("started_from", "structure"):
        [output] = facts[when]["outputs"]
        assert output.pop("answer") == {"kind": "labels"}
    write_weights(state, load_file(state), {**metadata, "state": json.dumps(facts)})
    found = go(StateSaving(state, seconds=0))
    assert found.network.structure.answer == LABELS
    assert equal_results(found, whole)


@pytest.mark.parametrize("keep", [0, 5, 1000, -10])
def test_a_damaged_state_is_refused_in_one_line(saved: Path, keep: int) -> None:
    saved.write_bytes(saved.read_bytes()[:keep])
    with pytest.raises(PeerattnError) as refusal:
        run(QUICK, saved)
    assert "\n" not in str(refusal.value)


def test_another_safetensors_file_is_refused_as_a_state(tmp_path: Path) -> None:
    write_weights(tmp_path / "weights.safetensors", as_arrays(tiny().state_dict()))
    with pytest.raises(PeerattnError, match="not the state of a training run"):
        run(QUICK, tmp_path / "weights.safetensors")


def test_on_a_full_disk_the_last_state_is_kept(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit on the file size makes the write fail halfway, like a full disk."""
    before = saved.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limits[1]))
    try:
        with pytest.raises(
            PeerattnError, match=r"cannot be written.*a file that was there before is still complete"
        ):
            run(QUICK, saved)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_a_save_whose_sync_to_disk_fails_keeps_the_last_state(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()

    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PeerattnError, match="No space left on device"):
        run(QUICK, saved)
    assert saved.read_bytes() == before


def test_a_folder_that_cannot_be_written_gives_a_one_line_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(PeerattnError, match=r"training.safetensors cannot be written"):
        run(QUICK, tmp_path / "file" / "training.safetensors")


class Broken(Noise):
    """Clip 5 contains NaN."""

    def batch(self, epoch: int, members: Sequence[int]) -> Batch:
        made = super().batch(epoch, members)
        if 5 in members:
            made.tensors["rgb"][list(members).index(5)] = float("nan")
        return made


def test_a_clip_with_nan_is_named_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(
        PeerattnError, match=r"loss is not finite, first in the rgb of the clips.*; clips clip 5:"
    ):
        fit(tiny(), Broken(), QUICK)


def test_the_first_block_with_a_non_finite_output_is_named_in_the_error(tmp_path: Path) -> None:
    network = tiny()
    with torch.no_grad():
        next(network.blocks["mid2"].parameters()).fill_(float("inf"))
    with pytest.raises(PeerattnError, match=r"first in block mid2; clips clip [0-9]+, clip"):
        fit(network, Noise(), QUICK)


def test_after_a_non_finite_loss_the_saved_state_is_the_last_finite_one(tmp_path: Path) -> None:
    state = tmp_path / "training.safetensors"
    with pytest.raises(PeerattnError, match="not finite"):
        fit(tiny(), Broken(), QUICK, saving=StateSaving(state, seconds=0))
    tensors = load_file(state)
    assert all(np.isfinite(array).all() for name, array in tensors.items() if name.startswith("weights."))


def test_early_stopping_keeps_the_best_weights() -> None:
    values = iter((0.2, 0.6, 0.5, 0.6, 0.9))
    seen: list[dict[str, torch.Tensor]] = []

    def validate(network: Network) -> dict[str, Score]:
        seen.append({name: tensor.clone() for name, tensor in network.state_dict().items()})
        return {"top1": Score(next(values), (0.0, 1.0), 10)}

    config = dataclasses.replace(QUICK, epochs=5, stopping=Stopping(2))
    trained = fit(tiny(), Noise(), config, validate=validate)
    assert trained.epochs == 4
    assert all(torch.equal(t, seen[1][name]) for name, t in trained.network.state_dict().items())
    with pytest.raises(PeerattnError, match="uses macro, which is not measured"):
        fit(tiny(), Noise(), dataclasses.replace(config, stopping=Stopping(2, "macro")), validate=scores)


def test_the_epoch_callback_gets_scores_and_times() -> None:
    told: list[Epoch] = []
    fit(tiny(), Noise(), QUICK, validate=scores, callbacks=Callbacks(epoch=told.append))
    assert [epoch.number for epoch in told] == [1, 2, 3]
    assert all({"waiting", "network"} <= epoch.seconds.keys() for epoch in told)
    assert all(epoch.scores.keys() == {"top1"} for epoch in told)


def test_validation_clips_are_evaluated_every_measure_every_epochs_and_at_the_end() -> None:
    told: list[Epoch] = []
    config = dataclasses.replace(QUICK, measure_every=2)
    fit(tiny(), Noise(), config, validate=scores, callbacks=Callbacks(epoch=told.append))
    assert [bool(epoch.scores) for epoch in told] == [False, True, True]


def test_half_precision_needs_a_cuda_device() -> None:
    with pytest.raises(PeerattnError, match="precision bf16 needs a CUDA device"):
        fit(tiny(), Noise(), dataclasses.replace(QUICK, precision="bf16"))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device: half precision is not measured")
@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_trains_to_full_accuracy(precision: str) -> None:
    """The classes differ in brightness, so half precision must classify all clips correctly, too."""
    config = dataclasses.replace(QUICK, epochs=30, precision=precision)
    network = fit(tiny().cuda(), Noise(), config).network
    batch = Noise().batch(99, range(24))
    with torch.inference_mode():
        predicted = network({"rgb": batch.tensors["rgb"].cuda()}).argmax(dim=1).cpu()
    assert float((predicted == batch.targets).float().mean()) == 1.0


@pytest.mark.parametrize("pruning", [PruningSchedule(), PruningSchedule((1,), keep=5)])
def test_the_dropout_setting_applies_to_the_heads_also_after_pruning(pruning: PruningSchedule) -> None:
    network = fit(tiny(), Noise(), dataclasses.replace(QUICK, epochs=1, dropout=0.5, pruning=pruning)).network
    heads = [module.p for module in network.heads.modules() if isinstance(module, torch.nn.Dropout)]
    assert heads == [0.5]


def test_balancing_classes_without_knowing_them_is_refused() -> None:
    with pytest.raises(PeerattnError, match="set balance to 0"):
        fit(tiny(), Noise(), dataclasses.replace(QUICK, loss=Loss(balance=1.0)))
