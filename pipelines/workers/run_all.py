"""Accounts that balance: every image ends as a result, or as a failure with a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from data.errors import DataError

from .dask_cluster import run_on_cluster
from .limits import limit_memory, worker_memory
from .pool import LostTask, run

if TYPE_CHECKING:
    from data.files.entries import Entry, Listing, RemoteFile

Task = TypeVar("Task")
Result = TypeVar("Result")
Progress = Callable[[int, int, int], None]


@dataclass(frozen=True)
class Failure:
    """Why an image gave no cells.

    Parameters
    ----------
    stage : {"read", "decode", "mask", "segment", "measure", "worker"}
        What could not be done.
    reason, remedy : str
        Why, and what its owner can do about it.
    """

    stage: str
    reason: str
    remedy: str


@dataclass(frozen=True)
class Workers:
    """Who does the work, and what each may use.

    Parameters
    ----------
    jobs : int
        Worker processes.
    time_limit : float
        Seconds that one image may take.
    memory_limit : float, optional
        Memory of a worker in units of 10^9 bytes, see `limits.worker_memory`.
    scheduler : str, optional
        Address of a Dask scheduler whose workers do it instead; their number and memory is
        then the cluster's.
    """

    jobs: int = 1
    time_limit: float = 300.0
    memory_limit: float | None = None
    scheduler: str | None = None

    def run_tasks(
        self, work: Callable[[Task], Result], tasks: Sequence[Task]
    ) -> Iterator[tuple[int, Result | LostTask]]:
        """Do tasks and yield each one's index and result, as `pool.run` does."""
        if self.scheduler is not None:
            return run_on_cluster(
                self.scheduler, work, tasks, prepare=single_thread, time_limit=self.time_limit
            )
        memory = worker_memory(self.memory_limit, self.jobs)
        return run(
            work,
            tasks,
            jobs=self.jobs,
            prepare=partial(_prepare_worker, memory),
            time_limit=self.time_limit,
        )


def single_thread() -> None:
    """Keep the libraries of a worker to one thread: there is one worker a core already."""
    import cv2
    from threadpoolctl import threadpool_limits

    cv2.setNumThreads(1)
    threadpool_limits(1)


def _prepare_worker(memory: int | None) -> None:
    single_thread()
    limit_memory(memory)


def run_all(
    work: Callable[[Task], Result | Failure],
    tasks: Sequence[Task],
    listing: Listing,
    *,
    workers: Workers,
    fail_fast: bool = False,
    progress: Progress | None = None,
) -> list[Result | Failure]:
    """Do all tasks and return what became of each, in their order.

    Parameters
    ----------
    work : callable
        Called with a task in a worker.
    tasks : sequence
        One for each entry of the listing.
    listing : Listing
        The images: should their folder vanish, they are not to blame.
    workers : Workers
    fail_fast : bool
        Stop at the first failure.
    progress : callable, optional
        Told how many images are done, of how many, and how many failed.

    Raises
    ------
    DataError
        At the first failure, with `fail_fast`; at one that concerns every image.
    """
    results: list[Result | Failure | None] = [None] * len(tasks)
    failed = 0
    for done, (index, answer) in enumerate(workers.run_tasks(work, tasks), start=1):
        result = (
            Failure("worker", answer.reason, answer.remedy)
            if isinstance(answer, LostTask)
            else answer
        )
        if isinstance(result, Failure):
            if result.stage == "read" and not _exists(listing.root):
                raise DataError(
                    f"{listing.root} vanished after {done - 1} of {len(tasks)} images",
                    "bring it back and run the same command again: what was done is kept",
                )
            if fail_fast:
                raise DataError(f"{listing.entries[index].name}: {result.reason}", result.remedy)
            failed += 1
        results[index] = result
        if progress is not None:
            progress(done, len(tasks), failed)
    return [result for result in results if result is not None]


def _exists(folder: Path | RemoteFile) -> bool:
    if not isinstance(folder, Path):
        return True  # what the network says of each file has to do
    try:
        return folder.exists()
    except OSError:  # a network folder whose server is gone
        return False


def failures(entries: Sequence[Entry], results: Sequence[object]) -> Iterator[tuple[str, Failure]]:
    """Yield the images that gave no cells."""
    for entry, result in zip(entries, results, strict=True):
        if isinstance(result, Failure):
            yield entry.name, result
