"""The parts of training: losses, schedules, averaging, batch norm, initial weights and pruning."""

import dataclasses
import math
import warnings

import pytest
import torch
from torch import nn

from benchmarks.resume import CLASSES as NAMES
from benchmarks.resume import Noise, tiny
from peerattn.errors import PeerattnError
from peerattn.graph.answers import CLASSES, LABELS, Answer
from peerattn.graph.specs import BlockSpec, Modality, OutputSpec
from peerattn.graph.structure import Structure
from peerattn.network.network import Network
from peerattn.pruning.threshold import prune
from peerattn.training.averaging import WeightAverage, estimate_batch_norm
from peerattn.training.config import Averaging, Loss, Optimisation, PruningSchedule, Schedule, TrainingConfig
from peerattn.training.initialisation import copy_matching_weights, new_network
from peerattn.training.loop import fit
from peerattn.training.losses import LOSSES, class_weights, shares
from peerattn.training.optimisation import build_optimiser, moments, rate_share, restore_moments, set_rates
from peerattn.training.scheduled_pruning import threshold_of
from peerattn.training.updating import Updater
from tests.strategies import lively

LOGITS = torch.tensor([[0.0, 0.0], [math.log(3), 0.0]])  # shares of 1/2, 1/2 and of 3/4, 1/4
FIRST = torch.tensor([0, 0])
CLIP = {"rgb": torch.randn(1, 3, 3, 8, 8, generator=torch.Generator().manual_seed(3))}

ON_PAPER = {
    "classes": [math.log(2), -math.log(0.75)],
    "labels": [math.log(2), (-math.log(0.75) + math.log(2)) / 2],
}


@pytest.mark.parametrize("kind", LOSSES)
def test_losses_worked_by_hand(kind: str) -> None:
    given = LOSSES[kind](LOGITS, shares(FIRST, 2, kind), 0.0)
    torch.testing.assert_close(given, torch.tensor(ON_PAPER[kind]))


@pytest.mark.parametrize("kind", LOSSES)
def test_label_smoothing_equals_the_loss_of_smoothed_targets(kind: str) -> None:
    blurred = torch.tensor([[0.9, 0.1], [0.9, 0.1]])
    given = LOSSES[kind](LOGITS, shares(FIRST, 2, kind), 0.2)
    torch.testing.assert_close(given, LOSSES[kind](LOGITS, blurred, 0.0))


def test_several_labels_need_the_binary_loss() -> None:
    several = torch.tensor([[1.0, 1.0], [1.0, 0.0]])
    assert torch.equal(shares(several, 2, "labels"), several)
    with pytest.raises(PeerattnError, match="choose the loss binary"):
        shares(several, 2, "classes")
    mixed = torch.tensor([[0.25, 0.75]])
    assert torch.equal(shares(mixed, 2, "classes"), mixed)


@pytest.mark.parametrize(("asked", "loss"), [(CLASSES, "binary"), (LABELS, "cross_entropy")])
def test_a_loss_that_is_not_that_of_the_answer_is_refused(asked: Answer, loss: str) -> None:
    network = Network(tiny().structure.with_answer(asked), NAMES)
    with pytest.raises(PeerattnError, match=f"the loss {loss} does not fit a network that answers with"):
        Updater(network, TrainingConfig(loss=Loss(loss)), updates=1, clips=None)


def two_heads(combination: str, *answers: Answer) -> Network:
    """`tiny` with a second head, on an inner block."""
    structure = tiny().structure
    inner = structure.levels[2][0].id
    outputs = tuple(
        OutputSpec(block, answer=answer)
        for block, answer in zip((structure.outputs[0].block, inner), answers, strict=True)
    )
    torch.manual_seed(1)
    return Network(dataclasses.replace(structure, outputs=outputs, combination=combination), NAMES).eval()


def losses(network: Network, targets: torch.Tensor, kinds: tuple[str, str]) -> list[torch.Tensor]:
    """The loss of each head separately."""
    logits = network(CLIP, per_head=True)
    return [LOSSES[kind](own, targets, 0.0).mean() for kind, own in zip(kinds, logits, strict=True)]


def updater(network: Network, loss: str) -> Updater:
    return Updater(network, TrainingConfig(loss=Loss(loss, label_smoothing=0.0)), updates=1, clips=None)


def test_a_mean_of_log_probabilities_is_learned_head_by_head() -> None:
    network = two_heads("mean_of_log_probabilities", CLASSES, CLASSES)
    targets = torch.tensor([[1.0, 0.0, 0.0]])
    one, other = losses(network, targets, ("classes", "classes"))
    found = updater(network, "cross_entropy").loss(network(CLIP, per_head=True), targets)
    torch.testing.assert_close(found, (one + other) / 2)


def test_separate_answers_are_learned_each_by_its_own_loss_and_weight() -> None:
    network = two_heads("separate", LABELS, Answer(loss_weight=0.25))
    targets = torch.tensor([[0.0, 1.0, 0.0]])
    one, other = losses(network, targets, ("labels", "classes"))
    found = updater(network, "binary").loss(network(CLIP, per_head=True), targets)
    torch.testing.assert_close(found, one + other / 4)


def test_class_weights_give_all_classes_the_same_total_weight() -> None:
    clips = [30, 10, 0]
    torch.testing.assert_close(class_weights(clips, 0.0)[:2], torch.ones(2))
    weights = class_weights(clips, 1.0)
    assert weights[2] == 0
    assert weights[0] * 30 == pytest.approx(weights[1] * 10)
    assert float((weights * torch.tensor(clips)).sum()) == pytest.approx(40)


@pytest.mark.parametrize("kind", ["adamw", "sgd"])
@pytest.mark.parametrize(("updates", "warm_up"), [(100, 0.1), (37, 0.3), (2000, 0.1)])
def test_the_one_cycle_schedule_equals_that_of_torch(kind: str, updates: int, warm_up: float) -> None:
    network, settings = tiny(), Optimisation(kind)
    ours, theirs = build_optimiser(network, settings), build_optimiser(network, settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that no step was taken
        cycle = torch.optim.lr_scheduler.OneCycleLR(
            theirs, [group["lr"] for group in theirs.param_groups], total_steps=updates, pct_start=warm_up
        )
        for update in range(updates):
            set_rates(ours, Schedule("one_cycle", warm_up), update, updates)
            for group, other in zip(ours.param_groups, theirs.param_groups, strict=True):
                assert group["lr"] == pytest.approx(other["lr"], rel=1e-9)
                for momentum in ("betas", "momentum"):
                    assert group.get(momentum) == pytest.approx(other.get(momentum))
            if update < updates - 1:
                cycle.step()


def test_the_cosine_schedule_rises_linearly_and_falls_to_zero() -> None:
    schedule, updates = Schedule("cosine", 0.1), 100
    shares_of = [rate_share(schedule, update, updates) for update in range(updates)]
    assert shares_of[:10] == pytest.approx([(update + 1) / 11 for update in range(10)])
    assert shares_of[10] == 1
    assert shares_of[55] == pytest.approx(0.5)
    assert 0 < shares_of[-1] < 0.001
    assert rate_share(Schedule("constant", 0.1), 99, updates) == 1


@pytest.mark.parametrize("kind", ["one_cycle", "cosine", "constant"])
def test_every_schedule_works_with_a_single_update(kind: str) -> None:
    assert 0 <= rate_share(Schedule(kind, 0.0), 0, 1) <= 1


def test_averaging_weights_gives_their_mean() -> None:
    network = tiny()
    average = WeightAverage(network, Averaging("mean"))
    states = []
    for seed in range(4):
        network.load_state_dict(lively(network.structure, seed=seed).state_dict())
        states.append({name: tensor.clone() for name, tensor in network.state_dict().items()})
        average.update(network)
    for name, mean in average.network.state_dict().items():
        if mean.is_floating_point():
            torch.testing.assert_close(mean, torch.stack([state[name] for state in states]).mean(dim=0))


def test_the_decay_of_an_ema_grows_to_its_final_value() -> None:
    network, name = tiny(), "blocks.top.0.reduce.0.weight"
    name = next(iter(network.state_dict()))
    average = WeightAverage(network, Averaging("ema", decay=0.9))
    expected = network.state_dict()[name].clone()
    for update in range(100):
        with torch.no_grad():
            network.state_dict()[name].add_(1.0)
        average.update(network)
        decay = min(0.9, (1 + update) / (10 + update))
        expected = decay * expected + (1 - decay) * network.state_dict()[name]
    torch.testing.assert_close(average.network.state_dict()[name], expected)


def test_batch_norm_is_estimated_as_the_mean_over_batches() -> None:
    network = tiny().eval()
    clips = [Noise().batch(0, range(start, start + 4)).tensors for start in (0, 4, 8)]
    estimate_batch_norm(network, clips)
    assert not network.training
    first = next(module for module in network.modules() if isinstance(module, nn.BatchNorm2d))
    seen: list[torch.Tensor] = []
    handle = first.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    with torch.no_grad():
        for clip in clips:
            network(clip)
    handle.remove()
    means = torch.stack([arriving.mean(dim=(0, 2, 3)) for arriving in seen])
    torch.testing.assert_close(first.running_mean, means.mean(dim=0), rtol=1e-4, atol=1e-5)
    assert first.momentum is not None


def graph(object_ids: tuple[int, ...]) -> Structure:
    modalities = (Modality("rgb", 3), Modality("object", len(object_ids), (), object_ids))
    blocks = [BlockSpec(f"{m.name}1", 1, "video_input", 4, modality=m.name) for m in modalities]
    return Structure.complete([*blocks, BlockSpec("top", 2, "bottleneck", 4)], modalities=modalities)


def test_initial_weights_are_copied_except_for_a_head_with_other_classes() -> None:
    other = lively(graph((1, 2, 5)), seed=3)
    network = new_network(graph((1, 2, 5)), ("walk", "run"), seed=0)
    head = {name: t.clone() for name, t in network.state_dict().items() if name.startswith("heads.")}
    left = copy_matching_weights(network, other)
    assert set(left) == set(head)
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, head.get(name, other.state_dict()[name]))


def test_initial_weights_include_the_head_if_the_classes_are_the_same() -> None:
    other = lively(graph((1,)), seed=3)
    network = new_network(graph((1,)), other.class_names, seed=0)
    assert copy_matching_weights(network, other) == ()
    assert all(torch.equal(t, other.state_dict()[name]) for name, t in network.state_dict().items())


def test_object_classes_keep_their_own_filters_and_new_ones_get_the_mean() -> None:
    other = lively(graph((1, 2, 5)), seed=3)
    network = new_network(graph((5, 1, 9)), NAMES, seed=0)
    copy_matching_weights(network, other)
    name = next(
        name for name in network.state_dict() if name.startswith("blocks.object1.") and "weight" in name
    )
    given, own = other.state_dict()[name], network.state_dict()[name]
    assert torch.equal(own[:, 0], given[:, 2])
    assert torch.equal(own[:, 1], given[:, 0])
    torch.testing.assert_close(own[:, 2], given.mean(dim=1))


def with_weights(network: Network) -> Network:
    for place, connection in enumerate(network.connections.values()):
        connection.weight.data.fill_(place / 4 - 1)
    return network


def test_a_pruning_schedule_keeps_the_requested_number_of_connections() -> None:
    network = with_weights(tiny())
    weights = sorted(network.connection_weights().values())
    assert threshold_of(network, PruningSchedule((1,), keep=3)) == weights[-3]
    assert threshold_of(network, PruningSchedule((1,), threshold=0.1, keep=100)) == 0.1


@pytest.mark.parametrize("schedule", [PruningSchedule((1,), 1.0), PruningSchedule((1,), keep=1)])
def test_pruning_never_cuts_the_output_off(schedule: PruningSchedule) -> None:
    config = TrainingConfig(batch=8, workers=0, pruning=schedule)
    trained = fit(with_weights(tiny()), Noise(), config)
    assert trained.network.structure.connections
    assert trained.network(Noise().batch(0, [0]).tensors).isfinite().all()


def test_pruning_keeps_the_optimiser_state_of_the_remaining_parameters() -> None:
    network = with_weights(tiny())
    optimiser = build_optimiser(network, Optimisation())
    network(Noise().batch(0, range(4)).tensors).square().sum().backward()
    optimiser.step()
    before = {name: value.clone() for name, value in moments(network, optimiser).items()}
    smaller = prune(network, threshold_of(network, PruningSchedule((1,), keep=5)))
    anew = build_optimiser(smaller, Optimisation())
    restore_moments(smaller, anew, before)
    after = moments(smaller, anew)
    assert 0 < len(after) < len(before)
    assert {name.rpartition(".")[0] for name in after} == {name for name, _ in smaller.named_parameters()}
    assert all(torch.equal(value, before[name]) for name, value in after.items())
