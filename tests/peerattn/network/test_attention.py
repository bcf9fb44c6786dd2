"""Attention factors: the formula, and properties of all attention modes."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from peerattn.graph.specs import BlockSpec, ConnectionSpec
from peerattn.graph.structure import Structure
from peerattn.network.attention import (
    NoAttention,
    PeerAttention,
    SelfAttention,
    StaticAttention,
    spatial_mean,
)
from peerattn.network.fusion import Connection
from tests.strategies import MODALITIES

SMALL = st.integers(1, 5)


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def attention(peers: int, width: int, channels: int, *, spread: float = 2.0) -> PeerAttention:
    """Peer attention whose attention weights are far from uniform."""
    module = PeerAttention(peers, width, channels)
    nn.init.normal_(module.weights, std=spread)
    return module


def test_the_spatial_mean_has_one_vector_per_frame() -> None:
    output = noise(2, 3, 4, 5, 6)
    vectors = spatial_mean(output)
    assert vectors.shape == (2, 4, 3)
    assert torch.allclose(vectors[1, 2, 0], output[1, 0, 2].mean())


@given(peers=SMALL, width=SMALL, channels=SMALL, frames=SMALL, scale=st.sampled_from((0.1, 10.0, 1e4)))
def test_factors_lie_in_0_to_1_and_attention_weights_sum_to_1(
    peers: int, width: int, channels: int, frames: int, scale: float
) -> None:
    module = attention(peers, width, channels, spread=scale)
    factors, weights = module(None, scale * noise(peers, 2, frames, width))
    assert factors.shape == (2, frames, channels)
    assert ((factors >= 0) & (factors <= 1)).all()
    assert (weights >= 0).all()
    assert abs(weights.sum().item() - 1) < 1e-6


@given(peers=SMALL, channels=SMALL, frames=SMALL, height=SMALL, width=SMALL)
def test_pooling_first_equals_pooling_the_combined_representation(
    peers: int, channels: int, frames: int, height: int, width: int
) -> None:
    """The patent combines outputs before pooling; for outputs of equal shape, pooling first is equivalent."""
    module = attention(peers, channels, 3)
    outputs = noise(peers, 2, channels, frames, height, width)
    combined = torch.einsum("p,pbcthw->bcthw", torch.softmax(module.weights, 0), outputs)
    expected = torch.sigmoid(module.dense(spatial_mean(combined)))
    factors, _ = module(None, torch.stack([spatial_mean(output) for output in outputs]))
    assert torch.allclose(factors, expected, atol=1e-5)


@given(channels=SMALL, frames=SMALL)
def test_self_attention_is_peer_attention_to_the_source(channels: int, frames: int) -> None:
    """With weight 1 and the identity as projection."""
    alone, peer = SelfAttention(channels), PeerAttention(1, channels, channels)
    peer.dense.load_state_dict(alone.dense.state_dict())
    source = noise(2, frames, channels)
    of_self, of_peer = alone(source, None), peer(None, source[None])
    assert torch.allclose(of_self.factors, of_peer.factors, atol=1e-6)
    assert torch.equal(of_self.attention_weights, of_peer.attention_weights)


def test_self_attention_sees_the_weighted_source() -> None:
    block = BlockSpec("top", 2, "bottleneck", 3, input_width=3)
    eye = BlockSpec("eye", 1, "video_input", 3, modality="rgb")
    structure = Structure.complete([eye, block], modalities=MODALITIES[:1], attention="self")
    weighted = Connection(structure.connections[0], structure)
    nn.init.constant_(weighted.weight, torch.logit(torch.tensor(0.25)).item())
    source = noise(1, 3, 2, 4, 4)  # (B, C, T, H, W)
    pooled = source.mean(dim=(3, 4)).transpose(1, 2)
    expected = torch.sigmoid(weighted.attention.dense(0.25 * pooled))
    assert torch.allclose(weighted(source, None).factors, expected, atol=1e-6)


def test_static_attention_has_one_learned_factor_per_channel() -> None:
    module = StaticAttention(2)
    module.bias.data = torch.tensor([0.0, 3.0]).log1p()  # σ(ln 1) = 1/2, σ(ln 4) = 4/5
    factors, weights = module(noise(1, 4, 2), None)
    assert torch.allclose(factors, torch.tensor([0.5, 0.8]))
    assert weights is None


def test_without_attention_nothing_is_multiplied() -> None:
    assert NoAttention()(noise(1, 4, 2), None) == (None, None)


def test_without_weight_and_attention_a_connection_scales_nothing() -> None:
    blocks = [
        BlockSpec("eye", 1, "video_input", 2, modality="rgb"),
        BlockSpec("top", 2, "bottleneck", 2, input_width=2),
    ]
    structure = Structure.complete(blocks, modalities=MODALITIES[:1], attention="none")
    connection = Connection(ConnectionSpec("eye", "top", weight=None), structure)
    assert list(connection.parameters()) == []
    assert connection(None, None) == (None, None, None, None)


def test_each_frame_has_its_own_factors() -> None:
    """Changing one frame of a peer changes the factors of that frame only."""
    module, vectors = attention(2, 3, 4), noise(2, 1, 5, 3)
    before, _ = module(None, vectors)
    changed = vectors.clone()
    changed[:, :, 2] += 1
    after, _ = module(None, changed)
    different = (before != after).any(dim=2)[0].tolist()
    assert different == [False, False, True, False, False]
