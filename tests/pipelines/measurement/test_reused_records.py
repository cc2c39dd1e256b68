"""Records of an earlier run: reused where nothing changed, measured again where damaged."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from support.files.synthetic_folders import write_smear

from data.errors import DataError
from pipelines.extract import ExtractSettings, extract
from pipelines.measurement.journals import find_records


@pytest.fixture
def smear(tmp_path):
    return write_smear(tmp_path / "images")


@pytest.mark.parametrize(("size", "fits"), [("20k", range(1, 5)), ("48k", range(6, 7))])
def test_a_full_disk_stops_the_run_and_keeps_finished_images(smear, tmp_path, size, fits):
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
        pytest.skip("this machine does not allow a small disk")
    try:
        with pytest.raises(
            DataError, match=r"cannot be written \(No space left on device\)"
        ) as error:
            extract(smear, disk / "cells.parquet", ExtractSettings(preset="minimal", jobs=2))
        assert "run the same command again" in error.value.remedy
        finished = find_records(disk / ".cells.parquet.parts")
        assert len(finished) in fits  # of six parts; then the table
        assert not (disk / "cells.parquet").exists()
        subprocess.run([mount, "-o", "remount,size=4m", disk], check=True)
        again = extract(smear, disk / "cells.parquet", ExtractSettings(preset="minimal"))
        assert (again.reused, again.cells) == (len(finished), 6)
    finally:
        subprocess.run([shutil.which("umount") or "umount", "-l", disk], check=True)


def _flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


# Damage to a journal of six records, and the number of records that can still be read.
DAMAGE = {
    "a value": (lambda content, _: _flipped(content, -3), 5),
    "the recorded length of the second": (lambda content, second: _flipped(content, second + 1), 1),
    "the end": (lambda content, _: content[:-8], 5),
    "all": (lambda _content, _second: b"", 0),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_records_are_measured_again(smear, tmp_path, damage):
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


def test_only_options_that_change_numbers_measure_again(smear, tmp_path):
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
