"""Laws of recordings: what the explorer shows comes from the clip. Each law has a mutation that breaks it.

Every clip is read from a file as in the app and recorded with `record`. A law prints how many frames it
compared and how many are hatched because they are within reach of an end of the clip; it fails if a
connection has less than a window of frames out of reach of both ends.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from peerattn.actionworld.clips import MAP_NAMES, generate
from peerattn.checkpoints import checkpoint
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.data.examples import read_clip
from peerattn.graph.kinds import WHOLE_CLIP
from peerattn.graph.reach import Reach, block_reaches, network_reach
from peerattn.graph.structure import Structure
from peerattn.modalities.clip import Clip, ObjectMaps
from peerattn.modalities.objects import write_objects
from peerattn.network.network import Network
from peerattn.recording import stretches
from peerattn.recording.baseline import Baseline
from peerattn.recording.recorder import record
from peerattn.tables.share import CHANGED_BY_PEERS, modality_share
from peerattn.traces.trace import ConnectionTrace, Trace
from tests.kinds import EVERY_KIND
from tests.media import write_video
from tests.moving import constant_motion_clip, still, without
from tests.peerattn.recording.test_recorder import clip_of
from tests.strategies import lively, structures

SHIPPED = ("actionworld", "actionworld-self", "actions14")
FIRST_SEED = 9_000_000
WORST_OF = 50
SHARE = 0.05
"""The largest share that a modality may have in a clip in which it shows nothing."""
RATES = (24, 25, 30, 50, 60)


@cache
def shipped(name: str) -> Checkpoint:
    return checkpoint.load(name)


def sufficient_length(loaded: Checkpoint) -> int:
    """The length of a clip with two windows of frames out of reach of both ends."""
    reach = network_reach(loaded.structure)
    return reach.before + reach.after + 2 * loaded.settings.window


def clip_from_file(loaded: Checkpoint, seed: int, folder: Path, *, frozen: bool = False) -> Clip:
    """Write a generated scene, or its first frame repeated, as video and object maps, and read it."""
    frames, rate = sufficient_length(loaded), loaded.settings.frame_rate
    world = generate(seed, frames=frames)
    images, ids = world.images, world.object_ids
    if frozen:
        images, ids = (np.repeat(array[:1], frames, axis=0) for array in (images, ids))
    video, objects = folder / f"{seed}{frozen}.mov", folder / f"{seed}{frozen}.npz"
    write_video(video, images, codec="png", times=[frame / rate for frame in range(frames)])
    write_objects(objects, ObjectMaps(ids, None, tuple(range(1, len(MAP_NAMES))), MAP_NAMES[1:], "attached"))
    return read_clip(video, loaded.structure.read_modalities, loaded.settings, objects=objects)


def run(loaded: Checkpoint, clip: Clip) -> Trace:
    settings = loaded.settings
    return record(loaded.network, clip, window=settings.window, baselines=settings.baselines)


def later(clip: Clip, frames: int) -> Clip:
    """The prepared clip without its first frames."""
    tensors = {name: tensor[:, :, frames:] for name, tensor in clip.tensors.items()}
    return replace(clip, tensors=tensors, times=clip.times[frames:], images=clip.images[frames:])


def changed(clip: Clip, tensors: Mapping[str, Tensor]) -> Clip:
    """The prepared clip with other tensors."""
    return replace(clip, tensors=tensors)


def unreached(connection: ConnectionTrace) -> slice:
    """The frames out of reach of both ends of the clip."""
    assert connection.reached is not None
    first, last = connection.reached
    return slice(first, len(connection.attention_factors) - last)


def report_compared(law: str, trace: Trace, window: int) -> None:
    """Print how many frames were compared; fail if a connection has less than a window of them."""
    compared = enough_unreached(trace, window)
    print(
        f"{law}: of {len(trace.times)} frames {min(compared)} to {max(compared)} compared, the others hatched"
    )


def enough_unreached(trace: Trace, window: int) -> list[int]:
    """The number of frames of each connection out of reach of both ends; fails if below a window."""
    counts = [len(range(len(trace.times))[unreached(connection)]) for connection in trace.connections]
    assert min(counts) >= window
    return counts


# A clip that starts later gives the same numbers


def check_start(trace: Trace, other: Trace, shift: int) -> None:
    """Both traces agree frame by frame, out of reach of the ends of either clip."""
    for one, two in zip(trace.connections, other.connections, strict=True):
        begin, stop = unreached(two).start + shift, unreached(one).stop
        for name in ("attention_factors", "magnitude", "contribution", "source_contribution"):
            whole, part = getattr(one, name)[begin:stop], getattr(two, name)[begin - shift : stop - shift]
            assert len(whole) == len(part) > 0
            np.testing.assert_allclose(part, whole, rtol=1e-4, atol=1e-5 * max(1.0, np.abs(whole).max()))
        factors = one.attention_factors[begin:stop], two.attention_factors[begin - shift : stop - shift]
        np.testing.assert_allclose(*factors, rtol=0, atol=1e-5)
    reaches = block_reaches(trace.structure)
    for block, same in zip(trace.blocks, other.blocks, strict=True):
        begin, stop = shift + reaches[block.block].before, len(trace.times) - reaches[block.block].after
        np.testing.assert_allclose(
            same.activity[begin - shift : stop - shift], block.activity[begin:stop], rtol=1e-4, atol=1e-5
        )


def law_of_the_start(loaded: Checkpoint, folder: Path) -> None:
    clip = clip_from_file(loaded, FIRST_SEED, folder)
    trace = run(loaded, clip)
    report_compared("later start", trace, loaded.settings.window)
    for shift in range(1, loaded.settings.window + 1):
        check_start(trace, run(loaded, later(clip, shift)), shift)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_clip_that_begins_later_has_the_same_numbers(name: str, tmp_path: Path) -> None:
    law_of_the_start(shipped(name), tmp_path)


@settings(max_examples=10)
@given(structures(), st.integers(1, 6))
def test_where_a_clip_begins_decides_nothing_in_random_structures(structure: Structure, shift: int) -> None:
    frames = network_reach(structure).frames + shift + 4
    network, clip = lively(structure), clip_of(structure, frames=frames, size=(8, 8))
    check_start(record(network, clip, window=4), record(network, later(clip, shift), window=4), shift)


def reaches_an_end(structure: Structure) -> bool:
    """Whether the ends of a long clip reach some frames only: not if blocks attend to all frames."""
    return network_reach(structure).frames < WHOLE_CLIP


@pytest.mark.parametrize("name", [name for name, one in EVERY_KIND.items() if reaches_an_end(one)])
def test_where_a_clip_begins_decides_nothing_in_any_kind_of_block(name: str) -> None:
    """The removed frames contain no extreme brightness, because computed flow is scaled by the extremes."""
    structure = EVERY_KIND[name]
    network, clip = (
        lively(structure),
        clip_of(structure, frames=network_reach(structure).frames + 9, size=(8, 8)),
    )
    clip.tensors["rgb"][:, :, :5] *= 0.5
    check_start(record(network, clip, window=4), record(network, later(clip, 5), window=4), 5)


# A frozen clip has constant factors, and no flow


def law_of_rest(loaded: Checkpoint, folder: Path) -> None:
    """Out of reach of the ends of a frozen clip, factors are constant and flow has no share."""
    trace = run(loaded, clip_from_file(loaded, FIRST_SEED, folder, frozen=True))
    report_compared("frozen", trace, loaded.settings.window)
    for connection in trace.connections:
        assert np.ptp(connection.attention_factors[unreached(connection)], axis=0).max() <= 1e-6
    assert modality_share(trace)["flow"].max() <= SHARE


def law_of_rest_at_the_ends(loaded: Checkpoint, folder: Path) -> None:
    """If edge frames are repeated beyond the ends, factors are constant at the ends too."""
    trace = run(loaded, clip_from_file(loaded, FIRST_SEED, folder, frozen=True))
    report_compared(
        "frozen, edge frames repeated, hatched frames compared too", trace, loaded.settings.window
    )
    for connection in trace.connections:
        assert np.ptp(connection.attention_factors, axis=0).max() <= 1e-6


def with_padding(loaded: Checkpoint, padding: str) -> Checkpoint:
    """The same weights in blocks with this padding beyond the ends of the clip."""
    blocks = tuple(
        replace(block, time_padding=padding) if block.kind in ("video_input", "bottleneck") else block
        for block in loaded.structure.blocks
    )
    network = Network(replace(loaded.structure, blocks=blocks), loaded.class_names).eval()
    network.load_state_dict(loaded.network.state_dict())
    return replace(loaded, network=network)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_clip_that_stands_still_has_factors_that_stand_still(name: str, tmp_path: Path) -> None:
    law_of_rest(shipped(name), tmp_path)
    law_of_rest_at_the_ends(with_padding(shipped(name), "repeat"), tmp_path)


# A modality that shows nothing has no share


def shares(loaded: Checkpoint, clip: Clip) -> Mapping[str, float]:
    """Column → its largest share in any frame."""
    trace = run(loaded, clip)
    enough_unreached(trace, loaded.settings.window)
    found: Mapping[str, float] = modality_share(trace).max().to_dict()
    return found


def law_of_nothing(loaded: Checkpoint, clips: Iterator[Clip]) -> None:
    """Empty modalities have no share in any frame.

    Flow has none in still clips, object none in clips without objects, rgb none in plain still clips, and
    nothing has any in empty clips.
    """
    worst = {"flow": 0.0, "object": 0.0, "rgb": 0.0, "nothing": 0.0}
    number = 0
    for number, clip in enumerate(clips, start=1):
        worst["flow"] = max(worst["flow"], shares(loaded, changed(clip, still(clip.tensors)))["flow"])
        worst["object"] = max(
            worst["object"], shares(loaded, changed(clip, without(clip.tensors, "object")))["object"]
        )
        worst["rgb"] = max(
            worst["rgb"], shares(loaded, changed(clip, without(still(clip.tensors), "rgb")))["rgb"]
        )
        if number == 1:
            empty = shares(loaded, changed(clip, without(clip.tensors, *clip.tensors)))
            worst["nothing"] = max(empty.values())
    print(f"largest shares of empty modalities, over all frames of {number} clips, hatched ones too: {worst}")
    assert max(worst["flow"], worst["object"], worst["rgb"]) <= SHARE
    assert worst["nothing"] == 0


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Checkpoint], list[Clip]]:
    """Fifty clips as a network reads them, read once for networks with the same settings."""
    folder, read = tmp_path_factory.mktemp("clips"), dict[object, list[Clip]]()

    def of(loaded: Checkpoint) -> list[Clip]:
        key = loaded.settings, loaded.structure.read_modalities
        if key not in read:
            seeds = range(FIRST_SEED, FIRST_SEED + WORST_OF)
            read[key] = [clip_from_file(loaded, seed, folder) for seed in seeds]
        return read[key]

    return of


@pytest.mark.parametrize("name", SHIPPED)
def test_a_modality_that_shows_nothing_has_no_share(
    name: str, clips: Callable[[Checkpoint], list[Clip]]
) -> None:
    law_of_nothing(shipped(name), iter(clips(shipped(name))))


@pytest.mark.parametrize("name", SHIPPED)
def test_what_peers_change_is_given_to_no_modality(name: str, tmp_path: Path) -> None:
    """Rows sum to 1; on a still clip, the contributions of flow's connections count as changed by peers."""
    loaded = shipped(name)
    clip = clip_from_file(loaded, FIRST_SEED, tmp_path)
    table = modality_share(run(loaded, changed(clip, still(clip.tensors))))
    np.testing.assert_allclose(table.sum(axis=1), 1, atol=1e-9)
    assert table[CHANGED_BY_PEERS].max() > 0
    assert table["rgb"].min() > 0


# Constant motion gives constant numbers at any frame rate of the file


def law_of_constant_motion(loaded: Checkpoint, folder: Path) -> None:
    """At five frame rates, the deviation of factors over time is within 5 % of the evenly sampled file's."""
    found = {}
    for rate in RATES:
        video, objects = constant_motion_clip(rate, folder), folder / "objects.npz"
        frames = len(read_clip(video, [loaded.structure.modality("rgb")], loaded.settings).times)
        ids = np.zeros((frames, 64, 64), np.uint8)
        times = np.arange(frames) / loaded.settings.frame_rate
        names = loaded.structure.modality("object").class_ids
        write_objects(objects, ObjectMaps(ids, None, names, tuple(map(str, names)), "attached", times))
        clip = read_clip(video, loaded.structure.read_modalities, loaded.settings, objects=objects, hold=True)
        trace = run(loaded, clip)
        report_compared(f"{rate} frames/s", trace, loaded.settings.window)
        moved = [one.attention_factors[unreached(one)].std(axis=0).mean() for one in trace.connections]
        found[rate] = float(np.mean(moved))
    print({rate: round(value, 5) for rate, value in found.items()})
    assert found == pytest.approx(dict.fromkeys(RATES, found[24]), rel=0.05)


def test_constant_motion_moves_the_factors_alike_at_every_frame_rate(tmp_path: Path) -> None:
    law_of_constant_motion(shipped("actionworld"), tmp_path)


# Each law can fail


@contextmanager
def cut_into_windows(loaded: Checkpoint) -> Iterator[None]:
    """Record as in earlier versions: each window separately, with zeros beyond its edges."""
    with ExitStack() as changes:
        changes.enter_context(
            patch.object(stretches, "longest_stretch", lambda *_, **__: loaded.settings.window)
        )
        changes.enter_context(patch.object(stretches, "network_reach", lambda *_: Reach(0, 0)))
        yield


@contextmanager
def interior_baseline() -> Iterator[None]:
    """Use the baseline's middle frame at the ends of the clip too."""

    def parts(self: Baseline, start: int, stop: int, frames: int) -> Iterator[tuple[slice, slice]]:
        middle = min(self.reach.before, self.frames - 1)
        yield slice(0, stop - start), slice(middle, middle + 1)

    with patch.object(Baseline, "aligned_frames", parts):
        yield


def pixels_to_the_next_frame(flow: Tensor, pace: object) -> Tensor:
    """Return the flow unscaled, regardless of the time to the next frame."""
    return flow


def assert_fails(law: Callable[[], None]) -> None:
    with pytest.raises(AssertionError):
        law()


def test_windows_break_the_law_of_the_start(tmp_path: Path) -> None:
    loaded = shipped("actionworld")
    with cut_into_windows(loaded):
        assert_fails(lambda: law_of_the_start(loaded, tmp_path))


def test_windows_break_the_law_of_rest(tmp_path: Path) -> None:
    loaded = with_padding(shipped("actionworld"), "zeros")
    with cut_into_windows(loaded):
        assert_fails(lambda: law_of_rest(loaded, tmp_path))


def test_zeros_at_the_ends_break_the_law_of_rest(tmp_path: Path) -> None:
    assert_fails(lambda: law_of_rest_at_the_ends(with_padding(shipped("actionworld"), "zeros"), tmp_path))


def test_a_baseline_without_ends_breaks_the_law_of_nothing(tmp_path: Path) -> None:
    loaded = with_padding(shipped("actionworld"), "zeros")
    with interior_baseline():
        assert_fails(lambda: law_of_nothing(loaded, iter([clip_from_file(loaded, FIRST_SEED, tmp_path)])))


def test_unscaled_flow_breaks_the_law_of_constant_motion(tmp_path: Path) -> None:
    with patch("peerattn.modalities.preparation.velocity", pixels_to_the_next_frame):
        assert_fails(lambda: law_of_constant_motion(shipped("actionworld"), tmp_path))
