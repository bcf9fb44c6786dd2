"""Logits become probabilities by the kind of answer, and several heads give one answer."""

import dataclasses

import pytest
import torch

from peerattn.errors import PeerattnError
from peerattn.graph.answers import CLASSES, LABELS, Answer
from peerattn.graph.specs import OutputSpec
from peerattn.graph.structure import Structure
from peerattn.network.network import Network
from peerattn.network.temperature import divide_logits
from tests.kinds import EVERY_KIND, assemblenet
from tests.small import small_structure
from tests.strategies import CLASSES as NAMES
from tests.strategies import lively, tensors

LOGITS = torch.tensor([[2.0, 0.0, -1.0], [0.0, 0.0, 0.0]])


def test_classes_have_softmax_and_labels_sigmoid_probabilities() -> None:
    classes, labels = (lively(small_structure().with_answer(answer)) for answer in (CLASSES, LABELS))
    shares, each = classes.probabilities(LOGITS), labels.probabilities(LOGITS)
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(2))
    torch.testing.assert_close(shares, torch.exp(LOGITS) / torch.exp(LOGITS).sum(dim=1, keepdim=True))
    torch.testing.assert_close(each, 1 / (1 + torch.exp(-LOGITS)))
    assert torch.equal(classes.probabilities(LOGITS[0]), shares[0])


def combined(combination: str, *answers: Answer) -> Network:
    """A network with heads on two blocks."""
    outputs = tuple(
        OutputSpec(block, answer=answer) for block, answer in zip(("top", "mid1"), answers, strict=True)
    )
    return lively(dataclasses.replace(small_structure(), outputs=outputs, combination=combination))


def test_the_mean_of_logits_is_that_of_the_heads() -> None:
    network = combined("mean_of_logits", CLASSES, CLASSES)
    clip = tensors(network.structure)
    with torch.no_grad():
        each = network(clip, per_head=True)
        assert each.shape == (2, 1, 3)
        assert not torch.allclose(each[0], each[1])
        torch.testing.assert_close(network(clip), each.mean(dim=0))


@pytest.mark.parametrize("answer", [CLASSES, LABELS])
def test_the_mean_of_log_probabilities_is_the_geometric_mean(answer: Answer) -> None:
    """For classes, the geometric mean of the probabilities; for labels, that of the odds."""
    network = combined("mean_of_log_probabilities", answer, answer)
    clip = tensors(network.structure)
    with torch.no_grad():
        heads, found = (
            network.probabilities(network(clip, per_head=True)),
            network.probabilities(network(clip)),
        )
    if answer == LABELS:
        odds = (heads / (1 - heads)).prod(dim=0).sqrt()
        expected = odds / (1 + odds)
    else:
        expected = heads.prod(dim=0).sqrt()
        expected = expected / expected.sum(dim=1, keepdim=True)
    torch.testing.assert_close(found, expected)


def test_the_answer_of_a_network_with_separate_outputs_is_that_of_the_first() -> None:
    network = combined("separate", LABELS, CLASSES)
    clip = tensors(network.structure)
    assert network.head_answers == (LABELS, CLASSES)
    with torch.no_grad():
        assert torch.equal(network(clip), network(clip, per_head=True)[0])


def test_output_blocks_that_share_a_head_must_have_the_same_answer() -> None:
    structure = assemblenet()
    other = dataclasses.replace(structure.blocks[-1], id="twin")
    into = [dataclasses.replace(one, target="twin") for one in structure.into("top")]
    outputs = (OutputSpec("top", "assemblenet", LABELS), OutputSpec("twin", "assemblenet"))
    both = dataclasses.replace(
        structure,
        blocks=(*structure.blocks, other),
        connections=(*structure.connections, *into),
        outputs=outputs,
        combination="separate",
    )
    with pytest.raises(
        PeerattnError, match="top, twin share a head, but not an answer: give them the same one"
    ):
        Network(both, NAMES)


def test_thresholds_are_as_many_as_labels() -> None:
    structure = small_structure().with_answer(Answer("labels", thresholds=(0.5, 0.5)))
    assert Network(structure, NAMES[:2]).structure.answer.threshold(1) == 0.5
    with pytest.raises(PeerattnError, match="output top has 2 thresholds for 3 labels"):
        Network(structure, NAMES)


@torch.no_grad()
@pytest.mark.parametrize("name", EVERY_KIND)
def test_a_temperature_divides_the_logits_of_every_kind_of_head(name: str) -> None:
    """Also of heads that weight frames by their scores; temperatures multiply, and are saved in a file."""
    network, clip = lively(EVERY_KIND[name]), tensors(EVERY_KIND[name])
    before = network(clip)
    divide_logits(network, 2.0)
    divide_logits(network, 1.5)
    assert torch.allclose(network(clip) * 3, before, atol=1e-5)
    again = Network(Structure.from_json(network.structure.to_json()), network.class_names).eval()
    again.load_state_dict(network.state_dict())
    assert torch.equal(again(clip), network(clip))
