"""What is usual for a network: ranges and mean heat maps over clips, kept beside its weights."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from peerattn.checkpoints.checkpoint import load
from peerattn.errors import PeerattnError
from peerattn.traces.moments import find_moments
from peerattn.traces.shift import DEFAULT_SCALE, attention_passed, shift
from peerattn.traces.usual import USUAL_FILE, Usual, load_usual, save_usual, shift_scale, summarise
from tests.traces import structure, trace

CLIPS = [trace(seed=seed, frames=20 + seed) for seed in range(5)]
USUAL = summarise(iter(CLIPS), of="clips of noise")


def test_a_range_is_from_the_1st_to_the_99th_percentile_over_connections_and_inner_frames() -> None:
    assert (USUAL.clips, USUAL.of) == (5, "clips of noise")
    for name, measure in (("shift", shift), ("attention_passed", attention_passed)):
        values = np.concatenate([measure(each)[each.inner] for one in CLIPS for each in one.connections])
        assert USUAL.ranges[name] == pytest.approx(tuple(np.percentile(values, [1, 99])), rel=1e-5)
    strength = np.concatenate([find_moments(one).strength for one in CLIPS])
    assert USUAL.ranges["strength"] == pytest.approx(tuple(np.percentile(strength, [1, 99])), rel=1e-5)


def test_a_heat_map_is_compared_with_what_clips_usually_add_at_each_place() -> None:
    for block in ("rgb1", "top"):
        maps = np.concatenate([one.block(block).added for one in CLIPS])
        usual = USUAL.heatmaps[block]
        np.testing.assert_allclose(
            usual.deciles[[0, 5, 10]], np.quantile(maps, [0, 0.5, 1], axis=0), rtol=1e-5
        )
        shares = usual.share_below(maps)
        np.testing.assert_allclose(shares.mean(axis=0), 0.5, atol=0.02)  # the same at every place
        exact = (maps[7] > maps).mean(axis=0)
        np.testing.assert_allclose(shares[7], exact, atol=0.08)


def test_a_clip_that_adds_nothing_is_nowhere_unusual() -> None:
    assert not USUAL.heatmaps["top"].share_below(np.zeros((2, 4, 4), np.float32)).any()
    beyond = USUAL.heatmaps["top"].share_below(np.full((1, 4, 4), 9, np.float32))
    assert (beyond == 1).all()


def test_what_was_saved_is_loaded_with_five_digits(tmp_path: Path) -> None:
    assert load_usual(tmp_path, structure()) is None
    assert load_usual(None, structure()) is None
    save_usual(tmp_path, USUAL)
    loaded = load_usual(tmp_path, structure())
    assert loaded is not None
    assert loaded.ranges["shift"] == pytest.approx(USUAL.ranges["shift"], rel=1e-4)
    np.testing.assert_allclose(loaded.heatmaps["top"].deciles, USUAL.heatmaps["top"].deciles, rtol=1e-4)
    save_usual(tmp_path, loaded)
    again = load_usual(tmp_path, structure())
    assert again is not None and again.to_json() == loaded.to_json()


EMPTY = '{"clips": 1, "of": "", "ranges": {}, "heatmaps": '


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "JSON"),
        ("[]", "cannot be used"),
        ('{"clips": 1, "of": "", "ranges": {"shift": [1, 0]}, "heatmaps": {}}', "does not rise"),
        (EMPTY + '{"other": {"deciles": ' + json.dumps([[[0]]] * 11) + "}}}", "other"),
        (EMPTY + '{"top": {"deciles": [[[0]]]}}}', "do not rise"),
        (
            EMPTY + '{"top": {"deciles": ' + json.dumps([[[10 - step]] for step in range(11)]) + "}}}",
            "do not rise",
        ),
    ],
)
def test_a_damaged_file_or_that_of_another_network_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / USUAL_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(PeerattnError, match=said) as raised:
        load_usual(tmp_path, structure())
    assert "measure again what is usual" in str(raised.value)


def test_without_clips_nothing_is_usual() -> None:
    with pytest.raises(PeerattnError, match="no clips"):
        summarise([], of="nothing")


def test_the_scale_is_the_greatest_usual_shift_unless_factors_never_move() -> None:
    assert shift_scale(USUAL) == USUAL.ranges["shift"][1]
    assert shift_scale(None) == DEFAULT_SCALE
    static = dataclasses.replace(USUAL, ranges={"shift": (0.0, 0.0)})
    assert shift_scale(static) == DEFAULT_SCALE


@pytest.mark.parametrize(
    "name", ["actionworld", "actionworld-self", "actionworld-none", "actions14", "actions21"]
)
def test_bundled_networks_know_what_is_usual_over_200_clips(name: str) -> None:
    loaded = load(name)
    usual = load_usual(loaded.folder, loaded.structure)
    assert usual is not None and usual.clips == 200
    assert Usual.from_json(usual.to_json()).to_json() == usual.to_json()
