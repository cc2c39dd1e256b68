"""A worker that dies costs its task and nothing else."""

from __future__ import annotations

import os
import signal
import time

import pytest

from pipelines.pool import Lost, run


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
        time.sleep(60)
    return task * task


def outcomes(tasks, jobs, time_limit=30.0):
    return dict(run(square, tasks, jobs=jobs, prepare=nothing, time_limit=time_limit))


@pytest.mark.parametrize("jobs", [1, 3])
def test_every_task_is_answered_once_and_the_dead_are_named(jobs, capfd):
    tasks = [1, 2, -1, 3, -2, 4, -3, 5, 6]
    answers = list(run(square, tasks, jobs=jobs, prepare=nothing, time_limit=30.0))
    assert sorted(index for index, _ in answers) == list(range(len(tasks)))
    by_index = dict(answers)
    assert [by_index[i] for i, task in enumerate(tasks) if task > 0] == [1, 4, 9, 16, 25, 36]
    assert by_index[2] == Lost("its worker was killed by signal SIGKILL")
    assert by_index[4] == Lost("its worker ended with status 7")
    assert by_index[6] == Lost("its worker ended with status 1")
    assert "RuntimeError: a bug" in capfd.readouterr().err  # a bug keeps its traceback


def test_a_task_that_hangs_is_given_up():
    started = time.monotonic()
    assert outcomes([1, -4, 2], jobs=1, time_limit=3.0) == {
        0: 1,
        1: Lost("it took longer than 3 s"),
        2: 4,
    }
    assert time.monotonic() - started < 30


def test_all_tasks_may_die():
    killed = Lost("its worker was killed by signal SIGKILL")
    assert outcomes([-1, -1, -1], jobs=2) == {0: killed, 1: killed, 2: killed}


def test_no_task_starts_no_worker():
    assert outcomes([], jobs=2) == {}


def test_workers_end_with_their_parent_generator():
    running = run(square, list(range(100)), jobs=2, prepare=nothing, time_limit=30.0)
    next(running)
    running.close()  # the generator's finally kills the workers; a hang would fail the test
