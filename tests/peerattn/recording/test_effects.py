"""Effects equal the accuracies lost under single interventions, on the same clips, in few runs."""

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from peerattn.data.examples import Example
from peerattn.data.readable import CachedExamples
from peerattn.errors import PeerattnError
from peerattn.graph import components
from peerattn.graph.specs import BlockSpec, ConnectionSpec, Modality, OutputSpec
from peerattn.graph.structure import Structure
from peerattn.network.network import Network
from peerattn.recording import stretches
from peerattn.recording.donors import choose_donors
from peerattn.recording.effects import Effects, answers_in_parts, effects
from peerattn.recording.evaluating import evaluate
from peerattn.recording.interventions import frozen, shuffled, swapped, without
from peerattn.recording.modifiers import MODIFIERS
from peerattn.recording.predictions import predict
from peerattn.scores.effect_answers import EffectAnswers
from peerattn.scores.evaluation import paired_difference
from peerattn.scores.kinds import difference
from tests.kinds import EVERY_KIND
from tests.peerattn.graph.test_connectivity import hand_made
from tests.peerattn.network.test_network import set_linear
from tests.peerattn.recording.test_recorder import Failure
from tests.strategies import lively, tensors

WAYS = [(of, how) for of, ways in components.INTERVENTIONS.items() for how in ways]
KEYWORDS = {"modality": "modality", "block": "blocks", "connection": "connections", "attention": "peers"}
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def brightness_network() -> Network:
    """A network that answers "bright" if light is above 1; noise changes only the probability.

    Every block has one channel: top receives light + 0.001 noise and returns twice that.
    """
    blocks = (
        BlockSpec("a", 1, "video_input", 1, modality="light"),
        BlockSpec("b", 1, "video_input", 1, modality="noise"),
        BlockSpec("top", 2, "bottleneck", 1, input_width=1),
    )
    connections = (ConnectionSpec("a", "top", weight=None), ConnectionSpec("b", "top", weight=0.001))
    modalities = (Modality("light", 1), Modality("noise", 1))
    structure = Structure(blocks, connections, (OutputSpec("top"),), modalities)
    network = Network(structure, ("dark", "bright")).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 0.0
        elif isinstance(module, nn.Conv2d):
            nn.init.dirac_(module.weight)
    set_linear(network.heads["top"][1], [-1.0, 1.0], [2.0, -2.0])
    return network


def light_clip(number: int, *, frames: int = 2) -> Example:
    """A clip with its own noise: dark if the number is even, bright if it is odd."""
    noise = torch.rand(1, 1, frames, 4, 4, generator=torch.Generator().manual_seed(number))
    light = torch.full_like(noise, 0.5 if number % 2 == 0 else 1.5)
    return Example((number % 2,), {"light": light, "noise": noise}, str(number))


def noise_clips(structure: Structure, count: int, *, frames: int = 4) -> list[Example]:
    """Clips of noise that are unrelated to their classes; each frame has its own brightness."""
    made = []
    for number in range(count):
        generator = torch.Generator().manual_seed(number)
        noise = tensors(structure, frames=frames, size=(8, 8), seed=number)
        clip = {n: t + 3 * torch.randn(*t.shape[:3], 1, 1, generator=generator) for n, t in noise.items()}
        made.append(Example((number % 3,), clip, str(number)))
    return made


def difference_of(found: Effects, name: str) -> float:
    return next(effect.difference.value for effect in found.effects if effect.name == name)


def test_swapping_the_decisive_modality_costs_all_accuracy_and_the_other_changes_no_answer() -> None:
    network, examples = brightness_network(), [light_clip(number) for number in range(20)]
    found = effects(network, examples, of="modality", window=2)
    assert found.before.top1 == 1
    assert difference_of(found, "light") == -1  # each donor is of the other class
    assert difference_of(found, "noise") == 0
    light, noise = found.effects
    assert light.difference.words == (
        "worse: 20 of 20 answers changed, 20 from right to wrong and 0 from wrong to right"
    )
    assert noise.difference.interval == pytest.approx(
        (-0.18, 0.18), abs=0.005
    )  # wide, because there are only 20 clips
    assert noise.difference.not_excluded == "a loss of up to 18.0 points is not excluded"
    assert noise.adjusted == difference(found.before, noise.after, comparisons=2)
    assert (noise.after.correct == found.before.correct).all()
    assert not np.array_equal(noise.after.probabilities, found.before.probabilities)


def test_the_effects_on_the_brightness_network_are_as_expected() -> None:
    network, examples = brightness_network(), [light_clip(number) for number in range(12)]
    removed = effects(network, examples, of="connection", how="remove", window=2)
    assert [effect.name for effect in removed.effects] == ["a_to_top", "b_to_top"]
    assert [effect.difference.value for effect in removed.effects] == [
        -0.5,
        0,
    ]  # every clip is now classified as dark
    swapped_blocks = effects(network, examples, of="block", window=2)
    assert [effect.difference.value for effect in swapped_blocks.effects] == [-1, 0, -1]
    still = effects(network, examples, of="modality", how="shuffle", window=2)
    assert [effect.difference.value for effect in still.effects] == [0, 0]


def by_hand(
    network: Network, of: str, how: str, name: str, donor: Example
) -> AbstractContextManager[Network]:
    if how == "swap":
        return swapped(network, donor.tensors, **{KEYWORDS[of]: name})
    if how == "remove":
        return without(network, **{KEYWORDS[of] if of != "attention" else of: name})
    if how == "shuffle":
        return shuffled(network, **{KEYWORDS[of]: name}, seed=3)
    return frozen(network, connections=name, to=how)


@pytest.mark.parametrize("frames", [4, 10], ids=["one window", "three windows"])
@pytest.mark.parametrize(("of", "how"), WAYS)
def test_effects_equal_those_of_single_interventions(of: str, how: str, frames: int) -> None:
    """Running one clip and one intervention at a time gives the same probabilities and difference."""
    network = lively(hand_made() if of == "attention" else EVERY_KIND["own"])
    examples = noise_clips(network.structure, 7, frames=frames)
    names = components.names(network.structure, of)[:4]
    found = effects(network, examples, of=of, how=how, names=names, window=4, seed=3, batch=3)
    labels = np.array([one.label for one in examples])
    same = np.full(len(labels), frames), np.zeros(len(labels), int)
    donors = choose_donors(labels, *same, seed=3)
    before = evaluate(network, examples, window=4)
    np.testing.assert_allclose(found.before.probabilities, before.probabilities, **CLOSE)
    for effect, name in zip(found.effects, names, strict=True):
        each = []
        for number, example in enumerate(examples):
            with by_hand(network, of, how, name, examples[donors[number]]):
                each.append(predict(network, [example], window=4))
        np.testing.assert_allclose(
            effect.after.probabilities, np.concatenate([one.clips for one in each]), **CLOSE
        )
        middle = np.concatenate([one.middle for one in each]).argmax(1) == labels
        assert effect.after.window_top1 == pytest.approx(middle.mean())
        assert (effect.of, effect.name, effect.how) == (of, name, how)
        assert effect.difference == paired_difference(found.before, effect.after)
    assert (network.disabled, network in MODIFIERS) == (frozenset(), False)


def test_the_number_of_runs_is_minimal() -> None:
    """Per batch: one run before, one per intervention, and one for all values taken from clips, if any."""
    network = lively(EVERY_KIND["own"])
    examples, ran = noise_clips(network.structure, 6), []
    network.blocks["top"].register_forward_hook(lambda *_: ran.append(1))
    for of, how, beside in (
        ("connection", "swap", 1),
        ("connection", "mean", 1),
        ("connection", "one", 0),
        ("modality", "swap", 0),
        ("modality", "shuffle", 0),
        ("attention", "swap", 1),
        ("connection", "remove", 0),
    ):
        ran.clear()
        found = effects(network, examples, of=of, how=how, window=4, batch=3)
        assert len(found.effects) == len(components.names(network.structure, of)) - len(found.not_measured)
        assert len(ran) == 2 * (1 + beside + len(found.effects))


def test_little_memory_does_not_change_the_effects() -> None:
    network = lively(EVERY_KIND["own"])
    examples = noise_clips(network.structure, 5, frames=12)
    whole = effects(network, examples, of="block", window=6)
    with (
        patch.object(stretches, "MEMORY", 1),
        patch("peerattn.recording.effects.MEMORY", 1),
        patch.object(stretches, "SHORTEST", 4),
    ):
        cut = effects(network, examples, of="block", window=6)
    for ours, theirs in zip(cut.effects, whole.effects, strict=True):
        np.testing.assert_allclose(ours.after.probabilities, theirs.after.probabilities, **CLOSE)


class CountedExamples(Sequence[Example]):
    """Examples that count how often each was read."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self.examples, self.made = examples, [0] * len(examples)

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, number):  # type: ignore[no-untyped-def,override]
        example = self.examples[number]
        self.made[number] += 1
        return example


def test_examples_are_read_once_per_pass_and_only_once_if_cached() -> None:
    network = lively(hand_made())
    examples = CountedExamples(noise_clips(network.structure, 6))
    effects(network, examples, of="connection", how="remove", window=4)
    assert examples.made == [1] * 6
    effects(network, examples, of="connection", how="swap", window=4)
    assert sum(examples.made) == 6 + 2 * 6 + 6  # two passes, and a donor for each
    examples.made = [0] * 6
    effects(network, CachedExamples(examples), of="connection", how="swap", window=4)
    assert examples.made == [1] * 6


def test_progress_reaches_its_total_and_its_callback_can_cancel() -> None:
    network, told = lively(hand_made()), []
    examples = noise_clips(network.structure, 6)
    effects(network, examples, of="modality", window=4, batch=4, progress=lambda *now: told.append(now))
    assert told[-1] == (6 * 5, 6 * 5)  # reading, the run before, and a run for each of three modalities
    assert [done for done, _ in told] == sorted(done for done, _ in told)

    def cancel(done: int, total: int) -> None:
        if done > 12:
            raise Failure

    with pytest.raises(Failure):
        effects(network, examples, of="modality", window=4, progress=cancel)
    assert network not in MODIFIERS


# Donors


@given(st.lists(st.tuples(*[st.integers(0, 2)] * 3), min_size=1, max_size=12), st.integers(0, 3))
def test_a_donor_is_another_clip_of_fitting_size_preferably_of_another_class(
    clips: list[tuple[int, int, int]], seed: int
) -> None:
    labels, frames, sizes = (np.array(column) for column in zip(*clips, strict=True))
    found = choose_donors(labels, frames, sizes, seed)
    assert found == choose_donors(labels, frames, sizes, seed)
    for number in range(len(clips)):
        able = [n for n in range(len(clips)) if n != number and sizes[n] == sizes[number]]
        able = [n for n in able if frames[n] >= frames[number]]
        assert (number in found) == bool(able)
        if able:
            rank = [(labels[n] == labels[number], frames[n] != frames[number]) for n in able]
            donor = able.index(found[number])
            assert rank[donor] == min(rank)


def test_different_seeds_choose_different_donors() -> None:
    labels = np.arange(40) % 4
    same = np.ones(40, int), np.ones(40, int)
    drawn = {tuple(choose_donors(labels, *same, seed=seed).values()) for seed in range(4)}
    assert len(drawn) == 4


def test_clips_without_a_donor_are_left_out_before_and_after() -> None:
    network = brightness_network()
    examples = [light_clip(number, frames=frames) for number, frames in enumerate((2, 2, 3, 7))]
    found = effects(network, examples, of="modality", window=2)
    assert (found.before.n, found.effects[0].after.n) == (3, 3)
    assert found.left_out == ("clip 4 (of 3): no other clip has at least 7 frames",)
    assert difference_of(found, "light") == -1  # the clip of 3 frames gets the first frames of the clip of 7
    with pytest.raises(PeerattnError, match="no clip has a donor"):
        effects(network, examples[3:], of="modality", window=2)


# Refused


def test_a_block_that_cannot_be_removed_is_reported_and_the_others_are_measured() -> None:
    network = lively(hand_made())
    examples = noise_clips(network.structure, 3)
    found = effects(network, examples, of="block", how="remove", window=4)
    assert set(found.not_measured) == {"top"}
    assert "block top has no outgoing connections" in found.not_measured["top"]
    assert len(found.effects) == len(network.structure.blocks) - 1
    with pytest.raises(PeerattnError, match="block top has no outgoing connections"):
        effects(network, examples, of="block", how="remove", names=["a", "top"], window=4)


NEVER = CountedExamples([])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            {"of": "modality", "how": "mean"},
            "freezing factors at their mean over time makes no sense for a modality: choose swap",
        ),
        (
            {"of": "attention", "how": "one"},
            "makes no sense for an attention connection: choose swap or remove",
        ),
        ({"of": "block", "how": "shuffle"}, "shuffling frames makes no sense for a block"),
        ({"of": "attention", "network": brightness_network()}, "this network has no attention connections"),
        ({"of": "level"}, "no kind of component 'level': choose modality"),
        ({"of": "modality", "names": ["sound"]}, "no modality 'sound': choose among flow, object, rgb"),
        ({"of": "connection", "names": ["a_to_tip"]}, r"no connection 'a_to_tip': did you mean a_to_top"),
    ],
)
def test_a_meaningless_request_is_refused_before_any_clip_is_read(
    words: dict[str, object], message: str
) -> None:
    with pytest.raises(PeerattnError, match=message) as refusal:
        effects(**{"network": lively(hand_made()), "examples": NEVER, "window": 4} | words)
    assert "\n" not in str(refusal.value)
    assert NEVER.made == []


@pytest.mark.parametrize("how", ["swap", "remove"])
def test_an_empty_set_of_clips_is_refused(how: str) -> None:
    with pytest.raises(PeerattnError, match="no clip"):
        effects(brightness_network(), [], of="modality", how=how, names=["noise"], window=4)


@pytest.mark.parametrize("how", ["swap", "remove"])
def test_clips_of_several_classes_are_refused_before_they_run(how: str) -> None:
    network = brightness_network()
    examples = [Example((0, 1), light_clip(number).tensors, "a") for number in range(2)]
    ran: list[Tensor] = []
    network.blocks["top"].register_forward_hook(lambda *_: ran.append(_[-1]))
    with pytest.raises(PeerattnError, match="2 classes, but one is needed"):
        effects(network, examples, of="modality", how=how, names=["noise"], window=2)
    assert ran == []


def test_the_effects_of_an_untrained_network_are_finite() -> None:
    network = Network(EVERY_KIND["own"], ("a", "b", "c")).eval()
    found = effects(network, noise_clips(network.structure, 3), of="connection", how="mean", window=4)
    assert all(math.isfinite(effect.difference.value) for effect in found.effects)


def test_answers_in_parts_give_the_same_effects() -> None:
    network, clips = (
        brightness_network(),
        [light_clip(number, frames=2 + number // 12) for number in range(24)],
    )
    whole = effects(network, clips, of="modality", window=2)
    parts = [
        *answers_in_parts(
            network, clips, of="modality", window=2, batch=5, clip_name=lambda number: f"clip {number}"
        )
    ]
    joined = EffectAnswers.concatenated(parts)
    assert len(parts) > 3 and {part.about.total for part in parts} == {24}
    assert joined.about.clips == tuple(f"clip {number}" for number in range(24))
    for one, other in zip(whole.effects, joined.effects().effects, strict=True):
        assert (one.name, one.difference, one.needed) == (other.name, other.difference, other.needed)
