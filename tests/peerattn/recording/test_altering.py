"""An alteration does what the interventions do that it stands for, and is undone afterwards."""

from contextlib import AbstractContextManager

import numpy as np
import pytest

from peerattn.errors import PeerattnError
from peerattn.recording.altering import Alteration, altered
from peerattn.recording.interventions import frozen, removed_keys, without
from peerattn.recording.leaving_out import leave_out_while
from peerattn.recording.recorder import record
from tests.kinds import EVERY_KIND
from tests.peerattn.recording.test_interventions import whole_clip
from tests.peerattn.recording.test_recorder import hooks
from tests.strategies import lively

KEY = "rgb1_to_top"


@pytest.mark.parametrize("how", ["remove", "mean", "one", "modality and block"])
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
    }
    alteration, intervention = cases[how]
    with altered(network, alteration):
        own = record(network, clip, window=3).probabilities
    with intervention:
        np.testing.assert_array_equal(own, record(network, clip, window=3).probabilities)
    assert hooks(network) == before and not network.disabled
    assert np.array_equal(record(network, clip, window=3).probabilities, trace.probabilities)


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


def test_an_unknown_way_and_unknown_parts_are_refused() -> None:
    network = lively(EVERY_KIND["own"])
    for alteration, line in (
        (Alteration((("connection", KEY),), "shrink"), "no way 'shrink'"),
        (Alteration((("block", "mid7"),)), "mid7"),
    ):
        with pytest.raises(PeerattnError, match=line), altered(network, alteration):
            pass
