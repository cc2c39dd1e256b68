"""Run tasks on a Dask cluster, in batches; the workers share a folder for the records."""

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

# Tasks of a batch: its work is long compared with the scheduler's millisecond.
BATCH = 32
# Batches submitted in advance for each thread of the cluster.
AHEAD = 4
# Seconds to wait for the scheduler, and for its first worker.
_CONNECT, _WORKERS = 10.0, 60.0

_RESTART = "start it again and run the same command again: finished images are kept"


def run_on_cluster(
    address: str,
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    *,
    prepare: Callable[[], None],
    time_limit: float,
) -> Iterator[tuple[int, Result | LostTask]]:
    """Run tasks on a cluster and yield each one's index and result, as `pool.run` does.

    If the worker of a batch dies, its tasks are submitted one by one, so that the task that killed
    the worker is found. A task that exceeds the time limit ends its worker.

    Parameters
    ----------
    address : str
        Of the scheduler, ``tcp://host:8786``.
    work, tasks, prepare, time_limit
        As for `pool.run`. The workers must be able to import `work` and to read the files.

    Raises
    ------
    DataError
        If no scheduler answers, it has no workers or stops, the workers lack this program, or
        `work` raised it.
    """
    client = connect(address)
    distributed: Any = import_module("distributed")
    done = 0
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
                outcomes = [_lost_task(broken)] if broken is not None else future.result()
                for index, outcome in zip(batch, outcomes, strict=True):
                    if isinstance(outcome, FatalError):
                        raise outcome.error
                    done += 1
                    yield index, outcome
            while waiting and len(batches) < AHEAD * threads:
                running.add(submit())
    except (OSError, CancelledError) as error:
        raise DataError(
            f"the scheduler at {address} stopped after {done} of {len(tasks)} images",
            _RESTART,
        ) from error
    finally:
        if client.status == "running":
            client.cancel(list(batches), force=True)
        client.close(timeout=2)


def connect(address: str) -> Any:  # noqa: ANN401
    """Return a client of the scheduler at an address; the caller must close it.

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
            'install it in the clone: pip install ".[cluster]"',
        ) from error
    try:
        client = distributed.Client(address, timeout=_CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise DataError(
            f"no scheduler answers at {address}", "start one there: dask scheduler"
        ) from error
    # When the scheduler stops, our own one-line error replaces forty lines of log.
    for name in ("client", "semaphore"):
        logging.getLogger(f"distributed.{name}").setLevel(logging.CRITICAL)
    return client


def count_threads(client: Any, address: str) -> int:  # noqa: ANN401
    """Wait for the first workers and return how many threads they have.

    Raises
    ------
    DataError
        If no worker appears.
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
    """A batch that runs when a worker unpickles it.

    The scheduler unpickles every call, but sees only bytes here. It does not need this program.
    """

    work: Callable[[Any], Any]
    tasks: Sequence[object]
    prepare: Callable[[], None]
    time_limit: float

    def __reduce__(self) -> tuple[Callable[..., list[object]], tuple[object, ...]]:
        return run_batch, (self.work, self.tasks, self.prepare, self.time_limit)


def _lost_task(error: BaseException) -> LostTask:
    """Return why a task that was alone in its batch has no result."""
    if type(error).__name__ == "KilledWorker":
        return LostTask("its workers died, or it took longer than --time-limit")
    if isinstance(error, ModuleNotFoundError):
        raise missing_module_error(error)
    words = " ".join(str(error).split())[:160]
    return LostTask(f"its worker failed: {type(error).__name__}: {words}")


def missing_module_error(error: ModuleNotFoundError) -> DataError:
    """Return the error for workers that lack this program or a library."""
    return DataError(
        f"the cluster's workers cannot import {error.name}",
        "install blastometry on them and start them with --preload blastometry.pipelines.installed",
    )


def run_batch(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    prepare: Callable[[], None],
    time_limit: float,
) -> list[object]:
    """Run the tasks of a batch in a worker of the cluster."""
    prepare()
    answers = []
    for task in tasks:
        # Native code cannot be interrupted: end the worker, and its nanny starts another.
        watch = threading.Timer(time_limit, os._exit, (1,))
        watch.daemon = True
        watch.start()
        try:
            answers.append(call_work(work, task))
        finally:
            watch.cancel()
    return answers
