"""The process beside the server: it works as a thread would, but quietly, and its end harms nobody."""

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

PATIENCE = 300  # s; shared cores
Start = Callable[[Work], Job]


@pytest.fixture
def start() -> Start:
    """Starts work in the process; other tests of this session use the same."""
    jobs = Jobs()
    return lambda work: jobs.start(work, partial(PROCESS.results, work))


@pytest.fixture
def process() -> Iterator[WorkProcess]:
    """A process of the test's own."""
    process = WorkProcess()
    yield process
    process.close()


def ended(job: Job) -> list[Any]:
    """The results of a job once it has ended well."""
    job.wait(PATIENCE)
    assert not job.running and not job.error
    return job.results


def begun(job: Job) -> None:
    """Returns when the work has told how far it is."""
    while job.running and not job.total:
        job.wait(0.01)


def test_results_and_progress_come_as_in_a_thread(start: Start) -> None:
    job = start(work.counting)
    assert ended(job) == [0, 1, 2, 3, 4] and (job.done, job.total) == (5, 5)


def test_it_is_one_process_with_one_thread_and_low_priority(start: Start) -> None:
    first, second = (Jobs().start("where", partial(PROCESS.results, work.where)) for _ in range(2))
    [here], [too] = ended(first), ended(second)
    assert here["pid"] == too["pid"] == PROCESS.pid != os.getpid()
    assert here["threads"] == {"torch": 1, "opencv": 1}
    assert here["nice"] == min(os.nice(0) + 10, 19)


def test_the_environment_of_now_goes_with_the_work(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", "/somewhere")
    [there] = ended(start(work.where))
    assert there["environment"]["PEERATTN_CHECKPOINTS"] == "/somewhere"
    monkeypatch.delenv("PEERATTN_CHECKPOINTS")
    [there] = ended(start(partial(work.where)))  # another key
    assert "PEERATTN_CHECKPOINTS" not in there["environment"]


def test_works_run_in_the_order_of_their_start(start: Start, tmp_path: Path) -> None:
    first = start(partial(work.waiting, tmp_path / "go"))
    begun(first)
    second = start(work.counting)
    second.wait(0.2)
    assert first.running and second.running and not second.results
    (tmp_path / "go").touch()
    assert ended(second) == [0, 1, 2, 3, 4] and first.results[1:] == ["ended"]


def test_cancelled_work_stops_at_its_next_step_and_one_that_waits_never_begins(
    start: Start, tmp_path: Path
) -> None:
    first, second = start(partial(work.waiting, tmp_path / "go")), start(work.refusing)
    begun(first)
    pid = PROCESS.pid
    first.cancel()
    second.cancel()
    third = start(work.counting)
    assert ended(third) == [0, 1, 2, 3, 4] and PROCESS.pid == pid
    assert len(first.results) == 1 and not second.results and not first.error and not second.error


def test_a_refusal_is_one_line_and_the_process_goes_on(start: Start) -> None:
    job = start(work.refusing)
    job.wait(PATIENCE)
    assert job.error == "there is no such folder" and job.results == [1]
    pid = PROCESS.pid
    assert ended(start(work.counting)) and PROCESS.pid == pid


def test_an_error_is_one_line_and_logged_whole(
    process: WorkProcess, capfd: pytest.CaptureFixture[str]
) -> None:
    job = Job(partial(process.results, work.failing))
    job.wait(PATIENCE)
    assert job.error and "ZeroDivisionError" in job.error and "\n" not in job.error
    assert job.results == [1.0]
    log = capfd.readouterr().err
    assert "Traceback" in log and "1 / 0" in log and "a library says something" in log
    pid = process.pid
    assert ended(Job(partial(process.results, work.counting))) and process.pid == pid


def test_what_cannot_be_sent_is_one_line(start: Start) -> None:
    for unfit in (work.unsendable, lambda progress: iter(())):
        job = start(unfit)
        job.wait(PATIENCE)
        assert job.error and "\n" not in job.error
    assert ended(start(work.counting))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_process_is_one_line_and_the_next_work_runs_in_another(
    process: WorkProcess, tmp_path: Path
) -> None:
    jobs = Jobs()
    first = jobs.start("waits", partial(process.results, partial(work.waiting, tmp_path / "never")))
    second = jobs.start("counts", partial(process.results, work.counting))
    begun(first)
    os.kill(int(first.results[0]), signal.SIGKILL)
    assert ended(second) == [0, 1, 2, 3, 4]
    assert first.error == KILLED and "\n" not in KILLED
    [there] = ended(jobs.start("where", partial(process.results, work.where)))
    assert there["pid"] == process.pid != int(first.results[0])
    os.kill(there["pid"], signal.SIGKILL)  # while it has nothing to do
    os.waitid(os.P_PID, there["pid"], os.WEXITED | os.WNOWAIT)
    assert ended(jobs.start("again", partial(process.results, work.counting)))


SERVER = """
import sys, time
from functools import partial
from pathlib import Path
from app.work.process import PROCESS
from tests import work
answers = PROCESS.results(partial(work.waiting, Path(sys.argv[1])), lambda done, total: None)
print(next(answers), flush=True)
if sys.argv[2] == "ends":
    sys.exit()
time.sleep(600)
"""


@pytest.mark.parametrize("how", ["ends", "is killed"])
def test_the_process_goes_with_the_server(tmp_path: Path, how: str) -> None:
    """While it works, too: whoever holds its stderr is gone."""
    command = [sys.executable, "-c", SERVER, str(tmp_path / "never"), how]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as server:
        assert server.stdout
        assert int(server.stdout.readline()) != server.pid
        if how == "is killed":
            server.kill()
        assert server.communicate(timeout=work.PATIENCE - 10) == ("", "")


def equal(one: Evaluation, other: Evaluation) -> bool:
    return all(np.array_equal(getattr(one, each.name), getattr(other, each.name)) for each in fields(one))


@pytest.fixture
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
def test_a_curve_and_a_measurement_are_those_of_this_process_to_the_bit(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(write_small_checkpoints(tmp_path / "checkpoints")))
    device, ignored = torch.device("cpu"), lambda done, total: None
    curve = partial(accuracy_curve, "small", LabelledSet(count=20, origin="estimated"), device)
    here, there = list(curve(ignored)), ended(start(curve))
    assert len(here) > 5 and [point.removal for point in here] == [point.removal for point in there]
    assert all(equal(a.evaluation, b.evaluation) for a, b in zip(here, there, strict=True) if a.evaluation)
    for step, label in enumerate(CLASS_NAMES[:2]):
        (tmp_path / "clips" / label).mkdir(parents=True)
        write_video(tmp_path / "clips" / label / "one.mp4", moving_square(24, step=2 + step))
    measurement = partial(measure_folder, EvaluationRequest("small", tmp_path / "clips"), device)
    [here], [there] = list(measurement(ignored)), ended(start(measurement))
    assert equal(here.evaluation, there.evaluation) and (here.files, here.skipped) == (there.files, ())


def test_what_is_sent_for_a_measurement_is_small() -> None:
    for request in (
        partial(accuracy_curve, "actionworld", LabelledSet(count=384), torch.device("cuda")),
        partial(measure_folder, EvaluationRequest("actionworld", Path("/clips"), "val"), torch.device("cpu")),
    ):
        assert len(pickle.dumps(request)) < 1000


def test_the_process_loads_no_streamlit() -> None:
    asks = (
        "import sys, app.work.worker, app.work.curves, app.work.datasets; print('streamlit' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", asks], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
