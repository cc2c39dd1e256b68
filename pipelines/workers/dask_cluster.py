"""The same work on a Dask cluster: batches of images, whose parts lie in a shared folder."""

from __future__ import annotations

import logging
import os
import pickle
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from importlib import import_module
from math import ceil
from typing import Any, TypeVar

from data.errors import DataError

from .pool import FatalError, LostTask, call_work

Task = TypeVar("Task")
Result = TypeVar("Result")

# Tasks that travel together: the scheduler's millisecond is then small against their work.
BATCH = 32
# Batches in flight for each thread of the cluster.
AHEAD = 4
# Seconds to wait for the scheduler, and for its first worker.
_CONNECT, _WORKERS = 10.0, 60.0

_RESTART = "start it again and run the same command again: what was done is kept"


def run_on_cluster(
    address: str,
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    *,
    prepare: Callable[[], None],
    time_limit: float,
) -> Iterator[tuple[int, Result | LostTask]]:
    """Do tasks on a cluster and yield each one's index and result, as `pool.run` does.

    A batch whose workers die goes on task by task, until the one to blame is alone. A task that
    takes too long ends its worker.

    Parameters
    ----------
    address : str
        Of the scheduler, ``tcp://host:8786``.
    work, tasks, prepare, time_limit
        As for `pool.run`. `work` and the tasks' files must be within reach of the workers.

    Raises
    ------
    DataError
        If no scheduler answers, it has no workers or goes away, the workers lack this program, or
        `work` raised it.
    """
    client = connect(address)
    distributed: Any = import_module("distributed")
    settled = 0
    waiting: deque[Sequence[int]] = deque()
    batches: dict[Any, Sequence[int]] = {}

    def submit() -> Any:  # noqa: ANN401
        batch = waiting.popleft()
        parcel = pickle.dumps(_PickledBatch(work, [tasks[i] for i in batch], prepare, time_limit))
        future = client.submit(pickle.loads, parcel, pure=False)
        batches[future] = batch
        return future

    try:
        threads = count_threads(client, address)
        size = min(BATCH, ceil(len(tasks) / (AHEAD * threads)) or 1)
        whole = range(len(tasks))
        waiting.extend(whole[start : start + size] for start in range(0, len(tasks), size))
        first = [submit() for _ in range(min(AHEAD * threads, len(waiting)))]
        running = distributed.as_completed(first, loop=client.loop)
        for future in running:
            batch = batches.pop(future)
            if future.cancelled():
                raise ConnectionError("the batch was dropped")
            broken = future.exception()
            if broken is not None and len(batch) > 1:
                waiting.extendleft([one] for one in reversed(batch))
            else:
                answers = [_lost_task(broken)] if broken is not None else future.result()
                for index, outcome in zip(batch, answers, strict=True):
                    if isinstance(outcome, FatalError):
                        raise outcome.error
                    settled += 1
                    yield index, outcome
            while waiting and len(batches) < AHEAD * threads:
                running.add(submit())
    except (OSError, CancelledError) as error:
        raise DataError(
            f"the scheduler at {address} went away after {settled} of {len(tasks)} images",
            _RESTART,
        ) from error
    finally:
        if client.status == "running":
            client.cancel(list(batches), force=True)
        client.close(timeout=2)


def connect(address: str) -> Any:  # noqa: ANN401
    """Return a client of the scheduler at an address; the caller closes it.

    Raises
    ------
    DataError
        If dask.distributed is not installed, or no scheduler answers.
    """
    try:
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise DataError(
            "--scheduler needs dask.distributed",
            'install it, in the clone: pip install ".[cluster]"',
        ) from error
    try:
        client = distributed.Client(address, timeout=_CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise DataError(
            f"no scheduler answers at {address}", "start one there: dask scheduler"
        ) from error
    # What it would tell in forty lines when the scheduler goes away is told in one.
    for name in ("client", "semaphore"):
        logging.getLogger(f"distributed.{name}").setLevel(logging.CRITICAL)
    return client


def count_threads(client: Any, address: str) -> int:  # noqa: ANN401
    """Wait for the first workers and return how many threads they have.

    Raises
    ------
    DataError
        If none come.
    """
    try:
        client.wait_for_workers(1, timeout=_WORKERS)
    except TimeoutError as error:
        raise DataError(
            f"the scheduler at {address} has no workers", f"start some: dask worker {address}"
        ) from error
    return sum(client.nthreads().values())


@dataclass(frozen=True)
class _PickledBatch:
    """A batch that does itself when a worker unpacks it.

    The scheduler, which unpacks what it is told to run, sees bytes, and need not have this
    program.
    """

    work: Callable[[Any], Any]
    tasks: Sequence[object]
    prepare: Callable[[], None]
    time_limit: float

    def __reduce__(self) -> tuple[Callable[..., list[object]], tuple[object, ...]]:
        return run_batch, (self.work, self.tasks, self.prepare, self.time_limit)


def _lost_task(error: BaseException) -> LostTask:
    """Say what a task that was alone in its batch did to its workers."""
    if type(error).__name__ == "KilledWorker":
        return LostTask("the workers that tried it died, or it took longer than --time-limit")
    if isinstance(error, ModuleNotFoundError):
        raise missing_module_error(error)
    words = " ".join(str(error).split())[:160]
    return LostTask(f"its worker failed: {type(error).__name__}: {words}")


def missing_module_error(error: ModuleNotFoundError) -> DataError:
    """Say what to do where the workers lack this program or what it needs."""
    return DataError(
        f"the cluster's workers cannot import {error.name}",
        "install blastometry there too and start them with"
        " --preload blastometry.pipelines.installed",
    )


def run_batch(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    prepare: Callable[[], None],
    time_limit: float,
) -> list[object]:
    """Do the tasks of a batch, in a worker of the cluster."""
    prepare()
    answers = []
    for task in tasks:
        # Native code cannot be interrupted: the worker ends, its nanny starts another one.
        watch = threading.Timer(time_limit, os._exit, (1,))
        watch.daemon = True
        watch.start()
        try:
            answers.append(call_work(work, task))
        finally:
            watch.cancel()
    return answers
