"""Training: the loss falls, a seed determines the result, and connection weights have their own rate."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from peerattn.actionworld.clips import CLASS_NAMES
from peerattn.checkpoints import checkpoint
from peerattn.data.generated import TEST_SEED
from peerattn.errors import PeerattnError
from peerattn.graph.specs import BlockSpec, ConnectionSpec, OutputSpec
from peerattn.graph.structure import Structure
from peerattn.modalities.settings import ClipSettings
from peerattn.network.network import Network
from peerattn.training.actionworld import LENGTHS, GeneratedSource, actionworld_structure, train
from peerattn.training.callbacks import StateSaving
from peerattn.training.config import Averaging, Optimisation, TrainingConfig
from peerattn.training.initialisation import new_network
from peerattn.training.loop import fit
from peerattn.training.optimisation import connection_pressure, parameter_groups
from peerattn.training.people import people_structure
from tests.small import small_structure
from tests.strategies import MODALITIES

SETTINGS = ClipSettings(size=32, window=4, flow="ultrafast")
CLIPS = 96
QUICK = TrainingConfig(batch=8, workers=0)


def trained(config: TrainingConfig = QUICK, *, clips: int = CLIPS) -> tuple[Network, list[float]]:
    losses: list[float] = []
    network = train(
        small_structure(),
        config,
        clips=clips,
        settings=SETTINGS,
        progress=lambda done, total, loss: losses.append(loss),
    )
    return network, losses


@pytest.fixture(scope="module")
def once() -> tuple[Network, list[float]]:
    return trained()


def test_the_loss_falls(once: tuple[Network, list[float]]) -> None:
    _, losses = once
    assert len(losses) == 12
    assert sum(losses[-4:]) < sum(losses[:4])


def test_a_run_is_the_same_for_the_same_seed(once: tuple[Network, list[float]]) -> None:
    network, losses = once
    again, those = trained()
    assert those == losses
    state = again.state_dict()
    assert all(torch.equal(tensor, state[name]) for name, tensor in network.state_dict().items())


def test_another_seed_gives_another_run(once: tuple[Network, list[float]]) -> None:
    _, losses = trained(TrainingConfig(batch=8, workers=0, seed=1), clips=16)
    assert losses[0] != once[1][0]


def test_connection_weights_change_in_training(once: tuple[Network, list[float]]) -> None:
    weights = once[0].connection_weights().values()
    moved = [weight for weight in weights if abs(weight - 0.5) > 0.01]
    assert len(moved) > len(weights) / 2


def test_the_network_comes_back_ready_to_run(once: tuple[Network, list[float]]) -> None:
    assert not once[0].training
    assert once[0].class_names == CLASS_NAMES


def test_the_progress_callback_can_cancel() -> None:
    def cancel(done: int, total: int, loss: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(small_structure(), QUICK, clips=CLIPS, settings=SETTINGS, progress=cancel)


@pytest.mark.parametrize("steps", [1, 2, 10])
def test_any_number_of_steps_is_possible(steps: int) -> None:
    """With ten steps, the schedule's warm-up used to divide by zero."""
    config = TrainingConfig(batch=2, workers=0)
    losses: list[float] = []
    only = actionworld_structure("none", ("object",))
    small = ClipSettings(size=16, window=1, flow="ultrafast")
    train(
        only,
        config,
        clips=2 * steps,
        settings=small,
        progress=lambda done, total, loss: losses.append(loss),
    )
    assert len(losses) == steps


def test_batches_have_clips_of_many_lengths_and_the_same_each_time() -> None:
    rgb = [small_structure().modality("rgb")]
    source = GeneratedSource(64, rgb, settings=ClipSettings(size=16), epochs=2)
    lengths = [
        source.batch(epoch, range(first, first + 2)).tensors["rgb"].shape[2]
        for epoch in range(2)
        for first in range(0, 64, 2)
    ]
    assert set(lengths) == set(LENGTHS)
    assert source.batch(1, range(62, 64)).tensors["rgb"].shape[2] == lengths[-1]


@pytest.mark.parametrize(("clips", "seed"), [(0, 0), (TEST_SEED + 1, 0), (40_000, 25_000), (16, -1)])
def test_test_clips_are_never_trained_on(clips: int, seed: int) -> None:
    with pytest.raises(PeerattnError, match="the clips above are for testing"):
        GeneratedSource(clips, (), seed=seed)


def test_only_connection_and_attention_weights_have_their_own_learning_rate() -> None:
    network = Network(actionworld_structure(), CLASS_NAMES)
    config = Optimisation()
    groups = {group["lr"]: group for group in parameter_groups(network, config) if group["weight_decay"] == 0}
    connectivity = {id(parameter) for parameter in groups[config.connectivity_rate]["params"]}
    expected = set()
    for connection in network.connections.values():
        expected |= {id(connection.weight), id(connection.attention.weights)}
    assert connectivity == expected
    assert len(expected) == 2 * len(network.structure.connections)


@pytest.mark.parametrize("attention", ["none", "static", "self", "peer"])
def test_each_parameter_is_in_one_group_and_only_filters_decay(attention: str) -> None:
    network = Network(actionworld_structure(attention), CLASS_NAMES)
    groups = parameter_groups(network, Optimisation())
    ids = [id(parameter) for group in groups for parameter in group["params"]]
    assert sorted(ids) == sorted(id(parameter) for parameter in network.parameters())
    decaying = [p for group in groups if group["weight_decay"] > 0 for p in group["params"]]
    assert {id(p) for p in decaying} == {id(p) for p in network.parameters() if p.ndim > 1}


def fan(*weights: float | None) -> Network:
    """Input blocks with these connection weights into one output block."""
    names = [f"eye{number}" for number in range(len(weights))]
    blocks = [BlockSpec(name, 1, "video_input", 2, modality="rgb") for name in names]
    blocks.append(BlockSpec("top", 2, "bottleneck", 2, input_width=2))
    connections = [ConnectionSpec(n, "top", weight=w) for n, w in zip(names, weights, strict=True)]
    structure = Structure(tuple(blocks), tuple(connections), (OutputSpec("top"),), MODALITIES[:1])
    return Network(structure, CLASS_NAMES)


def test_the_pressure_is_the_effective_number_of_incoming_connections() -> None:
    assert connection_pressure(fan(0.5, 0.5, 0.5)).item() == pytest.approx(3, abs=1e-5)
    assert connection_pressure(fan(0.9, 1e-5, 1e-5)).item() == pytest.approx(1, abs=1e-3)
    assert connection_pressure(fan(0.6, 0.3)).item() == pytest.approx(0.81 / 0.45, abs=1e-5)
    assert connection_pressure(fan(0.5, 0.5, None)).item() == pytest.approx(2, abs=1e-5)
    assert connection_pressure(fan(None)).item() == 0


def test_the_pressure_does_not_depend_on_a_common_factor() -> None:
    """Batch norm undoes a common factor, so a pressure on it would only shrink all weights."""
    whole, half = connection_pressure(fan(0.8, 0.4, 0.2)), connection_pressure(fan(0.4, 0.2, 0.1))
    assert whole.item() == pytest.approx(half.item(), abs=1e-5)


def test_the_pressure_widens_the_gap_between_strong_and_weak() -> None:
    network = fan(0.7, 0.3)
    connection_pressure(network).backward()
    strong, weak = (network.connection(f"eye{number}_to_top").weight.grad for number in range(2))
    assert strong < 0 < weak


def test_the_actionworld_structure_reads_the_requested_modalities() -> None:
    assert {b.modality for b in actionworld_structure().blocks if b.is_input} == {"rgb", "flow", "object"}
    assert {m.name for m in actionworld_structure("self", ("rgb",)).modalities} == {"rgb"}
    with pytest.raises(PeerattnError, match=r"no modality \['sound'\]"):
        actionworld_structure("peer", ("rgb", "sound"))
    with pytest.raises(PeerattnError, match="attention 'mutual' must be one of"):
        actionworld_structure("mutual")


def test_new_structures_repeat_edge_frames_and_an_earlier_one_pads_with_zeros() -> None:
    for structure in (actionworld_structure(), people_structure()):
        assert {block.time_padding for block in structure.blocks} == {"repeat"}
    earlier = checkpoint.load("actions14").structure
    assert {block.time_padding for block in earlier.blocks} == {"zeros"}


@pytest.mark.parametrize(
    ("name", "attention"),
    [("actionworld", "peer"), ("actionworld-self", "self"), ("actionworld-none", "none")],
)
def test_the_bundled_networks_on_generated_clips_have_the_structure_that_is_trained_today(
    name: str, attention: str
) -> None:
    assert checkpoint.load(name).structure == actionworld_structure(attention)


def test_the_default_recipe_equals_a_plain_training_loop_in_torch() -> None:
    """The loop below uses torch's loss and schedule on the same clips, and gives the same losses."""
    config = dataclasses.replace(QUICK, dropout=0.0)
    _, losses = trained(config)
    source = GeneratedSource(CLIPS, small_structure().read_modalities, settings=SETTINGS)
    network = new_network(small_structure(), CLASS_NAMES, seed=0).train()
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    groups = parameter_groups(network, config.optimisation)
    optimiser = torch.optim.AdamW(groups)
    rates = [group["lr"] for group in groups]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rates, total_steps=12, pct_start=0.1)
    expected = []
    for start in range(0, CLIPS, 8):
        batch = source.batch(0, range(start, start + 8))
        loss = F.cross_entropy(network(batch.tensors), batch.targets, label_smoothing=0.05)
        expected.append(loss.item())
        optimiser.zero_grad()
        (loss + 0.02 * connection_pressure(network)).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        schedule.step()
    assert losses == pytest.approx(expected, rel=1e-3)


class Plain(nn.Module):
    """A plain module that computes class scores from the mean colour of a clip."""

    def __init__(self) -> None:
        super().__init__()
        self.structure, self.class_names = small_structure(), CLASS_NAMES
        self.scores = nn.Linear(3, len(CLASS_NAMES))

    def forward(self, clip: Mapping[str, Tensor]) -> Tensor:
        scores: Tensor = self.scores(clip["rgb"].mean(dim=(2, 3, 4)))
        return scores


def test_fit_also_trains_other_modules(tmp_path: Path) -> None:
    source = GeneratedSource(16, small_structure().read_modalities, settings=SETTINGS)
    config = dataclasses.replace(QUICK, averaging=Averaging("ema"), log_every=1)
    state = tmp_path / "training.safetensors"
    first = fit(Plain(), source, config, saving=StateSaving(state))  # type: ignore[arg-type]
    again = fit(Plain(), source, config, saving=StateSaving(state))  # type: ignore[arg-type]
    assert torch.equal(first.network.scores.weight, again.network.scores.weight)
    assert len(first.history.metrics["loss"]) == 3
