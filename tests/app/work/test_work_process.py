"""The work process: it runs jobs one by one at low priority, and may be killed without harm to the server."""

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from app.work.curves import accuracy_curve
from app.work.datasets import EvaluationRequest, measure_folder
from app.work.jobs import Job, Jobs, Work
from app.work.process import KILLED, PROCESS, WorkProcess
from peerattn.data.labelled_set import LabelledSet
from peerattn.scores.evaluation import Evaluation
from tests import work
from tests.conftest import ROOT
from tests.media import moving_square, write_video
from tests.small import CLASS_NAMES, write_small_checkpoints

PATIENCE = 300  # s; long, because other tests may use the same cores
Start = Callable[[Work], Job]


@pytest.fixture
def start() -> Start:
    """A function that starts a job in the process that all tests of this run share."""
    jobs = Jobs()
    return lambda work: jobs.start(work, partial(PROCESS.results, work))


@pytest.fixture
def process() -> Iterator[WorkProcess]:
    """A process that only this test uses."""
    process = WorkProcess()
    yield process
    process.close()


def results_of(job: Job) -> list[Any]:
    """Wait until a job ends without an error, and return its results."""
    job.wait(PATIENCE)
    assert not job.running and not job.error
    return job.results


def wait_for_progress(job: Job) -> None:
    """Wait until a job reports its progress for the first time, or ends."""
    while job.running and not job.total:
        job.wait(0.01)


def test_a_job_delivers_its_results_and_progress(start: Start) -> None:
    job = start(work.count_to_five)
    assert results_of(job) == [0, 1, 2, 3, 4] and (job.done, job.total) == (5, 5)


def test_jobs_share_one_process_with_one_thread_and_low_priority(start: Start) -> None:
    first, second = (Jobs().start("where", partial(PROCESS.results, work.describe_process)) for _ in range(2))
    [here], [too] = results_of(first), results_of(second)
    assert here["pid"] == too["pid"] == PROCESS.pid != os.getpid()
    assert here["threads"] == {"torch": 1, "opencv": 1}
    assert here["nice"] == min(os.nice(0) + 10, 19)


def test_a_job_sees_the_environment_at_the_time_of_its_start(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", "/somewhere")
    [there] = results_of(start(work.describe_process))
    assert there["environment"]["PEERATTN_CHECKPOINTS"] == "/somewhere"
    monkeypatch.delenv("PEERATTN_CHECKPOINTS")
    [there] = results_of(start(partial(work.describe_process)))  # another key
    assert "PEERATTN_CHECKPOINTS" not in there["environment"]


def test_jobs_run_one_after_another_in_the_order_in_which_they_are_started(
    start: Start, tmp_path: Path
) -> None:
    first = start(partial(work.wait_for_file, tmp_path / "go"))
    wait_for_progress(first)
    second = start(work.count_to_five)
    second.wait(0.2)
    assert first.running and second.running and not second.results
    (tmp_path / "go").touch()
    assert results_of(second) == [0, 1, 2, 3, 4] and first.results[1:] == ["ended"]


def test_a_cancelled_job_stops_at_its_next_progress_report_and_a_queued_one_never_starts(
    start: Start, tmp_path: Path
) -> None:
    first, second = start(partial(work.wait_for_file, tmp_path / "go")), start(work.raise_peerattn_error)
    wait_for_progress(first)
    pid = PROCESS.pid
    first.cancel()
    second.cancel()
    third = start(work.count_to_five)
    assert results_of(third) == [0, 1, 2, 3, 4] and PROCESS.pid == pid
    assert len(first.results) == 1 and not second.results and not first.error and not second.error


def test_a_peerattn_error_is_shown_as_one_line_and_the_process_survives(start: Start) -> None:
    job = start(work.raise_peerattn_error)
    job.wait(PATIENCE)
    assert job.error == "there is no such folder" and job.results == [1]
    pid = PROCESS.pid
    assert results_of(start(work.count_to_five)) and PROCESS.pid == pid


def test_any_other_error_is_shown_as_one_line_and_logged_with_its_traceback(
    process: WorkProcess, capfd: pytest.CaptureFixture[str]
) -> None:
    job = Job(partial(process.results, work.divide_by_zero))
    job.wait(PATIENCE)
    assert job.error and "ZeroDivisionError" in job.error and "\n" not in job.error
    assert job.results == [1.0]
    log = capfd.readouterr().err
    assert "Traceback" in log and "1 / 0" in log and "a library says something" in log
    pid = process.pid
    assert results_of(Job(partial(process.results, work.count_to_five))) and process.pid == pid


def test_a_job_or_result_that_cannot_be_pickled_gives_a_one_line_error(start: Start) -> None:
    for unfit in (work.yield_function, lambda progress: iter(())):
        job = start(unfit)
        job.wait(PATIENCE)
        assert job.error and "\n" not in job.error
    assert results_of(start(work.count_to_five))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_if_the_process_is_killed_its_job_fails_in_one_line_and_the_next_runs_in_a_new_process(
    process: WorkProcess, tmp_path: Path
) -> None:
    jobs = Jobs()
    first = jobs.start("waits", partial(process.results, partial(work.wait_for_file, tmp_path / "never")))
    second = jobs.start("counts", partial(process.results, work.count_to_five))
    wait_for_progress(first)
    os.kill(int(first.results[0]), signal.SIGKILL)
    assert results_of(second) == [0, 1, 2, 3, 4]
    assert first.error == KILLED and "\n" not in KILLED
    [there] = results_of(jobs.start("where", partial(process.results, work.describe_process)))
    assert there["pid"] == process.pid != int(first.results[0])
    os.kill(there["pid"], signal.SIGKILL)  # while it has nothing to do
    os.waitid(os.P_PID, there["pid"], os.WEXITED | os.WNOWAIT)
    assert results_of(jobs.start("again", partial(process.results, work.count_to_five)))


SERVER = """
import sys, time
from functools import partial
from pathlib import Path
from app.work.process import PROCESS
from tests import work
answers = PROCESS.results(partial(work.wait_for_file, Path(sys.argv[1])), lambda done, total: None)
print(next(answers), flush=True)
if sys.argv[2] == "ends":
    sys.exit()
time.sleep(600)
"""


@pytest.mark.parametrize("how", ["ends", "is killed"])
def test_the_process_ends_with_the_server_even_while_it_runs_a_job(tmp_path: Path, how: str) -> None:
    """The pipes to it would otherwise stay open, and `communicate` would run into its timeout."""
    command = [sys.executable, "-c", SERVER, str(tmp_path / "never"), how]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as server:
        assert server.stdout
        assert int(server.stdout.readline()) != server.pid
        if how == "is killed":
            server.kill()
        assert server.communicate(timeout=work.PATIENCE - 10) == ("", "")


def have_equal_fields(one: Evaluation, other: Evaluation) -> bool:
    return all(np.array_equal(getattr(one, each.name), getattr(other, each.name)) for each in fields(one))


@pytest.fixture
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
def test_a_curve_and_an_evaluation_equal_those_computed_in_this_process_bit_for_bit(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(write_small_checkpoints(tmp_path / "checkpoints")))
    device, ignored = torch.device("cpu"), lambda done, total: None
    curve = partial(accuracy_curve, "small", LabelledSet(count=20, origin="estimated"), device)
    here, there = list(curve(ignored)), results_of(start(curve))
    assert len(here) > 5 and [point.removal for point in here] == [point.removal for point in there]
    assert all(
        have_equal_fields(a.evaluation, b.evaluation)
        for a, b in zip(here, there, strict=True)
        if a.evaluation
    )
    for step, label in enumerate(CLASS_NAMES[:2]):
        (tmp_path / "clips" / label).mkdir(parents=True)
        write_video(tmp_path / "clips" / label / "one.mp4", moving_square(24, step=2 + step))
    measurement = partial(measure_folder, EvaluationRequest("small", tmp_path / "clips"), device)
    [here], [there] = list(measurement(ignored)), results_of(start(measurement))
    assert have_equal_fields(here.evaluation, there.evaluation) and (here.files, here.skipped) == (
        there.files,
        (),
    )


def test_a_pickled_job_is_smaller_than_a_kilobyte() -> None:
    for request in (
        partial(accuracy_curve, "actionworld", LabelledSet(count=384), torch.device("cuda")),
        partial(measure_folder, EvaluationRequest("actionworld", Path("/clips"), "val"), torch.device("cpu")),
    ):
        assert len(pickle.dumps(request)) < 1000


def test_the_process_loads_no_streamlit() -> None:
    program = (
        "import sys, app.work.worker, app.work.curves, app.work.datasets; print('streamlit' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "False"
