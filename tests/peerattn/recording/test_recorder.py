"""Recording: it changes nothing, leaves no hooks, and its numbers are those of the pass."""

import dataclasses
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from weakref import ref

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from peerattn.errors import PeerattnError
from peerattn.graph.specs import BlockSpec
from peerattn.graph.structure import Structure
from peerattn.modalities.clip import Clip
from peerattn.network.fusion import ConnectionOutput
from peerattn.network.network import Network
from peerattn.pruning.threshold import masked
from peerattn.recording.hooks import recording
from peerattn.recording.recorder import HEATMAP_SIDE, record
from peerattn.recording.windows import windows
from peerattn.traces.trace import Trace
from tests.devices import check
from tests.peerattn.network.test_network import by_hand
from tests.strategies import CLASSES, MODALITIES, lively, structures, tensors

LENGTHS = st.tuples(st.integers(1, 9), st.integers(1, 4))


def clip_of(structure: Structure, *, frames: int = 5, size: tuple[int, int] = (16, 16)) -> Clip:
    times, images = np.arange(frames) / 8, np.zeros((frames, 16, 16, 3), np.uint8)
    return Clip(tensors(structure, frames=frames, size=size), times, images, None, "attached", ("a remark",))


def three_modes() -> Network:
    blocks = [BlockSpec(f"{m.name}1", 1, "video_input", 4, modality=m.name) for m in MODALITIES]
    blocks += [BlockSpec("middle", 2, "bottleneck", 5), BlockSpec("top", 3, "bottleneck", 6)]
    structure = Structure.complete(blocks, modalities=MODALITIES)
    changes = {
        "rgb1_to_middle": {"attention": "none", "peers": ()},
        "flow1_to_middle": {"attention": "static", "peers": ()},
        "object1_to_middle": {"attention": "self", "peers": ()},
        "middle_to_top": {"weight": None},
    }
    connections = [dataclasses.replace(s, **changes.get(s.key, {})) for s in structure.connections]
    return lively(dataclasses.replace(structure, connections=tuple(connections)))


def hooks(network: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in network.modules())


class Failure(Exception):
    """An error that only tests raise."""


@torch.no_grad()
@given(structures())
def test_recording_changes_no_bit_of_the_scores(structure: Structure) -> None:
    network, clip = lively(structure), tensors(structure)
    before = network(clip)
    with recording(network):
        during = network(clip)
    assert torch.equal(before, during)
    assert torch.equal(before, network(clip))


def test_recording_changes_no_gradient() -> None:
    network, clip = three_modes(), tensors(three_modes().structure)
    network(clip).sum().backward()
    plain = [parameter.grad.clone() for parameter in network.parameters() if parameter.grad is not None]
    network.zero_grad()
    with recording(network) as seen:
        network(clip).sum().backward()
    with_recording = [p.grad for p in network.parameters() if p.grad is not None]
    assert all(torch.equal(*pair) for pair in zip(plain, with_recording, strict=True))
    assert not any(t.requires_grad for kept in seen.heatmaps.values() for t in kept)
    assert not seen.passed["object1_to_middle"][0].factors.requires_grad


def test_no_hooks_remain_after_a_recording() -> None:
    network = three_modes()
    with recording(network):
        assert hooks(network) == len(network.connections) + len(network.blocks)
    assert hooks(network) == 0


def test_no_hooks_remain_after_an_exception_inside_forward() -> None:
    network, clip = three_modes().train(), clip_of(three_modes().structure)

    def fail(*_: object) -> None:
        raise Failure

    handle = network.blocks["middle"].register_forward_pre_hook(fail)
    with pytest.raises(Failure):
        record(network, clip, window=4)
    handle.remove()
    assert hooks(network) == 0
    assert network.training
    record(network, clip, window=4)


def test_recording_some_connections_and_frames_gives_the_numbers_of_the_full_recording() -> None:
    network = three_modes()
    clip = clip_of(network.structure, frames=9)
    whole = record(network, clip, window=4)
    keys = ("middle_to_top", "rgb1_to_middle")
    some = record(network, clip, window=4, connections=keys, frames=(2, 7))
    assert {one.key for one in some.connections} == set(keys)
    assert [(one.start, one.stop) for one in some.windows] == [(0, 1), (1, 4), (4, 5)]
    for one in some.connections:
        same = whole.connection(one.key)
        np.testing.assert_array_equal(one.attention_factors, same.attention_factors[2:7])
        np.testing.assert_array_equal(one.contribution, same.contribution[2:7])
    np.testing.assert_array_equal(some.probabilities, whole.probabilities)
    with pytest.raises(PeerattnError, match="no connection 'middle_to_tip': did you mean middle_to_top"):
        record(network, clip, window=4, connections=["middle_to_tip"])
    assert hooks(network) == 0


def test_recording_restores_the_training_mode_of_each_module() -> None:
    """A block in evaluation mode inside a network in training mode, to freeze its batch norms."""
    network = three_modes().train()
    network.blocks["middle"].eval()
    modes = [module.training for module in network.modules()]
    record(network, clip_of(network.structure), window=4)
    assert [module.training for module in network.modules()] == modes
    assert {True, False} <= set(modes)


@pytest.mark.filterwarnings(
    "ignore:.torch.jit:DeprecationWarning"
)  # raised by a module that torch.compile imports
@pytest.mark.parametrize(
    "wrap", [nn.DataParallel, torch.compile, lambda one: nn.DataParallel(torch.compile(one))]
)
def test_a_wrapped_network_gives_the_same_trace_as_the_network_inside(
    wrap: Callable[[nn.Module], nn.Module],
) -> None:
    network = three_modes()
    clip = clip_of(network.structure)
    assert record(wrap(network), clip, window=4).to_json() == record(network, clip, window=4).to_json()


def test_recording_another_module_is_refused() -> None:
    with pytest.raises(PeerattnError, match="this is a Linear, but a peerattn Network is needed"):
        record(nn.Linear(2, 2), clip_of(three_modes().structure), window=4)


@pytest.mark.parametrize(("kind", "near"), [(torch.float64, 1e-6), (torch.bfloat16, 0.05)])
def test_networks_in_any_float_type_are_recorded(kind: torch.dtype, near: float) -> None:
    network, clip = three_modes(), clip_of(three_modes().structure)
    exact = record(network, clip, window=4)
    other = record(network.to(kind), clip, window=4)
    for one, same in zip(other.connections, exact.connections, strict=True):
        np.testing.assert_allclose(one.attention_factors, same.attention_factors, atol=near)
    np.testing.assert_allclose(other.probabilities, exact.probabilities, atol=near)


def test_threads_that_record_one_network_at_the_same_time_get_correct_traces() -> None:
    network = three_modes()
    clips = [clip_of(network.structure, frames=frames) for frames in (3, 4, 5, 6)]
    alone = [record(network, clip, window=3).to_json() for clip in clips]
    with ThreadPoolExecutor(4) as threads:
        together = threads.map(lambda clip: record(network, clip, window=3).to_json(), clips * 5)
    assert list(together) == alone * 5
    assert hooks(network) == 0


def test_progress_counts_blocks_and_its_callback_can_cancel() -> None:
    network, counted = three_modes(), []
    blocks = len(network.blocks)

    def cancel(done: int, total: int) -> None:
        counted.append((done, total))
        if done == 2:
            raise Failure

    with pytest.raises(Failure):
        record(network, clip_of(network.structure), window=2, progress=cancel)
    assert counted == [(1, blocks), (2, blocks)]
    assert hooks(network) == 0


def test_the_trace_of_the_example_worked_by_hand() -> None:
    light = torch.tensor([1.0, 3.0]).reshape(1, 1, 2, 1, 1)
    clip = Clip({"light": light}, np.array([0.0, 0.5]), np.zeros((2, 1, 1, 3), np.uint8), None, None)
    trace = record(by_hand(), clip, window=2)
    attended, plain = trace.connections
    assert attended.attention_factors == pytest.approx(np.array([[0.5], [0.75]]), abs=1e-6)
    assert attended.attention_weights == pytest.approx(np.array([0.75, 0.25]), abs=1e-6)
    assert (attended.connection_weight, attended.peers) == (0.25, ("a", "b"))
    assert (plain.connection_weight, plain.peers) == (None, ())
    assert attended.magnitude == pytest.approx(np.array([0.25, 1.3125]), abs=1e-6)
    assert plain.magnitude == pytest.approx(np.array([1.0, 3.0]), abs=1e-6)
    assert plain.attention_factors.tolist() == [[1.0], [1.0]]
    assert trace.block("a").activity == pytest.approx(np.array([2.0, 7.0]), abs=1e-6)
    assert trace.block("top").activity == pytest.approx(np.array([2.5, 8.625]), abs=1e-5)
    assert trace.block("top").heatmap[:, 0, 0] == pytest.approx(np.array([2.5, 8.625]), abs=1e-5)
    bright = 1 / (1 + np.exp(5.5625 + 10.125))
    assert trace.probabilities == pytest.approx(np.array([1 - bright, bright]), abs=1e-6)


@settings(max_examples=15)
@given(structures(), LENGTHS)
def test_every_array_of_a_trace_has_one_entry_per_frame(
    structure: Structure, lengths: tuple[int, int]
) -> None:
    """Each frame is in exactly one window, and has factors, activities and heat maps."""
    frames, window = lengths
    trace = record(lively(structure), clip_of(structure, frames=frames, size=(9, 16)), window=window)
    covered = [frame for part in trace.windows for frame in range(part.start, part.stop)]
    assert covered == list(range(frames))
    assert max(part.stop - part.start for part in trace.windows) <= window
    shares = np.stack([part.probabilities for part in trace.windows])
    assert shares.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(trace.probabilities, shares.mean(axis=0, dtype=np.float32))
    for spec, connection in zip(structure.connections, trace.connections, strict=True):
        assert connection.attention_factors.shape == (frames, structure.block(spec.source).width)
        assert connection.attention_factors.min() >= 0
        assert connection.attention_factors.max() <= 1
        assert len(connection.attention_weights) == len(connection.peers)
        if connection.peers:
            assert connection.attention_weights.sum() == pytest.approx(1, abs=1e-6)
        assert (connection.connection_weight is None) == (spec.weight is None)
    for block in trace.blocks:
        assert block.activity.shape == (frames,)
        assert len(block.heatmap) == frames
        assert max(block.heatmap.shape[1:]) <= HEATMAP_SIDE
    text = trace.to_json()
    assert Trace.from_json(text).to_json() == text
    assert json.loads(text)["attention_mode"] == structure.attention_mode


@torch.no_grad()
def test_the_clip_is_run_in_one_pass_and_each_window_has_its_own_answer() -> None:
    """Numbers come from one pass over the whole clip; the heads are applied to the frames of each window."""
    network = three_modes()
    clip = clip_of(network.structure, frames=7)
    trace = record(network, clip, window=3)
    spans = windows(7, 3)
    with recording(network) as seen:
        outputs = network.run(clip.tensors)
    assert [(part.start, part.stop) for part in trace.windows] == list(spans)
    for (start, stop), part in zip(spans, trace.windows, strict=True):
        logits = network.combined_logits({name: output[:, :, start:stop] for name, output in outputs.items()})
        assert np.array_equal(part.probabilities, torch.softmax(logits[0], 0).numpy())
    for key in ("object1_to_middle", "middle_to_top"):
        factors = seen.passed[key][0].factors[0].numpy()
        assert np.array_equal(trace.connection(key).attention_factors, factors)
    assert np.array_equal(trace.block("top").activity, seen.heatmaps["top"][0].mean(dim=(1, 2)).numpy())


@torch.no_grad()
@settings(max_examples=15)
@given(structures(), LENGTHS)
def test_the_magnitude_is_the_l1_norm_of_what_the_connection_delivers(
    structure: Structure, lengths: tuple[int, int]
) -> None:
    """‖σ(w) · A ⊙ X‖₁ for each frame, computed independently in a hook."""
    frames, window = lengths
    network, clip = lively(structure), clip_of(structure, frames=frames, size=(9, 16))
    delivered: dict[str, list[np.ndarray]] = {}

    def keep(key: str, module: nn.Module, inputs: tuple, passed: ConnectionOutput) -> None:
        product = inputs[0].double() * (1.0 if passed.scale is None else passed.scale)
        delivered.setdefault(key, []).append(product[0].abs().sum(dim=(0, 2, 3)).numpy())

    trace = record(network, clip, window=window)
    for key, connection in network.connections.items():
        connection.register_forward_hook(partial(keep, key))
    network(clip.tensors)
    for connection in trace.connections:
        assert connection.magnitude == pytest.approx(np.concatenate(delivered[connection.key]), rel=1e-4)
        assert connection.magnitude.dtype == np.float32


def test_a_recording_keeps_no_activations() -> None:
    network = three_modes()
    kept = []
    for connection in network.connections.values():
        connection.register_forward_hook(lambda module, inputs, passed: kept.append(ref(inputs[0])))
    with torch.inference_mode(), recording(network) as seen:
        network(tensors(network.structure))
    assert seen.passed
    assert {source() for source in kept} == {None}


def test_factors_and_peers_of_each_attention_mode() -> None:
    network = three_modes()
    trace = record(network, clip_of(network.structure), window=16)
    none, static, alone, peer = (
        trace.connection(f"{name}_to_{target}")
        for name, target in (
            ("rgb1", "middle"),
            ("flow1", "middle"),
            ("object1", "middle"),
            ("middle", "top"),
        )
    )
    assert np.array_equal(none.attention_factors, np.ones((5, 4), np.float32))
    assert (none.peers, len(none.attention_weights)) == ((), 0)
    bias = network.connection(static.key).attention.bias
    assert np.array_equal(static.attention_factors, torch.sigmoid(bias).detach().expand(5, 4).numpy())
    assert (static.peers, len(static.attention_weights)) == ((), 0)
    assert (alone.peers, alone.attention_weights.tolist()) == (("object1",), [1.0])
    assert np.ptp(alone.attention_factors, axis=0).min() > 0
    assert peer.peers == ("rgb1", "flow1", "object1", "middle")
    assert peer.connection_weight is None
    assert trace.structure.attention_mode == "mixed"
    assert (trace.class_names, trace.objects, trace.remarks) == (CLASSES, "attached", ("a remark",))


def test_the_mean_of_a_heat_map_is_the_activity() -> None:
    network = three_modes()
    trace = record(network, clip_of(network.structure), window=16)
    for block in trace.blocks:
        assert block.heatmap.shape == (5, 8, 8)
        assert block.heatmap.mean(axis=(1, 2)) == pytest.approx(block.activity, rel=1e-5)


def test_a_masked_connection_is_not_in_the_trace() -> None:
    network = three_modes()
    network.connection("flow1_to_middle").weight.data.fill_(-2.0)
    with masked(network, 0.3):
        trace = record(network, clip_of(network.structure), window=16)
    assert {c.key for c in trace.connections} == set(network.connections) - {"flow1_to_middle"}


def test_missing_modalities_are_named_in_the_error() -> None:
    network = three_modes()
    clip = clip_of(network.structure)
    without = dataclasses.replace(clip, tensors={"rgb": clip.tensors["rgb"]})
    with pytest.raises(PeerattnError, match="no flow, object modality"):
        record(network, without, window=16)


def test_a_trace_recorded_on_another_device_agrees_with_the_cpu(device: torch.device) -> None:
    network = three_modes()
    clip = clip_of(network.structure)
    expected = record(network, clip, window=3)
    check(record(network.to(device), clip, window=3), expected, device)
