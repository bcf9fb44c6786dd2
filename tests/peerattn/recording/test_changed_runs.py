"""With interventions, all ways of running a network agree; interventions combine and are always undone."""

import sys
import threading
from functools import partial
from unittest.mock import patch

import numpy as np
import pytest
import torch

from peerattn.data.examples import Example
from peerattn.errors import PeerattnError
from peerattn.pruning.threshold import masked
from peerattn.recording import recorder, stretches
from peerattn.recording.hooks import recording
from peerattn.recording.interventions import frozen, shuffled, swapped, without
from peerattn.recording.modifiers import MODIFIERS
from peerattn.recording.predictions import predict
from peerattn.recording.recorder import record
from peerattn.recording.stretches import window_logits
from peerattn.recording.windows import windows
from tests.kinds import EVERY_KIND
from tests.peerattn.graph.test_connectivity import hand_made
from tests.peerattn.recording.test_interventions import (
    CLOSE,
    CONNECTION,
    KINDS,
    all_parts,
    interventions_of_every_kind,
    noise_clip,
    whole_clip,
)
from tests.peerattn.recording.test_recorder import Failure, hooks
from tests.strategies import lively


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", EVERY_KIND)
def test_with_an_intervention_running_in_stretches_equals_running_in_one_pass(name: str, kind: str) -> None:
    network, clip = lively(EVERY_KIND[name]), noise_clip(19, clips=2, name=name)
    spans = windows(19, 6)
    with interventions_of_every_kind(network, noise_clip(19, seed=2, name=name))[kind]():
        whole = window_logits(network, clip, spans)
        cut = window_logits(network, clip, spans, most=4)
    for ours, theirs in zip(cut, whole, strict=True):
        torch.testing.assert_close(ours, theirs, **CLOSE)
    plain = window_logits(network, clip, spans)
    assert not all(torch.equal(*pair) for pair in zip(whole, plain, strict=True))


@pytest.mark.parametrize("beside", [False, True], ids=["baseline cached", "baseline recorded with the clip"])
@pytest.mark.parametrize("kind", KINDS)
def test_with_an_intervention_recording_in_stretches_equals_recording_in_one_pass(
    kind: str, beside: bool
) -> None:
    network, clip = lively(EVERY_KIND["own"]), whole_clip(19)
    with (
        interventions_of_every_kind(network, noise_clip(19, seed=2))[kind](),
        patch.object(recorder, "CACHE_LIMIT", 0 if beside else recorder.CACHE_LIMIT),
    ):
        whole = record(network, clip, window=6)
        with patch.object(stretches, "longest_stretch", lambda *_, **__: 4):
            cut = record(network, clip, window=6)
    np.testing.assert_allclose(cut.probabilities, whole.probabilities, **CLOSE)
    for ours, theirs in zip(cut.connections, whole.connections, strict=True):
        np.testing.assert_allclose(ours.attention_factors, theirs.attention_factors, **CLOSE)
        for size in ("magnitude", "contribution"):
            np.testing.assert_allclose(getattr(ours, size), getattr(theirs, size), rtol=1e-4, atol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("kind", KINDS)
def test_with_an_intervention_predict_agrees_with_the_forward_pass(kind: str) -> None:
    network, clip = lively(EVERY_KIND["own"]), noise_clip()
    with interventions_of_every_kind(network, noise_clip(seed=2))[kind]():
        predicted = predict(network, [Example((0,), clip, "a")], window=9).clips
        np.testing.assert_allclose(predicted[0], torch.softmax(network(clip), 1)[0], **CLOSE)


@pytest.mark.parametrize("kind", KINDS)
def test_interventions_have_the_same_effect_in_float64(kind: str) -> None:
    network, clip, donor = lively(EVERY_KIND["own"]), [Example((0,), noise_clip(), "a")], noise_clip(seed=2)
    with interventions_of_every_kind(network, donor)[kind]():
        expected = predict(network, clip, window=9).clips
    with interventions_of_every_kind(network.double(), donor)[kind]():
        np.testing.assert_allclose(predict(network, clip, window=9).clips, expected, rtol=1e-4, atol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("kind", KINDS)
def test_an_intervention_on_a_wrapped_network_changes_the_network_inside(kind: str) -> None:
    network, clip, donor = lively(EVERY_KIND["own"]), noise_clip(), noise_clip(seed=2)
    with interventions_of_every_kind(network, donor)[kind]():
        expected = network(clip)
    with patch.object(
        sys.modules[torch.nn.DataParallel.__module__], "_get_available_device_type", lambda: None
    ):
        wrapped = torch.nn.DataParallel(
            network
        )  # pretend that there is no GPU: the strict device of the tests looks like one
    with interventions_of_every_kind(wrapped, donor)[kind]() as given:
        assert given is wrapped
        assert torch.equal(wrapped(clip), expected)
    assert hooks(network) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_network_can_be_trained_during_an_intervention(kind: str) -> None:
    """Substituted values are constants; all other parameters that affect the answer get a gradient."""
    network, clip = lively(EVERY_KIND["own"]).train(), noise_clip()
    with interventions_of_every_kind(network, noise_clip(seed=2))[kind]():
        predict(network.eval(), [Example((0,), noise_clip(seed=3), "a")], window=9)
        network.train()(clip).square().sum().backward()
        assert network.training
    assert network.blocks["top"].training
    gradients = {name: one.grad for name, one in network.named_parameters() if one.grad is not None}
    assert all(gradient.isfinite().all() for gradient in gradients.values())
    assert gradients["connections.mid1_to_top.weight"] != 0
    assert any(name.startswith("blocks.mid3.") for name in gradients) == (kind != "swapped block")


@torch.no_grad()
def test_the_donor_is_run_again_after_the_weights_have_changed() -> None:
    network, clip, donor = lively(EVERY_KIND["own"]), noise_clip(), noise_clip(seed=2)
    every = all_parts(network.structure, "block")
    with swapped(network, donor, **every):
        before = network(clip)
        for parameter in network.parameters():
            parameter.mul_(1.1)
        found = network(clip)
    assert torch.equal(found, network(donor))
    assert not torch.allclose(found, before, **CLOSE)


# Together


@torch.no_grad()
def test_interventions_combine_and_the_innermost_wins_for_the_same_part() -> None:
    network, clip, first, second = lively(EVERY_KIND["own"]), *(noise_clip(seed=seed) for seed in (1, 2, 3))
    with swapped(network, second, modality="rgb"):
        expected = network(clip)
    with swapped(network, first, modality="rgb"), swapped(network, second, modality="rgb"):
        assert torch.equal(network(clip), expected)
    mixed = {"rgb": first["rgb"], "flow": second["flow"], "object": clip["object"]}
    with swapped(network, first, modality="rgb"), swapped(network, second, modality="flow"):
        both = network(clip)
    torch.testing.assert_close(both, network(mixed), **CLOSE)


@torch.no_grad()
def test_means_are_measured_under_outer_interventions_but_donors_are_run_without_them() -> None:
    network, clip, donor = lively(EVERY_KIND["own"]), noise_clip(), noise_clip(seed=2)
    changed = {**clip, "rgb": donor["rgb"]}
    with frozen(network, connections=CONNECTION), recording(network) as expected:
        network(changed)
    with (
        swapped(network, donor, modality="rgb"),
        frozen(network, connections=CONNECTION),
        recording(network) as seen,
    ):
        network(clip)
    torch.testing.assert_close(seen.passed[CONNECTION][0].factors, expected.passed[CONNECTION][0].factors)
    with swapped(network, donor, blocks="top"):
        alone = network(clip)
    with shuffled(network, modality="rgb"), swapped(network, donor, blocks="top"):
        assert torch.equal(network(clip), alone)


def test_a_mask_inside_an_intervention_removes_further_connections() -> None:
    network = lively(hand_made())
    with without(network, connections="b_to_c"), masked(network, 0.15):
        assert network.disabled == {"b_to_c", "c_to_top"}
    assert network.disabled == frozenset()


@torch.no_grad()
def test_a_recording_started_before_an_intervention_records_the_changed_values() -> None:
    network, clip = lively(EVERY_KIND["own"]), noise_clip()
    with recording(network) as seen, frozen(network, connections=CONNECTION):
        network(clip)
    (passed,) = seen.passed[CONNECTION]
    assert torch.equal(passed.factors[:, :1].expand_as(passed.factors), passed.factors)


# Always undone


@pytest.mark.parametrize("kind", KINDS)
def test_after_an_intervention_the_network_is_unchanged(kind: str) -> None:
    """Also after an exception in the `with` block, in a forward pass, or while a prediction is made."""
    network, clip = lively(EVERY_KIND["own"]), noise_clip()
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    before = network(clip)
    change = interventions_of_every_kind(network, noise_clip(seed=2))[kind]

    def fail(*_: object) -> None:
        raise Failure

    with pytest.raises(Failure), change():
        assert hooks(network) or network.disabled
        raise Failure
    with pytest.raises(Failure), change():
        handle = network.blocks["mid1"].register_forward_pre_hook(fail)
        try:
            network(clip)
        finally:
            handle.remove()
    with pytest.raises(Failure), change(), recording(network):
        predict(network, [Example((0,), clip, "a")], window=3, progress=fail)
    assert hooks(network) == 0
    assert (network.disabled, network in MODIFIERS) == (frozenset(), False)
    assert not network.training
    assert torch.equal(network(clip), before)
    assert all(torch.equal(tensor, state[name]) for name, tensor in network.state_dict().items())


def test_a_refused_run_does_not_affect_the_next_one() -> None:
    network, clip, donor = lively(EVERY_KIND["own"]), noise_clip(), noise_clip(seed=2)
    with swapped(network, donor, modality="rgb"):
        expected = network(clip)
        for refused in (
            partial(network, noise_clip(4)),
            partial(window_logits, network, noise_clip(4), [(0, 4)]),
        ):
            with pytest.raises(PeerattnError, match="the donor's rgb has 9 frames of 16x16 px, the clip 4"):
                refused()
            with pytest.raises(PeerattnError, match="can only run whole clips"):
                network.run(clip)
        assert torch.equal(network(clip), expected)


def test_other_threads_wait_and_record_the_unchanged_network() -> None:
    network, clip = lively(EVERY_KIND["own"]), whole_clip()
    examples = [Example((0,), clip.tensors, "a")]
    expected, predicted = record(network, clip, window=5).to_json(), predict(network, examples, window=5)
    for change in interventions_of_every_kind(network, noise_clip(5, seed=2)).values():
        found: list[object] = []
        threads = [
            threading.Thread(target=lambda f=found: f.append(record(network, clip, window=5).to_json())),
            threading.Thread(target=lambda f=found: f.append(predict(network, examples, window=5).clips)),
        ]
        with change():
            for thread in threads:
                thread.start()
            threads[0].join(0.02)
            assert found == []
        for thread in threads:
            thread.join()
        assert len(found) == 2
        for one in found:
            assert one == expected if isinstance(one, str) else np.array_equal(one, predicted.clips)
