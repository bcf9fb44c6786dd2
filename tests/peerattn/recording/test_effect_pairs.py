"""Pairs give the numbers of a network with both changed, and are chosen on clips that do not measure them."""

from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from peerattn.data.examples import Example
from peerattn.data.readable import SkipUnreadable
from peerattn.errors import PeerattnError
from peerattn.graph import components
from peerattn.graph.structure import Structure
from peerattn.recording.effect_pairs import (
    ALL_MEASURED,
    LISTED,
    choose_clips,
    effect_pairs,
    pair_answers_in_parts,
)
from peerattn.recording.effects import answers_in_parts
from peerattn.recording.interventions import removed_keys, without
from peerattn.recording.leaving_out import answers_without
from peerattn.recording.predictions import predict
from peerattn.scores.effect_answers import EffectAnswers
from peerattn.scores.effect_pairs import PairAnswers
from tests.peerattn.graph.test_connectivity import hand_made
from tests.peerattn.network.test_network import set_linear
from tests.peerattn.recording.test_effects import brightness_network, noise_clips
from tests.strategies import lively, structures


def clips_of(structure: Structure, count: int, *, videos: int | None = None) -> SkipUnreadable:
    made = noise_clips(structure, count)
    own = [Example(one.labels, one.tensors, str(n % (videos or count))) for n, one in enumerate(made)]
    return SkipUnreadable(own)


@settings(max_examples=10)
@given(structures())
def test_clips_without_sets_of_connections_have_the_probabilities_of_the_network_without_them(
    structure: Structure,
) -> None:
    network, clips = lively(structure), noise_clips(structure, 3)
    removable = []
    for pair in combinations(components.names(structure, "connection"), 2):
        try:
            with without(network, connections=pair):
                removable.append((pair, predict(network, clips, window=2).clips))
        except PeerattnError:
            continue
    sets = {str(pair): removed_keys(structure, {"connection": pair}) for pair, _ in removable[:4]}
    found = answers_without(network, clips, window=2, left_out=sets)
    np.testing.assert_allclose(found[""], predict(network, clips, window=2).clips, rtol=1e-5, atol=1e-6)
    for pair, after in removable[:4]:
        np.testing.assert_allclose(found[str(pair)], after, rtol=1e-5, atol=1e-6)
    assert network.disabled == frozenset()


@pytest.mark.parametrize("how", ["swap", "remove", "shuffle"])
def test_a_pair_is_both_changed_at_once_beside_each_alone(how: str) -> None:
    network = lively(hand_made())
    clips = clips_of(network.structure, 24)
    parts = list(pair_answers_in_parts(network, clips, of="modality", how=how, window=4, batch=8))
    kept = PairAnswers.concatenated(parts)
    names = components.names(network.structure, "modality")
    assert list(kept.pairs.values()) == list(combinations(names, 2)) and not kept.selection.clips
    alone = EffectAnswers.concatenated(
        list(answers_in_parts(network, clips, of="modality", how=how, window=4, batch=8))
    )
    for name in alone.after:
        np.testing.assert_allclose(kept.answers.after[name], alone.after[name], rtol=1e-5, atol=1e-6)
    if how == "remove":
        with without(network, modality=kept.pairs[f"{names[0]} + {names[1]}"]):
            both = predict(network, clips, window=4).clips
        np.testing.assert_allclose(kept.answers.after[f"{names[0]} + {names[1]}"], both, rtol=1e-5, atol=1e-6)
    assert kept.answers.about.clips == tuple(map(str, range(24)))


def test_many_pairs_are_chosen_on_other_source_videos() -> None:
    network = lively(hand_made())
    clips = clips_of(network.structure, 60, videos=30)
    calls: list[tuple[int, int]] = []
    parts = list(
        pair_answers_in_parts(
            network,
            clips,
            of="connection",
            how="remove",
            window=4,
            progress=lambda done, total: calls.append((done, total)),
            clip_name=lambda number: f"clip {number}",
        )
    )
    kept = PairAnswers.concatenated(parts)
    chosen, measured = choose_clips([example.group for example in clips]), kept.answers.about.clips
    assert kept.selection.candidates > ALL_MEASURED and len(kept.pairs) == LISTED
    assert (kept.selection.clips, kept.selection.groups) == (len(chosen), len(chosen) // 2)
    assert {f"clip {number}" for number in range(60)} - {*measured} == {f"clip {number}" for number in chosen}
    assert {*kept.answers.about.groups}.isdisjoint(str(number % 30) for number in chosen)
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    assert calls[-1][0] == calls[-1][1]


def test_the_pair_that_stands_in_for_each_other_is_found() -> None:
    """Both inputs have the same light: with one from another clip the answer is open, with both wrong."""
    network = brightness_network()
    clips = SkipUnreadable([twin_clip(number) for number in range(60)])
    (pair,) = effect_pairs(network, clips, of="modality", how="swap", window=2).pairs
    assert pair.parts == ("light", "noise") and pair.beyond == pytest.approx(0, abs=0.05)
    with torch.no_grad():  # now both count alike
        network.connection("b_to_top").weight.fill_(20.0)
        set_linear(network.heads["top"][1], [-1.0, 1.0], [4.0, -4.0])
    (pair,) = effect_pairs(network, clips, of="modality", how="swap", window=2).pairs
    assert pair.conclusion.startswith("redundant")
    assert (pair.alone, pair.both) == pytest.approx((2 * np.log(2), 8.0), abs=0.1)


def twin_clip(number: int) -> Example:
    """A clip with the same brightness in both modalities: 0 for dark, 2 for bright."""
    value = torch.full((1, 1, 2, 4, 4), 2.0 * (number % 2)) + 0.01 * number / 60
    return Example((number % 2,), {"light": value, "noise": value.clone()}, str(number))


def test_clips_for_choosing_are_at_most_half_and_whole_source_videos() -> None:
    groups = [str(number // 5) for number in range(60)]
    chosen = choose_clips(groups)
    assert 0 < len(chosen) <= 30 and len(chosen) % 5 == 0
    assert len(choose_clips([str(number) for number in range(400)])) == 48
    with pytest.raises(PeerattnError, match="more source videos"):
        choose_clips(["one"] * 40)


def test_a_single_component_makes_no_pair() -> None:
    network = lively(hand_made())
    with pytest.raises(PeerattnError, match="a pair needs two components"):
        effect_pairs(network, clips_of(network.structure, 4), of="modality", names=["rgb"], window=4)
