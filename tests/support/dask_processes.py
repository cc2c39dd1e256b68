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

from support.hostile_workers import DELAY, LOG
from support.shared import ROOT


class Cluster:
    """A scheduler and workers, each a process."""

    def __init__(self, folder: Path, workers: int, delay: float = 0.2) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "log"
        self.log.touch()
        # Neither has this program on its path but by what the workers load first.
        self.environment = os.environ | {
            "PYTHONPATH": str(ROOT / "tests"),
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
            LOG: str(self.log),
            DELAY: str(delay),
        }
        contact = folder / "contact.json"
        # Not by the machine's address, which may change or close while the tests run.
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
        with (folder / f"{kind}.log").open("wb") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", kind, "--no-dashboard", *options, *contact],
                env=self.environment,
                cwd=folder,
                stderr=said,
                start_new_session=True,
            )

    def close(self) -> None:
        """End both, and show what one said that had ended by itself."""
        for kind, process in (("worker", self.workers), ("scheduler", self.scheduler)):
            if process.poll() is not None:
                said = (self.log.parent / f"{kind}.log").read_text("utf-8", "replace")
                sys.stderr.write(f"the {kind} ended with {process.poll()}:\n{said[-4000:]}")
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _address(contact: Path) -> str:
    """Read what the scheduler writes of itself; at first the file is not there, or empty."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            return str(json.loads(contact.read_text("utf-8"))["address"])
        time.sleep(0.1)
    raise TimeoutError(f"no scheduler wrote {contact}")
