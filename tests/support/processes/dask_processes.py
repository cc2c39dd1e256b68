"""A Dask scheduler and its workers as processes on this machine."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from support.processes.hostile_workers import DELAY, LOG
from support.shared import ROOT


class Cluster:
    """A scheduler and workers, each a process."""

    def __init__(self, folder: Path, workers: int, delay: float = 0.2) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "log"
        self.log.touch()
        # Only the preload of the workers puts this program on their import path.
        self.environment = os.environ | {
            "PYTHONPATH": str(ROOT / "tests"),
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
            LOG: str(self.log),
            DELAY: str(delay),
        }
        contact = folder / "contact.json"
        # The loopback address, since the machine's address may change during the tests.
        self.scheduler = self._start("scheduler", folder, "--host=127.0.0.1", "--port=0")
        self.workers = self._start(
            "worker", folder, "--host=127.0.0.1", f"--nworkers={workers}", "--nthreads=1",
            "--memory-limit=0", f"--local-directory={folder}",
            "--preload=blastometry.pipelines.installed",
        )  # fmt: skip
        try:
            self.address = _address(contact)
        except TimeoutError:
            self.close()
            raise

    def _start(self, kind: str, folder: Path, *options: str) -> subprocess.Popen[bytes]:
        contact = ["--scheduler-file", str(folder / "contact.json")]
        with (folder / f"{kind}.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", kind, "--no-dashboard", *options, *contact],
                env=self.environment,
                cwd=folder,
                stderr=log,
                start_new_session=True,
            )

    def close(self) -> None:
        """Stop both processes; print the log of one that had already stopped."""
        for kind, process in (("worker", self.workers), ("scheduler", self.scheduler)):
            if process.poll() is not None:
                log = (self.log.parent / f"{kind}.log").read_text("utf-8", "replace")
                sys.stderr.write(f"the {kind} ended with {process.poll()}:\n{log[-4000:]}")
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _address(contact: Path) -> str:
    """Return the address in the scheduler file; wait while the file is missing or empty."""
    deadline = time.monotonic() + 1800  # only a scheduler that failed takes as long
    while time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            return str(json.loads(contact.read_text("utf-8"))["address"])
        time.sleep(0.1)
    raise TimeoutError(f"no scheduler wrote {contact}")
