"""Workers that misbehave on images whose names say how: planted by tests."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np

from data.fingerprints import sha256
from pipelines.measurement.measure_image import ImageMeasurer, read_entry

LOG = "BLASTOMETRY_TEST_LOG"
DELAY = "BLASTOMETRY_TEST_DELAY"


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _allocate() -> None:
    np.ones(int(20e9), np.uint8)


def _misjudge() -> None:
    raise ZeroDivisionError("a bug")


FAULTS = {
    "abort": os.abort,
    "exit": lambda: os._exit(5),
    "kill": _kill,
    "memory": _allocate,
    "bug": _misjudge,
    "sleep": lambda: time.sleep(60),
}


class FaultyMeasurer(ImageMeasurer):
    """Does what an image's name says before it is measured."""

    def __call__(self, entry):
        deed = FAULTS.get(Path(entry.name).stem)
        if deed:
            deed()
        return super().__call__(entry)


class LoggingMeasurer(ImageMeasurer):
    """Writes down every image that it begins to compute, and takes its time."""

    def __call__(self, entry):
        # Whoever takes this in place of `ImageMeasurer` has images that can be read.
        content, mask = read_entry(entry, self.settings.reading.max_bytes)
        checksum = sha256(content)
        if self.records.find(self.records.key(checksum, mask)) is None:
            with Path(os.environ[LOG]).open("ab", buffering=0) as log:
                log.write(checksum.encode() + b"\n")
            time.sleep(float(os.environ[DELAY]))
        return super().__call__(entry)
