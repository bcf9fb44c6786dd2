"""An alteration does what the interventions do that it stands for, and is undone afterwards."""

from contextlib import AbstractContextManager

import numpy as np
import pytest

from peerattn.errors import PeerattnError
from peerattn.recording.altering import Alteration, altered
from peerattn.recording.interventions import frozen, without
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
    with altered(network, trace, alteration):
        own = record(network, clip, window=3).probabilities
    with intervention:
        np.testing.assert_array_equal(own, record(network, clip, window=3).probabilities)
    assert hooks(network) == before and not network.disabled
    assert np.array_equal(record(network, clip, window=3).probabilities, trace.probabilities)


def test_in_a_span_the_parts_add_nothing_and_elsewhere_what_they_did() -> None:
    network, clip = lively(EVERY_KIND["own"]), whole_clip(9)
    trace = record(network, clip, window=3)
    with altered(network, trace, Alteration((("modality", "rgb"),), frames=(2, 5))):
        during = record(network, clip, window=3)
    for connection in during.connections:
        if connection.source == "rgb1":
            assert not connection.attention_factors[2:5].any()
            own = trace.connection(connection.key).attention_factors
            np.testing.assert_allclose(connection.attention_factors[5:], own[5:], rtol=1e-6)


def test_an_unknown_way_and_unknown_parts_are_refused() -> None:
    network, clip = lively(EVERY_KIND["own"]), whole_clip(5)
    trace = record(network, clip, window=3)
    for alteration, line in (
        (Alteration((("connection", KEY),), "shrink"), "no way 'shrink'"),
        (Alteration((("block", "mid7"),)), "mid7"),
    ):
        with pytest.raises(PeerattnError, match=line), altered(network, trace, alteration):
            pass
