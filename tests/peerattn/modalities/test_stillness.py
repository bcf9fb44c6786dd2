"""Whether anything moves: in a video of a still picture nothing does, however strongly it is compressed."""

from pathlib import Path

import numpy as np
import pytest

from peerattn.actionworld.clips import generate
from peerattn.modalities.stillness import moves
from peerattn.video.decoding import decode
from tests.media import moving_square, write_video


@pytest.mark.parametrize("quality", [18, 36, 45])
def test_a_compressed_still_picture_does_not_move_and_a_compressed_moving_one_does(
    tmp_path: Path, quality: int
) -> None:
    moving = moving_square(20, height=120, width=160, step=3)
    still = moving[:1].repeat(20, axis=0)
    for name, images, expected in (("moving", moving, True), ("still", still, False)):
        path = write_video(tmp_path / f"{name}.mp4", images, quality=quality)
        assert moves(decode(path).images) is expected


def test_a_single_picture_does_not_move_and_a_generated_scene_does() -> None:
    images = generate(5, frames=8, size=128).images
    assert moves(images) and not moves(images[:1])


def test_a_single_changed_frame_is_not_motion() -> None:
    images = np.full((30, 60, 80, 3), 90, np.uint8)
    images[15] = 200
    assert not moves(images)
