"""`peerattn health`: its JSON, its table, and one plain line for every kind of bad input."""

import json
import shutil
from pathlib import Path

from peerattn.checkpoints import checkpoint
from peerattn.checkpoints.checkpoint import load
from peerattn.checkpoints.weighted_structure import names_structure
from peerattn.data.generated import GeneratedExamples
from peerattn.network.network import Network
from peerattn.pruning.health.findings import KINDS
from peerattn.pruning.health.report import examine
from tests.peerattn.cli.test_cli import Run, error_line, folder, json_of, made, run
from tests.peerattn.cli.test_start import asked
from tests.small import CLASS_NAMES, SETTINGS, small_structure

__all__ = ["folder", "made", "run"]
STRUCTURAL = ["at_initialisation", "dead_block", "starved_block"]


def test_health_prints_what_the_package_finds(run: Run) -> None:
    found = json_of(run, "health", "small", "--clips", 24)
    loaded = load("small")
    clips = GeneratedExamples(
        24, CLASS_NAMES, modalities=loaded.structure.read_modalities, settings=loaded.settings
    )
    report = examine(loaded.network, clips, window=SETTINGS.window)
    assert found == {"name": "small", **json.loads(json.dumps(report.to_json())), "skipped": []}
    assert found["n"] == 24
    assert {"kind", "place", "value", "limit"} <= found["findings"][0].keys()
    assert sorted(found["checked"] + [one["kind"] for one in found["not_checked"]]) == sorted(KINDS)


def test_a_structure_gets_the_checks_of_its_graph_only(run: Run, folder: Path) -> None:
    (folder / "mine.json").write_text(json.dumps(small_structure().to_json()))
    for name in ("full_asnp50", "full_asnp50-untrained", "mine.json"):
        found = json_of(run, "health", name)
        assert (found["checked"], found["n"]) == (STRUCTURAL, 0)
    assert len(json_of(run, "health", "full_asnp50")["findings"]) == 11


def test_names_of_structures_are_told_from_those_of_checkpoints(folder: Path) -> None:
    (folder / "mine.json").write_text(json.dumps(small_structure().to_json()))
    names = ("full_asnp50", "asn26-untrained", "mine.json", "./mine.json", "./none.json")
    assert all(names_structure(name) for name in names)
    (folder / "odd.json").mkdir()
    assert names_structure("odd.json")
    checkpoint.save(folder / "checkpoints" / "asn26", load("small").network, SETTINGS, {})
    assert not any(names_structure(name) for name in ("small", "./checkpoints/small", "asn26", "unknown"))


def test_a_checkpoint_of_other_classes_needs_a_folder_of_clips(run: Run, folder: Path) -> None:
    network = Network(load("small").structure, ("wave", "jump"))
    checkpoint.save(folder / "checkpoints" / "other", network, SETTINGS, {"command": "none"})
    found = json_of(run, "health", "other")
    reasons = {one["kind"]: one["reason"] for one in found["not_checked"]}
    assert reasons.keys() == {kind for kind, known in KINDS.items() if known.needs == "clips"}
    assert all("--data" in reason for reason in reasons.values())
    assert "a split belongs to a folder" in error_line(run, "health", "other", "--split", "val")


def test_clips_of_a_folder_that_cannot_be_read_are_listed(run: Run, folder: Path) -> None:
    (folder / "real" / CLASS_NAMES[0]).mkdir(parents=True)
    shutil.copy(folder / "clip.mp4", folder / "real" / CLASS_NAMES[0])
    (folder / "real" / CLASS_NAMES[0] / "damaged.mp4").write_bytes(b"no video")
    code, out, err = run("health", "small", "--data", "real", "--json", "-")
    found = json.loads(out)
    assert (code, found["n"], len(found["skipped"])) == (0, 1, 1)
    assert "damaged.mp4" in found["skipped"][0] and "damaged.mp4" in err


def test_the_table_says_what_was_found_what_it_means_and_what_was_not_checked(run: Run) -> None:
    code, out, err = run("health", "full_asnp50")
    words = " ".join(out.split())
    assert (code, err) == (0, "")
    assert "full_asnp50: 11 findings" in words
    assert "│ Dead block │ 9 │ 0 │ 0.01 │" in words
    assert KINDS["dead_block"].meaning in words
    assert "Checked: connection at its initial weight, dead block, starved block" in words
    assert "Not checked, because there are no trained filters: near-uniform attention weights" in words
    assert "starved block: weakest" not in words.lower()  # the meaning of kinds that were found only


def test_a_network_that_has_not_learned_has_even_attention_weights(run: Run, folder: Path) -> None:
    spec = small_structure()
    fresh = Network(spec, CLASS_NAMES)
    checkpoint.save(folder / "checkpoints" / "fresh", fresh, SETTINGS, {"command": "none"})
    found = json_of(run, "health", "fresh", "--clips", 2)
    kinds = [one["kind"] for one in found["findings"]]
    several = sum(len(one.peers) > 1 for one in spec.connections)
    assert kinds.count("at_initialisation") == len(spec.connections)
    assert kinds.count("uniform_attention") == several > 0


def test_bad_input_is_refused_with_one_line(run: Run) -> None:
    assert "there is no checkpoint 'none'" in error_line(run, "health", "none")
    assert "a split belongs to a folder" in error_line(run, "health", "small", "--split", "val")
    assert "small" in error_line(run, "health", "smal")


def test_help_comes_before_torch_is_loaded() -> None:
    ((code, out, _, loaded),) = asked([["health", "--help"]])
    assert (code, loaded) == (0, [])
    assert "what is wrong with a network" in " ".join(out.split())
