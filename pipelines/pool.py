"""Worker processes that may die: a dead one costs the task that it was on, and nothing else.

joblib and concurrent.futures lose the whole call when a worker is killed and cannot say which
task did it. Here each worker has a pipe of its own and answers in order, so that the task to
blame is the first unanswered one; the rest of its queue goes to the worker that takes its place.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

# One task being worked on and one in the pipe: a worker never waits for its parent.
QUEUE = 2


@dataclass(frozen=True)
class Lost:
    """A task whose worker did not live to answer.

    Parameters
    ----------
    reason : str
        How the worker ended.
    """

    reason: str


def _serve(pipe: Connection, work: Callable[[Any], Any], prepare: Callable[[], None]) -> None:
    """Answer tasks until there are no more; an error in `work` ends the worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    prepare()
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        pipe.send(work(task))


@dataclass(eq=False)
class _Worker(Generic[Task]):
    process: SpawnProcess
    pipe: Connection
    queue: deque[int] = field(default_factory=deque)
    since: float = 0.0

    def give(self, index: int, task: Task) -> bool:
        """Queue a task; False where the worker is dead already."""
        if not self.queue:
            self.since = time.monotonic()
        try:
            self.pipe.send(task)
        except OSError:
            return False
        self.queue.append(index)
        return True

    def end(self) -> None:
        """Stop the process at once."""
        self.process.kill()
        self.process.join()
        self.pipe.close()

    def ending(self) -> str:
        """Say how the process ended."""
        self.process.join()
        code = self.process.exitcode or 0
        if code < 0:
            return f"its worker was killed by signal {signal.Signals(-code).name}"
        return f"its worker ended with status {code}"


def run(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    *,
    jobs: int,
    prepare: Callable[[], None],
    time_limit: float,
) -> Iterator[tuple[int, Result | Lost]]:
    """Do tasks in worker processes and yield each one's index and result as it is done.

    Parameters
    ----------
    work : callable
        Called with a task in a worker; must be picklable.
    tasks : sequence
        Picklable values.
    jobs : int
        Number of workers.
    prepare : callable
        Called once in every new worker.
    time_limit : float
        Seconds after which the worker of a task is killed and the task is lost.

    Yields
    ------
    (int, Result or Lost)
        In the order of completion, each task exactly once.
    """
    context = multiprocessing.get_context("spawn")
    waiting = deque(range(len(tasks)))
    workers: list[_Worker[Task]] = []

    def start() -> _Worker[Task]:
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, work, prepare), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def fill(worker: _Worker[Task]) -> None:
        while waiting and len(worker.queue) < QUEUE:
            if not worker.give(waiting[0], tasks[waiting[0]]):
                return
            waiting.popleft()

    try:
        workers = [start() for _ in range(min(jobs, len(tasks)))]
        for worker in workers:
            fill(worker)
        while any(worker.queue for worker in workers):
            ready = wait([worker.pipe for worker in workers if worker.queue], timeout=1.0)
            for place, worker in enumerate(workers):
                late = bool(worker.queue) and time.monotonic() - worker.since > time_limit
                if worker.pipe not in ready and not late:
                    continue
                outcome: Result | Lost
                try:
                    if worker.pipe not in ready:
                        raise TimeoutError
                    outcome = worker.pipe.recv()
                except (EOFError, ConnectionError):
                    outcome = Lost(worker.ending())
                except TimeoutError:
                    outcome = Lost(f"it took longer than {time_limit:g} s")
                index = worker.queue.popleft()
                worker.since = time.monotonic()
                if isinstance(outcome, Lost):
                    waiting.extendleft(reversed(worker.queue))
                    worker.end()
                    worker = workers[place] = start()  # noqa: PLW2901  (the place is what goes on)
                fill(worker)
                yield index, outcome
    finally:
        for worker in workers:
            worker.end()
