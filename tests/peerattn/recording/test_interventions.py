"""Interventions change only the parts that they name, for batches, windows and recordings alike."""

import copy
import dataclasses
import math
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from peerattn.data.examples import Example
from peerattn.errors import PeerattnError
from peerattn.graph import components
from peerattn.graph.connectivity import survey
from peerattn.graph.connectivity import without as left_by
from peerattn.graph.structure import Structure
from peerattn.modalities.clip import Clip as WholeClip
from peerattn.network.network import Network
from peerattn.pruning.threshold import subnetwork
from peerattn.recording import recorder, substitutes
from peerattn.recording.baseline import baseline_clip
from peerattn.recording.hooks import recording
from peerattn.recording.inside import inside
from peerattn.recording.interventions import frozen, shuffled, swapped, without
from peerattn.recording.predictions import predict
from peerattn.recording.recorder import record, record_inside
from peerattn.recording.windows import windows
from peerattn.traces.trace import Trace
from tests.kinds import EVERY_KIND
from tests.peerattn.graph.test_connectivity import hand_made
from tests.peerattn.network.test_network import with_time_padding
from tests.peerattn.recording.test_recorder import clip_of, hooks, three_modes
from tests.strategies import CLASSES, lively, structures, tensors

CLOSE = {"rtol": 1e-5, "atol": 1e-5}
Clip = dict[str, Tensor]
KEYWORDS = {"modality": "modality", "block": "blocks", "connection": "connections", "attention": "peers"}
CONNECTION = "rgb1_to_top"
"""A connection with peers, in every structure of `EVERY_KIND`."""


def noise_clip(frames: int = 9, *, seed: int = 1, clips: int = 1, name: str = "own") -> Clip:
    """Modality → (B, C, T, 16, 16) noise; each frame has its own brightness."""
    generator, noise = (
        torch.Generator().manual_seed(seed),
        tensors(EVERY_KIND[name], frames=frames, clips=clips),
    )
    return {
        modality: tensor + 3 * torch.randn(*tensor.shape[:3], 1, 1, generator=generator)
        for modality, tensor in noise.items()
    }


def whole_clip(frames: int = 5, *, seed: int = 1, name: str = "own") -> WholeClip:
    clip = clip_of(EVERY_KIND[name], frames=frames)
    return dataclasses.replace(clip, tensors=noise_clip(frames, seed=seed, name=name))


def all_parts(structure: Structure, of: str) -> dict[str, tuple[str, ...]]:
    return {KEYWORDS[of]: components.names(structure, of)}


def interventions_of_every_kind(
    network: Network, donor: Clip
) -> dict[str, Callable[[], AbstractContextManager[Network]]]:
    """Description → a function that returns an intervention on a network of `EVERY_KIND`."""
    swap = partial(swapped, network, donor)
    return {
        "swapped modality": partial(swap, modality="rgb"),
        "swapped block": partial(swap, blocks="mid3"),
        "swapped connections": partial(swap, connections=[CONNECTION, "mid1_to_top"]),
        "swapped peer": partial(swap, peers=f"{CONNECTION}:mid1"),
        "without modality": partial(without, network, modality="rgb"),
        "without block": partial(without, network, blocks="mid3"),
        "without connection": partial(without, network, connections=CONNECTION),
        "without attention": partial(without, network, attention=f"{CONNECTION}:mid1"),
        "frozen to mean": partial(frozen, network, connections=[CONNECTION, "mid1_to_top"]),
        "frozen to another's mean": partial(frozen, network, connections=CONNECTION, clip=donor),
        "frozen to one": partial(frozen, network, connections=CONNECTION, to="one"),
        "frozen to values": partial(frozen, network, connections=CONNECTION, to=[0.1, 0.9, 0.2, 0.7]),
        "shuffled modality": partial(shuffled, network, modality="rgb"),
        "shuffled connection": partial(shuffled, network, connections=CONNECTION),
    }


KINDS = tuple(interventions_of_every_kind(lively(EVERY_KIND["own"]), noise_clip()))


# Swapped


@torch.no_grad()
@settings(max_examples=15)
@given(structures(), st.sampled_from(list(KEYWORDS)))
def test_swapping_with_the_clip_itself_changes_no_bit(structure: Structure, of: str) -> None:
    network, clip = lively(structure), tensors(structure)
    assume(components.names(structure, of))
    before, predicted = network(clip), predict(network, [Example((0,), clip, "a")], window=2)
    with swapped(network, clip, **all_parts(structure, of)):
        assert torch.equal(network(clip), before)
        again = predict(network, [Example((0,), clip, "a")], window=2)
    assert np.array_equal(again.clips, predicted.clips) and np.array_equal(again.middle, predicted.middle)


@pytest.mark.parametrize("of", KEYWORDS)
@pytest.mark.parametrize("name", EVERY_KIND)
def test_a_clip_swapped_with_itself_has_the_same_trace(name: str, of: str) -> None:
    structure = EVERY_KIND[name]
    network, clip = lively(structure), clip_of(structure)
    plain = record(network, clip, window=3)
    with swapped(network, clip, **all_parts(structure, of)):
        assert record(network, clip, window=3).to_json() == plain.to_json()


@torch.no_grad()
@settings(max_examples=15)
@given(structures(), st.sampled_from(("modality", "block")))
def test_swapping_all_modalities_or_blocks_gives_the_answer_for_the_donor(
    structure: Structure, of: str
) -> None:
    network, clip, donor = lively(structure), tensors(structure), tensors(structure, seed=2)
    expected = network(donor)
    with swapped(network, donor, **all_parts(structure, of)):
        assert torch.equal(network(clip), expected)


def test_swapping_all_modalities_gives_the_trace_and_the_contributions_of_the_donor() -> None:
    network, clip = three_modes(), clip_of(three_modes().structure)
    donor = dataclasses.replace(clip, tensors=tensors(network.structure, frames=5, seed=2))
    expected = record(network, donor, window=3)
    with swapped(network, donor, **all_parts(network.structure, "modality")):
        assert record(network, clip, window=3).to_json() == expected.to_json()
        with patch.object(recorder, "CACHE_LIMIT", 0):
            uncached = record(network, clip, window=3)
    for ours, theirs in zip(uncached.connections, expected.connections, strict=True):
        np.testing.assert_allclose(ours.contribution, theirs.contribution, rtol=1e-4, atol=1e-4)


def test_a_swapped_connection_has_the_factors_of_the_donor_and_keeps_its_weight() -> None:
    network = lively(EVERY_KIND["own"])
    clip, donor = whole_clip(), whole_clip(seed=2)
    plain, of_donor = (record(network, one, window=5) for one in (clip, donor))
    with swapped(network, donor, connections=CONNECTION):
        trace = record(network, clip, window=5)
    for key in network.connections:
        theirs = of_donor if key == CONNECTION else plain
        assert np.array_equal(
            trace.connection(key).attention_factors, theirs.connection(key).attention_factors
        )
        assert trace.connection(key).connection_weight == plain.connection(key).connection_weight
    assert not np.array_equal(trace.probabilities, plain.probabilities)


@torch.no_grad()
@pytest.mark.parametrize("name", EVERY_KIND)
def test_swapping_all_peers_of_a_connection_equals_swapping_its_factors(name: str) -> None:
    structure = EVERY_KIND[name]
    network, clip, donor = lively(structure), noise_clip(name=name), noise_clip(seed=2, name=name)
    spec = next(spec for spec in structure.connections if spec.key == CONNECTION)
    with swapped(network, donor, connections=CONNECTION):
        expected = network(clip)
    with swapped(network, donor, peers=spec.attention_keys):
        torch.testing.assert_close(network(clip), expected, **CLOSE)
    assert not torch.equal(expected, network(clip))


@torch.no_grad()
def test_swapping_a_peer_affects_only_the_named_connection() -> None:
    """Connections with the same peers keep their factors."""
    network, clip = lively(EVERY_KIND["own"]), noise_clip()
    sharing = {key for key in network.connections if key.endswith("_to_top")}
    with recording(network) as plain:
        network(clip)
    with swapped(network, noise_clip(seed=2), peers=f"{CONNECTION}:mid1"), recording(network) as seen:
        network(clip)
    for key in sharing:
        same = torch.equal(seen.passed[key][0].factors, plain.passed[key][0].factors)
        assert same == (key != CONNECTION)


@torch.no_grad()
def test_with_self_attention_swapping_the_peer_equals_swapping_the_factors() -> None:
    network, clip = three_modes(), tensors(three_modes().structure)
    donor = tensors(network.structure, seed=2)
    with swapped(network, donor, connections="object1_to_middle"):
        expected = network(clip)
    with swapped(network, donor, peers="object1_to_middle:object1"):
        assert torch.equal(network(clip), expected)


@torch.no_grad()
def test_a_computed_modality_can_be_swapped_without_the_frames_it_is_computed_from() -> None:
    """Own frames with the flow of the donor's frames equal the donor's flow with the frames swapped."""
    structure = EVERY_KIND["lite"]
    network, clip, donor = lively(structure), noise_clip(name="lite"), noise_clip(seed=2, name="lite")
    with swapped(network, donor, modality="flow"):
        logits = network(clip)
    with swapped(network, clip, modality="rgb"):
        other = network(donor)
    torch.testing.assert_close(logits, other, **CLOSE)
    assert not torch.allclose(logits, network(clip), **CLOSE)
    assert not torch.allclose(logits, network(donor), **CLOSE)


@pytest.mark.parametrize("of", KEYWORDS)
def test_a_batch_with_one_donor_or_one_per_clip_equals_single_runs(of: str) -> None:
    structure = EVERY_KIND["own"]
    network = lively(structure)
    swap = all_parts(structure, of)
    clips = [noise_clip(7, seed=seed) for seed in range(3)]
    donors = [noise_clip(7, seed=seed) for seed in range(3, 6)]
    batch = [Example((0,), clip, "a") for clip in clips]
    for each in (donors, donors[:1] * 3):
        alone = []
        for clip, donor in zip(clips, each, strict=True):
            with swapped(network, donor, **swap):
                alone.append(predict(network, [Example((0,), clip, "a")], window=7).clips)
        together = {name: torch.cat([donor[name] for donor in each]) for name in clips[0]}
        with swapped(network, donors[0] if each[0] is each[1] else together, **swap):
            found = predict(network, batch, window=7).clips
        np.testing.assert_allclose(found, np.concatenate(alone), **CLOSE)


def test_the_middle_window_is_swapped_with_the_middle_window_of_the_donor() -> None:
    network, clip, donor = lively(EVERY_KIND["own"]), noise_clip(11), noise_clip(11, seed=2)
    start, stop = windows(11, 4)[1]
    with swapped(network, donor, blocks="mid1"):
        found = predict(network, [Example((0,), clip, "a")], window=4).middle
    cut, cut_donor = ({n: t[:, :, start:stop] for n, t in one.items()} for one in (clip, donor))
    with swapped(network, cut_donor, blocks="mid1"):
        expected = predict(network, [Example((0,), cut, "a")], window=4).clips
    np.testing.assert_array_equal(found, expected)


# Without


@torch.no_grad()
@settings(max_examples=15)
@given(structures(), st.data())
def test_removing_a_connection_equals_weight_zero_and_equals_pruning_it(
    structure: Structure, data: st.DataObject
) -> None:
    every = tuple(dataclasses.replace(spec, weight=0.5) for spec in structure.connections)
    network = lively(dataclasses.replace(structure, connections=every))
    gone = data.draw(st.lists(st.sampled_from([spec.key for spec in every]), min_size=1, unique=True))
    removal = survey(structure, dict.fromkeys(gone, 0.0), 1.0)
    if not removal.output_connected:
        with pytest.raises(PeerattnError, match="cut an output block off"):
            without(network, connections=gone).__enter__()
        return
    clip = tensors(structure, clips=2, size=(9, 13))
    zero = copy.deepcopy(network)
    for key in gone:
        zero.connection(key).weight.fill_(-math.inf)
    with without(network, connections=gone):
        found = network(clip)
    torch.testing.assert_close(found, zero(clip), **CLOSE)
    torch.testing.assert_close(found, subnetwork(network, left_by(network.structure, removal))(clip), **CLOSE)
    network.disabled = frozenset(gone)
    assert torch.equal(found, network(clip))


@torch.no_grad()
@settings(max_examples=15)
@given(structures(), st.data())
def test_removing_a_peer_equals_a_network_built_without_that_peer(
    structure: Structure, data: st.DataObject
) -> None:
    attended = [spec for spec in structure.connections if len(spec.peers) > 2]
    assume(attended)
    spec = data.draw(st.sampled_from(attended))
    gone = data.draw(st.sampled_from(spec.peers))
    assume(set(spec.peers) - {gone} != {spec.source})
    network, clip = lively(structure), tensors(structure)
    kept = tuple(number for number, peer in enumerate(spec.peers) if peer != gone)
    fewer = dataclasses.replace(spec, peers=tuple(spec.peers[number] for number in kept))
    connections = tuple(fewer if one == spec else one for one in structure.connections)
    smaller = Network(dataclasses.replace(structure, connections=connections), CLASSES).eval()
    state, name = network.state_dict(), f"connections.{spec.key}.attention.weights"
    state[name] = state[name][list(kept)]
    smaller.load_state_dict({key: state[key] for key in smaller.state_dict()})
    with without(network, attention=f"{spec.key}:{gone}"), recording(network) as seen:
        assert torch.equal(network(clip), smaller(clip))
    weights = seen.passed[spec.key][0].attention_weights
    assert weights[spec.peers.index(gone)] == 0
    assert weights.sum() == pytest.approx(1, abs=1e-6)


def test_removing_a_modality_or_block_disables_all_its_outgoing_connections() -> None:
    network = lively(hand_made())
    with without(network, modality="flow"):
        assert network.disabled == {"flow1_to_b", "flow2_to_c"}
    with without(network, blocks=["a", "flow1"]):
        assert network.disabled == {"a_to_top", "flow1_to_b"}


def test_a_removed_peer_has_attention_weight_zero_in_the_trace_and_in_the_steps_to_a_factor() -> None:
    network, clip = lively(EVERY_KIND["own"]), whole_clip()
    with without(network, attention=f"{CONNECTION}:mid1"):
        trace, vectors = record_inside(network, clip, window=5)
        steps = inside(network, vectors, CONNECTION)
    connection = trace.connection(CONNECTION)
    assert connection.attention_weights[connection.peers.index("mid1")] == 0
    np.testing.assert_array_equal(steps.attention_weights, connection.attention_weights)
    np.testing.assert_allclose(steps.factors, connection.attention_factors, **CLOSE)
    assert Trace.from_json(trace.to_json()).to_json() == trace.to_json()


# Frozen


def still(clip: Mapping[str, Tensor]) -> Clip:
    return {name: tensor[:, :, :1].expand_as(tensor).clone() for name, tensor in clip.items()}


@torch.no_grad()
@pytest.mark.parametrize("name", ["own", "dense", "attention over places", "attention over frames"])
def test_freezing_factors_to_their_mean_changes_nothing_on_a_still_clip(name: str) -> None:
    network, clip = lively(with_time_padding(EVERY_KIND[name], "repeat")), noise_clip(name=name)
    every = all_parts(network.structure, "connection")
    for one, changes in ((clip, True), (still(clip), False)):
        with frozen(network, **every):
            found = network(one)
        assert torch.allclose(found, network(one), **CLOSE) != changes


@torch.no_grad()
@settings(max_examples=15)
@given(structures(), st.data())
def test_frozen_factors_are_their_mean_over_the_frames(structure: Structure, data: st.DataObject) -> None:
    network, clip = lively(structure), tensors(structure, clips=2, frames=4)
    spec = data.draw(st.sampled_from(structure.connections))
    with recording(network) as plain:
        network(clip)
    with frozen(network, connections=spec.key), recording(network) as seen:
        found = network(clip)
    before, after = plain.passed[spec.key], seen.passed[spec.key]
    assert len(after) == 1  # the run that measures the mean is not recorded
    if spec.attention in ("none", "static"):
        assert torch.equal(found, network(clip))
    else:
        mean = before[0].factors.mean(dim=1, keepdim=True)
        torch.testing.assert_close(after[0].factors, mean.expand_as(before[0].factors))
        with frozen(network, connections=spec.key, to=mean[0, 0]):
            torch.testing.assert_close(network({n: t[:1] for n, t in clip.items()}), found[:1], **CLOSE)


@torch.no_grad()
def test_freezing_factors_to_their_own_values_changes_nothing() -> None:
    network, clip = lively(EVERY_KIND["own"]), noise_clip()
    with recording(network) as seen:
        expected = network(clip)
    with frozen(network, connections=CONNECTION, to=seen.passed[CONNECTION][0].factors[0]):
        torch.testing.assert_close(network(clip), expected, **CLOSE)


@torch.no_grad()
def test_freezing_all_factors_to_one_equals_a_network_without_attention() -> None:
    network, clip = lively(EVERY_KIND["own"]), noise_clip()
    plain = tuple(
        dataclasses.replace(spec, attention="none", peers=()) for spec in network.structure.connections
    )
    bare = Network(dataclasses.replace(network.structure, connections=plain), CLASSES).eval()
    state = network.state_dict()
    bare.load_state_dict({name: state[name] for name in bare.state_dict()})
    with frozen(network, **all_parts(network.structure, "connection"), to="one"):
        assert torch.equal(network(clip), bare(clip))


@torch.no_grad()
def test_factors_can_be_frozen_to_their_mean_on_another_clip_of_any_length() -> None:
    network, clip, other = lively(EVERY_KIND["own"]), noise_clip(4), noise_clip(11, seed=2)
    with recording(network) as seen:
        network(other)
    mean = seen.passed[CONNECTION][0].factors[0].mean(dim=0)
    with frozen(network, connections=CONNECTION, to=mean):
        expected = network(clip)
    with frozen(network, connections=CONNECTION, clip=other):
        torch.testing.assert_close(network(clip), expected, **CLOSE)


@pytest.mark.parametrize("to", ["one", "mean", [0.1, 0.9, 0.2, 0.7]])
def test_with_frozen_factors_an_empty_clip_contributes_nothing(to: str | list[float]) -> None:
    """The baseline is run with the same factors, so an empty clip does not differ from it."""
    network, clip = lively(EVERY_KIND["own"]), whole_clip()
    nothing = baseline_clip(network, clip.tensors["rgb"], frames=5, baselines={})
    with frozen(network, connections=CONNECTION, to=to):
        trace = record(network, dataclasses.replace(clip, tensors=nothing), window=5)
        of_clip = record(network, clip, window=5)
    assert trace.connection(CONNECTION).contribution.max() == 0
    assert of_clip.connection(CONNECTION).contribution.min() > 0


# Shuffled


@given(st.integers(1, 40), st.integers(0, 9))
def test_a_frame_order_is_a_permutation_other_than_the_identity(frames: int, seed: int) -> None:
    order = substitutes.frame_order(frames, seed)
    assert sorted(order) == list(range(frames))
    assert (order.tolist() == list(range(frames))) == (frames == 1)
    assert np.array_equal(order, substitutes.frame_order(frames, seed))


def test_different_seeds_give_different_orders() -> None:
    assert len({tuple(substitutes.frame_order(12, seed)) for seed in range(8)}) == 8


@torch.no_grad()
@settings(max_examples=15)
@given(structures(), st.sampled_from(("modality", "connection")))
def test_shuffling_into_the_original_order_changes_no_bit(structure: Structure, of: str) -> None:
    network, clip = lively(structure), tensors(structure)
    before, own_order = network(clip), lambda frames, seed: np.arange(frames)
    with (
        patch.object(substitutes, "frame_order", own_order),
        shuffled(network, **all_parts(structure, of)),
    ):
        assert torch.equal(network(clip), before)


@torch.no_grad()
@pytest.mark.parametrize("name", EVERY_KIND)
def test_shuffling_modalities_equals_shuffling_the_frames_of_the_clip(name: str) -> None:
    structure = EVERY_KIND[name]
    network, clip = lively(structure), noise_clip(name=name)
    order = torch.from_numpy(substitutes.frame_order(9, 3))
    computed = structure.computed
    read = tuple(one.name for one in structure.read_modalities)
    with shuffled(
        network, modality=[n for n in components.names(structure, "modality") if n in read], seed=3
    ):
        found = network(clip)
    if computed:  # shuffling rgb leaves the flow that is computed from it as it was
        with swapped(network, clip, modality=computed):
            expected = network({n: t[:, :, order] for n, t in clip.items()})
    else:
        expected = network({n: t[:, :, order] for n, t in clip.items()})
    torch.testing.assert_close(found, expected, **CLOSE)


def test_shuffling_a_connection_permutes_its_factors_in_time() -> None:
    network, clip = lively(EVERY_KIND["own"]), whole_clip()
    plain = record(network, clip, window=5).connection(CONNECTION).attention_factors
    with shuffled(network, connections=CONNECTION, seed=1):
        found = record(network, clip, window=5).connection(CONNECTION).attention_factors
    np.testing.assert_array_equal(found, plain[substitutes.frame_order(5, 1)])


# Refused


REFUSED: tuple[tuple[Callable[..., AbstractContextManager[Network]], dict[str, object], str], ...] = (
    (swapped, {"modality": "rbg"}, r"there is no modality 'rbg': did you mean rgb\?"),
    (swapped, {"blocks": "mid2"}, r"no block 'mid2': did you mean mid3 or mid1\?"),
    (swapped, {"connections": "rgb_to_top"}, r"no connection 'rgb_to_top': did you mean rgb1_to_top"),
    (swapped, {"peers": "rgb1_to_top"}, r"no attention connection 'rgb1_to_top': did you mean rgb1_to_top:"),
    (
        swapped,
        {"peers": "zzz"},
        r"no attention connection 'zzz': choose among .* …",
    ),
    (swapped, {}, "name modalities or blocks or connections or attention connections"),
    (swapped, {"blocks": []}, "no block is named: name at least one"),
    (without, {"modality": "audio"}, r"no modality 'audio': choose among flow, object, rgb"),
    (without, {"blocks": "top"}, "block top has no outgoing connections"),
    (without, {"modality": ["rgb", "flow", "object"]}, "cut an output block off"),
    (frozen, {"connections": "top"}, "no connection 'top'"),
    (frozen, {"connections": CONNECTION, "to": "median"}, "give 'mean', 'one' or values"),
    (
        frozen,
        {"connections": CONNECTION, "to": [1.0, 2.0]},
        r"finite values of shape \(4,\) or \(frames, 4\), not \(2,\)",
    ),
    (frozen, {"connections": CONNECTION, "to": [math.nan] * 4}, "finite values"),
    (frozen, {"connections": CONNECTION, "to": [[1.0], "a"]}, "give 'mean', 'one' or values"),
    (frozen, {"connections": CONNECTION, "to": "one", "clip": {}}, "a clip only gives the mean"),
    (frozen, {"connections": CONNECTION, "clip": {}}, "no rgb, flow, object modality"),
    (shuffled, {"modality": "mid1"}, "no modality 'mid1'"),
)


@pytest.mark.parametrize(("change", "words", "message"), REFUSED, ids=[message for _, _, message in REFUSED])
def test_an_impossible_intervention_is_refused_in_one_line_and_leaves_no_hook(
    change: Callable[..., AbstractContextManager[Network]], words: dict[str, object], message: str
) -> None:
    network = lively(EVERY_KIND["own"])
    given = (network, noise_clip()) if change is swapped else (network,)
    with pytest.raises(PeerattnError, match=message) as refusal, ExitStack() as stack:
        stack.enter_context(change(*given, **words))
    assert "\n" not in str(refusal.value)
    assert (hooks(network), network.disabled) == (0, frozenset())


def test_the_last_peer_of_a_connection_cannot_be_removed() -> None:
    network = three_modes()
    spec = next(spec for spec in network.structure.connections if len(spec.peers) > 1)
    for attention in (spec.attention_keys, "object1_to_middle:object1"):
        with pytest.raises(PeerattnError, match=r"the last peer of \w+ cannot be removed"):
            without(network, attention=attention).__enter__()
    first, *others = spec.attention_keys
    with without(network, attention=others), pytest.raises(PeerattnError, match="the last peer"):
        without(network, attention=first).__enter__()
    with without(network, attention=spec.attention_keys, connections=spec.key):
        pass  # all peers may be removed if the connection is removed as well


WRONG_DONORS = {
    "other frames": (noise_clip(4), "9 frames of 16x16 px, .*4|4 frames of 16x16 px, the clip 9"),
    "other size": (tensors(EVERY_KIND["own"], frames=9, size=(8, 16)), "9 frames of 16x8 px, the clip 9"),
    "two for three": (noise_clip(clips=2), "2 donors cannot stand in for 3 clips"),
}


@pytest.mark.parametrize("of", KEYWORDS)
@pytest.mark.parametrize("name", WRONG_DONORS)
def test_a_donor_must_match_the_clips_in_number_length_and_size(name: str, of: str) -> None:
    donor, message = WRONG_DONORS[name]
    network = lively(EVERY_KIND["own"])
    with swapped(network, donor, **all_parts(network.structure, of)):
        with pytest.raises(PeerattnError, match=message) as refusal:
            predict(network, [Example((0,), noise_clip(), "a")] * 3, window=9)
        assert "\n" not in str(refusal.value)
    with pytest.raises(PeerattnError, match=re.escape("no flow, object modality")):
        swapped(network, {"rgb": noise_clip()["rgb"]}, modality="rgb").__enter__()


def test_factors_for_another_number_of_frames_are_refused() -> None:
    network = lively(EVERY_KIND["own"])
    with (
        frozen(network, connections=CONNECTION, to=torch.rand(5, 4)),
        pytest.raises(PeerattnError, match="factors for 5 frames, but the clip has 9"),
    ):
        network(noise_clip())
