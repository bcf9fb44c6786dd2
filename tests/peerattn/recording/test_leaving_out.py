"""Leaving out on one clip gives the numbers of a network run anew, and runs only what a change can reach."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peerattn.errors import PeerattnError
from peerattn.graph.connectivity import downstream
from peerattn.graph.structure import Structure
from peerattn.modalities.clip import Clip
from peerattn.recording import stretches
from peerattn.recording.interventions import frozen, silenced, swapped, without
from peerattn.recording.leaving_out import leave_out_each, leave_out_while
from peerattn.recording.recorder import record
from tests.kinds import EVERY_KIND
from tests.peerattn.recording.test_interventions import KEYWORDS, noise_clip, whole_clip
from tests.peerattn.recording.test_recorder import clip_of, hooks
from tests.strategies import lively, structures, tensors

KIND_NAMES = tuple(EVERY_KIND)


def random_clip(structure: Structure) -> Clip:
    return dataclasses.replace(clip_of(structure, frames=4), tensors=tensors(structure, frames=4))


@contextmanager
def short_stretches() -> Iterator[None]:
    """Let a clip run in many stretches, each with few frames of its own."""
    with patch.object(stretches, "MEMORY", 0), patch.object(stretches, "SHORTEST", 2):
        yield


@settings(max_examples=15)
@given(structures(), st.sampled_from(list(KEYWORDS)))
def test_each_part_left_out_gives_the_probabilities_of_the_network_without_it(
    structure: Structure, of: str
) -> None:
    network, clip = lively(structure), random_clip(structure)
    keyword = "attention" if of == "attention" else KEYWORDS[of]
    try:
        left_out = leave_out_each(network, clip, window=2, of=of)
    except PeerattnError as error:
        assert "has no" in str(error)
        return
    assert np.array_equal(left_out.before, record(network, clip, window=2).probabilities)
    for name, after in left_out.after.items():
        with without(network, **{keyword: name}):
            np.testing.assert_allclose(
                after, record(network, clip, window=2).probabilities, rtol=1e-5, atol=1e-6
            )
    for name in left_out.not_measured:
        with pytest.raises(PeerattnError), without(network, **{keyword: name}):
            pass


@pytest.mark.parametrize("name", KIND_NAMES)
def test_left_out_during_the_whole_clip_is_left_out(name: str) -> None:
    network, clip = lively(EVERY_KIND[name]), whole_clip(5, name=name)
    each = leave_out_each(network, clip, window=2)
    for key, after in each.after.items():
        always = leave_out_while(network, clip, window=2, connections=[key], spans=[(0, 5)])
        np.testing.assert_allclose(always.after["0-5"], after, rtol=1e-5, atol=1e-6)


def test_left_out_in_a_span_changes_only_that_span_of_a_recording() -> None:
    network, clip = lively(EVERY_KIND["own"]), whole_clip(9)
    key, spans = "rgb1_to_top", [(0, 3), (3, 6), (6, 9)]
    own = record(network, clip, window=3).connection(key).attention_factors
    left_out = leave_out_while(network, clip, window=3, connections=[key], spans=spans)
    for start, stop in spans:
        values = own.copy()
        values[start:stop] = 0
        with frozen(network, connections=key, to=values):
            expected = record(network, clip, window=3).probabilities
        np.testing.assert_allclose(left_out.after[f"{start}-{stop}"], expected, rtol=1e-5, atol=1e-6)
        assert np.abs(expected - left_out.before).max() > 1e-5


def test_stretches_do_not_change_the_numbers() -> None:
    network, clip = lively(EVERY_KIND["own"]), whole_clip(60)
    keys, spans = ["rgb1_to_top"], [(3, 25), (25, 60)]
    whole = leave_out_each(network, clip, window=6)
    whole_spans = leave_out_while(network, clip, window=6, connections=keys, spans=spans)
    passes: list[int] = []
    with short_stretches():
        parts = leave_out_each(network, clip, window=6, progress=lambda _, total: passes.append(total))
        spans_in_parts = leave_out_while(network, clip, window=6, connections=keys, spans=spans)
    assert passes[0] > len(whole.after)
    for one, other in ((whole, parts), (whole_spans, spans_in_parts)):
        for name, after in one.after.items():
            np.testing.assert_allclose(other.after[name], after, rtol=1e-5, atol=1e-6)


def test_only_blocks_that_a_change_reaches_run_again() -> None:
    structure = EVERY_KIND["own"]
    network, clip = lively(structure), whole_clip(5)
    runs: list[str] = []
    for name, block in network.blocks.items():
        block.register_forward_hook(lambda *_, name=name: runs.append(name))
    leave_out_each(network, clip, window=2, names=["rgb1_to_top"])
    assert sorted(runs) == sorted([*structure.by_id, *downstream(structure, ["rgb1_to_top"])])
    assert downstream(structure, ["rgb1_to_top"]) == {"top"}


def test_a_change_reaches_what_reads_a_block_only_as_a_peer() -> None:
    structure = EVERY_KIND["own"]
    kept = tuple(spec for spec in structure.connections if spec.key != "mid1_to_top")
    structure = dataclasses.replace(structure, connections=kept)
    assert downstream(structure, ["rgb1_to_mid1"]) == {"mid1", "top"}
    network, clip = lively(structure), whole_clip(5)
    left_out = leave_out_each(network, clip, window=2, names=["rgb1_to_mid1"])
    with without(network, connections="rgb1_to_mid1"):
        expected = record(network, clip, window=2).probabilities
    np.testing.assert_allclose(left_out.after["rgb1_to_mid1"], expected, rtol=1e-5, atol=1e-6)
    assert not np.allclose(expected, left_out.before, atol=1e-6)


def test_other_interventions_apply_and_everything_is_restored() -> None:
    network, clip = lively(EVERY_KIND["own"]), whole_clip(5)
    before, free = hooks(network), leave_out_each(network, clip, window=2)
    with swapped(network, noise_clip(5, seed=9), modality="rgb"):
        changed = leave_out_each(network, clip, window=2)
        assert np.array_equal(changed.before, record(network, clip, window=2).probabilities)
    assert not np.allclose(changed.before, free.before)

    def cancel(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        leave_out_each(network, clip, window=2, progress=cancel)
    with pytest.raises(KeyboardInterrupt):
        leave_out_while(network, clip, window=2, connections=["rgb1_to_top"], spans=[(0, 2)], progress=cancel)
    assert hooks(network) == before and not network.disabled
    assert np.array_equal(leave_out_each(network, clip, window=2).before, free.before)


@pytest.mark.parametrize("span", [(-1, 2), (2, 2), (3, 6)])
def test_a_span_outside_the_clip_is_refused(span: tuple[int, int]) -> None:
    network, clip = lively(EVERY_KIND["own"]), whole_clip(5)
    with pytest.raises(PeerattnError, match="not within the clip"):
        leave_out_while(network, clip, window=2, connections=["rgb1_to_top"], spans=[span])


def test_changes_are_those_of_a_class() -> None:
    network, clip = lively(EVERY_KIND["own"]), whole_clip(5)
    left_out = leave_out_each(network, clip, window=2)
    name = network.class_names[1]
    changes = left_out.changes(name)
    assert changes == {key: float(after[1] - left_out.before[1]) for key, after in left_out.after.items()}


def test_a_connection_that_is_silenced_has_no_peers_to_leave_out() -> None:
    structure = EVERY_KIND["own"]
    spec = next(each for each in structure.connections if len(each.attention_keys) > 1)
    network, clip = lively(structure), random_clip(structure)
    with silenced(network, connections=spec.key, frames=(1, 3)):
        alone = record(network, clip, window=4)
    with silenced(network, connections=spec.key, attention=spec.attention_keys[0], frames=(1, 3)):
        both = record(network, clip, window=4)
    np.testing.assert_allclose(both.probabilities, alone.probabilities, atol=1e-6)
