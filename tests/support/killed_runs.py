"""Run extract and kill it, again and again: a script, so that its processes can be forked.

Twenty starts of an interpreter would take longer than all the work; here runs and workers are
forked from one process that has its libraries loaded, and everything else is the product's.
"""

from __future__ import annotations

import ctypes
import json
import multiprocessing
import os
import signal
import sys
import time
from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow.parquet
from support.hostile_workers import DELAY, LOG, LoggingMeasurer

from features import preset_columns
from pipelines import extract
from pipelines.extract import ExtractSettings
from pipelines.measurement import measure_all
from pipelines.measurement import preload as warm
from pipelines.measurement.image_record import ImageRecord
from pipelines.measurement.journals import find_records, read_record
from pipelines.measurement.measure_image import decode_and_segment, measure_record
from pipelines.measurement.settings import MeasurementSettings
from pipelines.workers import pool, run_all

assert warm
assert pyarrow.parquet
KILLS, DELAYS = 20, "0.04"
BY_CLOCK = 8
_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def forked(target, *arguments):
    """Start a worker as `processes.start_process` does, but by fork."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=target, args=(theirs, *arguments), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def start(images: Path, out: Path) -> int:
    """Begin an extraction in a process group of its own and return the group."""
    child = os.fork()
    if child:
        return child
    os.setsid()
    extract.extract(images, out, ExtractSettings(preset="minimal", jobs=2))
    os._exit(0)


def computed(log: Path) -> list[str]:
    """Images that were begun since the log was last read."""
    lines = log.read_text("ascii").split()
    log.write_text("", "ascii")
    return lines


def finished(out: Path) -> list[str]:
    """Images whose parts are whole."""
    places = find_records(out.with_name(f".{out.name}.parts")).values()
    return [ImageRecord.from_bytes(read_record(place)).sha256 for place in places]


def complete(images: Path, out: Path) -> float:
    """Run to the end and return the seconds that it took."""
    started = time.monotonic()
    _, status = os.waitpid(start(images, out), 0)
    assert status == 0, status
    return time.monotonic() - started


def kill(group: int) -> None:
    """Kill a whole group and wait until none of it is left."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:  # before its first instruction
        os.kill(group, signal.SIGKILL)
    os.waitpid(group, 0)
    while True:
        try:
            os.waitpid(-group, 0)  # its workers, where they are children of ours now
        except ChildProcessError:
            break
    while True:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.005)


def wait_until_begun(count: int, log: Path) -> None:
    """Wait until so many images are begun."""
    while log.stat().st_size < count * 65:
        time.sleep(0.001)


def tell(record: dict[str, object]) -> None:
    """Print a line."""
    sys.stdout.write(f"{json.dumps(record)}\n")


def adopt() -> None:
    """Become the parent of orphans on Linux: process 1 may take seconds to see that one is dead."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def load_kernels(images: Path) -> None:
    """Measure an image here, so that the workers of forty runs need not load what it takes."""
    settings = MeasurementSettings(preset_columns("minimal"), keep_extras=True)
    content = next(images.rglob("*.png")).read_bytes()
    measure_record(content, *decode_and_segment(content, None, settings.reading), settings)


def main(images: Path, work: Path) -> None:
    """Print a line of JSON for the undisturbed run, and one for each killed and resumed one."""
    adopt()
    load_kernels(images)
    log = work / "log"
    log.touch()
    os.environ |= {LOG: str(log), DELAY: DELAYS}
    measure_all.ImageMeasurer = LoggingMeasurer
    run_all.run = partial(pool.run, start=forked)
    extract.start_server = lambda: None
    whole = work / "whole" / "cells.parquet"
    duration = complete(images, whole)
    digest = sha256(whole.read_bytes()).hexdigest()
    tell({"duration": duration, "images": computed(log), "table": digest})
    # Instants of the clock, one in each eighth of the duration, and instants of the work, which
    # do not move with the load of the machine: so many images begun, and a moment more.
    draw = np.random.default_rng(0)
    instants = [(0, (number + draw.random()) * duration / BY_CLOCK) for number in range(BY_CLOCK)]
    counts = draw.integers(3, 29, KILLS - BY_CLOCK)
    instants += [(int(count), draw.random() * float(DELAYS)) for count in counts]
    for number, (count, seconds) in enumerate(instants):
        os.environ[DELAY] = DELAYS
        out = work / f"killed{number}" / "cells.parquet"
        group = start(images, out)
        wait_until_begun(count, log)
        time.sleep(seconds)
        kill(group)
        record = {"begun": computed(log), "finished": finished(out)}
        record["table_was_there"] = out.exists()
        os.environ[DELAY] = "0"
        complete(images, out)
        record["resumed"] = computed(log)
        record["table"] = sha256(out.read_bytes()).hexdigest()
        record["left"] = [str(path) for path in out.parent.rglob("*.tmp")]
        tell(record)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
