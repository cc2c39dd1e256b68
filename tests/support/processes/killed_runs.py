"""Run extract, kill it and resume it, many times.

This is a script, so that its processes can be forked: runs and workers are forks of one process
with all libraries loaded, since starting 20 interpreters would take longer than the work itself.
Everything else is the program's own code.
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
from support.processes.hostile_workers import DELAY, LOG, LoggingMeasurer

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


def fork_process(target, *arguments):
    """Start a worker like `processes.start_process`, but by fork."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=target, args=(theirs, *arguments), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def start(images: Path, out: Path) -> int:
    """Start an extraction in a new process group and return the group."""
    child = os.fork()
    if child:
        return child
    os.setsid()
    # With source and scale given, no image is sampled before it is measured.
    settings = ExtractSettings(preset="minimal", source="crop", red_cell=60, jobs=2)
    extract.extract(images, out, settings)
    os._exit(0)


def read_log(log: Path) -> list[str]:
    """Return the images that were started since the last call."""
    lines = log.read_text("ascii").split()
    log.write_text("", "ascii")
    return lines


def finished(out: Path) -> list[str]:
    """Return the images whose records are complete."""
    places = find_records(out.with_name(f".{out.name}.parts")).values()
    return [ImageRecord.from_bytes(read_record(place)).sha256 for place in places]


def complete(images: Path, out: Path) -> float:
    """Run an extraction to its end and return its duration in seconds."""
    started = time.monotonic()
    _, status = os.waitpid(start(images, out), 0)
    assert status == 0, status
    return time.monotonic() - started


def kill(group: int) -> None:
    """Kill a process group and wait until all its processes have ended."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:  # before its first instruction
        os.kill(group, signal.SIGKILL)
    os.waitpid(group, 0)
    while True:
        try:
            os.waitpid(-group, 0)  # its workers, if they have become children of this process
        except ChildProcessError:
            break
    while True:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.005)


def wait_until_begun(count: int, log: Path) -> None:
    """Wait until `count` images are started."""
    while log.stat().st_size < count * 65:
        time.sleep(0.001)


def print_record(record: dict[str, object]) -> None:
    """Print a record as one line of JSON."""
    sys.stdout.write(f"{json.dumps(record)}\n")


def become_subreaper() -> None:
    """Adopt orphaned processes (Linux): process 1 may take seconds to notice that one has ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def load_kernels(images: Path) -> None:
    """Measure one image, so that the forked workers inherit the loaded kernels."""
    settings = MeasurementSettings(preset_columns("minimal"), keep_extras=True)
    content = next(images.rglob("*.png")).read_bytes()
    measure_record(content, *decode_and_segment(content, None, settings.reading), settings)


def main(images: Path, work: Path) -> None:
    """Print one line of JSON for the uninterrupted run and for each killed and resumed run."""
    become_subreaper()
    load_kernels(images)
    log = work / "log"
    log.touch()
    os.environ |= {LOG: str(log), DELAY: DELAYS}
    measure_all.ImageMeasurer = LoggingMeasurer
    run_all.run = partial(pool.run, start=fork_process)
    extract.start_server = lambda: None
    complete_run = work / "complete_run" / "cells.parquet"
    duration = complete(images, complete_run)
    digest = sha256(complete_run.read_bytes()).hexdigest()
    print_record({"duration": duration, "images": read_log(log), "table": digest})
    # `BY_CLOCK` kills are at times spread over the duration. The others do not depend on the
    # machine's load: they follow at a random moment after a given number of started images.
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
        record = {"begun": read_log(log), "finished": finished(out)}
        record["table_was_there"] = out.exists()
        os.environ[DELAY] = "0"
        complete(images, out)
        record["resumed"] = read_log(log)
        record["table"] = sha256(out.read_bytes()).hexdigest()
        record["left"] = [str(path) for path in out.parent.rglob("*.tmp")]
        print_record(record)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
