"""A dead worker loses its task only."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.processes.time_limits import limit_only_task
from support.shared import ROOT

from data.errors import DataError
from pipelines.workers import pool
from pipelines.workers.pool import LostTask, run


def nothing() -> None:
    """Prepare nothing."""


def square(task: int) -> int:
    """The square, unless the task is one that kills."""
    if task == -1:
        os.kill(os.getpid(), signal.SIGKILL)
    if task == -2:
        os._exit(7)
    if task == -3:
        raise RuntimeError("a bug")
    if task == -4:
        time.sleep(3600)
    if task == -5:
        raise MemoryError
    if task == -6:
        raise DataError("the disk is full", "make room")
    if task == -7:
        os.abort()
    return task * task


def result_or_reason(answer):
    return answer.reason if isinstance(answer, LostTask) else answer


def outcomes(tasks, jobs, time_limit=1800.0):
    answers = list(run(square, tasks, jobs=jobs, prepare=nothing, time_limit=time_limit))
    assert sorted(index for index, _ in answers) == list(range(len(tasks)))  # each exactly once
    return {index: result_or_reason(answer) for index, answer in answers}


KILLED = "its worker was killed by signal SIGKILL"


@pytest.mark.parametrize("jobs", [1, 3])
def test_every_task_has_one_result_and_lost_tasks_have_a_reason(jobs):
    assert outcomes([1, 2, -1, 3, -2, 4, -3, 5, 6, -5, -7, 7], jobs) == {
        0: 1,
        1: 4,
        2: KILLED,
        3: 9,
        4: "its worker ended with status 7",
        5: 16,
        6: "its worker ended with status 1",
        7: 25,
        8: 36,
        9: "it needs more memory than a worker may use",
        10: "its worker was killed by signal SIGABRT",
        11: 49,
    }


def test_a_bug_keeps_its_traceback():
    script = "import test_pool\nif __name__ == '__main__':\n    test_pool.outcomes([-3], 1)"
    here = Path(__file__).parent
    paths = os.pathsep.join((str(here), str(ROOT / "tests"), str(ROOT)))
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=1800,
        check=True,
    )
    assert "RuntimeError: a bug" in done.stderr


def test_an_error_that_affects_all_tasks_ends_the_run():
    with pytest.raises(DataError, match="the disk is full; make room"):
        outcomes([1, -6, 2, 3], jobs=2)


def die() -> None:
    """Fail to start."""
    os._exit(9)


def test_a_worker_that_cannot_start_loses_no_task():
    running = run(square, [1, 2], jobs=2, prepare=die, time_limit=1800.0)
    with pytest.raises(DataError, match="could not start: ended with status 9"):
        list(running)


def test_a_worker_that_dies_before_its_first_task_loses_no_task():
    running = run(len, [bytes(10_000_000)], jobs=1, prepare=die, time_limit=1800.0)
    with pytest.raises(DataError, match="could not start: ended with status 9"):
        list(running)


def test_a_task_for_a_dead_idle_worker_goes_to_the_next(monkeypatch):
    give, killed = pool._Worker.send, []

    def give_late(worker, index, task):
        if worker.ready and not killed:
            killed.append(index)
            worker.process.kill()
            worker.process.join()
        return give(worker, index, task)

    monkeypatch.setattr(pool, "QUEUE", 1)  # so that the worker is idle when it is given more
    monkeypatch.setattr(pool._Worker, "send", give_late)
    assert outcomes([1, 2, 3], jobs=1) == {0: 1, 1: 4, 2: 9}
    assert killed == [1]


def test_a_task_that_hangs_is_lost(monkeypatch):
    limit_only_task(1, monkeypatch)
    assert outcomes([1, -4, 2], jobs=1, time_limit=5.0) == {
        0: 1,
        1: "it took longer than 5 s",
        2: 4,
    }


def test_all_tasks_may_die():
    assert outcomes([-1, -1, -1], jobs=2) == {0: KILLED, 1: KILLED, 2: KILLED}


def test_no_task_starts_no_worker():
    assert outcomes([], jobs=2) == {}


def test_workers_end_with_their_parent_generator():
    running = run(square, list(range(100)), jobs=2, prepare=nothing, time_limit=1800.0)
    next(running)
    running.close()  # the generator's finally kills the workers; a hang would fail the test
