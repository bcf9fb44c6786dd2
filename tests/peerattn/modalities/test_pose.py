"""Joints are found on generated figures, also if mirrored, letterboxed or resized."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from peerattn.actionworld.clips import WorldClip, generate
from peerattn.modalities.pretrained.loading import load_pose_network
from peerattn.modalities.pretrained.movenet import JOINTS, MoveNet
from peerattn.modalities.pretrained.pose import MIRRORED, SURE, Joints, Square, track_joints

PERSON = 1


@pytest.fixture(scope="module")
def network() -> MoveNet:
    return load_pose_network()


@pytest.fixture(scope="module")
def clip() -> WorldClip:
    return generate(6, frames=6, size=(240, 320))


@pytest.fixture(scope="module")
def joints(clip: WorldClip, network: MoveNet) -> Joints:
    return track_joints(clip.images, network)


def distance(first: Joints, second: Joints) -> float:
    """The median distance in px between joints that are found with confidence in both."""
    both = (first[..., 2] > SURE) & (second[..., 2] > SURE)
    assert both.mean() > 0.7
    return float(np.median(np.linalg.norm(first[both][:, :2] - second[both][:, :2], axis=-1)))


def test_joints_follow_the_figure(clip: WorldClip, joints: Joints) -> None:
    assert joints.shape == (6, len(JOINTS), 3) and joints.dtype == np.float32
    assert joints[..., 2].mean() > 0.4
    kernel = np.ones((11, 11), np.uint8)
    acting = np.isin(clip.object_ids, (PERSON, clip.kinds[0]))  # the object may be in front of a hand
    on_figure: list[bool] = []
    for mask, frame in zip(acting, joints, strict=True):
        near = cv2.dilate(mask.astype(np.uint8), kernel) > 0
        x, y = np.rint(frame[frame[:, 2] > 0.3, :2]).astype(int).T
        on_figure += near[y.clip(0, 239), x.clip(0, 319)].tolist()
    assert len(on_figure) > 60 and np.mean(on_figure) > 0.9


def test_a_mirrored_clip_has_mirrored_joints(clip: WorldClip, joints: Joints, network: MoveNet) -> None:
    mirrored = track_joints(np.ascontiguousarray(clip.images[:, :, ::-1]), network)[:, MIRRORED]
    mirrored[..., 0] = 320 - mirrored[..., 0]
    assert distance(joints, mirrored) < 2


@pytest.mark.parametrize("margins", [(200, 200, 0, 0), (0, 0, 150, 150), (0, 120, 200, 0)])
def test_black_bars_change_little(
    clip: WorldClip, joints: Joints, network: MoveNet, margins: tuple[int, int, int, int]
) -> None:
    top, bottom, left, right = margins
    padded = np.pad(clip.images, ((0, 0), (top, bottom), (left, right), (0, 0)))
    moved = track_joints(padded, network)
    moved[..., :2] -= (left, top)
    assert distance(joints, moved) < 4


def test_twice_the_size_has_the_same_joints(clip: WorldClip, joints: Joints, network: MoveNet) -> None:
    doubled = np.stack([cv2.resize(image, (640, 480)) for image in clip.images])
    larger = track_joints(doubled, network)
    larger[..., :2] /= 2
    assert distance(joints, larger) < 3


def test_a_still_clip_has_still_joints(clip: WorldClip, network: MoveNet) -> None:
    still = track_joints(clip.images[:1].repeat(3, axis=0), network)
    np.testing.assert_array_equal(still, still[:1].repeat(3, axis=0))


def test_nobody_is_found_in_an_empty_room(network: MoveNet) -> None:
    empty = np.full((2, 90, 160, 3), 128, np.uint8)
    assert track_joints(empty, network, mirror=False)[..., 2].mean() < SURE


def test_a_cut_square_maps_back_to_its_place_in_the_frame() -> None:
    image: NDArray[np.uint8] = np.zeros((300, 400, 3), np.uint8)
    image[100:104, 200:204] = 255
    square = Square(x=190, y=110, side=96)
    rows, columns = np.nonzero(square.cut(image)[..., 0] > 127)
    centre = np.array([[(columns.mean() + 0.5) / 192, (rows.mean() + 0.5) / 192, 1.0]], np.float32)
    np.testing.assert_allclose(square.to_frame(centre)[0, :2], (202, 102), atol=0.6)
