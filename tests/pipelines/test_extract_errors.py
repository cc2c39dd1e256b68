"""Extract: unusable images, wrong options and outputs that cannot be written."""

from __future__ import annotations

import os
import struct
import zlib

import cv2
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from support.files.synthetic_folders import png, write_smear

from cli import main
from data.errors import DataError
from pipelines.extract import ExtractSettings, extract

MINIMAL = ["--preset", "minimal", "-q"]


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def smear(tmp_path_factory):
    return write_smear(tmp_path_factory.mktemp("smear"))


def _png_that_declares(rows: int, cols: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", cols, rows, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


def _jpeg(picture: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", picture)[1].tobytes()


NOISE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)


UNUSABLE = {
    "words.png": (b"this is no picture", "decode"),
    "truncated.jpg": (_jpeg(NOISE)[:1500], "decode"),
    "nothing.png": (b"", "read"),
    "black.png": (png(np.zeros((64, 64, 3), np.uint8)), "segment"),
    "white.png": (png(np.full((64, 64, 3), 255, np.uint8)), "segment"),
    "pixel.png": (png(np.full((1, 1, 3), 90, np.uint8)), "segment"),
    "huge.png": (_png_that_declares(20_000, 20_000), "decode"),
}


def test_each_unusable_file_is_named_and_the_others_are_measured(tmp_path):
    folder = write_smear(tmp_path / "images")
    for name, (content, _) in UNUSABLE.items():
        (folder / "normal" / name).write_bytes(content)
    out = tmp_path / "cells.parquet"
    result = run("extract", folder, "-o", out, "--preset", "minimal")
    assert result.exit_code == 3
    assert "13 images found = 6 measured (0 of them before, or as" in result.stdout
    assert "copies) + 7 failed" in result.stdout
    assert "7 images failed" in result.stderr
    errors = pd.read_csv(tmp_path / "cells.errors.csv").set_index("image")
    assert dict(errors["stage"]) == {
        f"normal/{name}": stage for name, (_, stage) in UNUSABLE.items()
    }
    assert (
        errors[["reason", "remedy"]]
        .map(lambda text: len(text) > 8 and "\n" not in text)
        .all(axis=None)
    )
    assert len(pd.read_parquet(out)) == 6


def test_fail_fast_stops_at_the_first_failure(tmp_path):
    folder = write_smear(tmp_path / "images")
    (folder / "normal" / "words.png").write_bytes(b"this is no picture")
    out = tmp_path / "cells.parquet"
    result = run("extract", folder, "-o", out, *MINIMAL, "--fail-fast")
    assert result.exit_code == 2
    assert "normal/words.png" in result.stderr
    assert not out.exists()


MISTAKES = {
    "an empty folder": (["{empty}"], "holds no images"),
    "a missing folder": (["{empty}/none"], "does not exist"),
    "an unknown suffix": (["{smear}", "-o", "{empty}/cells.xls"], "ends in '.xls'"),
    "an unknown family": (["{smear}", "--features", "Textures"], "'Textures'"),
    "a file where a folder should be": (
        ["{smear}", "-o", "{file}/cells.parquet"],
        "cannot be written to",
    ),
    "a config that is none": (["{smear}", "--config", "{file}"], "file is not a sidecar; give"),
    "no config": (["{smear}", "--config", "{empty}/none"], "none does not exist; give the .json"),
    "no size": (["{smear}", "--pixel-size", "0"], "'--pixel-size': 0.0 is not in the range x>0"),
    "no time": (["{smear}", "--time-limit", "-5"], "'--time-limit': -5.0 is not in the range x>0"),
    "no memory": (["{smear}", "--memory-limit", "0"], "'--memory-limit': 0.0 is not in"),
    "no pixels": (["{smear}", "--max-pixels", "0"], "'--max-pixels': 0 is not in the range x>=1"),
    "no masks": (["{smear}", "--masks", "{empty}/none"], "none does not exist; correct the path"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_gives_one_line_and_leaves_nothing(case, smear, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    before = sorted(tmp_path.rglob("*"))
    arguments, words = MISTAKES[case]
    places = {"empty": tmp_path / "empty", "file": tmp_path / "file", "smear": smear}
    monkeypatch.chdir(places["empty"])
    result = run("extract", *(text.format(**places) for text in arguments))
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.strip().count("\n") <= 3  # click adds its usage to a wrong option
    assert sorted(path for path in tmp_path.rglob("*")) == before


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_an_error(smear, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(DataError, match="cannot be written to"):
        extract(smear, tmp_path / "cells.parquet", ExtractSettings(preset="minimal"))


def test_a_second_run_on_the_same_output_is_refused(smear, tmp_path):
    from pipelines.outputs.work_folder import work_folder

    out = tmp_path / "cells.parquet"
    with work_folder(out, resume=True):
        result = run("extract", smear, "-o", out, *MINIMAL)
    assert result.exit_code == 2
    assert "another run is writing" in result.stderr
