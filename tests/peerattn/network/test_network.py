"""The network: an example worked by hand, a slow second route, and the laws of connections."""

import copy
import dataclasses
import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from peerattn.checkpoints import checkpoint
from peerattn.errors import PeerattnError
from peerattn.graph.kinds import KINDS
from peerattn.graph.specs import BlockSpec, ConnectionSpec, Modality, OutputSpec
from peerattn.graph.structure import Structure
from peerattn.network.network import Network
from peerattn.recording.hooks import recording
from tests.devices import check
from tests.strategies import CLASSES, MODALITIES, lively, structures, tensors

RGB = MODALITIES[0]


def by_hand() -> Network:
    """Input blocks a and b read the same two frames of one pixel; both are peers of the connection a to top.

    Convolutions are 1 unless stated otherwise, and batch norms are the identity.
    a: twice the frame, then plus half the frame before.   b: the frame.   top: x + relu(x).
    a to top: σ(w) = 1/4, softmax(h) = (3/4, 1/4) over (a, b), f(v) = (v - 1.75) · ln 3 / 4.25.
    b to top: no weight, no attention.   head: the mean times (1, -2), plus (0, 1).
    """
    blocks = (
        BlockSpec("a", 1, "video_input", 1, modality="light"),
        BlockSpec("b", 1, "video_input", 1, modality="light"),
        BlockSpec("top", 2, "bottleneck", 1, input_width=1, attention_width=1),
    )
    connections = (
        ConnectionSpec("a", "top", ("a", "b"), "peer", 0.25),
        ConnectionSpec("b", "top", weight=None),
    )
    structure = Structure(blocks, connections, (OutputSpec("top"),), (Modality("light", 1),))
    network = Network(structure, ("dark", "bright")).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 0.0
        elif isinstance(module, nn.Conv2d):
            nn.init.dirac_(module.weight)
    space, time = network.blocks["a"]
    space[0].weight.data.fill_(2.0)
    time[0].weight.data[0, 0, :, 0] = torch.tensor([0.5, 1.0, 0.0])
    for projection in network.fusions["top"].peers.values():
        set_linear(projection, [1.0], [0.0])
    attention = network.connection("a_to_top").attention
    attention.weights.data = torch.tensor([math.log(3), 0.0])
    set_linear(attention.dense, [math.log(3) / 4.25], [-1.75 * math.log(3) / 4.25])
    set_linear(network.heads["top"][1], [1.0, -2.0], [0.0, 1.0])
    return network


def set_linear(linear: nn.Linear, weights: list[float], biases: list[float]) -> None:
    linear.weight.data = torch.tensor(weights)[:, None]
    linear.bias.data = torch.tensor(biases)


def test_example_worked_by_hand() -> None:
    """For the frames (1, 3):

    a = (2·1, 2·3 + 2/2) = (2, 7)                   b = (1, 3)
    peers: 3/4 a + 1/4 b = (1.75, 6)                f = (0, ln 3)        A = σ(f) = (1/2, 3/4)
    top receives 1/4 · A · a + b = (1/4 + 1, 21/16 + 3) = (1.25, 4.3125)
    top returns twice that, (2.5, 8.625), whose mean is 5.5625: scores (5.5625, 1 - 11.125)
    """
    light = torch.tensor([1.0, 3.0]).reshape(1, 1, 2, 1, 1)
    scores = by_hand()({"light": light})
    assert torch.allclose(scores, torch.tensor([[5.5625, -10.125]]), atol=1e-5)


def scores_by_the_formulas(network: Network, clip: dict[str, Tensor]) -> Tensor:
    """The scores, computed from the formulas separately for each connection."""
    structure, outputs = network.structure, {}
    for block in structure.in_order:
        if block.modality:
            outputs[block.id] = network.blocks[block.id](clip[block.modality])
            continue
        side = -(-clip[structure.modalities[0].name].shape[-1] // block.input_reduction)
        clips, _, frames = clip[structure.modalities[0].name].shape[:3]
        total = torch.zeros(clips, block.input_width, frames, side, side)
        for spec in structure.into(block.id):
            pool = block.input_reduction // structure.block(spec.source).reduction
            source = F.max_pool3d(outputs[spec.source], (1, pool, pool))
            scaled = torch.einsum("bct,bcthw->bcthw", factors(network, spec, source, outputs), source)
            total += align(network, block, scaled * weight(network, spec))
        outputs[block.id] = network.blocks[block.id](total)
    scores = [network.heads[o.block](outputs[o.block]) for o in structure.outputs]
    return sum(scores) / len(scores)


def weight(network: Network, spec: ConnectionSpec) -> Tensor:
    parameter = network.connection(spec.key).weight
    return torch.ones(()) if parameter is None else torch.sigmoid(parameter)


def align(network: Network, block: BlockSpec, source: Tensor) -> Tensor:
    channels = source.shape[1]
    if channels == block.input_width:
        return source
    matrix = network.fusions[block.id].align[str(channels)].weight[:, :, 0, 0]
    return torch.einsum("oc,bcthw->bothw", matrix, source)


def factors(network: Network, spec: ConnectionSpec, source: Tensor, outputs: dict[str, Tensor]) -> Tensor:
    """The attention factors (B, C, T) by the formulas."""
    attention = network.connection(spec.key).attention
    if spec.attention == "none":
        return torch.ones(source.shape[:3])
    if spec.attention == "static":
        return torch.sigmoid(attention.bias)[None, :, None].expand(source.shape[:3])
    if spec.attention == "self":
        vector = (weight(network, spec) * source).mean(dim=(3, 4)).transpose(1, 2)
    else:
        project = network.fusions[spec.target].peers
        shares = torch.softmax(attention.weights, 0)
        vector = sum(
            share * project[peer](outputs[peer].mean(dim=(3, 4)).transpose(1, 2))
            for share, peer in zip(shares, spec.peers, strict=True)
        )
    return torch.sigmoid(attention.dense(vector)).transpose(1, 2)


@torch.no_grad()
@given(structures())
def test_scores_equal_those_of_the_formulas(structure: Structure) -> None:
    network = lively(structure)
    largest = max(block.input_reduction for block in structure.blocks)
    clip = tensors(structure, clips=2, frames=2, size=(largest, largest))
    assert torch.allclose(network(clip), scores_by_the_formulas(network, clip), rtol=1e-4, atol=1e-4)


@torch.no_grad()
@given(structures(), st.data())
def test_removed_connection_equals_zero_weight(structure: Structure, data: st.DataObject) -> None:
    """Weight σ(-∞) = 0, disabling the connection and building the network without it give the same scores."""
    spec = data.draw(st.sampled_from(structure.connections))
    weighted = tuple(
        dataclasses.replace(one, weight=0.5) if one == spec else one for one in structure.connections
    )
    network = lively(dataclasses.replace(structure, connections=weighted))
    clip = tensors(structure, frames=2, size=(9, 13))
    network.disabled = frozenset({spec.key})
    disabled = network(clip)
    network.disabled = frozenset()
    network.connection(spec.key).weight.fill_(-math.inf)
    assert torch.allclose(network(clip), disabled, atol=1e-5)
    kept = tuple(one for one in weighted if one.key != spec.key)
    try:
        without = Network(dataclasses.replace(structure, connections=kept), CLASSES).eval()
    except PeerattnError:
        return  # it was the only path to an output block
    state = network.state_dict()
    without.load_state_dict({name: state[name] for name in without.state_dict()})
    assert torch.allclose(without(clip), disabled, atol=1e-5)


@torch.no_grad()
@given(structures(), st.integers(1, 6), st.integers(1, 21), st.integers(1, 21))
def test_clips_of_any_length_and_size_give_outputs_of_the_specified_size(
    structure: Structure, frames: int, height: int, width: int
) -> None:
    network, heights = lively(structure), {}
    for block_id, block in network.blocks.items():
        block.register_forward_hook(lambda m, i, out, name=block_id: heights.update({name: out.shape}))
    scores = network(tensors(structure, clips=2, frames=frames, size=(height, width)))
    assert scores.shape == (2, len(CLASSES))
    assert torch.isfinite(scores).all()
    for block in structure.blocks:
        sides = tuple(-(-side // block.reduction) for side in (height, width))
        assert heights[block.id] == (2, block.width, frames, *sides)


@torch.no_grad()
@settings(max_examples=10)
@given(structures())
def test_a_batch_gives_the_same_scores_as_its_clips_one_by_one(structure: Structure) -> None:
    network, clip = lively(structure), tensors(structure, clips=3)
    alone = [network({name: one[[number]] for name, one in clip.items()}) for number in range(3)]
    assert torch.allclose(network(clip), torch.cat(alone), atol=1e-5)


def with_time_padding(structure: Structure, time_padding: str) -> Structure:
    """The structure with this time padding in every block that supports it."""
    blocks = tuple(
        dataclasses.replace(block, time_padding=time_padding) if KINDS[block.kind].repeats_edges else block
        for block in structure.blocks
    )
    return dataclasses.replace(structure, blocks=blocks)


@torch.no_grad()
def largest_factor_change(network: Network, clip: dict[str, Tensor]) -> float:
    """The largest change of an attention factor from the first frame, if all frames are like the first."""
    still = {name: one[:, :, :1].expand_as(one) for name, one in clip.items()}
    with recording(network) as seen:
        network(still)
    factors = [passes[0].factors for passes in seen.passed.values()]
    moving = [one for one in factors if one is not None and one.ndim == 3]  # (B, T, C)
    return max(((one - one[:, :1]).abs().max().item() for one in moving), default=0.0)


@settings(max_examples=50)
@given(structures(), st.integers(1, 12))
def test_with_repeated_edge_frames_the_factors_of_a_still_clip_are_constant(
    structure: Structure, frames: int
) -> None:
    clip = tensors(structure, frames=frames, size=(9, 13))
    assert largest_factor_change(lively(with_time_padding(structure, "repeat")), clip) <= 1e-6


@pytest.mark.parametrize("name", ["actionworld", "actionworld-self"])
def test_bundled_networks_on_generated_clips_have_constant_factors_on_a_still_clip(name: str) -> None:
    loaded = checkpoint.load(name)
    clip = tensors(loaded.structure, frames=loaded.settings.window, size=(64, 64))
    assert largest_factor_change(loaded.network, clip) <= 1e-6


def test_an_earlier_network_has_changing_factors_on_a_still_clip_only_because_of_zero_padding() -> None:
    loaded = checkpoint.load("actions14")
    clip = tensors(loaded.structure, frames=loaded.settings.window, size=(64, 64))
    repeating = Network(with_time_padding(loaded.structure, "repeat"), loaded.class_names).eval()
    repeating.load_state_dict(loaded.network.state_dict())
    assert largest_factor_change(repeating, clip) <= 1e-6
    assert largest_factor_change(loaded.network, clip) > 0.01


@pytest.mark.parametrize(
    "name", ["train", "keys", "items", "training", "forward", "weight", "0", "a b", "ö/é"]
)
def test_a_block_may_have_any_name(name: str) -> None:
    blocks = [
        BlockSpec(name, 1, "video_input", 2, modality="rgb"),
        BlockSpec("other", 1, "video_input", 3, modality="rgb"),
        BlockSpec(f"{name}!", 2, "bottleneck", 2),
    ]
    network = Network(Structure.complete(blocks, modalities=(RGB,)), CLASSES)
    clip = tensors(network.structure)
    scores = network.train().eval()(clip)
    again = copy.deepcopy(network)
    again.load_state_dict(network.state_dict())
    assert torch.equal(again(clip), scores)
    assert network.connection_weights().keys() == {f"{name}_to_{name}!", f"other_to_{name}!"}


def test_parameters_are_named_after_connections_and_peers() -> None:
    names = set(by_hand().state_dict())
    assert {"connections.a_to_top.weight", "connections.a_to_top.attention.weights"} <= names
    assert {"fusions.top.peers.a.weight", "heads.top.1.weight"} <= names
    assert "connections.b_to_top.weight" not in names


def test_connection_weights_are_sigmoids_and_omit_connections_without_one() -> None:
    assert by_hand().connection_weights() == {"a_to_top": 0.25}


@given(structures())
def test_connection_weights_start_at_the_values_of_the_structure(structure: Structure) -> None:
    weights = Network(structure, CLASSES).connection_weights()
    for spec in structure.connections:
        assert weights.get(spec.key) == (spec.weight and pytest.approx(spec.weight, abs=1e-6))


def test_a_fixed_connection_weight_gets_no_gradient() -> None:
    structure = by_hand().structure
    fixed = dataclasses.replace(structure.connections[0], learned=False)
    network = Network(dataclasses.replace(structure, connections=(fixed, structure.connections[1])), CLASSES)
    network({"light": torch.ones(1, 1, 2, 4, 4)}).sum().backward()
    assert network.connection("a_to_top").weight.grad is None
    assert network.connection("a_to_top").attention.weights.grad is not None


@settings(max_examples=10)
@given(structures())
def test_all_learned_parameters_on_a_path_to_an_output_get_a_gradient(structure: Structure) -> None:
    """Connections are summed in place, which must not cut off a gradient."""
    network = Network(structure, CLASSES)
    network(tensors(structure, clips=2, frames=2)).square().sum().backward()
    reached, frontier = set(), {output.block for output in structure.outputs}
    while frontier:
        specs = {spec for block in frontier for spec in structure.into(block)} - reached
        reached |= specs
        frontier = {spec.source for spec in specs}
    for spec in reached:
        for name, parameter in network.connection(spec.key).named_parameters():
            assert (parameter.grad is None) == (name == "weight" and not spec.learned)


def test_scores_are_the_mean_over_the_output_blocks() -> None:
    structure = by_hand().structure
    two = dataclasses.replace(structure, outputs=(OutputSpec("top"), OutputSpec("a")))
    network, light = Network(two, CLASSES).eval(), {"light": torch.rand(2, 1, 3, 5, 5)}
    seen = []
    for head in network.heads.values():
        head.register_forward_hook(lambda module, inputs, output: seen.append(output))
    assert torch.allclose(network(light), (seen[0] + seen[1]) / 2)


def test_a_missing_or_misshapen_modality_is_named_in_the_error() -> None:
    structure = Structure.complete(
        [
            BlockSpec("eye", 1, "video_input", 2, modality="rgb"),
            BlockSpec("ear", 1, "video_input", 2, modality="flow"),
            BlockSpec("top", 2, "bottleneck", 2),
        ],
        modalities=MODALITIES[:2],
    )
    clip = tensors(structure)
    with pytest.raises(PeerattnError, match="no flow modality"):
        Network(structure, CLASSES)({"rgb": clip["rgb"]})
    with pytest.raises(PeerattnError, match=r"modality flow has shape \(1, 3, 3, 16, 16\)"):
        Network(structure, CLASSES)({"rgb": clip["rgb"], "flow": clip["rgb"]})


def test_modalities_of_different_sizes_are_refused() -> None:
    structure = Structure.complete(
        [
            BlockSpec("eye", 1, "video_input", 2, modality="rgb"),
            BlockSpec("ear", 1, "video_input", 2, modality="flow"),
            BlockSpec("top", 2, "bottleneck", 2),
        ],
        modalities=MODALITIES[:2],
    )
    clip, network = tensors(structure), Network(structure, CLASSES)
    for other in (clip["flow"][:, :, :2], clip["flow"][..., :8], clip["flow"].repeat(2, 1, 1, 1, 1)):
        with pytest.raises(PeerattnError, match=r"differ in .*: rgb \(1, 3, 16, 16\), flow"):
            network({**clip, "flow": other})


def test_a_block_may_compute_its_modality_from_another_one() -> None:
    """Published flow blocks have the modality flow, which they compute from rgb."""
    blocks = [
        BlockSpec("eye", 1, "video_input", 2, modality="rgb"),
        BlockSpec("ear", 1, "video_input", 2, modality="flow", reads="rgb"),
        BlockSpec("top", 2, "bottleneck", 2),
    ]
    structure = Structure.complete(blocks, modalities=(RGB,))
    assert Network(structure, CLASSES).eval()(tensors(structure)).shape == (1, 3)
    assert structure.reaching_modalities["top"] == {"rgb", "flow"}


@torch.no_grad()
@settings(max_examples=10)
@given(structures())
def test_another_device_agrees_with_the_cpu(device: torch.device, structure: Structure) -> None:
    network, clip = lively(structure), tensors(structure, clips=2)
    expected = network(clip)
    found = network.to(device)({name: tensor.to(device) for name, tensor in clip.items()})
    check(found, expected, device)
