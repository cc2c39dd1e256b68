"""Hostile files: none crashes a run, hangs, exhausts memory, or is missing from the counts."""

from __future__ import annotations

import csv
import os
import struct
import sys
import tracemalloc
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.files.encoded_images import png as png_of
from support.files.synthetic_folders import png, write_smear

from data.decoding.bit_depth import to_uint8
from data.decoding.images import decode_rgb, read_bytes
from data.errors import DataError
from data.synthetic import synthetic_smear
from pipelines.extract import ExtractSettings, extract
from pipelines.workers.limits import limit_memory
from pipelines.workers.pool import LostTask, run
from pipelines.workers.run_all import Failure

pytest.importorskip("resource", reason="only Unix reports the peak memory of a process")
from support.files import mutations

# By hand: BLASTOMETRY_FUZZ=1000000 pytest tests/data/test_hostile_files.py
FILES = int(os.environ.get("BLASTOMETRY_FUZZ", "20000"))
FIRST = int(os.environ.get("BLASTOMETRY_FUZZ_FIRST", "0"))
BATCH = 100
SECONDS = 1800.0  # for a batch; only a decoder that hangs takes as long
MEMORY = int(1.5e9)  # of a worker with all its libraries


def test_damaged_files_are_decoded_or_refused_with_a_reason(capfd):
    batches = [range(start, start + BATCH) for start in range(FIRST, FIRST + FILES, BATCH)]
    together = mutations.Outcomes()
    answers = run(
        mutations.decode_all,
        batches,
        jobs=2,
        prepare=partial(limit_memory, MEMORY),
        time_limit=SECONDS,
    )
    for index, answer in answers:
        assert not isinstance(answer, LostTask), (batches[index], answer)
        together.add(answer)
    with capfd.disabled():
        sys.stdout.write(
            f"\n{together.counts.total()} damaged files: {dict(together.counts)}, slowest"
            f" {together.slowest[0]:.2f} s (number {together.slowest[1]}),"
            f" a worker's memory at most {together.peak / 1e6:.0f} MB\n"
        )
    assert together.counts.total() == len(batches) * BATCH
    assert together.peak < MEMORY
    assert set(together.counts) == {"decoded", "refused"}


def big_tiff(*entries: bytes, start: int = 16) -> bytes:
    head = b"II+\0\x08\0\0\0" + struct.pack("<Q", start)
    return head + struct.pack("<Q", len(entries)) + b"".join(entries) + bytes(64)


# TreeFile by the damaged files: each once ended a worker, or would have filled its memory.
FOUND = {
    "a directory beyond all memory": big_tiff(start=2**64 - 1),
    "overlapping tags": big_tiff(
        *(struct.pack("<HHQQ", 256 + tag, 1, 300, 0) for tag in range(20))
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_files_that_once_failed(name):
    with pytest.raises(DataError, match="damaged TIFF"):
        decode_rgb(FOUND[name])


def test_samples_of_64_bits():
    samples = np.array([[[0, 2**63, 2**64 - 1]]], np.uint64)
    assert to_uint8(samples).tolist() == [[[0, 128, 255]]]


def test_reading_allocates_the_size_of_the_file(tmp_path):
    (tmp_path / "small.png").write_bytes(bytes(1000))
    tracemalloc.start()
    read_bytes(tmp_path / "small.png")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


def write_hostile(folder: Path, number: int = 120) -> int:
    """Fill a folder with damaged files and other files; return their number."""
    folder.mkdir()
    endings = (".png", ".jpg", ".tif", ".bmp", ".webp", ".PNG")
    for index in range(number):
        content = mutations.mutate(index)
        (folder / f"damaged{index}{endings[index % 6]}").write_bytes(content)
    (cell, *_) = synthetic_smear(3, subjects=1, cells_per_subject=1)
    picture = png(cell.rgb)
    names = [
        "line\nbreak.png",
        "tab\tand bell\a.png",
        "=HYPERLINK(0).png",
        "@SUM(1).png",
        "-1+1.png",
        "血液細胞.png",
        "كرية.png",
        "e\u0301.png",
        "\u202egnp.png",
        "'; drop table cells; --.png",
        "a" * 240 + ".png",
        'comma, quote".png',
    ]
    for name in names:
        (folder / name).write_bytes(picture)
    (folder / "folder.png").mkdir()
    (folder / "folder.png" / "inside.png").write_bytes(picture)
    os.mkfifo(folder / "pipe.png")
    (folder / "zero.png").symlink_to("/dev/zero")
    (folder / "itself.png").symlink_to("itself.png")
    (folder / "gone.png").symlink_to("nowhere.png")
    (folder / "parent").symlink_to(folder, target_is_directory=True)
    return number + len(names) + 5


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes and devices have no names there")
def test_every_hostile_file_is_counted_once(tmp_path):
    folder = tmp_path / "images"
    files = write_hostile(folder)
    done = extract(
        folder,
        tmp_path / "cells.csv",
        ExtractSettings(preset="minimal", jobs=2, memory_limit=2),
    )
    table = pd.read_csv(done.table, dtype=str)
    errors = pd.read_csv(done.errors, dtype=str)
    assert len(done.results) == files
    measured = set(table["Metadata_Image"])
    assert len(measured) + len(errors) == files
    assert measured.isdisjoint(errors["image"])
    assert "worker" not in set(errors["stage"])
    assert {"pipe.png", "zero.png", "itself.png", "gone.png"} <= set(errors["image"])
    assert {r"line\x0abreak.png", "血液細胞.png", "folder.png/inside.png"} <= measured
    assert [name for name, _ in done.listing.skipped] == ["parent/"]
    # A name that begins like a formula is text for a spreadsheet.
    assert {"'=HYPERLINK(0).png", "'@SUM(1).png", "'-1+1.png"} <= measured
    with done.table.open(encoding="utf-8", newline="") as text:
        cells = [cell for row in list(csv.reader(text))[1:] for cell in row[:9]]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_a_decompression_bomb_fails_alone(tmp_path):
    folder = write_smear(tmp_path / "images", subjects=1, cells=2)
    # 16,000 x 6,000 pixels of one grey in a small file: within the pixel limit, without a cell.
    bomb = png_of(6000, 16_000, 8, 2, bytes(16_000 * (1 + 3 * 6000)))
    assert len(bomb) < 400_000
    (folder / "normal" / "bomb.png").write_bytes(bomb)
    done = extract(
        folder, tmp_path / "cells.csv", ExtractSettings(preset="minimal", memory_limit=0.7)
    )
    (failed,) = [result for result in done.results if isinstance(result, Failure)]
    assert failed.reason == "it needs more memory than a worker may use"
    assert "--memory-limit" in failed.remedy
    assert done.cells == 2
