"""Training in several processes and after `kill -9` gives the same weights as without interruption."""

import json
import os
import subprocess
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

from benchmarks import resume
from tests.conftest import ROOT


def test_a_killed_run_resumes_and_ends_with_the_same_weights(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    killed.mkdir()
    resume.run(whole)
    ends = [resume.kill_run(killed, after) for after in (0.05, 0.1, 0.2)]
    assert ends[0] != "over"
    resume.run(killed)
    assert resume.same_weights(killed, whole)


def test_two_processes_have_the_gradients_of_one_and_survive_the_death_of_one(tmp_path: Path) -> None:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--max-restarts=1"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [*torchrun, "--monitor-interval=0.1", "--standalone", "-m", "tests.together", str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=900
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "exitcode: -9" in done.stderr
    assert json.loads((tmp_path / "difference.json").read_text()) <= 1e-12
    for rank in range(2):
        assert "some processes have 7 updates, others 8" in (tmp_path / f"refused{rank}.txt").read_text()
    killed, whole = (load_file(tmp_path / name / "weights.safetensors") for name in ("killed", "whole"))
    assert all(torch.equal(killed[name], whole[name]) for name in whole)
