"""A pool of worker processes: when one dies, only the task that it was working on is lost.

When a worker is killed, joblib and concurrent.futures lose the whole call and cannot say which
task was the cause. Here each worker has its own pipe and returns results in order, so the cause is
its first task without a result. The rest of its queue goes to the worker that replaces it.
"""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

from data.errors import DataError

from .processes import start_process

Task = TypeVar("Task")
Result = TypeVar("Result")

# Tasks sent to a worker: one in work and one in the pipe, so that a worker never waits.
QUEUE = 2
# Seconds that a worker may take to import its libraries, also from a slow network folder.
START_LIMIT = 300.0

_STARTED = "ready"
_LOOK_AT_FILE = "check this file; the other images are not affected"
_MORE_MEMORY = "run with fewer --jobs or a higher --memory-limit, or cut the image into fields"


@dataclass(frozen=True)
class LostTask:
    """A task without a result: the worker died before returning.

    Parameters
    ----------
    reason, remedy : str
        How the worker ended, and what the user can do.
    """

    reason: str
    remedy: str = _LOOK_AT_FILE


@dataclass(frozen=True)
class FatalError:
    """An error that affects all tasks and ends the run.

    Parameters
    ----------
    error : DataError
    """

    error: DataError


def _run_worker(pipe: Connection, work: Callable[[Any], Any], prepare: Callable[[], None]) -> None:
    """Return results of tasks until the parent stops; an unexpected error ends the worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    prepare()
    try:
        pipe.send(_STARTED)
        while True:
            task = pipe.recv()
            pipe.send(call_work(work, task))
    except (EOFError, ConnectionError):
        return  # the parent has ended


def call_work(work: Callable[[Any], Any], task: object) -> object:
    """Run a task; return a `FatalError` for a DataError, a `LostTask` where memory runs out."""
    try:
        return work(task)
    except DataError as error:
        return FatalError(error)
    except MemoryError:
        return LostTask("it needs more memory than a worker may use", _MORE_MEMORY)


@dataclass(eq=False)
class _Worker(Generic[Task]):
    process: Any
    pipe: Connection
    ready: bool = False
    queue: deque[int] = field(default_factory=deque)
    last_heard: float = field(default_factory=time.monotonic)

    def send(self, index: int, task: Task) -> bool:
        """Send a task to the worker; False if it is dead already."""
        if not self.queue and self.ready:
            self.last_heard = time.monotonic()
        try:
            self.pipe.send(task)
        except OSError:
            return False
        self.queue.append(index)
        return True

    def kill(self) -> None:
        """Stop the process at once."""
        self.process.kill()
        self.process.join()
        self.pipe.close()

    def exit_reason(self) -> LostTask:
        """Return how the process ended."""
        self.process.join()
        code = self.process.exitcode or 0
        if code == -signal.SIGKILL:
            return LostTask(
                "its worker was killed by signal SIGKILL", f"{_LOOK_AT_FILE}; or {_MORE_MEMORY}"
            )
        if code < 0:
            return LostTask(f"its worker was killed by signal {signal.Signals(-code).name}")
        return LostTask(f"its worker ended with status {code}")

    def receive(self, *, arrived: bool, time_limit: float) -> object:
        """Return a message of the worker, or a `LostTask` if it is overdue or dead."""
        if not arrived:
            return LostTask(
                f"it took longer than {time_limit:g} s", f"raise --time-limit, or {_LOOK_AT_FILE}"
            )
        try:
            return self.pipe.recv()
        except (EOFError, ConnectionError):
            return self.exit_reason()

    def is_overdue(self, time_limit: float) -> bool:
        """Whether the worker has exceeded its time limit."""
        allowed = time_limit if self.ready else max(START_LIMIT, time_limit)
        return bool(self.queue) and time.monotonic() - self.last_heard > allowed


def run(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    *,
    jobs: int,
    prepare: Callable[[], None],
    time_limit: float,
    start: Callable[..., tuple[Any, Connection]] = start_process,
) -> Iterator[tuple[int, Result | LostTask]]:
    """Run tasks in worker processes; yield each one's index and result as it completes.

    Parameters
    ----------
    work : callable
        Called with a task in a worker; must be picklable. If it raises a `DataError`, the run
        ends: such an error affects all tasks.
    tasks : sequence
        Picklable values.
    jobs : int
        Number of workers.
    prepare : callable
        Called once in every new worker.
    time_limit : float
        Seconds after which the worker of a task is killed and the task is lost. The start of a
        worker does not count.
    start : callable
        `processes.start_process` or `processes.start_interpreter`.

    Yields
    ------
    (int, Result or LostTask)
        In the order of completion, each task exactly once.

    Raises
    ------
    DataError
        If `work` raised it, or a worker cannot be started.
    """
    waiting = deque(range(len(tasks)))
    workers: list[_Worker[Task]] = []

    def begin() -> _Worker[Task]:
        return _Worker(*start(_run_worker, work, prepare))

    def fill(worker: _Worker[Task]) -> None:
        while waiting and len(worker.queue) < QUEUE:
            if not worker.send(waiting[0], tasks[waiting[0]]):
                return
            waiting.popleft()

    def fill_or_replace(worker: _Worker[Task]) -> _Worker[Task]:
        """Send tasks to an idle worker, or to a new one if it is dead; return that worker."""
        fill(worker)
        if worker.queue:
            return worker
        if not worker.ready:
            _check_started(worker.exit_reason())
        worker.kill()
        fill(fresh := begin())
        return fresh

    try:
        workers = [begin() for _ in range(min(jobs, len(tasks)))]
        for worker in workers:
            fill(worker)
        while waiting or any(worker.queue for worker in workers):
            for slot, worker in enumerate(workers):
                if waiting and not worker.queue:  # it died before it received a task
                    workers[slot] = fill_or_replace(worker)
            arrived = wait([worker.pipe for worker in workers if worker.queue], timeout=0.5)
            for slot, worker in enumerate(workers):
                if worker.pipe not in arrived and not worker.is_overdue(time_limit):
                    continue
                outcome: Any = worker.receive(arrived=worker.pipe in arrived, time_limit=time_limit)
                worker.last_heard = time.monotonic()
                if not worker.ready:
                    _check_started(outcome)
                    worker.ready = True
                    continue
                if isinstance(outcome, FatalError):
                    raise outcome.error
                index = worker.queue.popleft()
                if isinstance(outcome, LostTask):
                    waiting.extendleft(reversed(worker.queue))
                    worker.kill()
                    worker = workers[slot] = begin()  # noqa: PLW2901  (the slot continues)
                fill(worker)
                yield index, outcome
    finally:
        for worker in workers:
            worker.kill()


def _check_started(answer: object) -> None:
    if isinstance(answer, LostTask):
        raise DataError(
            f"a worker process could not start: {answer.reason.removeprefix('its worker ')}",
            "see its message above; if memory ran out, run with fewer --jobs",
        )
