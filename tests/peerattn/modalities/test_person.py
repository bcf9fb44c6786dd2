"""What is read of a person does not depend on their place and size in the picture, or on black bars."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from peerattn.actionworld.clips import WorldClip, generate
from peerattn.errors import PeerattnError
from peerattn.graph.specs import Modality
from peerattn.modalities.flow import FrameTiming
from peerattn.modalities.person import joint_flow, joints
from peerattn.modalities.person.appearance import EVERY, appearance
from peerattn.modalities.person.box import person_squares
from peerattn.modalities.person.clip import BARS_REMARK, NO_PERSON_REMARK
from peerattn.modalities.person.features import MODALITIES, FrozenNetworks, find_person, load_frozen_networks
from peerattn.modalities.person.framing import Bars, find_bars, fit_frames
from peerattn.modalities.person.joint_flow import flow_at_joints, person_flow
from peerattn.modalities.person.joints import joint_numbers, mirrored, person_size, sureness
from peerattn.modalities.pretrained.movenet import JOINTS
from peerattn.modalities.pretrained.pose import Joints
from peerattn.modalities.reading import Reader
from peerattn.modalities.settings import ClipSettings
from peerattn.video.frames import Frames

SIDES = (240, 320)
SETTINGS = ClipSettings(window=8, frame_rate=15.0)


@pytest.fixture(scope="module")
def networks() -> FrozenNetworks:
    return load_frozen_networks()


@pytest.fixture(scope="module")
def clip() -> WorldClip:
    return generate(6, frames=4, size=SIDES)


def walking(frames: int = 6) -> Joints:
    """A person of 17 sure joints who moves to the right and lifts the left wrist."""
    body = np.random.default_rng(0).uniform(-40, 40, (len(JOINTS), 2))
    body[[JOINTS.index(f"{side} shoulder") for side in ("left", "right")]] = [(-15, -30), (15, -30)]
    body[[JOINTS.index(f"{side} hip") for side in ("left", "right")]] = [(-10, 20), (10, 20)]
    places = np.tile(body + np.array((160, 120)), (frames, 1, 1))
    places[..., 0] += 3 * np.arange(frames)[:, None]
    places[:, JOINTS.index("left wrist"), 1] -= 5 * np.arange(frames)
    return np.concatenate([places, np.full((frames, len(JOINTS), 1), 0.9)], axis=-1).astype(np.float32)


def even(frames: int) -> FrameTiming:
    return FrameTiming(np.arange(frames) / 15, 1 / 15)


def moved(person: Joints, *, by: tuple[float, float] = (0, 0), scale: float = 1.0) -> Joints:
    """The joints of the same person elsewhere, at another size."""
    changed = person.copy()
    changed[..., :2] = changed[..., :2] * scale + by
    return changed


def column(name: str) -> int:
    return joints.MEANINGS.index(name)


# Joints


def test_every_number_of_the_joints_has_its_meaning() -> None:
    numbers = joint_numbers(walking(), SIDES, even(6))
    assert numbers.shape == (6, len(joints.MEANINGS)) and numbers.dtype == np.float32
    assert numbers[0, column("left shoulder sureness")] == 1
    assert (numbers[:, column("left wrist velocity y")] < 0).all()  # it is lifted
    assert np.ptp(numbers[:, column("right hip y")]) < 1e-4  # relative to the neck, the hip stays
    path = numbers[:, column("neck path x")]
    assert (np.diff(path) > 0).all() and abs(path.mean()) < 1e-5
    assert person_size(walking()) == pytest.approx(50)


@pytest.mark.parametrize(
    "change", [{"by": (40.0, -20.0)}, {"scale": 1.5}, {"by": (-30.0, 10.0), "scale": 0.7}]
)
def test_place_and_size_show_only_in_the_numbers_that_say_so(change: dict[str, object]) -> None:
    placement = {column(name) for name in ("person size", "person x", "person y")}
    others = [number for number in range(len(joints.MEANINGS)) if number not in placement]
    original = joint_numbers(walking(), SIDES, even(6))
    other = joint_numbers(moved(walking(), **change), SIDES, even(6))  # type: ignore[arg-type]
    np.testing.assert_allclose(other[:, others], original[:, others], atol=1e-4)
    assert np.abs(other - original).max() > 0.1


def test_velocities_do_not_depend_on_which_frames_are_sampled() -> None:
    """A person who walks evenly has one velocity, at the ends of the clip and around an odd gap, too."""
    chosen, velocity = [0, 2, 3, 5, 7, 9, 11], column("nose velocity x")
    uneven = FrameTiming(np.array(chosen) / 30, 1 / 15)
    sampled = joint_numbers(walking(12)[chosen], SIDES, uneven)[:, velocity]
    assert sampled == pytest.approx(
        np.full(7, 3 * 2 * 3 / 50), rel=1e-3
    )  # 3 px a frame, 2 frames a step, × 3
    assert joint_numbers(walking(12)[::2], SIDES, even(6))[:, velocity] == pytest.approx(
        sampled[:6], rel=1e-3
    )


def test_one_frame_alone_has_no_velocity() -> None:
    assert not joint_numbers(walking(1), SIDES, even(1))[:, column("nose velocity x")].any()


def test_joints_that_are_not_sure_count_for_nothing() -> None:
    person = walking()
    wrist = JOINTS.index("left wrist")
    person[:, wrist, 2] = 0.05
    numbers = joint_numbers(person, SIDES, even(6))
    for name in ("left wrist x", "left wrist y", "left wrist sureness", "left wrist velocity y"):
        assert not numbers[:, column(name)].any()
    assert sureness(person)[0, wrist] == 0


def test_the_mirror_image_swaps_left_and_right() -> None:
    person = walking()
    np.testing.assert_allclose(mirrored(mirrored(person, 320), 320), person)
    one, other = joint_numbers(person, SIDES, even(6)), joint_numbers(mirrored(person, 320), SIDES, even(6))
    left, right = (column(f"{side} wrist velocity y") for side in ("left", "right"))
    np.testing.assert_allclose(other[:, right], one[:, left], atol=1e-5)
    np.testing.assert_allclose(other[:, column("neck path x")], -one[:, column("neck path x")], atol=1e-5)


# The square around the person


def test_the_square_holds_the_sure_joints_and_follows_them() -> None:
    person = walking(12)
    squares = person_squares(person, SIDES)
    centre, half = squares[:, None, :2], squares[:, None, 2:] / 2
    assert (np.abs(person[..., :2] - centre) <= half).all()
    assert (np.diff(squares[:, 0]) >= 0).all() and squares[-1, 0] > squares[0, 0] + 20
    lost = person.copy()
    lost[5:8, :, 2] = 0.01  # between the squares of the frames around
    np.testing.assert_allclose(person_squares(lost, SIDES), squares, atol=6)


def test_without_a_person_the_square_is_the_middle_of_the_picture() -> None:
    nobody = np.zeros((3, len(JOINTS), 3), np.float32)
    np.testing.assert_array_equal(person_squares(nobody, SIDES), [(160, 120, 240)] * 3)


# Flow at the joints


def textured(frames: int, *, camera: float, person: float) -> NDArray[np.uint8]:
    """A room that the camera pans over, and in the middle a square that moves on its own, px per frame."""
    noise = np.random.default_rng(1).integers(0, 256, (2, 60, 120, 3)).astype(np.uint8)
    room, body = (cv2.resize(picture, (480, 240), interpolation=cv2.INTER_CUBIC) for picture in noise)
    pictures = []
    for frame in range(frames):
        shifts = (np.float32([[1, 0, -speed * frame - 20], [0, 1, 0]]) for speed in (camera, -person))
        scene, figure = (
            cv2.warpAffine(picture, matrix, (320, 240), borderMode=cv2.BORDER_WRAP)
            for picture, matrix in zip((room, body), shifts, strict=True)
        )
        scene[80:160, 120:200] = figure[80:160, 120:200]
        pictures.append(scene)
    return np.stack(pictures)


def test_the_cameras_motion_is_not_the_persons() -> None:
    images = textured(5, camera=3.0, person=4.0)
    squares = np.tile(np.float32([160, 120, 110]), (5, 1))
    flow = person_flow(images, squares, even(5))
    middle, edge = flow[:4, 10:14, 10:14, 0].mean(), flow[:4, :, 0, 0].mean()
    # 4 px per frame to the right and 3 px of the camera to the left, in twentieths of 110 px
    assert middle == pytest.approx(20 * (4 + 3) / 110, rel=0.25)
    assert abs(edge) < 0.25 * middle


def test_flow_is_read_at_the_joints_in_order() -> None:
    person = walking(3)
    person[..., :2] = (160, 120)
    wrist = JOINTS.index("right wrist")
    person[:, wrist, :2] = (190, 100)
    squares = np.tile(np.float32([160, 120, 120]), (3, 1))
    flow = np.zeros((3, joint_flow.CELLS, joint_flow.CELLS, 2), np.float32)
    flow[:, 8, 18] = (-4.0, 0.0)  # the cell of the right wrist
    numbers = flow_at_joints(flow, person, squares)
    moving = {name for name, value in zip(joint_flow.MEANINGS, numbers[0], strict=True) if value}
    assert moving == {f"flow at right wrist: {what}" for what in ("x", "mean speed", "greatest speed")}
    strongest = joint_flow.MEANINGS.index("flow at right wrist: greatest speed")
    assert numbers[0, strongest] == pytest.approx(2.0)  # the square root of 4
    person[:, wrist, 2] = 0
    assert not flow_at_joints(flow, person, squares).any()


# Black bars and size


@pytest.mark.parametrize(
    ("added", "bars"),
    [
        ((30, 30, 0, 0), Bars(rows=30)),
        ((0, 0, 40, 44), Bars(columns=40)),
        ((20, 25, 33, 33), Bars(20, 33)),
        ((40, 0, 0, 0), Bars()),  # on one side only
        ((1, 1, 0, 0), Bars()),  # narrower than 2 % of the side
    ],
)
def test_black_bars_come_in_pairs(clip: WorldClip, added: tuple[int, int, int, int], bars: Bars) -> None:
    top, bottom, left, right = added
    padded = np.pad(clip.images, ((0, 0), (top, bottom), (left, right), (0, 0)))
    assert find_bars(padded) == bars
    noisy = padded + np.random.default_rng(2).integers(0, 12, padded.shape).clip(0, 255 - padded).astype(
        np.uint8
    )
    assert find_bars(noisy) == bars


def test_a_dark_picture_has_no_bars() -> None:
    assert find_bars(np.zeros((2, 60, 80, 3), np.uint8)) == Bars()


@pytest.mark.parametrize("size", [(240, 320), (480, 640), (640, 360), (50, 400), (13, 12)])
def test_fitted_frames_show_all_of_the_picture_in_its_shape(size: tuple[int, int]) -> None:
    fitted = fit_frames(np.full((2, *size, 3), 200, np.uint8))
    assert fitted.shape == (2, *SIDES, 3)
    rows, columns = np.nonzero(fitted[0, ..., 0])
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert width == 320 or height == 240
    assert width / height == pytest.approx(size[1] / size[0], rel=0.06)


# The whole clip


def test_the_picture_is_looked_at_in_every_third_frame(clip: WorldClip, networks: FrozenNetworks) -> None:
    squares = np.tile(np.float32([160, 120, 200]), (4, 1))
    seen = appearance(clip.images, squares, networks.backbone)
    assert seen.shape == (4, 2560)
    np.testing.assert_array_equal(seen[:EVERY], np.tile(seen[:1], (EVERY, 1)))
    assert np.abs(seen[3] - seen[0]).max() > 0.01


def read(images: NDArray[np.uint8]) -> tuple[dict[str, NDArray[np.float32]], tuple[str, ...]]:
    frames = Frames(images, np.arange(len(images)) / 15)
    clip = Reader(MODALITIES, SETTINGS).clip(frames)
    tensors = {name: tensor[0, :, :, 0, 0].T.numpy() for name, tensor in clip.tensors.items()}
    assert clip.joints is not None and clip.joints.shape == (len(clip.times), len(JOINTS), 3)
    assert clip.images.shape == (len(clip.times), *SIDES, 3)
    return tensors, clip.remarks


def test_a_clip_is_read_with_what_each_channel_means(clip: WorldClip) -> None:
    tensors, remarks = read(clip.images)
    assert {name: values.shape for name, values in tensors.items()} == {
        modality.name: (4, len(modality.meanings)) for modality in MODALITIES
    }
    assert remarks == ()
    bars, bar_remarks = read(np.pad(clip.images, ((0, 0), (60, 60), (0, 0), (0, 0))))
    assert bar_remarks == (BARS_REMARK,)
    for name, values in tensors.items():
        np.testing.assert_array_equal(bars[name], values)


def test_the_mirror_image_of_a_person_is_what_the_mirrored_clip_shows(
    clip: WorldClip, networks: FrozenNetworks
) -> None:
    person = find_person(clip.images, even(4), networks)
    other = find_person(np.ascontiguousarray(clip.images[:, :, ::-1]), even(4), networks)
    mirror, direct = person.numbers(networks, mirror=True), other.numbers(networks)
    for name, values in person.numbers(networks).items():
        spread = np.abs(values - direct[name]).mean()
        assert np.abs(mirror[name] - direct[name]).mean() < 0.25 * spread


def test_a_still_picture_has_no_motion(clip: WorldClip) -> None:
    tensors, remarks = read(clip.images[:1])
    assert len(tensors["joints"]) == SETTINGS.window and not tensors["flow"].any()
    velocities = [number for number, name in enumerate(joints.MEANINGS) if "velocity" in name]
    assert not tensors["joints"][:, velocities].any()
    for values in tensors.values():
        np.testing.assert_array_equal(values, values[:1].repeat(len(values), axis=0))
    assert remarks == ("the frame is repeated 8 times and its optical flow is zero",)


def test_an_empty_picture_says_that_nobody_is_there() -> None:
    _, remarks = read(np.full((2, 90, 160, 3), 128, np.uint8))
    assert remarks == (NO_PERSON_REMARK,)


def test_a_modality_without_pixels_that_nobody_makes_is_refused() -> None:
    frames = Frames(np.zeros((2, 60, 80, 3), np.uint8), np.arange(2) / 15)
    with pytest.raises(PeerattnError, match="'sound' with 5 channels and without pixels cannot be made"):
        Reader([Modality("sound", 5, pixels=False)], SETTINGS).clip(frames)
