"""ActionWorld: the same seed is the same clip, and what it says about flow, maps and positions is exact."""

import numpy as np
import pytest

from peerattn.actionworld import CLASS_NAMES, OBJECT_CLASS_IDS, generate
from peerattn.errors import PeerattnError


def test_same_seed_same_bytes_in_any_order() -> None:
    first = generate(7)
    generate(8, size=48)
    again = generate(7)
    assert first.images.tobytes() == again.images.tobytes()
    assert first.flow.tobytes() == again.flow.tobytes()
    assert first.object_ids.tobytes() == again.object_ids.tobytes()


def test_sixteen_consecutive_seeds_show_every_class_once() -> None:
    for start in (0, 5, 160):
        assert sorted(
            generate(seed, frames=1, size=16).label
            for seed in range(start - start % 16, start - start % 16 + 16)
        ) == list(range(len(CLASS_NAMES)))


@pytest.mark.parametrize("size", [64, 33, (17, 50), (240, 320)])
def test_any_size_and_length(size: int | tuple[int, int]) -> None:
    height, width = (size, size) if isinstance(size, int) else size
    clip = generate(3, frames=1, size=size)
    assert clip.images.shape == (1, height, width, 3)
    assert clip.flow.shape == (1, height, width, 2)
    assert clip.object_ids.shape == clip.depth.shape == (1, height, width)
    assert set(clip.kinds) <= set(OBJECT_CLASS_IDS)


def test_refusals_say_what_to_do() -> None:
    for arguments in ({"seed": -1}, {"seed": 0, "frames": 0}, {"seed": 0, "size": 3}):
        with pytest.raises(PeerattnError, match="give"):
            generate(**arguments)
