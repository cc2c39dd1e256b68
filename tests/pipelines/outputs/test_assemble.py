"""Tables that are written by a separate process, full disks, and killed writers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.files.synthetic_folders import write_smear
from support.shared import ROOT

from data.errors import DataError
from pipelines.extract import ExtractSettings, extract
from pipelines.outputs import assemble as assembling
from pipelines.outputs.assemble import TableWriter

ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT / "tests"), str(ROOT)))}


@pytest.fixture
def smear(tmp_path):
    return write_smear(tmp_path / "images")


def full(_path, _target):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_full_disk_leaves_no_incomplete_table(smear, tmp_path, monkeypatch, suffix):
    out = tmp_path / f"cells{suffix}"
    extract(smear, out, ExtractSettings(preset="minimal"))
    before = out.read_bytes()
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(DataError, match="No space left on device"):
        extract(smear, out, ExtractSettings(features=["AreaShape"]))
    assert out.read_bytes() == before
    assert not list(tmp_path.glob(".*.tmp"))


class NoRoom(TableWriter):
    """Finds the disk full when it renames the finished table."""

    def __call__(self, task):
        Path.replace = full
        return super().__call__(task)


class Killed(TableWriter):
    """Is killed with an incomplete table, for example when the system runs out of memory."""

    def __call__(self, task):
        Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(task)


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_large_table_is_written_by_a_separate_process(smear, tmp_path, monkeypatch, suffix):
    out = tmp_path / f"cells{suffix}"
    extract(smear, out, ExtractSettings(preset="minimal"))
    before = out.read_bytes()
    pictures = out.with_suffix(".thumbnails.parquet")
    shown = pictures.read_bytes()
    monkeypatch.setattr(assembling, "GROUP", 5)
    for worker, reason in ((NoRoom, "No space left"), (Killed, "killed by signal SIGKILL")):
        monkeypatch.setattr(assembling, "TableWriter", worker)
        with pytest.raises(
            DataError, match=f"cells.*{suffix} cannot be written.*{reason}"
        ) as caught:
            extract(smear, out, ExtractSettings(features=["AreaShape"]))
        assert "run the same command again" in caught.value.remedy
        assert out.read_bytes() == before
        assert not list(tmp_path.glob(".*.tmp"))
    monkeypatch.setattr(assembling, "TableWriter", TableWriter)
    out.unlink()
    pictures.unlink()
    extract(smear, out, ExtractSettings(preset="minimal"))
    assert (out.read_bytes(), pictures.read_bytes()) == (before, shown)


def test_writing_a_table_imports_no_measuring_library():
    script = (
        "import sys, pipelines.outputs.assemble; "
        "print(sorted({'features', 'cv2', 'numba', 'scipy', 'pandas', 'pyarrow'} & {*sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_temporary_files_of_a_killed_run_are_removed(smear, tmp_path):
    out, left = tmp_path / "cells.parquet", tmp_path / ".cells.parquet.99.tmp"
    left.write_bytes(b"half")
    extract(smear, out, ExtractSettings(preset="minimal"))
    assert not left.exists()
