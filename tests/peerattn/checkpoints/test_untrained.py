"""Published networks without trained filters: they can be opened by name and run, with a remark."""

from pathlib import Path

import numpy as np
import pytest

from peerattn.checkpoints.resolving import resolve
from peerattn.checkpoints.untrained import REMARK
from peerattn.errors import PeerattnError
from peerattn.modalities.clip import ObjectMaps
from peerattn.modalities.preparation import prepare
from peerattn.modalities.settings import ClipSettings
from peerattn.recording.recorder import record
from peerattn.video.frames import Frames


def test_a_trace_of_an_untrained_network_says_so() -> None:
    """The maps declare one class; a second remark says that the channels of all others are empty."""
    loaded = resolve("full_asnp26")
    images = np.random.default_rng(0).integers(0, 255, (3, 40, 48, 3), np.uint8)
    maps = ObjectMaps(np.full((3, 40, 48), 13, np.uint8), None, (13,), ("person",), "attached")
    settings = ClipSettings(size=32, window=4)
    clip = prepare(
        Frames(images, np.arange(3) / 8.0, ()), loaded.structure.read_modalities, settings, objects=maps
    )
    assert set(clip.tensors) == {"rgb", "object"}
    assert clip.tensors["object"].sum(dim=(0, 2, 3, 4)).nonzero().flatten().tolist() == [12]
    trace = record(loaded.network, clip, window=4, remarks=loaded.remarks)
    assert trace.remarks[0] == REMARK
    assert "their channels are empty: 1 to 12, 14 to 151" in trace.remarks[1]
    assert len(trace.connections) == 45
    assert len(trace.class_names) == 157


def test_an_own_list_opens_like_a_published_name(tmp_path: Path) -> None:
    own = tmp_path / "mine.json"
    own.write_text("[[-1, 1], [-2, 1], [3, [0, 1], 4, 1, 2, 0]]")
    loaded = resolve(str(own))
    assert (loaded.name, loaded.remarks) == ("mine-untrained", (REMARK,))
    assert loaded.structure.to_published()[0] == [[-1, 1], [-2, 1], [3, [0, 1], 4, 1, 2, 0]]
    own.write_text("[[-1, 1], [3, [1], 4, 1, 2, 0]]")
    with pytest.raises(PeerattnError, match=r"mine.json: node 1: input 1"):
        resolve(str(own))


def test_a_structure_that_asks_for_too_much_is_refused_before_it_is_built(tmp_path: Path) -> None:
    own = tmp_path / "huge.json"
    own.write_text("[[-1, 1], [0, [0], 2048, 1, 1, 0], [2, [0, 1], 2048, 1, 1, 0], [3, [2], 2048, 1, 1, 0]]")
    with pytest.raises(PeerattnError, match="more than the limit of 500,000,000"):
        resolve(str(own))
