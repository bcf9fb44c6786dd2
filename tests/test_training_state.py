"""The state of a run: an interrupted one goes on to the same weights, bit by bit, or what it had is kept."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from peerattn.data import Batch
from peerattn.history import arrays
from peerattn.metrics import Score
from peerattn.network import Network
from peerattn.structure import BlockSpec, Structure
from peerattn.training import (
    Averaging,
    Loss,
    Optimisation,
    PruningSchedule,
    Saving,
    Schedule,
    Stopping,
    Trained,
    TrainingConfig,
    Watch,
    fit,
    new_network,
)
from tests.strategies import CLASSES, MODALITIES

QUICK = TrainingConfig(epochs=3, batch=4, workers=0, log_every=2)


class Noise:
    """Clips of noise around a colour for each class: a function of (epoch, member) and nothing else."""

    class_names = CLASSES
    shuffled = True

    def __init__(self, clips: int = 12) -> None:
        self.clips, self.skipped = clips, dict[str, str]()

    def __len__(self) -> int:
        return self.clips

    def batch(self, epoch: int, members: Sequence[int]) -> Batch:
        targets = torch.tensor([member % len(CLASSES) for member in members])
        clips = []
        for member in members:
            generator = torch.Generator().manual_seed(epoch * 1000 + member)
            clips.append(torch.randn(3, 3, 8, 8, generator=generator) + member % len(CLASSES))
        return Batch({"rgb": torch.stack(clips)}, targets, tuple(f"clip {m}" for m in members), {})


def tiny() -> Network:
    """Two input blocks, two inner ones, one output."""
    blocks = [BlockSpec(f"rgb{d}", 1, "video_input", 4, d, modality="rgb") for d in (1, 2)]
    blocks += [BlockSpec(f"mid{d}", 2, "bottleneck", 4, d) for d in (1, 2)]
    blocks += [BlockSpec("top", 3, "bottleneck", 6)]
    return new_network(Structure.complete(blocks, modalities=MODALITIES[:1]), CLASSES, seed=0)


def scores(network: Network) -> dict[str, Score]:
    """A made-up score that depends on the weights and goes up and down."""
    weights = network.connection_weights().values()
    value = sum(weights) * 1e4 % 1
    return {"top1": Score(value, (0.0, 1.0), 10)}


CONFIGS = {
    "as it is": QUICK,
    "sgd": dataclasses.replace(
        QUICK, optimisation=Optimisation("sgd", rate=0.05), schedule=Schedule("cosine"), loss=Loss("l2")
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


def run(config: TrainingConfig, path: Path | None, *, stop_after: int | None = None) -> Trained:
    """A run that saves after every update, and stops after so many."""
    updates = 0

    def progress(done: int, total: int, loss: float) -> None:
        nonlocal updates
        updates += 1
        if updates == stop_after:
            raise Interrupted

    saving = Saving(path, seconds=0) if path else None
    return fit(tiny(), Noise(), config, validate=scores, saving=saving, watch=Watch(progress))


def same(first: Trained, second: Trained) -> bool:
    ours, theirs = first.network.state_dict(), second.network.state_dict()
    logged, again = arrays(first.history), arrays(second.history)
    return (
        first.network.structure == second.network.structure
        and ours.keys() == theirs.keys()
        and all(torch.equal(ours[name], theirs[name]) for name in ours)
        and logged.keys() == again.keys()
        and all(np.array_equal(logged[n], again[n], equal_nan=True) for n in logged)
        and first.epochs == second.epochs
    )


@pytest.mark.parametrize("name", CONFIGS)
def test_an_interrupted_run_goes_on_to_the_same_weights(tmp_path: Path, name: str) -> None:
    config, state = CONFIGS[name], tmp_path / "training.safetensors"
    whole = run(config, None)
    for stop_after in (1, 2, 3, 3):  # in the middle of an epoch, and at its end
        with pytest.raises(Interrupted):
            run(config, state, stop_after=stop_after)
    assert same(run(config, state), whole)
    assert same(run(config, state), whole), "a run that is over gives its network again"
