"""Stretches: running a clip in parts that fit in memory gives the numbers of one pass."""

import math
from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from peerattn.data.examples import Example
from peerattn.graph import published
from peerattn.graph.reach import Reach, network_reach
from peerattn.graph.structure import Structure
from peerattn.network.network import Network
from peerattn.network.size import LiveMemory
from peerattn.recording import recorder, stretches
from peerattn.recording.predictions import predict, window_answers
from peerattn.recording.recorder import record_inside
from peerattn.recording.stretches import (
    Stretch,
    bytes_per_frame,
    clips_together,
    evaluation_mode,
    longest_stretch,
    window_logits,
)
from peerattn.recording.windows import windows
from tests.kinds import EVERY_KIND
from tests.peerattn.recording.test_recorder import Failure, clip_of, hooks
from tests.strategies import lively, structures, tensors

CLOSE = {"rtol": 1e-5, "atol": 1e-5}


@given(st.integers(1, 90), st.integers(1, 40), st.integers(0, 20), st.integers(0, 20))
def test_stretches_contain_each_frame_once_with_its_context(
    frames: int, own: int, before: int, after: int
) -> None:
    plan = stretches.stretches(frames, own, Reach(before, after))
    assert [frame for part in plan for frame in range(part.start, part.stop)] == list(range(frames))
    for part in plan:
        assert part.stop - part.start <= own
        assert part.first == max(part.start - before, 0)
        assert part.last == min(part.stop + after, frames)
        read = range(part.first, part.last)
        assert list(read[part.own]) == list(range(part.start, part.stop))


def forced(own: int | None):
    """Make recordings and predictions run in stretches of this number of own frames."""
    return patch.object(stretches, "longest_stretch", lambda *_, **__: own or 10**6)


@pytest.mark.parametrize("beside", [False, True], ids=["baseline kept", "baseline beside"])
@pytest.mark.parametrize("own", [1, 7, "reach"])
@pytest.mark.parametrize("name", EVERY_KIND)
def test_recording_in_stretches_equals_recording_in_one_pass(name: str, own: int | str, beside: bool) -> None:
    structure = EVERY_KIND[name]
    network, clip = lively(structure), clip_of(structure, frames=33, size=(16, 20))
    length = min(max(network_reach(structure)), 32) if own == "reach" else own
    assert isinstance(length, int)
    with patch.object(recorder, "CACHE_LIMIT", 0 if beside else recorder.CACHE_LIMIT):
        with forced(length):
            cut, cut_vectors = record_inside(network, clip, window=11)
        whole, vectors = record_inside(network, clip, window=11)
    np.testing.assert_allclose(cut.probabilities, whole.probabilities, **CLOSE)
    for ours, theirs in zip(cut.windows, whole.windows, strict=True):
        np.testing.assert_allclose(ours.probabilities, theirs.probabilities, **CLOSE)
    for ours, theirs in zip(cut.connections, whole.connections, strict=True):
        np.testing.assert_allclose(ours.attention_factors, theirs.attention_factors, **CLOSE)
        for size in ("magnitude", "contribution", "source_contribution"):
            np.testing.assert_allclose(getattr(ours, size), getattr(theirs, size), rtol=1e-4, atol=1e-4)
        assert ours.reached == theirs.reached
    for ours, theirs in zip(cut.blocks, whole.blocks, strict=True):
        np.testing.assert_allclose(ours.activity, theirs.activity, **CLOSE)
        np.testing.assert_allclose(ours.heatmap, theirs.heatmap, **CLOSE)
    for kind in ("blocks", "sources"):
        for key, means in getattr(vectors, kind).items():
            np.testing.assert_allclose(getattr(cut_vectors, kind)[key], means, **CLOSE)


@pytest.mark.parametrize("own", [1, 7, "reach"])
@pytest.mark.parametrize("name", EVERY_KIND)
def test_predicting_in_stretches_equals_predicting_in_one_pass(name: str, own: int | str) -> None:
    structure = EVERY_KIND[name]
    network = lively(structure)
    length = max(network_reach(structure)) if own == "reach" else own
    clips = [Example((0,), tensors(structure, frames=33, seed=seed), "a") for seed in range(2)]
    whole = predict(network, clips, window=11).clips
    with forced(length):
        np.testing.assert_allclose(predict(network, clips, window=11).clips, whole, **CLOSE)


@settings(max_examples=10)
@given(structures(), st.integers(1, 9))
def test_random_structures_give_the_same_numbers_in_stretches(structure: Structure, own: int) -> None:
    network, clip = lively(structure), tensors(structure, frames=23)
    spans = windows(23, 6)
    for ours, theirs in zip(
        window_logits(network, clip, spans, most=own), window_logits(network, clip, spans), strict=True
    ):
        torch.testing.assert_close(ours, theirs, **CLOSE)


def test_stretches_without_their_context_would_differ() -> None:
    """Without context, the numbers depend on where a stretch begins, so the tests above can fail."""
    structure = EVERY_KIND["own"]
    network, clip = lively(structure), tensors(structure, frames=33)
    whole = window_logits(network, clip, [(0, 33)])[0]
    with patch.object(stretches, "network_reach", lambda *_: Reach(0, 0)):
        cut = window_logits(network, clip, [(0, 33)], most=7)[0]
    assert (whole - cut).abs().max() > 1e-3


@torch.no_grad()
def test_one_window_in_one_pass_is_the_forward_pass_bit_for_bit() -> None:
    for structure in EVERY_KIND.values():
        network, clip = lively(structure), tensors(structure, frames=9)
        assert torch.equal(window_logits(network, clip, [(0, 9)])[0], network(clip))


@torch.no_grad()
def test_a_computed_flow_is_scaled_by_the_extremes_of_its_own_clip() -> None:
    """The flow of a clip does not depend on the other clips of its batch."""
    structure = EVERY_KIND["assemblenet"]
    network = lively(structure)
    one, other = (tensors(structure, frames=9, seed=seed) for seed in (1, 2))
    bright = {name: 5 * tensor for name, tensor in other.items()}
    pair = {name: torch.cat([one[name], bright[name]]) for name in one}
    torch.testing.assert_close(window_logits(network, pair, [(0, 9)])[0][:1], network(one), **CLOSE)
    assert not torch.allclose(network(pair)[:1], network(one), atol=1e-4)  # as published


@pytest.mark.parametrize("name", ["asn50", "full_asnp50", "asnp_lite"])
def test_published_networks_use_no_more_memory_than_estimated(name: str) -> None:
    structure = published.structure(name)
    with torch.device("meta"):
        network = Network(structure, [str(number) for number in range(4)]).eval()
        _check_memory(network, frames=8, sides=(96, 96))


@settings(max_examples=15)
@given(structures())
def test_random_structures_use_no_more_memory_than_estimated(structure: Structure) -> None:
    with torch.device("meta"):
        _check_memory(Network(structure, ("a", "b")).eval(), frames=4, sides=(128, 256))


def _check_memory(network: Network, frames: int, sides: tuple[int, int]) -> None:
    clip = {m.name: torch.empty(1, m.channels, frames, *sides) for m in network.structure.read_modalities}
    with torch.inference_mode(), LiveMemory(network, clip.values()) as memory:
        network.run(clip)
    counted = bytes_per_frame(network.structure, sides) * frames
    assert memory.peak <= counted <= 6 * memory.peak, (memory.peak, counted)


def test_a_clip_that_does_not_fit_in_memory_is_cut_into_the_longest_stretches_that_do() -> None:
    structure, sides = EVERY_KIND["own"], (16, 16)
    one, reach = bytes_per_frame(structure, sides), network_reach(structure)
    context = reach.before + reach.after
    with patch.object(stretches, "MEMORY", 100 * one):
        assert longest_stretch(structure, reach, clips=1, frames=100, sides=sides) == 100
        assert longest_stretch(structure, reach, clips=1, frames=101, sides=sides) == 100 - context
        assert longest_stretch(structure, reach, clips=2, frames=101, sides=sides) == 50 - context
        assert clips_together(structure, frames=30, sides=sides) == 3
        assert clips_together(structure, frames=300, sides=sides) == 1


@given(
    st.sampled_from(("own", "full_asnp50", "asnp_lite", "asn26")),
    st.integers(1, 600),
    st.integers(1, 900),
    st.integers(1, 2),
)
def test_a_cut_costs_four_passes_at_most_and_keeps_to_memory_where_the_context_does(
    name: str, frames: int, fitting: int, clips: int
) -> None:
    structure = EVERY_KIND["own"] if name == "own" else published.structure(name)
    reach, sides = network_reach(structure), (32, 32)
    with patch.object(stretches, "MEMORY", fitting * clips * bytes_per_frame(structure, sides)):
        most = longest_stretch(structure, reach, clips=clips, frames=frames, sides=sides)
    plan = stretches.stretches(frames, most, reach)
    context, run = reach.before + reach.after, [part.last - part.first for part in plan]
    assert sum(run) <= 4 * frames
    if fitting >= context + max(context // 2, stretches.SHORTEST):
        assert max(run) <= fitting


def test_a_batch_that_does_not_fit_is_run_in_parts() -> None:
    structure = EVERY_KIND["own"]
    network = lively(structure)
    clips = [Example((0,), tensors(structure, frames=6, seed=seed), "a") for seed in range(5)]
    together = window_answers(network, clips, 3, torch.sigmoid)
    with patch.object(stretches, "MEMORY", 13 * bytes_per_frame(structure, (16, 16))):
        parts = window_answers(network, clips, 3, torch.sigmoid)
    assert together.shape == (2, 5, 3)
    torch.testing.assert_close(parts, together, **CLOSE)


def test_progress_counts_the_blocks_of_every_stretch() -> None:
    structure = EVERY_KIND["own"]
    network, counted = lively(structure), []
    window_logits(
        network, tensors(structure, frames=10), [(0, 10)], most=4, progress=lambda *now: counted.append(now)
    )
    total = math.ceil(10 / 4) * len(structure.blocks)
    assert counted == [(done, total) for done in range(1, total + 1)]
    assert hooks(network) == 0


def test_the_training_mode_is_restored_after_an_exception() -> None:
    network = lively(EVERY_KIND["own"]).train()
    with pytest.raises(Failure), evaluation_mode(network):
        assert not network.training
        raise Failure
    assert network.training


def test_a_stretch_says_which_frames_are_its_own() -> None:
    assert Stretch(start=5, stop=9, first=2, last=12).own == slice(3, 7)
