"""Replaced factors equal single interventions; random deviations match them in size."""

import copy
from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np
import pytest
import torch
from torch import nn

from peerattn.data.examples import Example
from peerattn.errors import PeerattnError
from peerattn.graph.specs import BlockSpec, ConnectionSpec, Modality, OutputSpec
from peerattn.graph.structure import Structure
from peerattn.network.batch_norm import estimated_statistics, running_statistics, set_statistics
from peerattn.network.network import Network
from peerattn.recording.attention_ablation import DRAWS, ablate_attention
from peerattn.recording.donors import assign_several_donors
from peerattn.recording.factors import delivering_means, own_factors, with_factors
from peerattn.recording.interventions import frozen, swapped
from peerattn.recording.matched_runs import Copies, random_deviations, run_matched
from peerattn.recording.modifiers import MODIFIERS
from peerattn.recording.predictions import predict
from peerattn.recording.recorder import record
from peerattn.scores.attention_ablation import summarise_ablation
from peerattn.scores.attention_answers import AblationAnswers
from peerattn.scores.attention_questions import QUESTIONS
from tests.kinds import EVERY_KIND
from tests.peerattn.recording.test_effects import noise_clips
from tests.peerattn.recording.test_recorder import Failure, clip_of, hooks
from tests.strategies import lively, tensors

HALF = {"rtol": 0, "atol": 2e-3}
"""Answers are kept as float16."""


def asked(network: Network, examples: Sequence[Example], **options: object) -> AblationAnswers:
    training = noise_clips(network.structure, 200) if "training" not in options else options.pop("training")
    return AblationAnswers.concatenated(
        list(ablate_attention(network, examples, training, window=4, **options))
    )


@pytest.mark.parametrize("frames", [4, 10], ids=["one window", "three windows"])
def test_replaced_factors_equal_those_of_single_interventions(frames: int) -> None:
    network = lively(EVERY_KIND["own"])
    examples = noise_clips(network.structure, 5, frames=frames)
    training = noise_clips(network.structure, 200)
    found = asked(network, examples, training=training, batch=3)
    keys = [spec.key for spec in network.structure.connections]
    whole = predict(network, examples, window=4).clips
    np.testing.assert_allclose(found.unchanged["kept"], whole, **HALF)

    with frozen(network, connections=keys, to="mean"):
        still = predict(network, examples, window=4).clips
    np.testing.assert_allclose(found.replaced["movement kept"][0], still, **HALF)

    with frozen(network, connections=keys, to="one"):
        plain = predict(network, examples, window=4).clips
    np.testing.assert_allclose(found.replaced["level kept"][0], plain, **HALF)

    batches = [{name: torch.cat([one.tensors[name] for one in training]) for name in training[0].tensors}]
    with ExitStack() as stack:
        for key, mean in delivering_means(network, batches).items():
            stack.enter_context(frozen(network, connections=key, to=mean[0, 0]))
        same = predict(network, examples, window=4).clips
    np.testing.assert_allclose(found.replaced["clip kept"][0], same, **HALF)

    donors, _ = assign_several_donors(examples, range(DRAWS), lambda: None)
    for draw, others in enumerate(donors):
        for number, example in enumerate(examples):
            assert examples[others[number]].label != example.label
            with swapped(network, examples[others[number]].tensors, connections=keys):
                after = predict(network, [example], window=4).clips
            np.testing.assert_allclose(found.replaced["match kept"][draw, number], after[0], **HALF)


def test_random_deviations_change_each_input_as_much_as_replaced_factors_do() -> None:
    """The ratio is computed anew, from the inputs that hooks see."""
    network = lively(EVERY_KIND["own"])
    clips = tensors(network.structure, clips=3, frames=4)
    own = own_factors(network, clips)
    level = {key: torch.ones_like(value[:1, :1]) for key, value in own.items()}
    copies, seen = Copies.of(network, replaced=1, deviating=2), {}
    for number, copied in enumerate(copies.all):
        for block in ("mid1", "mid3", "top"):
            copied.blocks[block].register_forward_pre_hook(
                lambda _, inputs, place=(number, block): seen.update({place: inputs[0].double()})
            )
    with torch.no_grad():
        ran = run_matched(copies, clips, own, [level], [0, 1])
    for draw in range(2):
        for position, block in enumerate(("mid1", "mid3", "top")):
            changes = [
                (seen[number, block] - seen[0, block]).square().sum(dim=(1, 2, 3, 4))
                for number in (1, 2 + draw)
            ]
            torch.testing.assert_close((changes[1] / changes[0]).sqrt(), ran.ratios[draw, :, position])
    torch.testing.assert_close(ran.ratios, torch.ones_like(ran.ratios), rtol=1e-4, atol=1e-4)
    assert not torch.allclose(seen[2, "top"], seen[3, "top"])  # the draws differ


def test_random_deviations_are_those_of_other_channels_with_random_signs() -> None:
    own, replaced = {"a_to_b": torch.rand(2, 3, 8)}, {"a_to_b": torch.rand(2, 1, 8)}
    deviations = random_deviations(own, replaced, 1)["a_to_b"]
    true = (replaced["a_to_b"] - own["a_to_b"]).abs()
    torch.testing.assert_close(deviations.abs().sort(dim=-1)[0], true.sort(dim=-1)[0])
    assert not torch.allclose(deviations.abs(), true)
    assert {-1.0, 1.0} == set(deviations.sign().flatten().tolist())
    again = random_deviations(own, replaced, 1)["a_to_b"]
    torch.testing.assert_close(deviations, again, rtol=0, atol=0)


def test_mean_factors_deliver_as_much_as_the_factors_did() -> None:
    network, examples = lively(EVERY_KIND["own"]), noise_clips(EVERY_KIND["own"], 6)
    means = delivering_means(network, [one.tensors for one in examples])
    sums: dict[str, list[torch.Tensor]] = {}
    for example in examples:
        clip = clip_of(network.structure, frames=4)
        clip.tensors.update(example.tensors)
        trace = record(network, clip, window=4)
        strengths = strengths_of(network, example)
        for one in trace.connections:
            key = f"{one.source}_to_{one.target}"
            factors = torch.from_numpy(np.array(one.attention_factors)).double()
            sums.setdefault(key, []).append(
                torch.stack(
                    [(factors * strengths[key]).sum(dim=0), (means[key][0, 0] * strengths[key]).sum(dim=0)]
                )
            )
    for parts in sums.values():
        delivered, instead = torch.stack(parts).sum(dim=0)
        torch.testing.assert_close(delivered, instead, rtol=1e-4, atol=1e-6)


def strengths_of(network: Network, example: Example) -> dict[str, torch.Tensor]:
    """Connection → Σ |X| over the pixels of each frame, (T, C)."""
    found = {}
    handles = [
        network.connection(spec.key).register_forward_hook(
            lambda _, inputs, output, key=spec.key: found.update(
                {key: inputs[0][0].abs().sum(dim=(2, 3)).T.double()}
            )
        )
        for spec in network.structure.connections
    ]
    with torch.no_grad():
        network(example.tensors)
    for handle in handles:
        handle.remove()
    return found


def test_batch_norm_is_estimated_from_the_training_clips_and_the_network_stays_as_it_was() -> None:
    network = lively(EVERY_KIND["own"])
    before = copy.deepcopy(network.state_dict())
    examples, training = noise_clips(network.structure, 4), noise_clips(network.structure, 208)
    found = asked(network, examples, training=training)
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert hooks(network) == 0
    assert not MODIFIERS

    estimated = copy.deepcopy(network)
    with torch.no_grad(), estimated_statistics(estimated):
        for first in range(0, 208, 16):
            some = training[first : first + 16]
            batch = {name: torch.cat([one.tensors[name] for one in some]) for name in some[0].tensors}
            with with_factors(estimated, own_factors(network, batch)):
                estimated(batch)
    expected = []
    for example in examples:
        with with_factors(estimated, own_factors(network, example.tensors)):
            expected.append(predict(estimated, [example], window=4).clips[0])
    np.testing.assert_allclose(found.unchanged["estimated"], expected, **HALF)
    assert not np.allclose(found.unchanged["kept"], expected, **HALF)


def test_statistics_are_put_back() -> None:
    network = lively(EVERY_KIND["own"])
    kept, clip = running_statistics(network), tensors(network.structure)
    before = network(clip)
    with torch.no_grad(), estimated_statistics(network):
        network(clip)
    assert not torch.allclose(network(clip), before)
    set_statistics(network, kept)
    torch.testing.assert_close(network(clip), before, rtol=0, atol=0)


def test_networks_without_factors_and_too_few_training_clips_are_refused() -> None:
    plain = lively(
        Structure.complete(
            list(EVERY_KIND["own"].blocks), attention="none", modalities=EVERY_KIND["own"].modalities
        )
    )
    with pytest.raises(PeerattnError, match="no attention factors"):
        asked(plain, noise_clips(plain.structure, 4))
    network = lively(EVERY_KIND["own"])
    with pytest.raises(PeerattnError, match="20 training clips are too few"):
        asked(network, noise_clips(network.structure, 4), training=noise_clips(network.structure, 20))


def test_progress_counts_to_its_total_and_may_cancel() -> None:
    network, seen = lively(EVERY_KIND["own"]), list[tuple[int, int]]()
    examples = noise_clips(network.structure, 4)
    asked(network, examples, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1]
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)

    def cancel(done: int, total: int) -> None:
        raise Failure

    with pytest.raises(Failure):
        asked(network, examples, progress=cancel)
    assert not MODIFIERS


CHANNELS = 16


def gated_network(*, constant: bool = False) -> Network:
    """A network that answers by which half of the light's channels the factors let pass.

    All channels of the light are equal, and the cue, 0 or 1, opens the first half or the second one: which it
    is can be known only from the factors. With `constant`, the cue opens all channels equally, whatever it
    is, and the light itself says the class.
    """
    blocks = (
        BlockSpec("a", 1, "video_input", CHANNELS, modality="light"),
        BlockSpec("c", 1, "video_input", 1, modality="cue"),
        BlockSpec("top", 2, "bottleneck", CHANNELS, input_width=CHANNELS, attention_width=1),
    )
    connections = (ConnectionSpec("a", "top", ("c",), "peer", None),)
    modalities = (Modality("light", 1), Modality("cue", 1))
    network = Network(
        Structure(blocks, connections, (OutputSpec("top"),), modalities), ("first", "second")
    ).eval()
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d):
            nn.init.zeros_(module.weight)
            for channel in range(module.out_channels):
                module.weight.data[channel, channel % module.weight.shape[1]].flatten()[
                    module.weight[0, 0].numel() // 2
                ] = 1.0
    half = torch.tensor([1.0] * (CHANNELS // 2) + [-1.0] * (CHANNELS // 2))
    fusion, attention = network.fusions["top"], network.connection("a_to_top").attention
    fusion.peers["c"].weight.data.fill_(1.0)
    fusion.peers["c"].bias.data.zero_()
    attention.dense.weight.data = torch.zeros(CHANNELS, 1) if constant else -12 * half[:, None]
    attention.dense.bias.data = torch.zeros(CHANNELS) if constant else 6 * half
    scores = network.heads["top"][1]
    scores.weight.data = torch.stack([half, -half])
    scores.bias.data.zero_()
    if constant:
        scores.weight.data = torch.stack([-torch.ones(CHANNELS), torch.ones(CHANNELS)])
        scores.bias.data = torch.tensor([12.0, -12.0])
    return network


def cued_clips(count: int, first: int = 0) -> list[Example]:
    """Clips whose class is the cue; in half of their frames the light is brighter in the second class."""
    made = []
    for number in range(first, first + count):
        noise = torch.rand(1, 1, 4, 4, 4, generator=torch.Generator().manual_seed(number))
        light = 1 + 0.1 * noise + (number % 2)
        made.append(
            Example((number % 2,), {"light": light, "cue": torch.full_like(noise, number % 2)}, str(number))
        )
    return made


def test_factors_that_carry_the_answer_matter_and_constant_ones_do_not() -> None:
    examples, training = cued_clips(40), cued_clips(200, 1000)
    gated = summarise_ablation(asked(gated_network(), examples, training=training))
    verdicts = {(one.question.key, one.batch_norm): one.verdict for one in gated.findings}
    assert verdicts["match", "kept"] == verdicts["clip", "kept"] == "matters"
    assert verdicts["movement", "kept"] == "not shown to matter"  # the cue is the same in all frames
    assert "attention matters in this network" in gated.sentence

    constant = summarise_ablation(asked(gated_network(constant=True), examples, training=training))
    for one in constant.findings:
        if one.question.key != "level":
            assert one.by_replacing.value == one.by_deviating.value == 0
            assert one.verdict == "not shown to matter"
            assert one.ratios is None
    assert {one.key for one in QUESTIONS} == {one.question.key for one in constant.findings}
