"""Worker processes that may die: a dead one costs the task that it was on, and nothing else.

joblib and concurrent.futures lose the whole call when a worker is killed and cannot say which
task did it. Here each worker has a pipe of its own and answers in order, so that the task to
blame is the first unanswered one; the rest of its queue goes to the worker that takes its place.
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

# One task being worked on and one in the pipe: a worker never waits for its parent.
QUEUE = 2
# Seconds that a worker may take to import its libraries, on a slow network folder too.
START_LIMIT = 300.0

_STARTED = "ready"
_LOOK_AT_FILE = "look at this file; the others are not touched"
_USE_LESS_MEMORY = "run with fewer --jobs or a higher --memory-limit, or cut the image into fields"


@dataclass(frozen=True)
class LostTask:
    """A task whose worker did not live to answer.

    Parameters
    ----------
    reason, remedy : str
        How the worker ended, and what can be done about it.
    """

    reason: str
    remedy: str = _LOOK_AT_FILE


@dataclass(frozen=True)
class FatalError:
    """An error that no other task would escape.

    Parameters
    ----------
    error : DataError
    """

    error: DataError


def _run_worker(pipe: Connection, work: Callable[[Any], Any], prepare: Callable[[], None]) -> None:
    """Answer tasks until there are no more; an unforeseen error in `work` ends the worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    prepare()
    try:
        pipe.send(_STARTED)
        while True:
            task = pipe.recv()
            pipe.send(call_work(work, task))
    except (EOFError, ConnectionError):
        return  # the parent is gone


def call_work(work: Callable[[Any], Any], task: object) -> object:
    """Do a task; say so where no other task would fare better, or its memory does not suffice."""
    try:
        return work(task)
    except DataError as error:
        return FatalError(error)
    except MemoryError:
        return LostTask("it needs more memory than a worker may use", _USE_LESS_MEMORY)


@dataclass(eq=False)
class _Worker(Generic[Task]):
    process: Any
    pipe: Connection
    ready: bool = False
    queue: deque[int] = field(default_factory=deque)
    since: float = field(default_factory=time.monotonic)

    def send(self, index: int, task: Task) -> bool:
        """Queue a task; False where the worker is dead already."""
        if not self.queue and self.ready:
            self.since = time.monotonic()
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
        """Say how the process ended."""
        self.process.join()
        code = self.process.exitcode or 0
        if code == -signal.SIGKILL:
            return LostTask(
                "its worker was killed by signal SIGKILL", f"{_LOOK_AT_FILE}; or {_USE_LESS_MEMORY}"
            )
        if code < 0:
            return LostTask(f"its worker was killed by signal {signal.Signals(-code).name}")
        return LostTask(f"its worker ended with status {code}")

    def receive(self, *, arrived: bool, time_limit: float) -> object:
        """Receive what the worker says, or what can be said of a worker that says nothing."""
        if not arrived:
            return LostTask(
                f"it took longer than {time_limit:g} s", f"raise --time-limit, or {_LOOK_AT_FILE}"
            )
        try:
            return self.pipe.recv()
        except (EOFError, ConnectionError):
            return self.exit_reason()

    def is_overdue(self, time_limit: float) -> bool:
        """Whether it has been silent for too long."""
        allowed = time_limit if self.ready else max(START_LIMIT, time_limit)
        return bool(self.queue) and time.monotonic() - self.since > allowed


def run(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    *,
    jobs: int,
    prepare: Callable[[], None],
    time_limit: float,
    start: Callable[..., tuple[Any, Connection]] = start_process,
) -> Iterator[tuple[int, Result | LostTask]]:
    """Do tasks in worker processes and yield each one's index and result as it is done.

    Parameters
    ----------
    work : callable
        Called with a task in a worker; must be picklable. A `DataError` that it raises is one
        that no other task would escape: it ends the run.
    tasks : sequence
        Picklable values.
    jobs : int
        Number of workers.
    prepare : callable
        Called once in every new worker.
    time_limit : float
        Seconds after which the worker of a task is killed and the task is lost. A worker's own
        start does not count.
    start : callable
        One of those of `processes`.

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

    def at_work(worker: _Worker[Task]) -> _Worker[Task]:
        """Give an idle worker something to do, or the one that takes a dead one's place."""
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
            for place, worker in enumerate(workers):
                if waiting and not worker.queue:  # it died before it could be given a task
                    workers[place] = at_work(worker)
            arrived = wait([worker.pipe for worker in workers if worker.queue], timeout=0.5)
            for place, worker in enumerate(workers):
                if worker.pipe not in arrived and not worker.is_overdue(time_limit):
                    continue
                outcome: Any = worker.receive(arrived=worker.pipe in arrived, time_limit=time_limit)
                worker.since = time.monotonic()
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
                    worker = workers[place] = begin()  # noqa: PLW2901  (the place is what goes on)
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
