"""The components of a network: each has a unique name, and one table lists the interventions on each kind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerattn.errors import PeerattnError
from peerattn.graph import components
from peerattn.graph.structure import Structure
from tests.peerattn.graph.test_connectivity import hand_made
from tests.strategies import structures


@given(structures(), st.sampled_from(list(components.INTERVENTIONS)))
def test_names_of_components_are_unique(structure: Structure, of: str) -> None:
    names = components.names(structure, of)
    assert len(set(names)) == len(names)
    if names:
        assert components.select(structure, of, (*names, *names[::-1])) == names
    else:
        with pytest.raises(PeerattnError, match="this network has no attention connections"):
            components.select(structure, of, ["any"])


@given(structures())
def test_an_attention_connection_is_named_after_its_connection_and_peer(structure: Structure) -> None:
    for name, (spec, number) in components.attention_connections(structure).items():
        peer = spec.source if spec.attention == "self" else spec.peers[number]
        assert name == f"{spec.key}:{peer}"
    attended = [spec for spec in structure.connections if spec.attention in ("self", "peer")]
    assert len(components.attention_connections(structure)) == sum(
        max(len(spec.peers), 1) for spec in attended
    )


def test_names_of_a_hand_made_network() -> None:
    assert components.names(hand_made(), "modality") == ("rgb", "flow", "object")
    assert components.names(hand_made(), "block")[-1] == "top"
    assert components.names(hand_made(), "connection")[0] == "eye_to_a"
    assert components.names(hand_made(), "attention")[:2] == ("eye_to_a:eye", "eye_to_a:flow1")


@pytest.mark.parametrize("of", components.INTERVENTIONS)
@pytest.mark.parametrize("how", ["swap", "remove", "mean", "one", "shuffle", "double"])
def test_a_meaningless_intervention_is_refused_with_the_possible_ones(of: str, how: str) -> None:
    if how in components.INTERVENTIONS[of]:
        components.check_intervention(of, how)
        return
    with pytest.raises(PeerattnError, match=r"makes no sense for an? ") as refusal:
        components.check_intervention(of, how)
    assert all(way in str(refusal.value) for way in components.INTERVENTIONS[of])
