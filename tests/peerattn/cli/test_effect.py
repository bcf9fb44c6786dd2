"""`peerattn effect`: its JSON, its table, and one plain line for every kind of bad input."""

import csv
import json
import re
from pathlib import Path

import pytest

from peerattn.checkpoints.checkpoint import load
from peerattn.cli.effect_run import table
from peerattn.data.generated import GeneratedExamples
from peerattn.data.readable import SkipUnreadable
from peerattn.graph import components
from peerattn.recording.effect_pairs import effect_pairs
from peerattn.recording.effects import effects
from tests.media import moving_square, write_video
from tests.peerattn.cli.test_cli import Run, error_line, folder, json_of, made, run
from tests.peerattn.cli.test_start import asked
from tests.small import CLASS_NAMES

__all__ = ["folder", "made", "run"]
BASE = ("effect", "--checkpoint", "small", "--clips")
SMALL = (*BASE, 6)


def test_effect_prints_what_the_package_measures(run: Run) -> None:
    found = json_of(run, *SMALL, "--of", "modality", "--seed", 2)
    loaded = load("small")
    clips = GeneratedExamples(
        6, CLASS_NAMES, modalities=loaded.structure.read_modalities, settings=loaded.settings
    )
    measured = effects(loaded.network, clips, of="modality", how="swap", window=8, seed=2)
    assert found["n"] == 6
    before = json_of(run, "evaluate", "--checkpoint", "small", "--clips", 6)
    assert found["before"] == {key: before[key] for key in found["before"]}
    assert [one["name"] for one in found["effects"]] == ["rgb", "flow", "object"]
    for one, effect in zip(found["effects"], measured.effects, strict=True):
        assert one == {
            "what": "modality",
            "name": effect.name,
            "how": "swap",
            "after": json.loads(json.dumps(effect.after.to_json())),
            **effect.difference.to_json(),
            "adjusted_interval": None,
            "adjusted_interval_remark": "too few clips (6, at least 20 needed)",
            "adjusted_in_words": effect.difference.words,
            "p": None,
            "needed": None,
            "conclusion": "too few clips (6, at least 20 needed)",
            "pointwise_conclusion": "too few clips (6, at least 20 needed)",
        }
    assert (found["not_measured"], found["skipped"]) == ([], [])


@pytest.mark.parametrize("of", components.INTERVENTIONS)
def test_every_component_of_a_kind_is_measured_under_its_name(run: Run, of: str) -> None:
    found = json_of(run, *BASE, 2, "--of", of, "--how", "remove")
    names = [one["name"] for one in found["effects"]] + [one["name"] for one in found["not_measured"]]
    assert sorted(names) == sorted(components.names(load("small").structure, of))


def test_only_the_named_components_are_measured(run: Run) -> None:
    found = json_of(
        run, *SMALL, "--of", "connection", "--how", "mean", "--name", "rgb1_to_top", "--name", "mid1_to_top"
    )
    assert [(one["name"], one["how"]) for one in found["effects"]] == [
        ("rgb1_to_top", "mean"),
        ("mid1_to_top", "mean"),
    ]


def test_pairs_are_measured_beyond_the_sum_of_each_alone(run: Run) -> None:
    found = json_of(run, *BASE, 24, "--of", "modality", "--pairs")
    loaded = load("small")
    clips = GeneratedExamples(
        24, CLASS_NAMES, modalities=loaded.structure.read_modalities, settings=loaded.settings
    )
    measured = effect_pairs(loaded.network, SkipUnreadable(clips), of="modality", how="swap", window=8)
    assert found["n"] == 24 and found["chosen"] == {"candidates": 3, "clips": 0, "groups": 0}
    for one, pair in zip(found["pairs"], measured.pairs, strict=True):
        assert one["names"] == list(pair.parts) and one["conclusion"] == pair.conclusion
        assert one["beyond_sum"] == pytest.approx(one["rise_of_both"] - one["sum_of_rises"], abs=1e-6)
        assert one["beyond_sum_interval"] == pytest.approx(pair.interval)
        assert one["difference"] == pair.change.value
    code, out, _ = run(*BASE, 24, "--of", "connection", "--how", "remove", "--pairs")
    text = " ".join(out.split())
    assert code == 0 and "on 12 other clips, of 12 other source videos" in text
    assert "12 clips, 95 % intervals" in text
    assert "a pair needs two components" in error_line(
        run, *SMALL, "--of", "modality", "--name", "rgb", "--pairs"
    )


def test_the_table_says_its_order_its_maps_and_each_interval(run: Run) -> None:
    code, out, err = run(*BASE, 20, "--of", "modality")
    assert (code, err) == (0, "")
    assert "small: modalities, another clip's; 20 clips, 95 % intervals" in " ".join(out.split())
    assert "greatest loss first" in out and "object maps: supplied with 20 clips" in out
    rows = [line for line in out.splitlines() if re.match(r"│ (before|rgb|flow|object) ", line)]
    assert len(rows) == 4
    assert all(re.search(r"\([+-]\d+\.\d to [+-]\d+\.\d\)", row) for row in rows[1:])
    assert "all 3 intervals hold at once" in out
    caption = " ".join(out.split())
    assert "judged one by one, of 3, about 0.2 would stand out by chance" in caption
    assert "at most 5 % are expected to be called so wrongly" in caption
    code, pointwise, _ = run(*BASE, 20, "--of", "modality", "--pointwise")
    assert "each interval holds on its own" in pointwise
    assert out != pointwise


def test_the_table_is_sorted_by_the_loss() -> None:
    accuracy = {"top1": 0.5, "top1_interval": (0.4, 0.6), "objects": {}}
    effects = [
        {
            "name": name,
            "after": accuracy,
            "difference": lost,
            "difference_interval": (lost - 0.1, lost + 0.1),
            "in_words": "worse",
            "pointwise_conclusion": "needed",
        }
        for name, lost in (("first", 0.0), ("worst", -0.5), ("gain", 0.2), ("second", 0.0))
    ]
    result = {"n": 9, "before": accuracy, "effects": effects, "skipped": [], "not_measured": []}
    shown = table(result, "small", "block", "swap", pointwise=True)
    assert [str(cell) for cell in shown.columns[0].cells] == ["before", "worst", "first", "second", "gain"]
    assert list(shown.columns[2].cells)[1] == "-50.0 (-60.0 to -40.0)"
    assert list(shown.columns[3].cells)[1] == "needed"


def test_effect_skips_unreadable_clips_of_a_folder(run: Run, folder: Path) -> None:
    clips = folder / "clips"
    clips.mkdir()
    rows = [("path", "label", "split")]
    for number in range(4):
        write_video(clips / f"{number}.mp4", moving_square(12, step=1 + number))
        rows.append((f"{number}.mp4", CLASS_NAMES[number % 2], "test"))
    (clips / "1.mp4").write_bytes(b"no video")
    with (clips / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    code, out, err = run(*SMALL[:3], "--data", clips, "--of", "modality")
    assert (code, err.count("skipped 1.mp4: ")) == (0, 1)
    assert "clips left out: 1" in out


def test_a_meaningless_intervention_is_refused_in_one_line(run: Run) -> None:
    assert "freezing factors at their mean over time makes no sense for a modality" in error_line(
        run, *SMALL, "--of", "modality", "--how", "mean"
    )
    assert "no modality 'rbg': did you mean rgb?" in error_line(
        run, *SMALL, "--of", "modality", "--name", "rbg"
    )
    assert "block top has no outgoing connections" in error_line(
        run, *SMALL, "--of", "block", "--how", "remove", "--name", "top"
    )
    assert "no checkpoint" in error_line(run, "effect", "--checkpoint", "missing", "--of", "block")
    assert "--of" in error_line(run, *SMALL)
    assert "'level'" in error_line(run, *SMALL, "--of", "level")


def test_a_meaningless_intervention_is_refused_before_torch_is_loaded() -> None:
    ((code, out, err, loaded),) = asked([["effect", "--of", "block", "--how", "one"]])
    assert (code, out, loaded) == (2, "", [])
    assert err.count("\n") == 1
