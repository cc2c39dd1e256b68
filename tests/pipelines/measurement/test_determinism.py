"""The bytes do not depend on how the work is divided; the numbers equal the golden table."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.cells.golden_cells import changed_columns, golden_table, read_golden
from support.files.synthetic_folders import write_smear

from pipelines.extract import ExtractSettings, extract

ROOT = Path(__file__).parents[3]
SETTINGS = {
    "many threads": ({"OMP_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "4"}, ["-j", "3"]),
    "another language and time": ({"LC_ALL": "de_DE.UTF-8", "TZ": "Pacific/Chatham"}, ["-j", "2"]),
    "no language at all": ({"LC_ALL": "C", "PYTHONHASHSEED": "7"}, ["-j", "1"]),
}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def smear(tmp_path_factory):
    return write_smear(tmp_path_factory.mktemp("smear") / "images", subjects=2, cells=2)


@pytest.fixture(scope="module")
def tables(smear, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    written = [out / "cells.parquet", out / "cells.csv"]
    for path in written:
        extract(smear, path, ExtractSettings(jobs=1))
    return written


@pytest.mark.parametrize("case", SETTINGS)
def test_bytes_do_not_depend_on_threads_language_or_time_zone(case, smear, tables, tmp_path):
    variables, options = SETTINGS[case]
    out = tmp_path / "cells.parquet"
    subprocess.run(
        [sys.executable, ROOT / "cli.py", "extract", smear, "-o", out, *options, "-q"],
        env=os.environ | variables,
        check=True,
        timeout=1800,
    )
    assert digest(out) == digest(tables[0])


def test_bytes_do_not_depend_on_the_order_of_the_input(smear, tmp_path):
    names = sorted(path.relative_to(smear).as_posix() for path in smear.glob("*/*.png"))
    digests = set()
    for number, order in enumerate((names, names[::-1], names[2:] + names[:2])):
        manifest = smear / f"list{number}.csv"
        manifest.write_text("\n".join(["image", *order]), "utf-8")
        out = tmp_path / str(number) / "cells.csv"
        digests.add(digest(extract(manifest, out, ExtractSettings(preset="minimal", jobs=2)).table))
        manifest.unlink()
    assert len(digests) == 1


def test_no_number_differs_from_the_golden_table():
    """If this is meant: raise the version of the features named, and run ``golden_cells.py``."""
    found, golden = golden_table(), read_golden()
    assert changed_columns(golden, found) == {}


def test_a_changed_number_is_noticed():
    golden = read_golden()
    other = golden.copy()
    some = [name for name in other.columns if other[name].abs().min() > 0][:2]
    other[some[0]] *= 1 + 1e-4
    other.loc[other.index[0], some[1]] = np.nan
    assert list(changed_columns(golden, other)) == some
    assert changed_columns(golden, golden.drop(columns=some[0])) == {some[0]: "gone"}
