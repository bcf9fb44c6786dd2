"""Delivered shares are those of a recording, and are measured beside effects."""

import numpy as np
import pytest
from hypothesis import given, settings

from peerattn.graph.structure import Structure
from peerattn.recording.delivered import delivered_shares, mean_shares
from peerattn.recording.effects import answers_in_parts
from peerattn.recording.recorder import record
from peerattn.scores.effect_answers import EffectAnswers
from peerattn.tables.share import contribution_shares
from tests.peerattn.graph.test_connectivity import hand_made
from tests.peerattn.recording.test_effects import noise_clips
from tests.peerattn.recording.test_leaving_out import random_clip
from tests.strategies import lively, structures


@settings(max_examples=20)
@given(structures())
def test_mean_shares_are_those_of_the_tables(structure: Structure) -> None:
    trace = record(lively(structure), random_clip(structure), window=2)
    assert mean_shares(trace) == pytest.approx(contribution_shares(trace), abs=1e-6)


def test_shares_into_a_block_sum_to_one_and_stand_beside_the_effects() -> None:
    network = lively(hand_made())
    clips = noise_clips(network.structure, 5)
    shares = delivered_shares(network, clips, window=4, baselines={})
    for target in {spec.target for spec in network.structure.connections}:
        into = [shares[spec.key] for spec in network.structure.into(target)]
        np.testing.assert_allclose(np.sum(into, axis=0), 1, atol=1e-5)
    parts = list(
        answers_in_parts(network, clips, of="connection", how="remove", window=4, batch=2, baselines={})
    )
    measured = EffectAnswers.concatenated(parts)
    assert set(measured.shares) == set(measured.after)
    for name, own in measured.shares.items():
        np.testing.assert_allclose(own, shares[name], atol=1e-6)
    (other, *_) = answers_in_parts(network, clips, of="modality", how="shuffle", window=4, baselines={})
    assert not other.shares
