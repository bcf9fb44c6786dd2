"""An alteration does what the interventions do that it stands for, and is undone afterwards."""

from contextlib import AbstractContextManager

import numpy as np
import pytest

from peerattn.errors import PeerattnError
from peerattn.recording.altering import Alteration, altered
from peerattn.recording.interventions import frozen, removed_keys, swapped, without
from peerattn.recording.leaving_out import leave_out_while
from peerattn.recording.recorder import record
from tests.kinds import EVERY_KIND
from tests.peerattn.recording.test_interventions import whole_clip
from tests.peerattn.recording.test_recorder import hooks
from tests.strategies import lively, tensors

KEY = "rgb1_to_top"


def peers(name: str) -> list[str]:
    """The attention connections of a network that can be left out, of connections with several peers."""
    structure = EVERY_KIND[name]
    return [key for spec in structure.connections if len(spec.peers) > 1 for key in spec.attention_keys]


@pytest.mark.parametrize(
    "how", ["remove", "mean", "one", "modality and block", "peer", "peer and connection"]
)
def test_an_alteration_is_the_intervention_of_its_name(how: str) -> None:
    network, clip = lively(EVERY_KIND["own"]), whole_clip(9)
    before, trace = hooks(network), record(network, clip, window=3)
    cases: dict[str, tuple[Alteration, AbstractContextManager[object]]] = {
        "remove": (Alteration((("connection", KEY),)), without(network, connections=KEY)),
        "mean": (Alteration((("connection", KEY),), "mean"), frozen(network, connections=KEY)),
        "one": (Alteration((("connection", KEY),), "one"), frozen(network, connections=KEY, to="one")),
        "modality and block": (
            Alteration((("modality", "rgb"), ("block", "mid3"))),
            without(network, modality="rgb", blocks="mid3"),
        ),
        "peer": (Alteration((("attention", peers("own")[0]),)), without(network, attention=peers("own")[0])),
        "peer and connection": (
            Alteration((("attention", peers("own")[0]), ("connection", KEY))),
            without(network, attention=peers("own")[0], connections=KEY),
        ),
    }
    alteration, intervention = cases[how]
    with altered(network, alteration):
        own = record(network, clip, window=3).probabilities
    with intervention:
        np.testing.assert_array_equal(own, record(network, clip, window=3).probabilities)
    assert hooks(network) == before and not network.disabled
    assert np.array_equal(record(network, clip, window=3).probabilities, trace.probabilities)


def test_factors_of_another_clip_are_those_of_the_donor() -> None:
    network, clip = lively(EVERY_KIND["own"]), whole_clip(9)
    donor = tensors(network.structure, frames=9, size=clip.tensors["rgb"].shape[3:], seed=5)
    alteration = Alteration((("modality", "rgb"), ("connection", KEY)), "swap", donor="other")
    with altered(network, alteration, donor):
        own = record(network, clip, window=3).probabilities
    keys = sorted(removed_keys(network.structure, {"modality": "rgb"}))
    with swapped(network, donor, connections=keys):
        np.testing.assert_array_equal(own, record(network, clip, window=3).probabilities)
    assert not np.allclose(own, record(network, clip, window=3).probabilities)
    with pytest.raises(PeerattnError, match="no other clip"), altered(network, alteration):
        pass


@pytest.mark.parametrize("name", EVERY_KIND)
@pytest.mark.parametrize("part", [("modality", "rgb"), ("block", "mid1"), ("connection", KEY)])
def test_in_a_span_the_parts_add_nothing_and_all_else_follows(name: str, part: tuple[str, str]) -> None:
    network, clip = lively(EVERY_KIND[name]), whole_clip(9, name=name)
    keys = sorted(removed_keys(network.structure, {part[0]: part[1]}))
    left_out = leave_out_while(network, clip, window=3, connections=keys, spans=[(2, 5)])
    with altered(network, Alteration((part,), frames=(2, 5))):
        during = record(network, clip, window=3)
    np.testing.assert_allclose(during.probabilities, left_out.after["2-5"], rtol=1e-5, atol=1e-6)
    for key in keys:
        assert not during.connection(key).attention_factors[2:5].any()
        assert during.connection(key).attention_factors[5:].any()
    assert np.array_equal(record(network, clip, window=3).probabilities, left_out.before)


@pytest.mark.parametrize("name", EVERY_KIND)
def test_a_peer_left_out_in_every_frame_is_left_out(name: str) -> None:
    """In all frames it is the network without it; in some frames, both networks take turns."""
    network, clip = lively(EVERY_KIND[name]), whole_clip(9, name=name)
    for key in peers(name):
        connection = key.partition(":")[0]
        whole = record(network, clip, window=3)
        with altered(network, Alteration((("attention", key),))):
            without_it = record(network, clip, window=3)
        with altered(network, Alteration((("attention", key),), frames=(0, 9))):
            always = record(network, clip, window=3)
        with altered(network, Alteration((("attention", key),), frames=(2, 5))):
            during = record(network, clip, window=3)
        np.testing.assert_allclose(always.probabilities, without_it.probabilities, rtol=1e-5, atol=1e-6)
        one, two, both = (
            trace.connection(connection).attention_factors for trace in (whole, without_it, during)
        )
        np.testing.assert_allclose(both[2:5], two[2:5], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(
            both[[0, 1, *range(5, 9)]], one[[0, 1, *range(5, 9)]], rtol=1e-5, atol=1e-6
        )
        assert not np.array_equal(one, two)


def test_a_peer_of_a_connection_left_out_for_a_while_sees_what_then_arrives() -> None:
    """A peer and a connection, left out in all frames at once, give the network without both."""
    network, clip = lively(EVERY_KIND["own"]), whole_clip(9)
    parts = ("connection", KEY), *(("attention", key) for key in peers("own")[:1])
    with altered(network, Alteration(parts)):
        without_both = record(network, clip, window=3)
    with altered(network, Alteration(parts, frames=(0, 9))):
        always = record(network, clip, window=3)
    np.testing.assert_allclose(always.probabilities, without_both.probabilities, rtol=1e-5, atol=1e-6)


def test_the_last_peer_stays_also_for_a_while() -> None:
    network = lively(EVERY_KIND["own"])
    spec = next(spec for spec in network.structure.connections if spec.peers)
    parts = tuple(("attention", key) for key in spec.attention_keys)
    for frames in (None, (0, 3)):
        with (
            pytest.raises(PeerattnError, match="last peer"),
            altered(network, Alteration(parts, frames=frames)),
        ):
            pass


def test_an_unknown_way_and_unknown_parts_are_refused() -> None:
    network = lively(EVERY_KIND["own"])
    for alteration, line in (
        (Alteration((("connection", KEY),), "shrink"), "no way 'shrink'"),
        (Alteration((("block", "mid7"),)), "mid7"),
        (Alteration((("attention", peers("own")[0]),), "mean"), "can only be left out"),
        (Alteration((("attention", f"{KEY}:nobody"),), frames=(0, 3)), "nobody"),
    ):
        with pytest.raises(PeerattnError, match=line), altered(network, alteration):
            pass
