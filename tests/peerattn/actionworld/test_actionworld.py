"""ActionWorld: a seed always gives the same clip, and its flow, maps, depth and positions are exact."""

import hashlib
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from peerattn.actionworld.casting import compose, stage_label
from peerattn.actionworld.clips import (
    CLASS_NAMES,
    CLASS_NAMES_OF,
    OBJECT_CLASS_IDS,
    WorldClip,
    generate,
    version_of,
)
from peerattn.actionworld.painting import Rendering, render
from peerattn.actionworld.scene import ACTIONS, LIGHTS, OBJECTS
from peerattn.errors import PeerattnError

PERSON = 1
SEEDS = range(32)  # each class once
TIMES = np.arange(17) / 8  # s: the nominal clip of 16 frames, and where its flow leads


def digest(clip: WorldClip) -> str:
    arrays = (clip.images, clip.flow, clip.object_ids, clip.depth, clip.positions)
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def clips(size: int = 128) -> list[WorldClip]:
    return [generate(seed, size=size) for seed in SEEDS]


def interior(mask: NDArray[np.bool_], margin: int) -> NDArray[np.bool_]:
    """The pixels of a mask (H, W) at least `margin` px from its edge."""
    kernel = np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)
    return cv2.erode(mask.astype(np.uint8), kernel, borderValue=0) > 0


def test_a_seed_gives_the_same_bytes_in_any_order_and_in_another_process() -> None:
    here = digest(generate(7))
    generate(8, size=48)
    script = (
        "import hashlib; from peerattn.actionworld.clips import generate;"
        "generate(9, frames=3); c = generate(7);"
        "a = (c.images, c.flow, c.object_ids, c.depth, c.positions);"
        "print(hashlib.sha256(b''.join(x.tobytes() for x in a)).hexdigest())"
    )
    there = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert digest(generate(7)) == here == there.strip()
    assert digest(generate(23)) != here


@pytest.mark.parametrize("version", CLASS_NAMES_OF)
def test_as_many_consecutive_seeds_as_classes_show_every_class_once(version: int) -> None:
    count = len(CLASS_NAMES_OF[version])
    for start in (0, 10 * count):
        labels = [
            generate(seed, frames=1, size=16, version=version).label for seed in range(start, start + count)
        ]
        assert sorted(labels) == list(range(count))


@pytest.mark.parametrize(
    ("seed", "label", "sha256"),
    [
        (0, "lift ball", "498e1758171cc09c"),
        (7, "lift box", "efa7f0a492493860"),
        (23, "lower bottle", "a5b6bcdc2aea76b6"),
        (1_000_020_002, "push ball", "a91c4dd954b9d503"),
    ],
)
def test_the_first_version_still_generates_the_same_clips(seed: int, label: str, sha256: str) -> None:
    clip = generate(seed, size=(48, 64), frames=6, start=1.3, version=1)
    assert CLASS_NAMES_OF[1][clip.label] == label
    assert digest(clip).startswith(sha256)


def test_the_version_can_be_told_from_the_class_names() -> None:
    assert [version_of(names) for names in CLASS_NAMES_OF.values()] == list(CLASS_NAMES_OF)
    assert version_of(CLASS_NAMES[:-1]) is None


def in_both_lights(seed: int) -> tuple[Rendering, Rendering]:
    """The same scene by daylight and by lamplight."""
    dark, lit = (
        stage_label(np.random.default_rng(seed), seed % 16 + light * 16) for light in range(len(LIGHTS))
    )
    assert lit.lit and not dark.lit
    return render(dark, TIMES, 64, 64), render(lit, TIMES, 64, 64)


def test_the_light_changes_only_the_frames() -> None:
    visible = []
    for seed in range(48):
        dark, lit = in_both_lights(seed)
        for same in ("flow", "object_ids", "depth", "centres"):
            np.testing.assert_array_equal(getattr(dark, same), getattr(lit, same))
        changed = np.abs(dark.images.astype(int) - lit.images).max(-1) > 30
        visible.append(changed[8].sum())
    assert (
        np.mean(np.array(visible) >= 15) > 0.95
    )  # of 4096 pixels; a post in the foreground may hide the lamp


def test_mean_brightness_and_colour_hardly_give_the_light_away() -> None:
    seen = [generate(seed, frames=1, size=32) for seed in range(640)]
    colours = np.array([clip.images.reshape(-1, 3).mean(0) for clip in seen])
    lit = np.array([clip.light == 1 for clip in seen])
    for value in (colours.mean(1), colours[:, 0] - colours[:, 2]):
        ahead = (value[lit][:, None] > value[~lit]).mean()  # AUROC
        assert 0.4 < ahead < 0.65


def test_the_label_names_action_object_and_light() -> None:
    clip = generate(5, frames=1)
    assert CLASS_NAMES[clip.label] == f"{ACTIONS[clip.action]} {OBJECTS[clip.object]} by {LIGHTS[clip.light]}"
    assert clip.kinds[0] == OBJECT_CLASS_IDS[clip.object]


@pytest.mark.parametrize("size", [64, 33, (17, 50), (240, 320), (320, 240)])
@pytest.mark.parametrize("frames", [1, 5])
def test_clips_have_the_requested_size_and_length(size: int | tuple[int, int], frames: int) -> None:
    height, width = (size, size) if isinstance(size, int) else size
    clip = generate(3, frames=frames, size=size)
    assert clip.images.shape == (frames, height, width, 3)
    assert clip.flow.shape == (frames, height, width, 2)
    assert clip.object_ids.shape == clip.depth.shape == (frames, height, width)
    assert clip.positions.shape == (frames, len(clip.kinds), 2)
    assert np.isfinite(clip.flow).all()


def test_a_shorter_clip_is_the_beginning_of_a_longer_one() -> None:
    short, long = (
        generate(3, frames=16, size=256),
        generate(3, frames=40, size=256),
    )  # painted in several stretches
    assert (long.images[:16] == short.images).all()
    assert (long.flow[:16] == short.flow).all()
    assert (long.object_ids[:16] == short.object_ids).all()


def test_a_later_start_shows_the_same_scene_later() -> None:
    whole, later = generate(6, frames=24), generate(6, frames=8, start=2.0)
    assert (later.images == whole.images[16:]).all()
    assert (later.flow == whole.flow[16:]).all()
    np.testing.assert_array_equal(later.positions, whole.positions[16:])


@pytest.mark.parametrize(("size", "offset"), [(256, (0, 0)), ((128, 192), (32, 0)), ((192, 128), (0, 32))])
def test_a_clip_of_another_size_shows_the_same_scene(
    size: int | tuple[int, int], offset: tuple[int, int]
) -> None:
    clip, other = generate(11, size=128), generate(11, size=size)
    scale = 2 if size == 256 else 1
    moved = (clip.positions + 0.5) * scale - 0.5 + offset
    np.testing.assert_allclose(other.positions, moved, atol=1e-9)
    crop = other.object_ids[:, offset[1] :, offset[0] :][:, : 128 * scale : scale, : 128 * scale : scale]
    assert (crop == clip.object_ids).mean() > 0.97
    difference = (
        other.images[:, offset[1] :, offset[0] :][:, : 128 * scale, : 128 * scale].mean() - clip.images.mean()
    )
    assert abs(difference) < 2


def test_flow_leads_each_pixel_to_the_same_surface_in_the_next_frame() -> None:
    checked = right = 0
    for clip in clips():
        rows, columns = np.mgrid[0:128, 0:128]
        for frame in range(0, 15, 5):
            target = np.rint(np.stack([columns, rows], -1) + clip.flow[frame]).astype(int)
            inside = ((target >= 0) & (target < 128)).all(-1)
            for class_id in set(clip.kinds) | {PERSON}:
                mine = interior(clip.object_ids[frame] == class_id, 2) & inside
                x, y = target[mine].T
                same = clip.object_ids[frame + 1, y, x] == class_id
                covered = clip.depth[frame + 1, y, x] < clip.depth[frame][mine]
                right += int((same | covered).sum())
                checked += int(same.sum())
    assert right >= 0.9998 * checked  # a pixel at the edge of a joint may be rounded to just outside the limb
    assert checked > 50_000


def test_warping_the_background_by_its_flow_halves_the_difference_between_frames() -> None:
    moved, left = [], []
    for seed in range(8):
        clip = generate(seed, size=128)
        grid = np.stack(np.meshgrid(np.arange(128), np.arange(128)), -1).astype(np.float32)
        room = [
            interior((ids == 0) & (depth > 2), 4)
            for ids, depth in zip(clip.object_ids, clip.depth, strict=True)
        ]
        for frame in range(15):
            x, y = np.moveaxis(grid + clip.flow[frame], -1, 0)
            warped = cv2.remap(clip.images[frame + 1], x, y, cv2.INTER_LINEAR).astype(float)
            free = room[frame] & (cv2.remap(room[frame + 1].astype(np.uint8), x, y, cv2.INTER_NEAREST) > 0)
            for result, picture in ((moved, clip.images[frame + 1].astype(float)), (left, warped)):
                difference = (picture - clip.images[frame])[free]
                result.append(np.abs(difference - difference.mean(0)).mean())  # the light may have changed
    assert np.mean(left) < 0.5 * np.mean(moved)


def test_positions_move_by_the_flow_at_that_pixel() -> None:
    checked = 0
    for clip in clips():
        for row, class_id in enumerate(clip.kinds):
            for frame in range(15):
                x, y = np.rint(clip.positions[frame, row]).astype(int)
                if 0 <= x < 128 and 0 <= y < 128 and clip.object_ids[frame, y, x] == class_id:
                    step = clip.positions[frame + 1, row] - clip.positions[frame, row]
                    np.testing.assert_allclose(
                        clip.flow[frame, y, x], step, atol=0.08
                    )  # half a pixel, turning
                    checked += 1
    assert checked > 600


def test_positions_are_the_centres_of_the_objects_in_the_maps() -> None:
    checked = 0
    for seed, clip in zip(SEEDS, clips(), strict=True):
        for row, item in enumerate(compose(seed).items):
            masks = clip.object_ids == clip.kinds[row]
            whole = masks.sum((1, 2)) > 1.04 * np.pi * (128 * item.radius) ** 2
            cut = masks[:, [0, -1]].any((1, 2)) | masks[:, :, [0, -1]].any((1, 2))
            for frame in np.flatnonzero(whole & ~cut):
                centre = np.argwhere(masks[frame]).mean(0)[::-1]
                assert np.abs(centre - clip.positions[frame, row]).max() < 1.3
                checked += 1
    assert checked > 400


def test_the_person_is_nearer_than_the_room() -> None:
    for clip in clips(64):
        assert clip.depth.dtype == np.float32
        assert (clip.depth > 1).all()
        person = clip.depth[clip.object_ids == PERSON]
        room = clip.depth[(clip.object_ids == 0) & (clip.depth > 2)]
        assert person.max() < room.min()


def test_the_actions_of_a_pair_are_time_reversals_of_each_other() -> None:
    times = np.arange(16) / 8
    for seed in range(20):
        for forward, backward in ((0, 4), (8, 12)):
            one, other = (stage_label(np.random.default_rng(seed), label) for label in (forward, backward))
            cycle = one.items[0].cycle
            assert cycle is not None
            assert other.items[0].cycle == replace(cycle, reverse=True)
            # Reversing the cycle mirrors the time of the nominal clip's middle, which is equally likely.
            mirrored = replace(one.items[0], cycle=replace(cycle, reverse=True, offset=-cycle.offset))
            ahead = replace(one.items[0], cycle=replace(cycle, offset=-cycle.offset))
            np.testing.assert_allclose(mirrored.at(times)[::-1], ahead.at(times), atol=1e-12)


def test_single_frames_do_not_tell_the_actions_of_a_pair_apart() -> None:
    progress: dict[int, list[float]] = {action: [] for action in range(len(ACTIONS))}
    for seed in range(640):
        scene = compose(seed)
        cycle = scene.items[0].cycle
        assert cycle is not None
        progress[scene.action] += cycle.progress(np.arange(16) / 8)[1].tolist()
    for forward, backward in ((0, 1), (2, 3)):
        quantiles = [
            np.quantile(progress[action], np.linspace(0.1, 0.9, 9)) for action in (forward, backward)
        ]
        assert np.abs(quantiles[0] - quantiles[1]).max() < 0.08


def test_the_hand_never_does_the_reverse_of_the_action() -> None:
    times = np.arange(0, 12, 0.02)
    for seed in SEEDS:
        scene = compose(seed)
        item = scene.items[0]
        assert item.cycle is not None
        _, _, release = item.cycle.progress(times)
        path = item.at(times)
        away = {"lift": -path.imag, "lower": path.imag, "push": path.real, "pull": -path.real}[
            ACTIONS[scene.action]
        ]
        away = away * (item.placement.facing if scene.action > 1 else 1)
        held = (release[1:] == 0) & (release[:-1] == 0)
        assert (np.diff(away)[held] > -1e-9).all()
        assert np.diff(away)[held].sum() > 0.2


def test_the_hand_is_on_the_object_during_the_stroke() -> None:
    touching = 0
    for seed in range(64):
        clip = generate(seed, frames=9)
        near = cv2.dilate((clip.object_ids[7] == clip.kinds[0]).astype(np.uint8), np.ones((5, 5), np.uint8))
        touching += bool((near * (clip.object_ids[7] == PERSON)).any())
    assert touching >= 60  # a post in the foreground may cover the hand


def test_the_object_of_the_action_moves_and_so_does_another_object() -> None:
    for seed in range(64):
        items = compose(seed).items
        paths = [item.at(np.arange(16) / 8) for item in items]
        travels = [64 * max(np.ptp(path.real), np.ptp(path.imag)) for path in paths]
        assert travels[0] >= 12
        assert max(travels[1:]) >= 12
        assert len({item.kind for item in items}) == len(items) >= 3


def test_every_object_stays_in_the_picture() -> None:
    for clip in clips(64):
        assert (clip.positions > 2).all()
        assert (clip.positions < 62).all()


def test_all_kinds_of_objects_have_about_the_same_area() -> None:
    areas: dict[int, list[int]] = {class_id: [] for class_id in OBJECT_CLASS_IDS}
    for clip in clips():
        for class_id in clip.kinds:
            areas[class_id].append(int((clip.object_ids == class_id).sum((1, 2)).max()))
    medians = [float(np.median(values)) for values in areas.values()]
    assert max(medians) < 1.3 * min(medians)


def test_objects_are_camouflaged_in_the_colours_of_the_room() -> None:
    contrasts = []
    for clip in clips():
        image, ids = clip.images[0].astype(float), clip.object_ids[0]
        around, spread = image[ids == 0].mean(0), image[ids == 0].std(0)
        contrasts += [
            np.abs(image[ids == kind].mean(0) - around).mean() / spread.mean()
            for kind in clip.kinds
            if kind in ids
        ]
    assert np.median(contrasts) < 1.5  # in standard deviations of the room


def test_estimated_flow_is_close_to_the_exact_flow() -> None:
    estimator = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    errors, speeds = [], []
    for clip in clips()[:16]:
        greys = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in clip.images]
        for frame, (now, following) in enumerate(pairwise(greys)):
            moving = interior(np.isin(clip.object_ids[frame], [PERSON, clip.kinds[0]]), 2)
            error = np.linalg.norm(estimator.calc(now, following, None) - clip.flow[frame], axis=-1)
            errors.append(error[moving].mean())
            speeds.append(np.linalg.norm(clip.flow[frame], axis=-1)[moving].mean())
    assert np.median(errors) < 0.5 * np.median(speeds)


@pytest.mark.parametrize(
    "arguments",
    [
        {"seed": -1},
        {"seed": 0, "frames": 0},
        {"seed": 0, "size": 3},
        {"seed": 0, "start": -1.0},
        {"seed": 0, "version": 3},
    ],
)
def test_invalid_arguments_are_refused_with_advice(arguments: dict[str, Any]) -> None:
    with pytest.raises(PeerattnError, match="choose"):
        generate(**arguments)
