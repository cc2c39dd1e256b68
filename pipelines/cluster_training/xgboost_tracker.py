"""Where the workers of one model meet: xgboost's tracker, in a process of its own.

xgboost.dask keeps it in the scheduler. A worker that dies while the others meet then ends the
scheduler, and with it all that the cluster holds; or leaves a worker that waits for ever. Here it
runs beside a worker: it may end by itself, and to end it wakes all who wait.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading

_RUNNING: dict[str, subprocess.Popen[str]] = {}


def start_tracker(run: str, workers: int, host: str, limit: int) -> dict[str, str | int]:
    """Let workers meet at a process beside this worker: one for a run, which ends with it.

    Parameters
    ----------
    run : str
        Whose process it is.
    workers : int
        How many meet.
    host : str
        Address of this machine, without a port.
    limit : int
        Seconds that they may take to meet, and to part.

    Returns
    -------
    dict
        What a worker needs to find the place.

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
    """End the process of a run, if it is here: workers that wait there fail at once."""
    if run in _RUNNING:
        with _RUNNING.pop(run) as process:
            process.kill()


def _serve() -> None:
    from xgboost.tracker import RabitTracker

    answers, sys.stdout = sys.stdout, sys.stderr  # where xgboost tells who came
    for line in sys.stdin:
        workers, host, limit = json.loads(line)
        tracker = RabitTracker(workers, host, sortby="task", timeout=limit)
        tracker.start()
        threading.Thread(target=tracker.wait_for, daemon=True).start()
        answers.write(json.dumps(tracker.worker_args()) + "\n")
        answers.flush()
    os._exit(0)  # the worker has gone, whoever still waits here


if __name__ == "__main__":
    _serve()
