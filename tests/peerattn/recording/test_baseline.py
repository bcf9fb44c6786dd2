"""Contributions: what a clip adds to what connections deliver on an empty clip."""

from functools import partial
from unittest.mock import patch

import numpy as np
import pytest
import torch
import torch.nn.functional as functional
from hypothesis import given, settings
from hypothesis import strategies as st

from peerattn.graph.reach import Reach, network_reach
from peerattn.graph.structure import Structure
from peerattn.network.network import Network
from peerattn.recording import baseline, recorder
from peerattn.recording.baseline import Baseline, baseline_bytes, cached_baseline
from peerattn.recording.recorder import record
from tests.kinds import EVERY_KIND
from tests.peerattn.recording.test_recorder import clip_of, three_modes
from tests.strategies import lively, structures, tensors

GREY = {"rgb": (0.2, 0.4, 0.6)}


@given(st.integers(1, 30), st.integers(0, 6), st.integers(0, 6), st.data())
def test_every_frame_is_aligned_with_one_frame_of_the_baseline(
    frames: int, before: int, after: int, data: st.DataObject
) -> None:
    """Near an end, with the frame as far from that end; elsewhere, with the middle frame."""
    reach = Reach(before, after)
    start = data.draw(st.integers(0, frames - 1))
    stop = data.draw(st.integers(start + 1, frames))
    length = min(frames, reach.frames)
    pairs: list[tuple[int, int]] = []
    for own, kept in Baseline(reach, length).aligned_frames(start, stop, frames):
        numbers = range(length)[kept]
        places = range(start, stop)[own]
        pairs += zip(places, numbers if len(numbers) > 1 else [numbers[0]] * len(places), strict=True)
    assert [place for place, _ in pairs] == list(range(start, stop))
    for place, number in pairs:
        left, right = frames - 1 - place, length - 1 - number
        assert min(place, before) == min(number, before) and min(left, after) == min(right, after)


def delivered(network: Network, clip: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Connection → σ(w)·A⊙X (C, T, H, W), and under `X ` + its key X, in one pass."""
    found: dict[str, torch.Tensor] = {}

    def keep(key: str, module: object, inputs: tuple, passed: tuple) -> None:
        scale = 1.0 if passed[0] is None else passed[0]
        found[key], found["X " + key] = (inputs[0] * scale)[0].double(), inputs[0][0].double()

    handles = [
        module.register_forward_hook(partial(keep, key)) for key, module in network.connections.items()
    ]
    with torch.no_grad():
        network.run(clip)
    for handle in handles:
        handle.remove()
    return found


def block_outputs(network: Network, clip: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Block → its output (1, C, T, H, W)."""
    with torch.inference_mode():
        return {name: output.float() for name, output in network.eval().run(clip).items()}


def size(difference: torch.Tensor) -> np.ndarray:
    return difference.abs().sum(dim=(0, 2, 3)).numpy()


def nothing(network: Network, baselines: dict[str, tuple[float, ...]]) -> dict[str, torch.Tensor]:
    """Modality → its values in an empty clip (1, C, 1, 1, 1): its mean in training, if it has no pixels."""
    values = {}
    for modality in network.structure.read_modalities:
        flat = torch.tensor(baselines.get(modality.name, [0.0] * modality.channels))
        values[modality.name] = (flat if modality.pixels else network.mean_of(modality)).view(1, -1, 1, 1, 1)
    return values


def check(network: Network, *, frames: int, baselines: dict[str, tuple[float, ...]]) -> None:
    """Every contribution against the definition: two passes of full length, subtracted and summed here."""
    structure = network.structure
    clip = clip_of(structure, frames=frames, size=(9, 16))
    values = nothing(network, baselines)
    empty = {name: values[name].expand_as(tensor).contiguous() for name, tensor in clip.tensors.items()}
    with_clip, without = delivered(network, dict(clip.tensors)), delivered(network, empty)
    outputs, empty_outputs = block_outputs(network, dict(clip.tensors)), block_outputs(network, empty)
    trace = record(network, clip, window=4, baselines=baselines)
    for block in trace.blocks:
        assert block.added is not None and block.added.shape == block.heatmap.shape
        whole = (outputs[block.block] - empty_outputs[block.block]).abs().mean(dim=1)[0]  # (T, H, W)
        small = functional.adaptive_avg_pool2d(whole[:, None], block.added.shape[1:])[:, 0].numpy()
        np.testing.assert_allclose(block.added, small, rtol=1e-3, atol=1e-4)
    for connection in trace.connections:
        key = connection.key
        assert connection.contribution == pytest.approx(
            size(with_clip[key] - without[key]), rel=1e-3, abs=1e-4
        )
        added = size(with_clip["X " + key] - without["X " + key])
        assert connection.source_contribution == pytest.approx(
            added, rel=1e-3, abs=1e-4 + 1e-5 * size(with_clip["X " + key]).max()
        )


@pytest.mark.parametrize("beside", [False, True], ids=["kept", "beside"])
@pytest.mark.parametrize("frames", [2, 9, 40])
@pytest.mark.parametrize("name", EVERY_KIND)
def test_contributions_are_the_difference_of_two_passes(name: str, frames: int, beside: bool) -> None:
    network = lively(EVERY_KIND[name])
    with patch.object(recorder, "CACHE_LIMIT", 0 if beside else recorder.CACHE_LIMIT):
        check(network, frames=frames, baselines=GREY)


@settings(max_examples=15)
@given(structures(), st.integers(1, 30))
def test_contributions_of_random_structures(structure: Structure, frames: int) -> None:
    check(lively(structure), frames=frames, baselines={})


def test_contributions_of_every_mode_of_attention() -> None:
    check(three_modes(), frames=12, baselines=GREY)


@pytest.mark.parametrize("beside", [False, True], ids=["kept", "beside"])
@pytest.mark.parametrize("name", EVERY_KIND)
def test_the_baseline_clip_itself_adds_nothing(name: str, beside: bool) -> None:
    structure = EVERY_KIND[name]
    clip = clip_of(structure, frames=40)
    network = lively(structure)
    for modality, values in nothing(network, GREY).items():
        clip.tensors[modality][:] = values
    with patch.object(recorder, "CACHE_LIMIT", 0 if beside else recorder.CACHE_LIMIT):
        trace = record(network, clip, window=8, baselines=GREY)
    for connection in trace.connections:
        assert not connection.source_contribution.any()
        assert connection.contribution.max() <= 1e-5 * max(connection.magnitude.max(), 1e-9)


def test_a_source_whose_modality_equals_the_baseline_contributes_nothing() -> None:
    network = lively(EVERY_KIND["own"])
    clip = clip_of(network.structure, frames=30)
    clip.tensors["flow"].zero_()
    trace = record(network, clip, window=8)
    for connection in trace.connections:
        assert connection.source_contribution.any() == (connection.source != "flow1"), connection.key
    moved = trace.connection("flow1_to_top").contribution
    assert moved.min() > 0  # its factors come from peers, which see the clip


def test_a_cached_baseline_is_reused_until_weights_settings_or_connections_change() -> None:
    network = lively(EVERY_KIND["own"])
    like, length = tensors(network.structure, frames=2)["rgb"], network_reach(network.structure).frames
    first = cached_baseline(network, like, frames=60, baselines=GREY)
    assert first.frames == length
    assert cached_baseline(network, like, frames=80, baselines=GREY) is first
    assert cached_baseline(network, like, frames=80, baselines={"rgb": (0.2, 0.4, 0.7)}) is not first
    again = cached_baseline(network, like, frames=60, baselines=GREY)
    assert cached_baseline(network, like, frames=3, baselines=GREY).frames == 3
    with torch.no_grad():
        network.blocks["top"][0].residual[0][0].weight.add_(1e-3)
    changed = cached_baseline(network, like, frames=60, baselines=GREY)
    assert changed is not again
    network.disabled = frozenset({"rgb1_to_top"})
    assert cached_baseline(network, like, frames=60, baselines=GREY) is not changed


def test_sources_are_cached_once_per_size_and_use_the_estimated_memory() -> None:
    network = lively(EVERY_KIND["own"])
    kept = cached_baseline(network, tensors(network.structure, frames=2)["rgb"], frames=60, baselines={})
    storages = {tensor.untyped_storage().data_ptr(): tensor for tensor in kept.sources.values()}
    held = sum(tensor.nbytes for tensor in storages.values())
    assert held <= baseline_bytes(network.structure, 60, (16, 16)) == held
    assert len(storages) < len(kept.sources)


def test_no_hooks_remain_after_running_the_baseline() -> None:
    network = lively(EVERY_KIND["own"])
    with patch.object(network, "run", side_effect=RuntimeError), pytest.raises(RuntimeError):
        cached_baseline(network, tensors(network.structure, frames=2)["rgb"], frames=60, baselines={})
    assert not any(module._forward_hooks for module in network.modules())
    assert baseline._CACHE.get(network) is None
