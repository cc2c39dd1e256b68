"""How worker processes start: quickly, with one thread each, and deaf to Ctrl-C."""

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

# The libraries of a worker start no threads of their own: there is one worker a core already.
# They read these when they are loaded.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_FORKS = sys.platform == "linux"


def start_server() -> None:
    """Let the process that workers will be forked from begin its imports, and do not wait for it.

    Done by the first `start_process` where nobody did it before; does nothing but on Linux.
    """
    if not _FORKS:
        return
    from multiprocessing import forkserver

    forkserver.set_forkserver_preload(["__main__", "pipelines.measurement.preload"])
    with _children_ignore_sigint(), _environment(_worker_variables()):
        forkserver.ensure_running()


def stop_server() -> None:
    """End the process that workers are forked from, where there is one, and free its memory.

    The next `start_process` starts another.
    """
    if _FORKS:
        from multiprocessing import forkserver

        # There is no public way; it does nothing where no server runs.
        forkserver._forkserver._stop()  # type: ignore[attr-defined]


def start_process(target: Callable[..., None], *arguments: object) -> tuple[Any, Connection]:
    """Start a daemon process that calls ``target(pipe, *arguments)``.

    On Linux it is a fork of a server process that has imported `warm`, so that a worker that
    dies is replaced in a moment and all share their libraries' memory; elsewhere it is a new
    interpreter.

    Returns
    -------
    (process, pipe)
        The process, and our end of its pipe.

    Raises
    ------
    DataError
        If the system does not let it start.
    """
    if not _FORKS:
        return start_interpreter(target, *arguments)
    with _explain_start_errors():
        start_server()
        # Waits for the server's imports, so that Ctrl-C must be heard meanwhile.
        return _start("forkserver", target, arguments)


def start_interpreter(target: Callable[..., None], *arguments: object) -> tuple[Any, Connection]:
    """Start a process as `start_process` does, but as a new interpreter that holds nothing yet."""
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
    """Return what the processes that start are to find in their environment."""
    return dict.fromkeys(THREADS, "1") | _module_search_path()


def _module_search_path() -> dict[str, str]:
    """Return what lets the server find this program's modules.

    Before Python 3.12.8 it looks for what it is to import in the user's folder first, where other
    modules of the same names may lie, and not where this program's are.
    """
    root = str(Path(__file__).resolve().parents[2])
    before = os.environ.get("PYTHONPATH")
    path = os.pathsep.join((root, before)) if before else root
    return {"PYTHONSAFEPATH": "1", "PYTHONPATH": path}


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Let processes that start meanwhile find these variables."""
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
    """Let processes that start meanwhile be deaf to Ctrl-C from their first instruction on."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
