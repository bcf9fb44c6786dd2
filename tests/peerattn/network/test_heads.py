"""Laws for every kind of head, with one and with two output blocks."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from benchmarks.resume import Noise
from peerattn.checkpoints import checkpoint
from peerattn.errors import PeerattnError
from peerattn.graph.kinds import HEAD_KINDS, KINDS, BlockKind, HeadKind
from peerattn.graph.specs import BlockSpec, Modality, OutputSpec
from peerattn.graph.structure import Structure
from peerattn.modalities.settings import ClipSettings
from peerattn.network.blocks.registry import BLOCKS, HEADS
from peerattn.network.initialisation import SMALL_STD, initialise
from peerattn.network.network import Network
from peerattn.network.temperature import divide_logits
from peerattn.pruning.threshold import prune
from peerattn.recording.recorder import record
from peerattn.training.config import TrainingConfig
from peerattn.training.loop import fit
from tests.peerattn.recording.test_recorder import clip_of
from tests.strategies import CLASSES, lively, tensors

WINDOW = 4
CASES = [(head, outputs) for head in HEADS for outputs in (1, 2)]
each_head = pytest.mark.parametrize(("head", "outputs"), CASES)


def headed(head: str, outputs: int) -> Structure:
    """Two input blocks, two inner blocks, and this number of output blocks that read all of them."""
    blocks = [BlockSpec(f"rgb{d}", 1, "video_input", 4, d, modality="rgb") for d in (1, 2)]
    blocks += [BlockSpec(f"mid{d}", 2, "bottleneck", 4, d) for d in (1, 2)]
    blocks += [BlockSpec(f"top{number}", 3, "bottleneck", 6) for number in range(outputs)]
    return Structure.complete(blocks, modalities=[Modality("rgb", 3)], head=head)


def without_weakest(network: Network) -> Network:
    """The network pruned of its weakest connection."""
    ranked = sorted(network.connection_weights().values())
    return prune(network, (ranked[0] + ranked[1]) / 2)


def varied(network: Network) -> Network:
    """The network with connection weights from 0.2 to 0.8."""
    connections = list(network.connections.values())
    for connection, value in zip(connections, torch.linspace(0.2, 0.8, len(connections)), strict=True):
        connection.weight.data = torch.logit(value)
    return network


def test_head_kinds_of_structure_and_network_agree() -> None:
    assert HEAD_KINDS.keys() == HEADS.keys(), "name each in graph.kinds.HEAD_KINDS and in registry.HEADS"
    assert KINDS.keys() == BLOCKS.keys(), "name each in graph.kinds.KINDS and in registry.BLOCKS"


@torch.no_grad()
@each_head
def test_a_head_gives_one_score_per_class(head: str, outputs: int) -> None:
    structure = headed(head, outputs)
    network, clip = lively(structure), tensors(structure, clips=2)
    assert {output.head for output in structure.outputs} == {head} and len(structure.outputs) == outputs
    assert len(network.heads) == (1 if HEAD_KINDS[head].shared else outputs)
    logits = network(clip)
    assert logits.shape == (2, len(CLASSES)) and logits.isfinite().all()
    for block in (output.block for output in structure.outputs):  # each output block counts
        parts = network.run(clip)
        parts[block] = (
            parts[block] + torch.randn(6, generator=torch.Generator().manual_seed(0))[:, None, None, None]
        )
        assert not torch.allclose(network.combined_logits(parts), logits)


@torch.no_grad()
@each_head
@pytest.mark.parametrize("by", [2.0, 0.5])
def test_a_temperature_divides_the_logits(head: str, outputs: int, by: float) -> None:
    """Exactly, because the divisor is a power of two; for each output block, and also after saving."""
    structure = headed(head, outputs)
    network, clip = lively(structure), tensors(structure)
    before = network(clip, per_head=True)
    divide_logits(network, by)
    assert torch.equal(network(clip, per_head=True), before / by)
    again = Network(Structure.from_json(network.structure.to_json()), CLASSES).eval()
    again.load_state_dict(network.state_dict())
    assert torch.equal(again(clip), network(clip))


@each_head
def test_published_starting_values_reach_the_scores(head: str, outputs: int) -> None:
    networks = [Network(headed(head, outputs), CLASSES).eval() for _ in range(2)]
    for network in networks:
        initialise(network, seed=3)
    first, second = (network.heads.state_dict() for network in networks)
    assert all(torch.equal(first[name], second[name]) for name in first)
    for layer in (layer for layer in networks[0].heads.modules() if isinstance(layer, nn.Linear)):
        assert 0 < layer.weight.abs().max() < 6 * SMALL_STD and not layer.bias.any()


def answers_twice(network: Network) -> tuple[Tensor, Tensor]:
    """The logits of the heads in training mode, for the same block outputs."""
    with torch.no_grad():
        outputs = network.eval().run(tensors(network.structure, clips=4))
        network.train()
        return network.head_logits(outputs), network.head_logits(outputs)


@each_head
def test_the_dropout_of_a_recipe_takes_effect_or_is_refused(head: str, outputs: int) -> None:
    """Also after pruning; without dropout a head of every kind is trained."""
    config = TrainingConfig(batch=4, workers=0, dropout=0.0)
    trained = fit(Network(headed(head, outputs), CLASSES), Noise(), config).network
    assert torch.equal(*answers_twice(trained))
    try:
        trained = fit(trained, Noise(), dataclasses.replace(config, dropout=0.5)).network
    except PeerattnError as error:
        assert str(error) == f"output top0: a head of kind {head} has no dropout: leave dropout 0.5 out"
    else:
        for network in (trained, without_weakest(varied(trained))):
            first, second = answers_twice(network)
            assert (first != second).flatten(2).any(dim=(1, 2)).all()


@torch.no_grad()
@each_head
def test_a_network_with_any_head_can_be_recorded_saved_and_pruned(
    head: str, outputs: int, tmp_path: Path
) -> None:
    network = varied(lively(headed(head, outputs)))
    divide_logits(network, 1.5)
    clip = clip_of(network.structure)
    trace = record(network, clip, window=WINDOW)
    assert [len(window.probabilities) for window in trace.windows] == [len(CLASSES)] * len(trace.windows)
    assert trace.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert len(trace.structure.outputs) == outputs
    for number, one in enumerate((network, without_weakest(network))):
        assert len(one.structure.connections) == len(network.structure.connections) - number
        checkpoint.save(tmp_path / str(number), one, ClipSettings(window=WINDOW), {})
        again = checkpoint.load(tmp_path / str(number)).network
        assert again.structure == one.structure
        recorded = [record(each, clip, window=WINDOW).probabilities for each in (one, again)]
        assert np.array_equal(*recorded)
    masked = trace.probabilities
    assert not np.array_equal(recorded[0], masked)  # the connection that is gone counted


class Two(nn.Module):
    """A custom head whose scores come from the layer that it names as its score layer."""

    def __init__(self, arriving: int, classes: int) -> None:
        super().__init__()
        self.scores, self.before = nn.Linear(5, classes), nn.Linear(arriving, 5)

    def forward(self, clip: Tensor) -> Tensor:
        scores: Tensor = self.scores(self.before(clip.mean(dim=(2, 3, 4))).relu())
        return scores


class Saying(Two):
    @property
    def score_layers(self) -> tuple[nn.Module, ...]:
        return (self.scores,)


@torch.no_grad()
def test_a_custom_head_names_its_score_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HEAD_KINDS, "two", HeadKind())
    monkeypatch.setitem(HEADS, "two", Saying)
    network, clip = lively(headed("two", 2)), tensors(headed("two", 2))
    before = network(clip)
    divide_logits(network, 2.0)
    assert torch.equal(network(clip), before / 2)


@torch.no_grad()
def test_a_head_without_score_layers_is_refused_and_no_logits_are_divided(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(HEAD_KINDS, "two", HeadKind())
    monkeypatch.setitem(HEADS, "two", Two)
    structure = headed("classification", 2)
    outputs = (structure.outputs[0], OutputSpec("top1", "two"))
    network = lively(dataclasses.replace(structure, outputs=outputs))
    clip = tensors(structure)
    before = network(clip)
    with pytest.raises(
        PeerattnError, match=r"output top1: head 'two' does not say .* define score_layers in Two"
    ):
        divide_logits(network, 2.0)
    assert torch.equal(network(clip), before)


def test_a_kind_without_a_class_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HEAD_KINDS, "half", HeadKind())
    with pytest.raises(
        PeerattnError, match=r"output top0: head 'half' has no class: add it to .*registry\.HEADS"
    ):
        Network(headed("half", 1), CLASSES)
    monkeypatch.setitem(KINDS, "half", BlockKind(lambda spec: 0))
    blocks = [BlockSpec("eye", 1, "half", 4, modality="rgb")]
    with pytest.raises(
        PeerattnError, match=r"block eye: kind 'half' has no class: add it to .*registry\.BLOCKS"
    ):
        Network(Structure.complete(blocks, modalities=[Modality("rgb", 3)]), CLASSES)
