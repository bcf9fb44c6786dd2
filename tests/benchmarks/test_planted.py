"""Effects name the part that a network needs, where it is planted and has the smallest weight."""

import pytest

from benchmarks.planted import FRAMES, KINDS
from peerattn.recording.effects import effects


@pytest.mark.parametrize("of", KINDS)
def test_the_planted_part_is_the_only_one_needed(of: str) -> None:
    how, plant = KINDS[of]
    planted = plant(of, 3)
    measured = effects(planted.network, planted.clips, of=of, how=how, window=FRAMES)
    assert [effect.name for effect in measured.effects if effect.needed] == [planted.needed]
    assert min(planted.weights, key=planted.weights.__getitem__) == planted.needed
