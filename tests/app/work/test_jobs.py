"""Background jobs: progress, cancelling, their order, and errors in one line."""

import threading

import pytest

from app.work.jobs import Jobs
from peerattn.errors import PeerattnError

PATIENCE = 60  # s


def counting(progress):
    for number in range(5):
        progress(number + 1, 5)
        yield number


def refusing(progress):
    yield 1
    raise PeerattnError("there is no such folder")


def test_results_grow_and_stay():
    jobs = Jobs()
    job = jobs.start("count", counting)
    job.wait(PATIENCE)
    assert job.results == [0, 1, 2, 3, 4] and (job.done, job.total) == (5, 5) and not job.error
    assert jobs.start("count", counting) is job is jobs.get("count")


def test_a_refused_job_gives_a_one_line_error_and_can_be_started_again():
    jobs = Jobs()
    job = jobs.start("bad", refusing)
    job.wait(PATIENCE)
    assert job.error == "there is no such folder" and job.results == [1]
    assert jobs.start("bad", counting) is not job


def test_an_unexpected_error_gives_a_one_line_error(caplog):
    def failing(progress):
        yield 1 / 0

    job = Jobs().start("bug", failing)
    job.wait(PATIENCE)
    assert "ZeroDivisionError" in job.error and "ZeroDivisionError" in caplog.text


@pytest.fixture
def waiting():
    """A job that waits for the test, and then takes one more step."""
    begun, go = threading.Event(), threading.Event()

    def work(progress):
        yield "begun"
        begun.set()
        assert go.wait(PATIENCE)
        progress(1, 2)
        yield "not cancelled"

    return work, begun, go


def test_a_cancelled_job_stops_at_its_next_progress_report(waiting):
    work, begun, go = waiting
    jobs = Jobs()
    job = jobs.start("long", work)
    assert begun.wait(PATIENCE)
    job.cancel()
    assert jobs.get("long") is None
    go.set()
    job.wait(PATIENCE)
    assert job.results == ["begun"] and not job.error


def test_jobs_run_one_at_a_time(waiting):
    work, begun, go = waiting
    jobs = Jobs()
    first = jobs.start("long", work)
    assert begun.wait(PATIENCE)
    second = jobs.start("count", counting)
    second.wait(0.2)
    assert second.running and second.results == []
    go.set()
    second.wait(PATIENCE)
    assert second.results == [0, 1, 2, 3, 4] and first.results == ["begun", "not cancelled"]


def test_jobs_run_in_the_order_of_their_start(waiting):
    work, begun, go = waiting
    jobs, order = Jobs(), []
    jobs.start("long", work)
    assert begun.wait(PATIENCE)
    later = [jobs.start(key, lambda _, key=key: iter([order.append(key)])) for key in range(6)]
    go.set()
    later[-1].wait(PATIENCE)
    assert order == [*range(6)]


def test_a_job_cancelled_while_queued_never_starts(waiting):
    work, begun, go = waiting
    jobs, called = Jobs(), []
    jobs.start("long", work)
    assert begun.wait(PATIENCE)
    second = jobs.start("second", lambda _: iter([called.append("second")]))
    third = jobs.start("count", counting)
    second.cancel()
    go.set()
    third.wait(PATIENCE)
    assert not called and not second.running and not second.error and third.results == [0, 1, 2, 3, 4]


def test_only_the_latest_jobs_are_kept():
    jobs = Jobs(capacity=2)
    for key in range(4):
        jobs.start(key, counting).wait(PATIENCE)
    assert [jobs.get(key) is None for key in range(4)] == [True, True, False, False]
