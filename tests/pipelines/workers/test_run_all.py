"""Dead workers, Ctrl-C and vanished folders: the failure is named, finished images are kept."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
from support.files.synthetic_folders import add_copy, write_smear
from support.processes.hostile_workers import FaultyMeasurer
from support.processes.time_limits import limit_only_task
from support.shared import ROOT

from data.errors import DataError
from data.listing.list_images import list_images
from pipelines.extract import ExtractSettings, extract
from pipelines.measurement import measure_all as measuring
from pipelines.measurement.journals import find_records
from pipelines.measurement.measure_image import ImageMeasurer

ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT / "tests"), str(ROOT)))}


@pytest.fixture
def smear(tmp_path):
    return write_smear(tmp_path / "images")


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_dead_worker_loses_only_its_image(smear, tmp_path, monkeypatch, jobs):
    monkeypatch.setattr(measuring, "ImageMeasurer", FaultyMeasurer)
    for deed in ("abort", "exit", "kill", "memory", "bug", "sleep"):
        add_copy(smear, f"{deed}.png")
    names = [entry.name for entry in list_images(smear).entries]
    limit_only_task(names.index("normal/sleep.png"), monkeypatch)
    done = extract(
        smear,
        tmp_path / "cells.parquet",
        ExtractSettings(preset="minimal", jobs=jobs, time_limit=6.0, memory_limit=4.0),
    )
    errors = pd.read_csv(done.errors).set_index("image")
    assert errors["reason"].to_dict() == {
        "normal/abort.png": "its worker was killed by signal SIGABRT",
        "normal/bug.png": "its worker ended with status 1",
        "normal/exit.png": "its worker ended with status 5",
        "normal/kill.png": "its worker was killed by signal SIGKILL",
        "normal/memory.png": "it needs more memory than a worker may use",
        "normal/sleep.png": "it took longer than 6 s",
    }
    assert set(errors["stage"]) == {"worker"}
    table = pd.read_parquet(done.table)
    assert len(done.results) == 12 == len(errors) + table["Metadata_Image"].nunique()


# Started as users start it, but with an image that takes an hour.
# A test run in the background ignores SIGINT, and so do its children.
COMMAND = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
import pipelines.measurement.measure_all
from support.processes.hostile_workers import FaultyMeasurer
pipelines.measurement.measure_all.ImageMeasurer = FaultyMeasurer
from cli import main
if __name__ == "__main__":
    main(prog_name="blastometry")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is another signal there")
def test_ctrl_c_stops_at_once_and_says_how_to_resume(smear, tmp_path):
    script = tmp_path / "command.py"
    script.write_text(COMMAND, "utf-8")
    extract(smear, tmp_path / "compiled.parquet", ExtractSettings(preset="minimal"))  # compile
    add_copy(smear, "sleep.png")
    arguments = ["extract", smear, "-o", tmp_path / "cells.parquet", "--preset", "minimal", "-j2"]
    running = subprocess.Popen(
        [sys.executable, script, *arguments],
        env=ENVIRONMENT,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    parts = tmp_path / ".cells.parquet.parts"
    while not find_records(parts) and running.poll() is None:
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGINT)  # a terminal's Ctrl-C goes to all
    out, err = running.communicate(timeout=1800)
    assert (running.returncode, out) == (130, "")
    *progress, message = err.splitlines()
    assert message == "stopped: run the same command again to go on from here"
    steps = ("look at a sample: ", "extract: ")
    assert all(line.startswith(steps) for line in progress)
    while _group_lives(running.pid):  # a worker that stays would never let this test end
        time.sleep(0.05)
    finished = len(find_records(parts))
    assert finished < 7  # it did not wait for the image that takes an hour
    again = extract(smear, tmp_path / "cells.parquet", ExtractSettings(preset="minimal"))
    assert (len(again.results), again.reused) == (7, finished)


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


class Vanishing(ImageMeasurer):
    """Loses the folder of images at the third one."""

    def __call__(self, entry):
        if "S01" in entry.name:
            shutil.rmtree(entry.path.parents[1], ignore_errors=True)
        return super().__call__(entry)


def test_a_folder_that_vanishes_stops_the_run_and_fails_no_image(smear, tmp_path, monkeypatch):
    shutil.copytree(smear, tmp_path / "copy")
    monkeypatch.setattr(measuring, "ImageMeasurer", Vanishing)
    with pytest.raises(DataError, match=r"vanished after \d of 6 images"):
        extract(smear, tmp_path / "cells.parquet", ExtractSettings(preset="minimal"))
    monkeypatch.undo()
    (tmp_path / "copy").rename(smear)
    again = extract(smear, tmp_path / "cells.parquet", ExtractSettings(preset="minimal"))
    assert (again.failed, again.cells) == (0, 6)


def test_an_image_that_vanishes_is_one_failure(smear, tmp_path, monkeypatch):
    listing = list_images(smear)
    monkeypatch.setattr("data.listing.list_images.list_images", lambda *_, **__: listing)
    min(smear.glob("blast/*")).unlink()
    done = extract(smear, tmp_path / "cells.parquet", ExtractSettings(preset="minimal"))
    assert (done.failed, done.cells) == (1, 5)
