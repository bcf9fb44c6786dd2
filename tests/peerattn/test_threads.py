"""Threads: their number depends on the size of a pass and on the setting, and idle threads sleep."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from peerattn import threads
from peerattn.data.loading import single_threaded
from peerattn.errors import PeerattnError
from peerattn.recording.recorder import record
from peerattn.threads import AUTO, LARGE_PASS, THREADS_VARIABLE, WAIT_VARIABLES, threads_for
from tests.conftest import ROOT
from tests.kinds import EVERY_KIND
from tests.peerattn.recording.test_recorder import clip_of
from tests.strategies import lively

VARIABLES = ("OMP_NUM_THREADS", THREADS_VARIABLE, *WAIT_VARIABLES)
FIRST_TORCH = f"""
import json, os, runpy, sys
class First:
    def find_spec(self, name, path, target=None):
        if name == "torch":
            found = {{one: os.environ[one] for one in {VARIABLES} if one in os.environ}}
            print(json.dumps(found), flush=True)
            os._exit(0)
sys.meta_path.insert(0, First())
"""
"""A program that prints the variables when torch is first imported, and then exits."""


@pytest.fixture(autouse=True)
def own_setting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Remove all settings, and restore torch's number of threads afterwards."""
    monkeypatch.delenv(THREADS_VARIABLE, raising=False)
    monkeypatch.setattr(threads, "_default_threads", lambda: 3)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(("setting", "small", "large"), [(AUTO, 1, 3), ("2", 2, 2), ("", 5, 5), (None, 5, 5)])
def test_the_number_of_threads_depends_on_the_setting_and_the_size_of_the_pass(
    monkeypatch: pytest.MonkeyPatch, setting: str | None, small: int, large: int
) -> None:
    if setting is not None:
        monkeypatch.setenv(THREADS_VARIABLE, setting)
    torch.set_num_threads(5)
    for multiply_adds, number in ((LARGE_PASS / 2, small), (LARGE_PASS * 2, large)):
        with threads_for(multiply_adds):
            assert torch.get_num_threads() == number
        assert torch.get_num_threads() == 5


def test_the_callers_number_comes_back_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS_VARIABLE, "2")
    torch.set_num_threads(4)
    with pytest.raises(ZeroDivisionError), threads_for(LARGE_PASS):
        _ = 1 / 0
    assert torch.get_num_threads() == 4


@pytest.mark.parametrize("setting", ["0", "-1", "two", "1.5", "²", "99999"])
def test_an_invalid_setting_for_threads_is_refused(monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    monkeypatch.setenv(THREADS_VARIABLE, setting)
    with pytest.raises(PeerattnError, match="from 1 to 1024, or to auto"), threads_for(0):
        pass


def test_a_recording_is_identical_while_other_threads_use_other_numbers_of_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Other threads run passes meanwhile; the recording thread may have been started before or after."""
    monkeypatch.setenv(THREADS_VARIABLE, AUTO)
    structure = next(iter(EVERY_KIND.values()))
    network, clip = lively(structure), clip_of(structure, frames=9, size=(32, 32))
    done = threading.Event()

    def disturb() -> None:
        while not done.is_set():
            for multiply_adds in (0, 2 * LARGE_PASS):
                with threads_for(multiply_adds):
                    torch.rand(64, 64) @ torch.rand(64, 64)

    found = []
    with ThreadPoolExecutor(2) as others:
        disturbing = [others.submit(disturb) for _ in range(2)]
        try:
            for _ in range(12):
                with ThreadPoolExecutor(1) as own:
                    found.append(own.submit(record, network, clip, window=4).result().to_json())
        finally:
            done.set()
        assert [other.exception() for other in disturbing] == [None, None]
    assert len({str(each) for each in found}) == 1


@pytest.mark.parametrize("setting", ["1", "2"])
def test_a_trace_says_how_many_threads_its_pass_used(monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    monkeypatch.setenv(THREADS_VARIABLE, setting)
    structure = next(iter(EVERY_KIND.values()))
    trace = record(lively(structure), clip_of(structure), window=4)
    assert trace.computed_by is not None
    assert trace.computed_by.threads == int(setting)


def test_a_worker_process_of_training_always_has_one_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(THREADS_VARIABLE, AUTO)
    single_threaded(0)
    with threads_for(2 * LARGE_PASS):
        assert torch.get_num_threads() == 1


PROGRAMS = {
    "command": 'sys.argv = ["peerattn", "evaluate"]; runpy.run_module("peerattn", run_name="__main__")',
    "app": 'runpy.run_path("app/main.py")',
}


def set_for_torch(program: str, **given: str) -> dict[str, str]:
    """The variables that are set when a program, started with the given ones, first imports torch."""
    environment = {name: text for name, text in os.environ.items() if name not in VARIABLES} | given
    command = [sys.executable, "-c", FIRST_TORCH + program]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_set_the_wait_policy_and_threads_before_torch_is_loaded(program: str) -> None:
    assert set_for_torch(PROGRAMS[program]) == {**WAIT_VARIABLES, THREADS_VARIABLE: AUTO}


def test_environment_variables_of_the_user_are_kept() -> None:
    for given in (
        {THREADS_VARIABLE: "4", "OMP_WAIT_POLICY": "ACTIVE"},
        {"GOMP_SPINCOUNT": "7", "OMP_NUM_THREADS": "2"},
    ):
        assert set_for_torch(PROGRAMS["command"], **given) == given


def test_importing_the_package_sets_no_environment_variable() -> None:
    assert set_for_torch("import peerattn.threads, peerattn.recording.recorder") == {}


def test_nothing_is_set_in_a_process_that_has_already_loaded_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    threads.configure_environment()
    assert [name for name in VARIABLES if name in os.environ] == []
