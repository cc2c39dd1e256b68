"""xgboost's tracker, through which the workers of one model connect, in a separate process.

xgboost.dask runs the tracker in the scheduler. A worker that dies while the others connect then
stops the scheduler, and all data of the cluster are lost; or another worker waits for ever. Here
the tracker is a child process of a worker: it may crash alone, and stopping it ends every wait.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading

_RUNNING: dict[str, subprocess.Popen[str]] = {}


def start_tracker(run: str, workers: int, host: str, limit: int) -> dict[str, str | int]:
    """Start a tracker in a child process of this worker; a run has one process.

    Parameters
    ----------
    run : str
        Identifier of the run.
    workers : int
        Number of workers that connect.
    host : str
        Address of this machine, without a port.
    limit : int
        Timeout in seconds for all to connect, and to disconnect.

    Returns
    -------
    dict
        Arguments with which a worker connects.

    Raises
    ------
    OSError
        If the process does not start.
    """
    process = _RUNNING.get(run)
    if process is None or process.poll() is not None:
        process = subprocess.Popen(  # noqa: S603  (it runs this file)
            [sys.executable, "-P", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        _RUNNING[run] = process
    answer = ""
    if process.stdin and process.stdout:
        process.stdin.write(json.dumps([workers, host, limit]) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
    if not answer:
        raise OSError(f"xgboost's tracker ended with status {process.wait()}")
    return dict(json.loads(answer))


def stop_tracker(run: str) -> None:
    """Stop the tracker of a run, if this worker has it: workers that wait for it fail at once."""
    if run in _RUNNING:
        with _RUNNING.pop(run) as process:
            process.kill()


def _serve() -> None:
    from xgboost.tracker import RabitTracker

    answers, sys.stdout = sys.stdout, sys.stderr  # xgboost logs to standard output
    for line in sys.stdin:
        workers, host, limit = json.loads(line)
        tracker = RabitTracker(workers, host, sortby="task", timeout=limit)
        tracker.start()
        threading.Thread(target=tracker.wait_for, daemon=True).start()
        answers.write(json.dumps(tracker.worker_args()) + "\n")
        answers.flush()
    os._exit(0)  # the worker has stopped; threads may still wait


if __name__ == "__main__":
    _serve()
