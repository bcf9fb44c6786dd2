"""The decoding processes: what they import, that they are reused, and what happens if one dies."""

import inspect
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from peerattn.errors import PeerattnError
from peerattn.video import pool
from peerattn.video.decoding import decode
from peerattn.video.frames import Frames, Limits
from tests import media


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="module")
def square(folder: Path) -> Path:
    return media.write_video(folder / "square.mp4", media.moving_square(30))


def refusal(path: Path, limits: Limits) -> str:
    with pytest.raises(PeerattnError) as caught:
        decode(path, limits=limits)
    return str(caught.value)


def test_worker_imports_neither_torch_nor_opencv() -> None:
    code = "import sys, peerattn.video.worker; print({'torch', 'cv2', 'streamlit'} & set(sys.modules))"
    root = Path(inspect.getfile(Frames)).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_worker_is_used_again(square: Path) -> None:
    decode(square)
    with pool.Worker.lock:
        waiting = {worker.process.pid for worker in pool.Worker.idle}
    decode(square)
    with pool.Worker.lock:
        assert waiting == {worker.process.pid for worker in pool.Worker.idle}


def test_next_file_is_read_after_a_worker_died(square: Path) -> None:
    decode(square)
    with pool.Worker.lock:
        for worker in pool.Worker.idle:
            worker.process.kill()
            worker.process.wait()
    assert len(decode(square).images) == 30


def test_worker_that_dies_while_it_reads_is_one_plain_line(
    square: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.Worker.close_idle()
    with monkeypatch.context() as patch:
        patch.setattr(pool, "_START", "import sys; sys.stdin.readline(); sys.exit(3)")
        assert "the decoder crashed on it" in refusal(square, Limits())
    assert len(decode(square).images) == 30


def test_worker_that_hangs_is_stopped(square: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pool.Worker.close_idle()
    with monkeypatch.context() as patch:
        patch.setattr(pool, "_START", "import time; time.sleep(600)")
        assert "took longer than 0.2 s" in refusal(square, Limits(seconds=0.2))
    assert len(decode(square).images) == 30


def test_interrupted_reading_stops_its_worker(square: Path) -> None:
    pool.Worker.close_idle()
    request = {"path": str(square), "stretch": None, "limits": vars(Limits())}
    answers = pool.send_request(request, 60)
    next(answers)
    answers.close()
    assert not pool.Worker.idle
    assert len(decode(square).images) == 30


def test_threads_get_their_own_frames(folder: Path) -> None:
    paths = [
        media.write_video(folder / f"length_{length}.mp4", media.moving_square(length))
        for length in range(5, 11)
    ]
    with ThreadPoolExecutor(6) as threads:
        lengths = list(threads.map(lambda path: len(decode(path).images), paths * 3))
    assert lengths == [*range(5, 11)] * 3


def test_no_timer_outlives_a_reading(square: Path) -> None:
    decode(square)
    timers = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
    assert all(timer.finished.is_set() for timer in timers)  # cancelled: ends as soon as it is scheduled
