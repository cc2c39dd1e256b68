"""Start worker processes: quickly, with one thread each; they ignore SIGINT (Ctrl-C)."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from data.errors import DataError

# Libraries read these variables when they are loaded. They limit each worker to one thread, as
# there is one worker for each core.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_FORKS = sys.platform == "linux"


def start_server() -> None:
    """Start the server process that workers are forked from, without waiting for its imports.

    `start_process` does this itself; an earlier call saves time. Linux only.
    """
    if not _FORKS:
        return
    from multiprocessing import forkserver

    forkserver.set_forkserver_preload(["__main__", "pipelines.measurement.preload"])
    with _children_ignore_sigint(), _environment(_worker_variables()):
        forkserver.ensure_running()


def stop_server() -> None:
    """End the server process that workers are forked from, and free its memory.

    The next `start_process` starts another.
    """
    if _FORKS:
        from multiprocessing import forkserver

        # There is no public function for this. It does nothing if no server runs.
        forkserver._forkserver._stop()  # type: ignore[attr-defined]


def start_process(target: Callable[..., None], *arguments: object) -> tuple[Any, Connection]:
    """Start a daemon process that calls ``target(pipe, *arguments)``.

    On Linux it is a fork of a server process that has imported `measurement.preload`: a dead
    worker is replaced at once, and all workers share the memory of their libraries. On other
    systems it is a new interpreter.

    Returns
    -------
    (process, pipe)
        The process, and our end of its pipe.

    Raises
    ------
    DataError
        If it cannot start.
    """
    if not _FORKS:
        return start_interpreter(target, *arguments)
    with _explain_start_errors():
        start_server()
        # This waits for the server's imports, and Ctrl-C must work meanwhile.
        return _start("forkserver", target, arguments)


def start_interpreter(target: Callable[..., None], *arguments: object) -> tuple[Any, Connection]:
    """Start a process as `start_process` does, but always as a new interpreter."""
    with _explain_start_errors(), _children_ignore_sigint(), _environment(_worker_variables()):
        return _start("spawn", target, arguments)


def _start(
    method: str, target: Callable[..., None], arguments: tuple[object, ...]
) -> tuple[Any, Connection]:
    context: Any = multiprocessing.get_context(method)
    ours, theirs = context.Pipe()
    process = context.Process(target=target, args=(theirs, *arguments), daemon=True)
    process.start()
    theirs.close()
    return process, ours


@contextmanager
def _explain_start_errors() -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError) as error:
        raise DataError(
            f"a worker process could not start ({error or 'its server ended'})",
            "see its message above; if memory ran out, run with fewer --jobs",
        ) from error


def _worker_variables() -> dict[str, str]:
    """Return the environment variables of worker processes."""
    return dict.fromkeys(THREADS, "1") | _module_search_path()


def _module_search_path() -> dict[str, str]:
    """Return variables that let the server find this program's modules.

    Before Python 3.12.8 the server searches the working folder first, which may hold other modules
    with the same names.
    """
    root = str(Path(__file__).resolve().parents[2])
    before = os.environ.get("PYTHONPATH")
    path = os.pathsep.join((root, before)) if before else root
    return {"PYTHONSAFEPATH": "1", "PYTHONPATH": path}


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for the processes that start inside this block."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _children_ignore_sigint() -> Iterator[None]:
    """Make processes that start inside this block ignore SIGINT from their first instruction."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
