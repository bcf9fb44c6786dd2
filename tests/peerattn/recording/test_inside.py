"""The steps to one attention factor: each follows from the one before, and the last is that of the trace."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from peerattn.errors import PeerattnError
from peerattn.graph.structure import Structure
from peerattn.recording.inside import inside, vectors
from peerattn.recording.recorder import record_inside
from peerattn.traces.factor_steps import Affine, FactorSteps
from tests.peerattn.network.test_network import by_hand
from tests.peerattn.recording.test_recorder import clip_of, three_modes
from tests.strategies import lively, structures

STEP = {"rtol": 1e-4, "atol": 1e-5}  # float32 sums, recomputed in float64


def applied(step: Affine, values: np.ndarray) -> np.ndarray:
    return values.astype(float) @ step.matrix.T.astype(float) + step.bias


def check(found: FactorSteps) -> None:
    """Every step, recomputed with numpy from the one before."""
    for step, pooled, projected in zip(found.projections, found.pooled, found.projected, strict=False):
        np.testing.assert_allclose(projected, applied(step, pooled), **STEP)
    if found.attention == "peer":
        powers = np.exp(found.preferences.astype(float))
        np.testing.assert_allclose(found.attention_weights, powers / powers.sum(), **STEP)
        np.testing.assert_allclose(
            found.combined, np.einsum("p,pta->ta", found.attention_weights, np.stack(found.projected)), **STEP
        )
    weight = 1.0 if found.connection_weight is None else found.connection_weight
    if found.attention == "self":
        np.testing.assert_allclose(found.combined, weight * found.pooled[0], **STEP)
    if found.dense:
        np.testing.assert_allclose(found.logits, applied(found.dense, found.combined), **STEP)
    expected = 1.0 if found.logits is None else 1 / (1 + np.exp(-found.logits.astype(float)))
    np.testing.assert_allclose(found.factors, np.broadcast_to(expected, found.factors.shape), **STEP)
    np.testing.assert_allclose(found.scaled, weight * found.factors * found.source, **STEP)


@settings(max_examples=20)
@given(structures())
def test_each_step_follows_from_the_one_before_and_the_factors_are_the_traces(structure: Structure) -> None:
    network, clip = lively(structure), clip_of(structure, frames=5, size=(9, 16))
    trace, read = record_inside(network, clip, window=2)
    for spec, connection in zip(structure.connections, trace.connections, strict=True):
        found = inside(network, read, spec.key)
        check(found)
        assert (found.attention, found.peers) == (spec.attention, connection.peers)
        assert found.connection_weight == connection.connection_weight
        np.testing.assert_allclose(found.factors, connection.attention_factors, rtol=0, atol=1e-6)
        np.testing.assert_array_equal(found.attention_weights, connection.attention_weights)
        assert [each.shape for each in found.pooled] == [
            (5, structure.block(peer).width) for peer in found.peers
        ]
        assert len(found.projections) == len(found.projected) == len(spec.peers)


def test_the_example_worked_by_hand_step_by_step() -> None:
    """a = (2, 7), b = (1, 3); 3/4 a + 1/4 b = (1.75, 6); f = (0, ln 3); A = (1/2, 3/4); a quarter of A·a."""
    network = by_hand()
    light = torch.tensor([1.0, 3.0]).reshape(1, 1, 2, 1, 1)
    clip = dataclasses.replace(clip_of(network.structure, frames=2, size=(1, 1)), tensors={"light": light})
    found = inside(network, vectors(network, clip, window=2), "a_to_top")
    assert [pooled[:, 0].tolist() for pooled in found.pooled] == [[2.0, 7.0], [1.0, 3.0]]
    assert [values[:, 0].tolist() for values in found.projected] == [[2.0, 7.0], [1.0, 3.0]]
    assert found.attention_weights == pytest.approx(np.array([0.75, 0.25]), abs=1e-6)
    assert found.combined[:, 0] == pytest.approx(np.array([1.75, 6.0]), abs=1e-6)
    assert found.logits[:, 0] == pytest.approx(np.array([0.0, np.log(3)]), abs=1e-6)
    assert found.factors[:, 0] == pytest.approx(np.array([0.5, 0.75]), abs=1e-6)
    assert found.scaled[:, 0] == pytest.approx(np.array([0.25, 1.3125]), abs=1e-6)
    plain = inside(network, vectors(network, clip, window=2), "b_to_top")
    assert (plain.pooled, plain.combined, plain.dense, plain.logits) == ((), None, None, None)
    assert plain.scaled[:, 0].tolist() == [1.0, 3.0]


def test_a_source_is_pooled_at_the_size_its_target_reads() -> None:
    """The source is max-pooled to the input size before the mean, so the mean is not that of the output."""
    network = three_modes()
    read = vectors(network, clip_of(network.structure), window=3)
    assert read.sources.keys() == set(network.connections)
    for spec in network.structure.connections:
        assert read.sources[spec.key].shape == read.blocks[spec.source].shape
        assert np.all(read.sources[spec.key] >= read.blocks[spec.source] - 1e-6)


def test_an_unknown_connection_is_named_in_the_error() -> None:
    network = three_modes()
    with pytest.raises(PeerattnError, match="nobody_to_top"):
        inside(network, vectors(network, clip_of(network.structure), window=3), "nobody_to_top")
