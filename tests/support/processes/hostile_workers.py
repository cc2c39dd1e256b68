"""Image measurers that fail as an image's name demands, or log their work; for tests."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np

from data.fingerprints.perceptual_hash import sha256
from pipelines.measurement.measure_image import ImageMeasurer, read_entry

LOG = "BLASTOMETRY_TEST_LOG"
DELAY = "BLASTOMETRY_TEST_DELAY"


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _allocate() -> None:
    np.ones(int(20e9), np.uint8)


def _raise() -> None:
    raise ZeroDivisionError("a bug")


FAULTS = {
    "abort": os.abort,
    "exit": lambda: os._exit(5),
    "kill": _kill,
    "memory": _allocate,
    "bug": _raise,
    "sleep": lambda: time.sleep(3600),
}


class FaultyMeasurer(ImageMeasurer):
    """Triggers the fault that is the image's name, then measures the image."""

    def __call__(self, entry):
        fault = FAULTS.get(Path(entry.name).stem)
        if fault:
            fault()
        return super().__call__(entry)


class LoggingMeasurer(ImageMeasurer):
    """Logs the checksum of every image that it starts to measure, and waits `DELAY` seconds."""

    def __call__(self, entry):
        # Tests use this class with readable images only.
        content, mask = read_entry(entry, self.settings.reading.max_bytes)
        checksum = sha256(content)
        if self.records.find(self.records.key(checksum, mask)) is None:
            with Path(os.environ[LOG]).open("ab", buffering=0) as log:
                log.write(checksum.encode() + b"\n")
            time.sleep(float(os.environ[DELAY]))
        return super().__call__(entry)
