"""Run tasks; return a result or a failure for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from data.errors import DataError

from ..progress import SILENCE, Progress
from .dask_cluster import run_on_cluster
from .limits import limit_memory, worker_memory
from .pool import LostTask, run

if TYPE_CHECKING:
    from data.files.entries import Entry, Listing, RemoteFile

    from .settings import RunSettings

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Failure:
    """Why an image gave no cells.

    Parameters
    ----------
    stage : {"read", "decode", "mask", "segment", "measure", "worker"}
        The step that failed.
    reason, remedy : str
        What was wrong, and what the owner of the image can do.
    """

    stage: str
    reason: str
    remedy: str


def run_tasks(
    work: Callable[[Task], Result], tasks: Sequence[Task], settings: RunSettings
) -> Iterator[tuple[int, Result | LostTask]]:
    """Run tasks here or on a cluster; yield each one's index and result, as `pool.run` does."""
    if settings.scheduler is not None:
        return run_on_cluster(
            settings.scheduler,
            work,
            tasks,
            prepare=single_thread,
            time_limit=settings.time_limit,
        )
    memory = worker_memory(settings.memory_limit, settings.jobs)
    return run(
        work,
        tasks,
        jobs=settings.jobs,
        prepare=partial(_prepare_worker, memory),
        time_limit=settings.time_limit,
    )


def single_thread() -> None:
    """Limit the libraries of a worker to one thread: there is one worker for each core."""
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
    settings: RunSettings,
    progress: Progress = SILENCE,
) -> list[Result | Failure]:
    """Run all tasks and return a result or a failure for each, in the order of the tasks.

    Parameters
    ----------
    work : callable
        Called with a task in a worker.
    tasks : sequence
        One for each entry of the listing.
    listing : Listing
        The images. If their folder disappears, the run stops and no image counts as failed.
    settings : RunSettings
    progress : Progress
        Its current step receives the numbers of images done, of all and of failed images.

    Raises
    ------
    DataError
        At an error that affects all tasks; with `fail_fast`, at the first failure.
    """
    results: list[Result | Failure | None] = [None] * len(tasks)
    failed = 0
    for done, (index, answer) in enumerate(run_tasks(work, tasks, settings), start=1):
        result = (
            Failure("worker", answer.reason, answer.remedy)
            if isinstance(answer, LostTask)
            else answer
        )
        if isinstance(result, Failure):
            if result.stage == "read" and not _exists(listing.root):
                raise DataError(
                    f"{listing.root} vanished after {done - 1} of {len(tasks)} images",
                    "restore it and run the same command again: finished images are kept",
                )
            if settings.fail_fast:
                raise DataError(f"{listing.entries[index].name}: {result.reason}", result.remedy)
            failed += 1
        results[index] = result
        progress.advance(done, len(tasks), failed)
    return [result for result in results if result is not None]


def _exists(folder: Path | RemoteFile) -> bool:
    if not isinstance(folder, Path):
        return True  # each remote file reports its own error
    try:
        return folder.exists()
    except OSError:  # a network folder whose server is gone
        return False


def failures(entries: Sequence[Entry], results: Sequence[object]) -> Iterator[tuple[str, Failure]]:
    """Yield the name and the failure of each image that failed."""
    for entry, result in zip(entries, results, strict=True):
        if isinstance(result, Failure):
            yield entry.name, result
