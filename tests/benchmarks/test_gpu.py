"""The benchmark of a GPU, rehearsed without one; CUDA's own numbers are made up."""

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

FEW = """
import pytest

@pytest.mark.parametrize("name", ["one", "two words"])
def test_good(name): pass

@pytest.mark.skip
def test_left_out(): pass

def test_bad(): assert False
"""


def small() -> Subject:
    network = lively(hand_made())
    return Subject(network, clip_of(network.structure), window=3, baselines={})


def few(folder: Path, text: str = FEW) -> str:
    file = folder / "test_few.py"
    file.write_text(text)
    return str(file)


@pytest.mark.parametrize("device", ["strict", "cpu"])
def test_every_step_is_rehearsed_without_a_gpu(
    device: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = gpu.Plan(((few(tmp_path),), 0), {"small": (small, 0)}, 1, gpu.SMALL.training, 1)
    monkeypatch.setattr(gpu, "SMALL", plan)
    gpu.main(["--device", device, "--out", str(tmp_path / "found.md")])
    found = json.loads((tmp_path / "found.json").read_text())
    kinds = [row["kind"] for row in found["rows"]]
    assert kinds == ["outcomes", *["passes"] * 4, *["training"] * 3]
    for row in found["rows"][1:5]:
        assert len(row["forward"]) == len(row["record"]) == 1
        exact = device == "strict" or row["route"] != "bf16 on cpu"
        assert (row["logits"] == row["factors"] == 0) == exact
    assert found["rows"][6]["loss"] == pytest.approx(found["rows"][5]["loss"], abs=1e-5)
    assert found["remarks"] == [
        f"training in {half} on {device}: failed, PeerattnError: precision {half} needs a CUDA device: "
        "use float32"
        for half in ("bf16", "fp16")
    ]
    shown = (tmp_path / "found.md").read_text()
    for kind in (Outcomes, Passes, Training):
        assert f"| {' | '.join(kind.columns)} |" in shown
    assert len({line.count("|") for line in shown.splitlines() if line.startswith("| small")}) == 1


def test_without_a_file_tables_and_numbers_go_to_stdout(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu, "steps", lambda plan, device: [])
    gpu.main(["--device", "cpu"])
    shown, _, numbers_shown = capsys.readouterr().out.partition("```json\n")
    assert "cpu, no GPU" in shown
    assert json.loads(numbers_shown.removesuffix("```\n"))["rows"] == []


def test_the_networks_of_the_rehearsal_run() -> None:
    for make, _ in gpu.SMALL.networks.values():
        assert np.isfinite(make().forward()).all()


def test_what_does_not_fit_is_skipped_and_what_fails_costs_no_other(tmp_path: Path) -> None:
    given: dict[str, float] = {}

    def run(name: str, seconds: float) -> list[gpu.Row]:
        given[name] = seconds
        if name == "broken":
            raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate")
        return [Outcomes(name, {}, 0.0, [], "1 passed")]

    needs = {"broken": 5, "long": 100, "short": 10}
    planned = [gpu.Step(name, least, partial(run, name)) for name, least in needs.items()]
    report = gpu.Report("a machine", tmp_path / "found.md")
    gpu.work_through(planned, report, seconds=50)
    assert given == {"broken": 5, "short": pytest.approx(50, abs=5)}
    assert report.remarks == [
        "broken: failed, OutOfMemoryError: CUDA out of memory.",
        "long: skipped, it needs 100 s and 50 s are left",
    ]
    assert "1 passed" in (tmp_path / "found.md").read_text()


def test_a_network_is_compared_where_no_time_is_left_for_rounds() -> None:
    for row in run_passes("small", small, torch.device("cpu"), rounds=3, seconds=0):
        assert row.forward == row.record == []
        assert row.cells()[2:5] == ["no time", "no time", "0"]


def test_tests_are_counted_and_those_that_failed_named(tmp_path: Path) -> None:
    found = run_tests((few(tmp_path),), 120)
    assert found.counts == {"passed": 2, "skipped": 1, "failed": 1}
    (failed,) = found.failed
    assert failed.endswith("test_few.py::test_bad")
    assert "1 failed, 2 passed, 1 skipped" in found.said


def test_tests_end_when_their_time_is_over(tmp_path: Path) -> None:
    began = time.monotonic()
    found = run_tests((few(tmp_path, "import time\ndef test_slow(): time.sleep(1000)\n"),), 3)
    assert time.monotonic() - began < 500
    assert (found.said, found.counts) == ("stopped at the limit of 3 s, with no test finished", {})


def test_memory_is_what_cuda_counts_beyond_what_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = {"memory_allocated": 100, "max_memory_allocated": 350, "reset_peak_memory_stats": None}
    for name, count in {**counted, "synchronize": None}.items():
        monkeypatch.setattr(torch.cuda, name, lambda device, count=count: count)
    assert with_peak(torch.device("cuda"), lambda: "done") == ("done", 250)
    assert with_peak(torch.device("cpu"), lambda: "done") == ("done", None)


def test_rounds_end_when_time_is_over_after_one_that_counts() -> None:
    assert len(interleaved({"task": lambda: None}, rounds=5, within=-1)["task"]) == 1
    assert len(interleaved({"task": lambda: None}, rounds=5)["task"]) == 5


def test_differences_are_those_of_all_numbers() -> None:
    subject = small()
    found = numbers(subject.forward(), subject.record())
    assert {name: each.size for name, each in found.items()} == {
        "logits": len(subject.network.class_names),
        "factors": sum(one.attention_factors.size for one in subject.record().connections),
        "contributions": len(subject.network.structure.connections) * len(subject.clip.times),
    }
    apart = differences({name: each + 0.5 for name, each in found.items()}, found)
    assert all(each == pytest.approx(0.5, abs=1e-4) for each in apart.values())
