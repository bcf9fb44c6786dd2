"""The GPU benchmark, run on the CPU at small sizes; a fake replaces CUDA's memory counters."""

import json
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import gpu
from benchmarks.device_passes import Passes, run_passes
from benchmarks.device_tests import Outcomes, run_tests
from benchmarks.device_training import Training
from benchmarks.interleaved import interleaved
from benchmarks.published import with_peak
from benchmarks.subjects import Subject, differences, numbers
from tests.peerattn.graph.test_connectivity import hand_made
from tests.peerattn.recording.test_recorder import clip_of
from tests.strategies import lively

TEST_FILE = """
import pytest

@pytest.mark.parametrize("name", ["one", "two words"])
def test_good(name): pass

@pytest.mark.skip
def test_left_out(): pass

def test_bad(): assert False
"""


def small_subject() -> Subject:
    network = lively(hand_made())
    return Subject(network, clip_of(network.structure), window=3, baselines={})


def write_test_file(folder: Path, text: str = TEST_FILE) -> str:
    file = folder / "test_few.py"
    file.write_text(text)
    return str(file)


@pytest.mark.parametrize("device", ["strict", "cpu"])
def test_without_a_gpu_every_step_still_runs(
    device: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = gpu.Plan(
        ((write_test_file(tmp_path),), 0), {"small": (small_subject, 0)}, 1, gpu.SMALL.training, 1
    )
    monkeypatch.setattr(gpu, "SMALL", plan)
    gpu.main(["--device", device, "--out", str(tmp_path / "report.md")])
    report = json.loads((tmp_path / "report.json").read_text())
    kinds = [row["kind"] for row in report["rows"]]
    assert kinds == ["outcomes", *["passes"] * 4, *["training"] * 3]
    for row in report["rows"][1:5]:
        assert len(row["forward"]) == len(row["record"]) == 1
        exact = device == "strict" or row["route"] != "bf16 on cpu"
        assert (row["logits"] == row["factors"] == 0) == exact
    assert report["rows"][6]["loss"] == pytest.approx(report["rows"][5]["loss"], abs=1e-5)
    assert report["remarks"] == [
        f"training in {half} on {device}: failed, PeerattnError: precision {half} needs a CUDA device: "
        "use float32"
        for half in ("bf16", "fp16")
    ]
    tables = (tmp_path / "report.md").read_text()
    for kind in (Outcomes, Passes, Training):
        assert f"| {' | '.join(kind.columns)} |" in tables
    assert len({line.count("|") for line in tables.splitlines() if line.startswith("| small")}) == 1


def test_without_an_output_file_tables_and_numbers_go_to_stdout(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu, "steps", lambda plan, device: [])
    gpu.main(["--device", "cpu"])
    tables, _, raw_numbers = capsys.readouterr().out.partition("```json\n")
    assert "cpu, no GPU" in tables
    assert json.loads(raw_numbers.removesuffix("```\n"))["rows"] == []


def test_the_small_networks_give_finite_logits() -> None:
    for make, _ in gpu.SMALL.networks.values():
        assert np.isfinite(make().forward()).all()


def test_a_step_without_enough_time_is_skipped_and_a_failing_step_does_not_stop_the_others(
    tmp_path: Path,
) -> None:
    limits: dict[str, float] = {}

    def run(name: str, seconds: float) -> list[gpu.Row]:
        limits[name] = seconds
        if name == "broken":
            raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate")
        return [Outcomes(name, {}, 0.0, [], "1 passed")]

    needs = {"broken": 5, "long": 100, "short": 10}
    planned = [gpu.Step(name, seconds, partial(run, name)) for name, seconds in needs.items()]
    report = gpu.Report("a machine", tmp_path / "report.md")
    gpu.work_through(planned, report, seconds=50)
    assert limits == {"broken": 5, "short": pytest.approx(50, abs=5)}
    assert report.remarks == [
        "broken: failed, OutOfMemoryError: CUDA out of memory.",
        "long: skipped, it needs 100 s and 50 s are left",
    ]
    assert "1 passed" in (tmp_path / "report.md").read_text()


def test_without_time_to_measure_speed_a_network_is_still_compared_with_the_cpu() -> None:
    for row in run_passes("small", small_subject, torch.device("cpu"), rounds=3, seconds=0):
        assert row.forward == row.record == []
        assert row.cells()[2:5] == ["no time", "no time", "0"]


def test_the_outcomes_of_tests_are_counted_and_failed_tests_are_named(tmp_path: Path) -> None:
    outcomes = run_tests((write_test_file(tmp_path),), 120)
    assert outcomes.counts == {"passed": 2, "skipped": 1, "failed": 1}
    (failed,) = outcomes.failed
    assert failed.endswith("test_few.py::test_bad")
    assert "1 failed, 2 passed, 1 skipped" in outcomes.said


def test_tests_are_stopped_at_their_time_limit(tmp_path: Path) -> None:
    began = time.monotonic()
    outcomes = run_tests((write_test_file(tmp_path, "import time\ndef test_slow(): time.sleep(1000)\n"),), 3)
    assert time.monotonic() - began < 500
    assert (outcomes.said, outcomes.counts) == ("stopped at the limit of 3 s, with no test finished", {})


def test_the_peak_excludes_memory_that_was_allocated_before_the_task(monkeypatch: pytest.MonkeyPatch) -> None:
    counters = {"memory_allocated": 100, "max_memory_allocated": 350, "reset_peak_memory_stats": None}
    for name, count in {**counters, "synchronize": None}.items():
        monkeypatch.setattr(torch.cuda, name, lambda device, count=count: count)
    assert with_peak(torch.device("cuda"), lambda: "done") == ("done", 250)
    assert with_peak(torch.device("cpu"), lambda: "done") == ("done", None)


def test_at_least_one_round_is_timed_even_if_no_time_is_left() -> None:
    assert len(interleaved({"task": lambda: None}, rounds=5, within=-1)["task"]) == 1
    assert len(interleaved({"task": lambda: None}, rounds=5)["task"]) == 5


def test_differences_cover_all_logits_factors_and_contributions() -> None:
    subject = small_subject()
    expected = numbers(subject.forward(), subject.record())
    assert {name: each.size for name, each in expected.items()} == {
        "logits": len(subject.network.class_names),
        "factors": sum(one.attention_factors.size for one in subject.record().connections),
        "contributions": len(subject.network.structure.connections) * len(subject.clip.times),
    }
    found = differences({name: each + 0.5 for name, each in expected.items()}, expected)
    assert all(each == pytest.approx(0.5, abs=1e-4) for each in found.values())
