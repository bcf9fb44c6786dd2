"""Heads fitted in closed form: the solution, and that training leaves it alone."""

import copy
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from peerattn.data.loading import Batch
from peerattn.errors import PeerattnError
from peerattn.graph.answers import Answer
from peerattn.graph.specs import BlockSpec, ConnectionSpec, Modality, OutputSpec
from peerattn.graph.structure import Structure
from peerattn.network.network import Network
from peerattn.training.averaging import WeightAverage
from peerattn.training.callbacks import Callbacks, StateSaving
from peerattn.training.config import Averaging, Loss, TrainingConfig
from peerattn.training.initialisation import new_network
from peerattn.training.loop import fit
from peerattn.training.ridge import STRENGTH, fit_linear_heads, ridge
from tests.kinds import own

CLASSES = ("falling", "rising", "still")
FIXED = ("blocks.rgb1.", "heads.rgb1.")


def structure() -> Structure:
    """A stream with a linear head, and a block above that has a head of its own."""
    blocks = (
        BlockSpec("rgb1", 1, "standardised_input", 5, modality="rgb"),
        BlockSpec("top", 2, "temporal", 6, 1, input_width=5, attention_width=4),
    )
    outputs = tuple(OutputSpec(block.id, "temporal") for block in blocks)
    connections = (ConnectionSpec("rgb1", "top", ("rgb1",), "peer"),)
    modalities = (Modality("rgb", 5, pixels=False),)
    return Structure(blocks, connections, outputs, modalities, "mean_of_log_probabilities")


class Clips:
    """Clips of 9 frames whose first channel falls, rises or stays, in noise, on other scales."""

    class_names, shuffled = CLASSES, True

    def __init__(self, count: int = 24, *, units: float = 1.0) -> None:
        random = np.random.default_rng(5)
        self.labels = np.arange(count) % 3
        values = random.normal(size=(count, 5, 9))
        values[:, 0] += np.array([-1, 1, 0])[self.labels, None] * np.linspace(-2, 2, 9)
        values[:, 1] *= units
        self.values = torch.from_numpy(values.astype(np.float32))[..., None, None]
        self.skipped: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, epoch: int, members: Sequence[int]) -> Batch:
        targets = torch.from_numpy(self.labels[list(members)])
        return Batch({"rgb": self.values[list(members)]}, targets, tuple(map(str, members)), {})

    def whole_clips(self) -> Iterator[tuple[Mapping[str, Tensor], Tensor]]:
        for number, label in enumerate(self.labels):
            yield {"rgb": self.values[[number]]}, torch.tensor([label])


def config(**changes: object) -> TrainingConfig:
    base = TrainingConfig(
        epochs=2, batch=6, workers=0, detached=("top",), closed_form=("rgb1",), loss=Loss(pressure=0.0)
    )
    return dataclasses.replace(base, **changes)


def accuracy(network: Network, clips: Clips, head: int) -> float:
    with torch.no_grad():
        logits = network.eval()({"rgb": clips.values}, per_head=True)[head]
    return float((logits.argmax(1).numpy() == clips.labels).mean())


@pytest.mark.parametrize(("count", "width"), [(40, 6), (12, 30)])
def test_the_solution_is_that_of_the_normal_equations(count: int, width: int) -> None:
    random = np.random.default_rng(1)
    numbers = random.normal(3, 2, (count, width)).astype(np.float32)
    truth = np.eye(3, dtype=np.float32)[random.integers(3, size=count)]
    weights, bias = ridge(numbers, truth)
    centred = (numbers - numbers.mean(0)).astype(np.float64)
    scale = (numbers.std(0) + 0.01 * numbers.std(0).mean()) * width**0.5
    standard = centred / scale
    penalty = STRENGTH * (standard**2).sum() / count
    expected = np.linalg.solve(
        standard.T @ standard + penalty * np.eye(width), standard.T @ (truth - truth.mean(0))
    )
    np.testing.assert_allclose(numbers @ weights.T + bias, 8 * standard @ expected, rtol=1e-3, atol=1e-4)


def test_a_linear_head_learns_the_classes_whatever_the_units() -> None:
    logits = []
    for units in (1.0, 1000.0):
        clips = Clips(units=units)
        network = new_network(structure(), CLASSES, seed=0)
        before = accuracy(network, clips, 0)
        fit_linear_heads(network, clips, ["rgb1"])
        assert accuracy(network, clips, 0) > max(0.9, before)
        with torch.no_grad():
            logits.append(network({"rgb": clips.values}, per_head=True)[0])
    torch.testing.assert_close(*logits, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("averaging", [Averaging(), Averaging("mean", epochs=1, batch_norm="estimated")])
def test_training_leaves_the_fitted_head_as_it_is_and_trains_the_others(averaging: Averaging) -> None:
    clips = Clips()
    fitted = new_network(structure(), CLASSES, seed=0)
    fit_linear_heads(fitted, clips, ["rgb1"])
    start = copy.deepcopy(fitted.state_dict())
    network = new_network(structure(), CLASSES, seed=0)
    trained = fit(network, clips, config(averaging=averaging), validate=lambda network: {}).network
    for name, tensor in trained.state_dict().items():
        if name.startswith(FIXED):
            assert torch.equal(tensor, start[name]), name
    assert not torch.equal(trained.state_dict()["heads.top.scores.weight"], start["heads.top.scores.weight"])


def test_a_resumed_run_ends_with_the_same_weights(tmp_path: Path) -> None:
    whole = fit(new_network(structure(), CLASSES, seed=0), Clips(), config()).network
    path = tmp_path / "state.safetensors"

    class Stop(Exception):
        pass

    def run(**more: object) -> Network:
        network = new_network(structure(), CLASSES, seed=0)
        return fit(network, Clips(), config(), saving=StateSaving(path), **more).network

    def cancel(done: int, total: int, loss: float) -> None:
        if done > total / 2:
            raise Stop

    with pytest.raises(Stop):
        run(callbacks=Callbacks(cancel))
    resumed = run()
    for name, tensor in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], tensor), name


def test_labels_without_evidence_are_as_probable_as_among_all_clips() -> None:
    base = structure()
    outputs = tuple(dataclasses.replace(one, answer=Answer("labels")) for one in base.outputs)
    network = new_network(dataclasses.replace(base, outputs=outputs), CLASSES, seed=0)
    clips = Clips(30)

    class Labelled(Clips):
        def whole_clips(self) -> Iterator[tuple[Mapping[str, Tensor], Tensor]]:
            for tensors, label in super().whole_clips():
                first = float(label == 0)
                yield tensors, torch.tensor([[first, float(label != 2), 0.5]])

    fit_linear_heads(network, Labelled(30), ["rgb1"])
    with torch.no_grad():
        head = network.heads["rgb1"]
        pooled = torch.cat([head.pool(network.blocks["rgb1"].eval()(one)) for one in clips.values.split(1)])
        logits = head.scores(pooled.mean(0, keepdim=True))
    torch.testing.assert_close(torch.sigmoid(logits)[0], torch.tensor([1 / 3, 2 / 3, 0.5]), rtol=0, atol=1e-3)


def test_what_is_not_linear_is_refused() -> None:
    with pytest.raises(PeerattnError, match="output top cannot be fitted in closed form"):
        fit_linear_heads(new_network(structure(), CLASSES, seed=0), Clips(), ["top"])
    with pytest.raises(PeerattnError, match="output top cannot be fitted"):
        fit_linear_heads(Network(own(), CLASSES), Clips(), ["top"])


def test_a_source_without_whole_clips_is_refused() -> None:
    with pytest.raises(PeerattnError, match="leave closed_form out of the recipe"):
        fit_linear_heads(new_network(structure(), CLASSES, seed=0), object(), ["rgb1"])


def test_the_average_of_weights_has_the_fitted_head() -> None:
    clips, network = Clips(), new_network(structure(), CLASSES, seed=0)
    fit_linear_heads(network, clips, ["rgb1"])
    average = WeightAverage(network, Averaging("ema"))
    assert torch.equal(average.network.heads["rgb1"].scores.weight, network.heads["rgb1"].scores.weight)
