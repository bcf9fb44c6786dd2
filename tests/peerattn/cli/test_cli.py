"""The command line: its JSON, its tables for people, and one plain line for every kind of bad input."""

import base64
import csv
import gzip
import json
import math
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch

from peerattn.__main__ import main
from peerattn.actionworld.clips import MAP_NAMES, generate
from peerattn.checkpoints.checkpoint import load
from peerattn.cli import clip_run
from peerattn.files.cards import CARD_FILE
from peerattn.files.weights import WEIGHTS_FILE
from peerattn.graph import published
from peerattn.graph.kinds import KINDS, BlockKind
from peerattn.graph.specs import BlockSpec, Modality
from peerattn.graph.structure import Structure
from peerattn.modalities.clip import ObjectMaps
from peerattn.modalities.objects import write_objects
from peerattn.modalities.segmenter import SEGMENTER
from peerattn.tables.clip import frame_ends
from peerattn.traces.trace import Trace
from tests.conftest import ROOT
from tests.devices import check
from tests.media import moving_square, write_video
from tests.small import CLASS_NAMES, small_structure, write_small_checkpoints

COMMANDS = (
    "record",
    "report",
    "export",
    "structure",
    "evaluate",
    "prune",
    "effect",
    "health",
    "train",
    "train-objects",
    "evaluate-objects",
    "cross-fit",
)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small checkpoints, a clip and its object maps; tests only read them."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("made")
    write_small_checkpoints(folder / "checkpoints")
    world = generate(7, frames=50, size=64)
    write_video(folder / "clip.mp4", world.images)
    class_ids = tuple(range(1, len(MAP_NAMES)))
    maps = ObjectMaps(world.object_ids, None, class_ids, MAP_NAMES[1:], "attached")
    write_objects(folder / "clip.npz", maps)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy that a test may change."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A function that runs a command and returns its exit code, stdout and stderr."""

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["peerattn", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        printed = capsys.readouterr()
        return end.value.code or 0, printed.out, printed.err

    return run


def json_of(run: Run, *words: object) -> dict[str, Any]:
    """Run a command that must succeed, and return the JSON that it writes to stdout."""
    code, out, err = run(*words, "--json", "-")
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def error_line(run: Run, *words: object) -> str:
    """Run a command that must refuse its input, and return its one line on stderr."""
    code, out, err = run(*words)
    assert code == 2
    assert out == ""
    assert err.count("\n") == 1, err
    assert "Traceback" not in err
    return err


def test_a_kind_of_block_without_a_class_is_refused_in_one_line(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KINDS, "half", BlockKind(lambda spec: 0))
    eye = BlockSpec("eye", 1, "half", 4, modality="rgb")
    structure = Structure.complete([eye], modalities=[Modality("rgb", 3)])
    Path("half.json").write_text(json.dumps(structure.to_json()))
    assert "block eye: kind 'half' has no class" in error_line(run, "structure", "half.json")


def test_an_untrained_network_can_be_evaluated(run: Run, folder: Path) -> None:
    """`evaluate` accepts a structure file, as `record` does, and counts clips by the origin of their maps."""
    (folder / "real" / "class 1").mkdir(parents=True)
    shutil.copy(folder / "clip.mp4", folder / "real" / "class 1")
    (folder / "own.json").write_text(json.dumps(small_structure().to_json()))
    found = json_of(run, "evaluate", "--checkpoint", "own.json", "--data", "real")
    assert (found["n"], found["objects"]) == (1, {"estimated": 1})


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_its_options(run: Run, command: str) -> None:
    code, out, err = run(command, "--help")
    assert (code, err) == (0, "")
    assert "Usage" in out
    assert "--json" in out or command in ("report", "export")
    assert "--device" in out


def test_without_a_command_the_help_lists_all_commands(run: Run) -> None:
    code, out, _ = run()
    assert code == 0
    assert all(command in out for command in COMMANDS)


def test_record_writes_the_trace_to_a_file_and_to_stdout(run: Run, folder: Path) -> None:
    words = ("record", "clip.mp4", "--checkpoint", "small", "--objects", "clip.npz")
    found = json_of(run, *words, "--out", "trace.json")
    trace = Trace.load(folder / "trace.json")
    assert trace.class_names == CLASS_NAMES
    assert trace.objects == "attached"
    assert trace.structure == load("small").structure
    assert len(trace.windows) == math.ceil(len(trace.times) / 8) > 1
    assert trace.windows[-1].stop == len(trace.times)
    assert all(len(connection.attention_factors) == len(trace.times) for connection in trace.connections)
    assert Trace.from_json(json.dumps(found)).to_json() == trace.to_json()
    mean = np.mean([window.probabilities for window in trace.windows], axis=0, dtype=np.float32)
    assert np.array_equal(trace.probabilities, mean)
    text = (folder / "trace.json").read_text()
    assert Trace.from_json(text).to_json() == text


CLIP = ("clip.mp4", "--checkpoint", "small", "--objects", "clip.npz")


def test_contributions_are_measured_against_the_baseline_colour_on_the_card(run: Run, folder: Path) -> None:
    black = Trace.from_json(json.dumps(json_of(run, "record", *CLIP)))
    card = folder / "checkpoints" / "small" / CARD_FILE
    document = json.loads(card.read_text())
    document["settings"]["baseline_colour"] = [0.5, 0.5, 0.5]
    card.write_text(json.dumps(document))
    grey = Trace.from_json(json.dumps(json_of(run, "record", *CLIP)))
    for one, other in zip(black.connections, grey.connections, strict=True):
        assert np.array_equal(one.attention_factors, other.attention_factors)
        differ = not np.array_equal(one.source_contribution, other.source_contribution)
        assert differ == (one.source not in ("flow1", "object1"))


def test_a_report_is_one_html_file_that_contains_the_trace(run: Run, folder: Path) -> None:
    code, out, err = run("report", *CLIP, "-o", "report.html")
    assert (code, err) == (0, "")
    assert out.startswith("report.html: ")
    json_of(run, "record", *CLIP, "--out", "trace.json")
    html = (folder / "report.html").read_text(encoding="utf-8")
    packed = re.findall(r'id="trace">([^<]*)<', html)[0]
    assert gzip.decompress(base64.b64decode(packed)).decode() == (folder / "trace.json").read_text()
    assert date.today().isoformat() in html


@pytest.mark.parametrize("table", ["connections", "factors", "attention-weights", "blocks", "predictions"])
def test_export_writes_tables_as_csv(run: Run, folder: Path, table: str) -> None:
    code, out, err = run("export", *CLIP, "-o", "table.csv", "--table", table)
    assert (code, out, err) == (0, "table.csv\n", "")
    rows = list(csv.DictReader((folder / "table.csv").read_text().splitlines()))
    assert rows and all(None not in row.values() for row in rows)


def test_export_writes_the_trace_and_films(run: Run, folder: Path) -> None:
    assert run("export", *CLIP, "-o", "trace.json")[0] == 0
    trace = Trace.load(folder / "trace.json")
    for name, words in (("film.mp4", ("--speed", 2)), ("film.gif", ("--dark", "--stop", 0.5))):
        code, out, err = run("export", *CLIP, "-o", name, *words)
        assert (code, out, err) == (0, f"{name}\n", "")
    with av.open(str(folder / "film.mp4")) as film:
        assert len(list(film.decode(video=0))) == len(trace.times)
        assert film.duration / 1e6 == pytest.approx(frame_ends(trace.times)[-1] / 2, abs=0.01)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("export", *CLIP, "-o", "film.avi"), "does not end in"),
        (("export", *CLIP, "-o", "absent/film.mp4"), "is not a folder"),
        (("export", *CLIP, "-o", "film.mp4", "--speed", 0), "speed 0 is not possible"),
        (("export", *CLIP, "-o", "film.mp4", "--frame-rate", 1000), "frame rate 1000 is not possible"),
        (("report", *CLIP, "-o", "report.pdf"), "does not end in .html"),
        (("report", "absent.mp4", "-o", "report.html"), "absent.mp4"),
    ],
)
def test_report_and_export_refuse_bad_input_in_one_line_and_write_nothing(
    run: Run, folder: Path, words: tuple[object, ...], message: str
) -> None:
    before = set(folder.iterdir())
    assert message in error_line(run, *words)
    assert set(folder.iterdir()) == before


def test_without_json_record_prints_a_table(run: Run) -> None:
    code, out, _ = run("record", "clip.mp4", "--checkpoint", "small", "--objects", "clip.npz")
    assert code == 0
    assert "clip.mp4" in out
    assert "attached object maps" in out
    assert "window" in out


def test_record_estimates_object_maps_if_none_are_given(run: Run, folder: Path) -> None:
    assert json_of(run, "record", "clip.mp4", "--checkpoint", "small")["objects"] == "estimated"
    shutil.rmtree(folder / "checkpoints" / SEGMENTER)
    if not (ROOT / "checkpoints" / SEGMENTER).is_dir():
        assert SEGMENTER in error_line(run, "record", "clip.mp4", "--checkpoint", "small")


def test_record_estimates_object_maps_with_the_chosen_segmenter(run: Run) -> None:
    asked = ("record", "clip.mp4", "--checkpoint", "small", "--segmenter")
    assert json_of(run, *asked, SEGMENTER)["objects"] == "estimated"
    assert "no checkpoint 'missing'" in error_line(run, *asked, "missing")


def test_record_reads_only_the_stretch_between_start_and_stop(run: Run, folder: Path) -> None:
    words = ("record", "clip.mp4", "--checkpoint", "small", "--start", "0.5", "--stop", "1.2")
    json_of(run, *words, "--out", "trace.json")
    times = Trace.load(folder / "trace.json").times
    assert 0.4 <= times[0]
    assert times[-1] <= 1.2


@pytest.mark.parametrize("objects", [("--objects", "clip.npz"), ()], ids=["given", "estimated"])
def test_record_on_another_device_agrees_with_the_cpu(
    run: Run, folder: Path, device: torch.device, objects: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("record", "clip.mp4", "--checkpoint", "small", *objects, "--out")
    json_of(run, *words, "cpu.json", "--device", "cpu")
    monkeypatch.setattr(clip_run, "torch_device", lambda asked: device)
    json_of(run, *words, "other.json")
    check(Trace.load(folder / "other.json"), Trace.load(folder / "cpu.json"), device)


STRUCTURE_KEYS = {
    *("connections", "kept", "removed", "dead_blocks", "peer_only", "starved", "lost_modalities"),
    *("output_connected", "at_initialisation", "unused_blocks", "parameters", "multiply_adds"),
    *("mean_weight_by_modality", "attention_weights", "memory_bytes", "after", "blocks", "clip"),
}


def test_structure_lists_what_a_threshold_removes(run: Run) -> None:
    found = json_of(run, "structure", "small", "--threshold", "0.4")
    assert found.keys() >= STRUCTURE_KEYS
    rows = found["connections"]
    assert all(row.keys() >= {"source", "target", "connection_weight", "kept"} for row in rows)
    assert [row["kept"] for row in rows] == [row["connection_weight"] >= 0.4 for row in rows]
    assert (found["kept"], found["removed"]) == (
        sum(row["kept"] for row in rows),
        sum(not row["kept"] for row in rows),
    )
    assert found["output_connected"] is True
    assert found["parameters"] == sum(p.numel() for p in load("small").network.parameters())


def test_structure_reads_a_structure_file(run: Run, folder: Path) -> None:
    (folder / "mine.json").write_text(json.dumps(small_structure().to_json()))
    found = json_of(run, "structure", "mine.json")
    assert (found["removed"], len(found["at_initialisation"])) == (0, found["kept"])
    code, out, _ = run("structure", "mine.json")
    assert code == 0
    assert "still at their initial weight" in " ".join(out.split())


def test_structure_at_threshold_a_fifth_has_the_known_numbers_of_the_released_network(run: Run) -> None:
    found = json_of(run, "structure", "full_asnp50", "--threshold", "0.2")
    assert found.keys() >= STRUCTURE_KEYS
    assert (found["kept"], found["removed"]) == (35, 10)
    assert (found["dead_blocks"], found["peer_only"], found["unused_blocks"]) == (["9"], ["9"], ["9"])
    assert {target for _, target in found["at_initialisation"]} == {"9", "12"}
    assert len(found["at_initialisation"]) == 10
    means = {name: round(weight, 3) for name, weight in found["mean_weight_by_modality"].items()}
    assert means == {"rgb": 0.535, "flow": 0.245, "object": 0.743, "mixed": 0.441}
    assert found["attention_weights"] == sum(len(row["peers"]) for row in found["connections"]) == 392
    assert found["clip"] == {"frames": 16, "height": 224, "width": 224}
    assert 0 < found["after"]["parameters"] < found["parameters"]
    assert sum(row["multiply_adds"] for row in found["blocks"]) == found["multiply_adds"]


def test_structure_gives_no_costs_after_pruning_if_the_output_is_cut_off(run: Run) -> None:
    found = json_of(run, "structure", "asnp_lite", "--threshold", "1", "--size", "64", "--frames", "2")
    assert (found["kept"], found["output_connected"], found["after"]) == (0, False, None)
    assert found["clip"] == {"frames": 2, "height": 64, "width": 64}
    code, out, _ = run("structure", "asnp_lite", "--threshold", "1", "--size", "64", "--frames", "2")
    assert code == 0
    assert "no path remains" in out


def test_structure_reads_a_published_list_with_options(run: Run, folder: Path) -> None:
    nodes, weights = published.full_asnp50.to_published()
    (folder / "list.json").write_text(json.dumps(nodes))
    (folder / "both.json").write_text(json.dumps({"nodes": nodes, "edge_weights": weights}))
    size = ("--size", "32", "--frames", "2", "--threshold", "0.55")
    assert json_of(run, "structure", "list.json", *size)["removed"] == 45
    both, named = (json_of(run, "structure", name, *size) for name in ("both.json", "full_asnp50"))
    assert {**both, "name": ""} == {**named, "name": ""}
    plain = json_of(run, "structure", "both.json", *size, "--attention", "none", "--object-classes", "20")
    assert plain["attention_weights"] == 0
    assert plain["parameters"] < both["parameters"]


def test_the_channels_of_lite_depend_on_the_clip_width_option(run: Run) -> None:
    words = ("structure", "asnp_lite", "--size", "64", "--frames", "2", "--classes", "10", "--clip-width")
    sizes = {width: json_of(run, *words, width)["parameters"] for width in (0, 64, 96)}
    assert len(set(sizes.values())) == 3


def test_markup_in_the_names_of_a_file_is_printed_as_text(run: Run, folder: Path) -> None:
    text = json.dumps(small_structure().to_json()).replace('"mid1"', '"[/red]mid[bold]"')
    (folder / "marked.json").write_text(text)
    code, out, _ = run("structure", "marked.json")
    assert code == 0
    assert "[/red]mid[bold]" in out


EVALUATION_KEYS = {"n", "top1", "top5", "macro", "classes", "confusion"} | {
    f"{name}_interval" for name in ("top1", "top5", "macro")
}


def test_evaluate_on_generated_clips(run: Run) -> None:
    found = json_of(run, "evaluate", "--checkpoint", "small", "--clips", "5")
    assert found.keys() >= EVALUATION_KEYS
    assert found["n"] == np.sum(found["confusion"]) == 5
    assert np.shape(found["confusion"]) == (len(CLASS_NAMES),) * 2
    assert [row["name"] for row in found["classes"]] == list(CLASS_NAMES)
    code, out, _ = run("evaluate", "--checkpoint", "small", "--clips", "2", "--objects", "estimated")
    assert code == 0
    assert "2 clips" in out


def test_evaluate_on_a_folder(run: Run, folder: Path) -> None:
    rows = [("clip.mp4", CLASS_NAMES[0], "test", "clip.npz"), ("clip.mp4", CLASS_NAMES[1], "train", "")]
    with (folder / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("path", "label", "split", "mask_path"), *rows])
    words = ("evaluate", "--checkpoint", "small", "--data", folder)
    assert json_of(run, *words)["n"] == 1
    assert json_of(run, *words, "--split", "train")["confusion"][1] != [0] * len(CLASS_NAMES)


def test_evaluate_can_estimate_the_object_maps_of_a_folder_instead_of_reading_them(
    run: Run, folder: Path
) -> None:
    place = folder / "clips" / CLASS_NAMES[0]
    place.mkdir(parents=True)
    write_video(place / "a.mp4", moving_square(24))
    (place / "a.npz").write_bytes(b"no object maps")
    words = ("evaluate", "--checkpoint", "small", "--data", folder / "clips")
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert "no clip could be read" in err.splitlines()[-1] and "a.npz" in err.splitlines()[-1]
    assert json_of(run, *words, "--objects", "estimated")["n"] == 1


def test_unreadable_clips_of_a_folder_are_named_and_not_counted(run: Run, folder: Path) -> None:
    place = folder / "clips" / CLASS_NAMES[0]
    place.mkdir(parents=True)
    for name in "ab":
        write_video(place / f"{name}.mp4", moving_square(24))
    (place / "bad.mp4").write_bytes(b"no video")
    words = ("--checkpoint", "small", "--data", folder / "clips", "--objects", "estimated")
    found = json_of(run, "evaluate", *words)
    assert found["n"] == 2
    [line] = found["skipped"]
    assert line.startswith("bad.mp4: ")
    _, out, err = run("evaluate", *words, "--against", "small")
    assert "could not be read: 1" in " ".join(out.split())
    assert err == f"skipped {line}\n" * 2  # by each of the two networks
    assert json_of(run, "prune", *words, "--threshold", "0")["before"]["n"] == 2


def test_a_zip_of_a_folder_gives_the_same_results_as_the_folder(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, label in enumerate(CLASS_NAMES[:2]):
        (folder / "clips" / label).mkdir(parents=True)
        write_video(folder / "clips" / label / f"{number}.mp4", moving_square(24, step=1 + number))
    shutil.make_archive(os.fspath(folder / "packed"), "zip", folder, "clips")
    temporary = folder / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", os.fspath(temporary))
    words = ("--checkpoint", "small", "--objects", "estimated", "--data")
    assert json_of(run, "evaluate", *words, "packed.zip") == json_of(run, "evaluate", *words, "clips")
    assert json_of(run, "data", "check", "packed.zip")["n"] == 2
    assert not list(temporary.iterdir())
    assert "unpack it first" in error_line(run, "train", "--out", "mine", "--data", "packed.zip")
    (folder / "bad.zip").write_bytes(b"no zip")
    assert "this is not a complete zip file" in error_line(run, "evaluate", *words, "bad.zip")


def test_a_network_compared_with_itself_has_difference_zero(run: Run, folder: Path) -> None:
    words = ("evaluate", "--checkpoint", "small", "--against", "small", "--clips")
    found = json_of(run, *words, "20")
    assert found["difference"] == 0
    assert found["difference_interval"] == pytest.approx([-0.18, 0.18], abs=0.005)
    assert found["against_top1"] == found["top1"]
    code, out, _ = run(*words, "20")
    assert code == 0
    assert "+0.0 (-18.0 to +18.0)" in out
    assert "0 of 20 answers changed; a loss of up to 18.0 points is not excluded" in " ".join(out.split())


def test_with_too_few_clips_the_reason_replaces_the_interval(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")  # wide enough for a line of the table
    words = ("evaluate", "--checkpoint", "small", "--against", "small", "--clips", "3")
    found = json_of(run, *words)
    for name in ("top1", "macro", "against_top1", "difference"):
        assert found[f"{name}_interval"] is None
        assert found[f"{name}_interval_remark"] == "too few clips (3, at least 20 needed)"
    code, out, _ = run(*words)
    assert code == 0
    assert "+0.0 (too few clips (3, at least 20 needed))" in out


def test_evaluate_writes_json_to_a_file(run: Run, folder: Path) -> None:
    code, out, _ = run("evaluate", "--checkpoint", "small", "--clips", "2", "--json", "found.json")
    assert (code, out) == (0, "")
    assert json.loads((folder / "found.json").read_text())["n"] == 2


def test_prune_saves_a_smaller_checkpoint_and_reports_accuracy_cost_and_speed(run: Run, folder: Path) -> None:
    words = ("prune", "--checkpoint", "small", "--threshold", "0.4", "--clips", "4", "--out", "smaller")
    found = json_of(run, *words)
    assert found.keys() >= {
        *("kept", "removed", "dead_blocks", "before", "after", "difference", "difference_interval"),
        *("parameters", "multiply_adds", "latency_ms"),
    }
    assert found["before"].keys() >= EVALUATION_KEYS
    assert found["difference"] == pytest.approx(found["after"]["top1"] - found["before"]["top1"])
    assert found["difference_interval_remark"] == "too few clips (4, at least 20 needed)"
    assert found["latency_ms"]["passes"] == 31
    low, high = found["speed_up"]["interval"]
    assert low <= found["speed_up"]["value"] <= high
    assert found["parameters"]["after"] < found["parameters"]["before"]
    assert found["multiply_adds"]["after"] < found["multiply_adds"]["before"]
    assert found["latency_ms"].keys() == {"before", "after", "spread", "passes"}
    smaller = load("smaller")
    assert len(smaller.structure.connections) <= found["kept"]
    assert smaller.card["pruned_from"] == "small"
    assert "--threshold 0.4" in smaller.card["command"]
    again = json_of(run, "evaluate", "--checkpoint", "smaller", "--clips", "4")
    assert again["confusion"] == found["after"]["confusion"]
    assert "exists already" in error_line(run, *words)


def test_train_writes_a_checkpoint_with_its_metrics_and_command(run: Run) -> None:
    code, out, err = run("train", "--out", "mine", "--modalities", "rgb", "--clips", 16, "--test-clips", 2)
    assert code == 0, err
    assert "2 clips" in out
    card = load("mine").card
    assert card["metrics"]["true_maps"]["n"] == 2
    assert card["training"]["clips"] == 16
    assert "--modalities rgb" in card["command"]
    assert {m.name for m in load("mine").structure.modalities} == {"rgb"}
    assert json_of(run, "structure", "mine")["output_connected"]


REFUSED = {
    "no file": (("record", "nowhere.mp4", "--checkpoint", "small"), "nowhere.mp4"),
    "no video": (("record", "text.mp4", "--checkpoint", "small"), "text.mp4"),
    "a folder": (("record", "checkpoints", "--checkpoint", "small"), "checkpoints"),
    "no maps": (("record", "clip.mp4", "--checkpoint", "small", "--objects", "none.npz"), "none.npz"),
    "no checkpoint": (("record", "clip.mp4", "--checkpoint", "missing"), "no checkpoint 'missing'"),
    "untrained and generated": (("evaluate", "--checkpoint", "asn26-untrained"), "of labelled clips"),
    "untrained calibrated": (
        ("calibrate", "--checkpoint", "asn26-untrained", "--data", "."),
        "asn26-untrained is an untrained network, not a checkpoint: train it first",
    ),
    "a path": (("evaluate", "--checkpoint", "../small"), "../small is not a checkpoint"),
    "a segmenter": (("evaluate", "--checkpoint", SEGMENTER), "a network is needed"),
    "no structure": (("structure", "nowhere.json"), "nowhere.json"),
    "no JSON": (("structure", "text.json"), "this is not JSON"),
    "no text": (("structure", "bytes.json"), "is not a text file"),
    "a wrong list": (("structure", "list.json"), "list.json: node 1 is [7]"),
    "not quite a name": (("structure", "full_asn50"), "did you mean full_asnp50?"),
    "no name at all": (("structure", "qqqqqqqq"), "there is no checkpoint 'qqqqqqqq'"),
    "no published one": (("structure", "small", "--attention", "self"), "is not a published structure"),
    "options of a list": (
        ("structure", "own.json", "--attention", "self"),
        "own.json: options for published",
    ),
    "asn has no attention": (("structure", "asn50", "--attention", "peer"), "has no attention"),
    "not lite": (("structure", "asnp50", "--clip-width", "64"), "is not a lite structure"),
    "no such clip": (("structure", "asnp_lite", "--size", "66"), "multiples of 32"),
    "threshold a word": (("prune", "--checkpoint", "small", "--threshold", "high"), "--threshold"),
    "threshold 2": (("prune", "--checkpoint", "small", "--threshold", "2"), "--threshold"),
    "threshold nan": (("prune", "--checkpoint", "small", "--threshold", "nan"), "hreshold"),
    "threshold -1": (("structure", "small", "--threshold", "-1"), "between 0 and 1"),
    "no threshold": (("prune", "--checkpoint", "small"), "--threshold"),
    "cuts the output": (
        ("prune", "--checkpoint", "small", "--threshold", "0.95"),
        "cuts an output block off",
    ),
    "split alone": (("evaluate", "--checkpoint", "small", "--split", "val"), "specify the folder, too"),
    "no folder": (("evaluate", "--checkpoint", "small", "--data", "nowhere"), "is not a folder"),
    "no clips": (("evaluate", "--checkpoint", "small", "--data", "checkpoints"), "no labelled clips"),
    "clips 0": (("evaluate", "--checkpoint", "small", "--clips", "0"), "--clips"),
    "other device": (("evaluate", "--device", "tpu"), "--device"),
    "no option": (("evaluate", "--colour", "red"), "--colour"),
    "no command": (("juggle",), "juggle"),
    "bad name": (("train", "--out", "a/b"), "is not a checkpoint's name"),
    "taken name": (("train", "--out", "small"), "exists already"),
    "no modality": (("train", "--out", "new", "--modalities", "smell"), "no modality ['smell']"),
    "no attention": (("train", "--out", "new", "--attention", "mutual"), "'mutual' must be one of"),
    "seed of tests": (("train", "--out", "new", "--seed", "999999999"), "for testing"),
    "no folder for the trace": (
        ("record", "clip.mp4", "--checkpoint", "small", "--out", "nowhere/trace.json"),
        "nowhere/trace.json",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_refused_in_one_plain_line(run: Run, folder: Path, case: str) -> None:
    words, message = REFUSED[case]
    (folder / "text.mp4").write_text("no video at all\n" * 50)
    (folder / "text.json").write_text("no JSON at all")
    (folder / "bytes.json").write_bytes(bytes(range(256)))
    (folder / "own.json").write_text(json.dumps(small_structure().to_json()))
    (folder / "list.json").write_text("[[-1, 1], [7]]")
    assert message in error_line(run, *words)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
@pytest.mark.parametrize(
    "command",
    [
        ("record", "clip.mp4", "--checkpoint", "small"),
        ("evaluate", "--checkpoint", "small"),
        ("prune", "--checkpoint", "small", "--threshold", "0.4"),
        ("train-objects", "--out", "mine"),
        ("evaluate-objects", "--checkpoint", "objects"),
        ("cross-fit", "--data", ".", "--out", "maps"),
    ],
)
def test_without_cuda_the_cuda_device_is_refused(run: Run, command: tuple[str, ...]) -> None:
    line = error_line(run, *command, "--device", "cuda")
    assert "no CUDA device" in line
    assert "--device cpu" in line


def test_a_damaged_card_is_refused(run: Run, folder: Path) -> None:
    card = folder / "checkpoints" / "small" / CARD_FILE
    text = card.read_text()
    for damaged in (text[:-20], "[]", text.replace('"bottleneck"', '"sponge"'), text.replace("rgb", "smell")):
        card.write_text(damaged)
        error_line(run, "evaluate", "--checkpoint", "small", "--clips", "1")


def test_damaged_weights_are_refused(run: Run, folder: Path) -> None:
    weights = folder / "checkpoints" / "small" / WEIGHTS_FILE
    data = weights.read_bytes()
    for damaged in (data[:-50], data[:100], b"", b"PK\3\4" + data, bytes(len(data))):
        weights.write_bytes(damaged)
        error_line(run, "evaluate", "--checkpoint", "small", "--clips", "1")


def test_ctrl_c_exits_with_130_and_without_a_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("peerattn.cli.measuring.evaluate", interrupt)
    code, _, err = run("evaluate", "--checkpoint", "small", "--clips", "1")
    assert code == 130
    assert "Traceback" not in err


def test_a_structure_survives_its_json() -> None:
    assert Structure.parse(json.dumps(small_structure().to_json())) == small_structure()
