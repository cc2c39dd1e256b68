"""Workers that die, Ctrl-C, full disks and vanished folders: no image lost, what is done kept."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from support.hostile_workers import FaultyMeasurer
from support.shared import ROOT
from support.synthetic_folders import write_smear

from data.errors import DataError
from data.listing.list_images import list_images
from pipelines.extract import ExtractSettings, extract
from pipelines.measurement import measure_all as measuring
from pipelines.measurement.journals import find_records
from pipelines.measurement.measure_image import ImageMeasurer
from pipelines.measurement.settings import FolderSettings
from pipelines.outputs import assemble as assembling
from pipelines.outputs.assemble import TableWriter
from pipelines.segment import segment

ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT / "tests"), str(ROOT)))}


def put(folder: Path, name: str) -> None:
    """Copy an image under another name, with other bytes."""
    source = min(folder.glob("normal/S*"))
    (folder / "normal" / name).write_bytes(source.read_bytes() + name.encode())


@pytest.fixture
def smear(tmp_path):
    return write_smear(tmp_path / "images")


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_dead_worker_costs_its_image_only(smear, tmp_path, monkeypatch, jobs):
    monkeypatch.setattr(measuring, "ImageMeasurer", FaultyMeasurer)
    for deed in ("abort", "exit", "kill", "memory", "bug", "sleep"):
        put(smear, f"{deed}.png")
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


# Started as users start it, but with an image that takes a minute.
# A test run that was started in the background has Ctrl-C switched off, and so has what it starts.
COMMAND = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
import pipelines.measurement.measure_all
from support.hostile_workers import FaultyMeasurer
pipelines.measurement.measure_all.ImageMeasurer = FaultyMeasurer
from cli import main
if __name__ == "__main__":
    main(prog_name="blastometry")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is another signal there")
def test_ctrl_c_stops_at_once_and_says_how_to_go_on(smear, tmp_path):
    script = tmp_path / "command.py"
    script.write_text(COMMAND, "utf-8")
    extract(
        smear, tmp_path / "compiled.parquet", ExtractSettings(preset="minimal")
    )  # or that is waited for
    put(smear, "sleep.png")
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
    deadline = time.monotonic() + 60
    while not find_records(parts) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert find_records(parts)
    os.killpg(running.pid, signal.SIGINT)  # a terminal's Ctrl-C goes to all
    out, err = running.communicate(timeout=20)  # it takes half a second, the image a minute
    assert (running.returncode, out) == (130, "")
    assert err == "stopped: run the same command again to go on from here\n"
    deadline = time.monotonic() + 5
    while _group_lives(running.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _group_lives(running.pid)
    finished = len(find_records(parts))
    again = extract(smear, tmp_path / "cells.parquet", ExtractSettings(preset="minimal"))
    assert (len(again.results), again.reused) == (7, finished)


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(("size", "fits"), [("16k", range(1, 5)), ("32k", range(6, 7))])
def test_a_full_disk_stops_the_run_and_keeps_what_was_done(smear, tmp_path, size, fits):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.name == "nt" or os.geteuid() != 0:
        pytest.skip("only root may make a small disk")
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("this machine lets nobody make a small disk")
    try:
        with pytest.raises(
            DataError, match=r"cannot be written \(No space left on device\)"
        ) as told:
            extract(smear, disk / "cells.parquet", ExtractSettings(preset="minimal", jobs=2))
        assert "run the same command again" in told.value.remedy
        finished = find_records(disk / ".cells.parquet.parts")
        assert len(finished) in fits  # of six parts; then the table
        assert not (disk / "cells.parquet").exists()
        subprocess.run([mount, "-o", "remount,size=4m", disk], check=True)
        again = extract(smear, disk / "cells.parquet", ExtractSettings(preset="minimal"))
        assert (again.reused, again.cells) == (len(finished), 6)
    finally:
        subprocess.run([shutil.which("umount") or "umount", "-l", disk], check=True)


def full(_path, _target):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_disk_that_is_full_for_the_table_leaves_no_half_table(
    smear, tmp_path, monkeypatch, suffix
):
    out = tmp_path / f"cells{suffix}"
    extract(smear, out, ExtractSettings(preset="minimal"))
    before = out.read_bytes()
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(DataError, match="No space left on device"):
        extract(smear, out, ExtractSettings(features=["AreaShape"]))
    assert out.read_bytes() == before
    assert not list(tmp_path.glob(".*.tmp"))


class NoRoom(TableWriter):
    """Finds in a worker that the disk is full when the table is there but for its name."""

    def __call__(self, task):
        Path.replace = full
        return super().__call__(task)


class Killed(TableWriter):
    """Is killed with a table half written, by a system that runs out of memory say."""

    def __call__(self, task):
        Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(task)


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_large_table_is_put_together_by_a_worker(smear, tmp_path, monkeypatch, suffix):
    out = tmp_path / f"cells{suffix}"
    extract(smear, out, ExtractSettings(preset="minimal"))
    before = out.read_bytes()
    pictures = out.with_suffix(".thumbnails.parquet")
    shown = pictures.read_bytes()
    monkeypatch.setattr(assembling, "GROUP", 5)
    for worker, reason in ((NoRoom, "No space left"), (Killed, "killed by signal SIGKILL")):
        monkeypatch.setattr(assembling, "TableWriter", worker)
        with pytest.raises(DataError, match=f"cells.*{suffix} cannot be written.*{reason}") as told:
            extract(smear, out, ExtractSettings(features=["AreaShape"]))
        assert "run the same command again" in told.value.remedy
        assert out.read_bytes() == before
        assert not list(tmp_path.glob(".*.tmp"))
    monkeypatch.setattr(assembling, "TableWriter", TableWriter)
    out.unlink()
    pictures.unlink()
    extract(smear, out, ExtractSettings(preset="minimal"))
    assert (out.read_bytes(), pictures.read_bytes()) == (before, shown)


def test_what_puts_a_table_together_loads_nothing_that_measures():
    script = (
        "import sys, pipelines.outputs.assemble; "
        "print(sorted({'features', 'cv2', 'numba', 'scipy', 'pandas', 'pyarrow'} & {*sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


class Vanishing(ImageMeasurer):
    """Loses the folder of images at the third one."""

    def __call__(self, entry):
        if "S01" in entry.name:
            shutil.rmtree(entry.path.parents[1], ignore_errors=True)
        return super().__call__(entry)


def test_a_vanished_folder_blames_no_image(smear, tmp_path, monkeypatch):
    shutil.copytree(smear, tmp_path / "copy")
    monkeypatch.setattr(measuring, "ImageMeasurer", Vanishing)
    with pytest.raises(DataError, match=r"vanished after \d of 6 images"):
        extract(smear, tmp_path / "cells.parquet", ExtractSettings(preset="minimal"))
    monkeypatch.undo()
    (tmp_path / "copy").rename(smear)
    again = extract(smear, tmp_path / "cells.parquet", ExtractSettings(preset="minimal"))
    assert (again.failed, again.cells) == (0, 6)


def test_an_image_that_vanishes_is_named(smear, tmp_path, monkeypatch):
    listing = list_images(smear)
    monkeypatch.setattr("data.listing.list_images.list_images", lambda *_, **__: listing)
    min(smear.glob("blast/*")).unlink()
    done = extract(smear, tmp_path / "cells.parquet", ExtractSettings(preset="minimal"))
    assert (done.failed, done.cells) == (1, 5)


def test_leftovers_of_a_killed_run_are_swept(smear, tmp_path):
    out, left = tmp_path / "cells.parquet", tmp_path / ".cells.parquet.99.tmp"
    left.write_bytes(b"half")
    extract(smear, out, ExtractSettings(preset="minimal"))
    assert not left.exists()


def _flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


# What is left of six parts in one journal, whose second begins at a given byte.
DAMAGE = {
    "a value": (lambda content, _: _flipped(content, -3), 5),
    "what says how long the second is": (lambda content, second: _flipped(content, second + 1), 1),
    "the end": (lambda content, _: content[:-8], 5),
    "all": (lambda _content, _second: b"", 0),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_damaged_is_measured_again(smear, tmp_path, damage):
    out = tmp_path / "cells.parquet"
    done = extract(smear, out, ExtractSettings(preset="minimal"))
    before = out.read_bytes()
    (journal,) = {Path(result.position.file) for result in done.results}
    spoil, left = DAMAGE[damage]
    starts = sorted(result.position.start for result in done.results)
    journal.write_bytes(spoil(journal.read_bytes(), starts[1]))
    again = extract(smear, out, ExtractSettings(preset="minimal"))
    assert (again.reused, again.cells) == (left, 6)
    assert out.read_bytes() == before
    assert extract(smear, out, ExtractSettings(preset="minimal")).reused == 6


def test_an_option_concerns_what_it_changes(smear, tmp_path):
    out = tmp_path / "cells.parquet"
    extract(smear, out, ExtractSettings(preset="minimal"))
    assert (
        extract(
            smear, out, ExtractSettings(preset="minimal", max_pixels=10**6, max_bytes=10**6)
        ).reused
        == 6
    )
    assert (
        extract(smear, out, ExtractSettings(preset="minimal", mask_is="cell")).reused == 6
    )  # there is no mask
    assert extract(smear, out, ExtractSettings(preset="minimal", source="crop")).reused == 0


def test_segment_goes_on_where_it_was(smear, tmp_path):
    first = segment(smear, tmp_path / "masks", FolderSettings(jobs=2))
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "masks").rglob("*.png")}
    gone = min(first.labels.rglob("*.png"))
    gone.unlink()
    changed = max(smear.glob("normal/*"))
    put(smear, changed.name)
    second = segment(smear, tmp_path / "masks", FolderSettings(jobs=2))
    now = {path: path.stat().st_mtime_ns for path in (tmp_path / "masks").rglob("*.png")}
    assert (second.images, second.cells, set(now)) == (first.images, first.cells, set(written))
    again = {path.stem for path in now if now[path] != written[path]}
    assert again == {gone.stem, changed.stem}


def test_masks_of_swapped_images_are_made_again(smear, tmp_path):
    first, second = sorted(smear.glob("normal/*"))[:2]
    segment(smear, tmp_path / "masks")
    label = tmp_path / "masks" / "labels" / "normal"
    before = [(label / path.name).read_bytes() for path in (first, second)]
    first.rename(smear / "other")
    second.rename(first)
    (smear / "other").rename(second)
    segment(smear, tmp_path / "masks")
    assert [(label / path.name).read_bytes() for path in (second, first)] == before


def test_masks_stay_below_the_output(smear, tmp_path, monkeypatch):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    image = min(smear.glob("normal/*"))
    image.rename(tmp_path / "outside.png")
    (inner / "list.csv").write_text("image\n../../outside.png\n", "utf-8")
    monkeypatch.chdir(inner)
    done = segment(Path("list.csv"), Path("out"))
    assert done.cells == 1
    assert [path.name for path in (inner / "out").rglob("*.png")] == ["outside.png"] * 2
    assert (tmp_path / "outside.png").read_bytes() != (done.labels / "outside.png").read_bytes()


@pytest.mark.parametrize("place", [".", "masks", "normal/../deep/masks"])
def test_masks_are_not_written_among_the_images(smear, place):
    before = sorted(smear.rglob("*"))
    with pytest.raises(DataError, match="is in the folder of the images"):
        segment(smear, smear / place)
    assert sorted(smear.rglob("*")) == before


def test_two_runs_at_once_and_the_second_is_refused(smear, tmp_path):
    from pipelines.outputs.work_folder import work_folder

    out = tmp_path / "masks"
    with work_folder(out, resume=True), pytest.raises(DataError, match="another run is"):
        segment(smear, out)
    assert not list(tmp_path.glob("*.lock"))
    assert segment(smear, out).failed == 0
