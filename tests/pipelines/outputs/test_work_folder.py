"""Outputs that share files: one run at a time; inputs and files of other runs are kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from support.files.synthetic_folders import write_smear

from cli import main
from data.errors import DataError
from pipelines.outputs.work_folder import work_folder

MINIMAL = ("--preset", "minimal", "-q")


@pytest.mark.parametrize("first", ["x.csv", "x.parquet", "x"])
@pytest.mark.parametrize("second", ["x.csv", "x.parquet", "x"])
def test_outputs_that_share_companion_files_are_not_written_at_once(tmp_path, first, second):
    with (
        work_folder(tmp_path / first, resume=True),
        pytest.raises(DataError, match="another run is writing"),
        work_folder(tmp_path / second, resume=True),
    ):
        pass


@pytest.mark.parametrize(("first", "second"), [("x.csv", "y.csv"), ("m.1", "m.2"), ("m", "m.1")])
def test_other_outputs_are_written_at_once(tmp_path, first, second):
    with (
        work_folder(tmp_path / first, resume=True) as one,
        work_folder(tmp_path / second, resume=True) as other,
    ):
        assert (one.name, other.name) == (f".{first}.parts", f".{second}.parts")


@pytest.mark.parametrize("out", ["x", "x.csv", "m.1"])
def test_only_temporary_files_of_this_output_are_removed(tmp_path, out):
    own = [f".{out}.12.tmp", f".{'m.1' if out == 'm.1' else 'x'}.json.12.tmp"]
    others = [".x.v2.csv.12.tmp", ".xy.12.tmp", ".m.json.12.tmp", ".x.csv.note.tmp"]
    for name in own + others:
        (tmp_path / name).touch()
    with work_folder(tmp_path / out, resume=True):
        pass
    assert {path.name for path in tmp_path.glob("*.tmp")} == set(others)


def test_the_check_runs_under_the_lock_and_before_any_change(tmp_path):
    out = tmp_path / "x.csv"
    with work_folder(out, resume=True) as parts:
        (parts / "kept").touch()

    def check():
        with (
            pytest.raises(DataError, match="another run is writing"),
            work_folder(tmp_path / "x.parquet", resume=False),
        ):
            pass
        raise DataError("no", "never")

    with (
        pytest.raises(DataError, match="never"),
        work_folder(out, resume=False, check=check),
    ):
        pass
    assert (parts / "kept").exists()


def test_the_lock_is_taken_before_the_sidecar_is_read(tmp_path):
    """Else two runs at once would both find none, and the second replace the first's."""
    smear = write_smear(tmp_path / "images", subjects=1, cells=1)
    with work_folder(tmp_path / "x.parquet", resume=True):
        done = run("extract", smear, "-o", tmp_path / "x.csv", "--preset", "minimal", "-q")
    assert (done.exit_code, "another run is writing" in done.stderr) == (2, True)
    assert not (tmp_path / "x.csv").exists()


def test_a_refused_run_removes_nothing(tmp_path):
    smear = write_smear(tmp_path / "images", subjects=1, cells=1)
    for name in ("x.parquet", "x.csv"):
        assert run("extract", smear, "-o", tmp_path / name, *MINIMAL).exit_code == 0
    before = files(tmp_path)
    options = (*MINIMAL, "--stain", "none", "--overwrite")
    done = run("extract", smear, "-o", tmp_path / "x.parquet", *options)
    assert (done.exit_code, "from other images or with other options" in done.stderr) == (2, True)
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("manifest", "out"),
    [
        ("own.csv", "own.csv"),
        ("own.csv", "other/../own.csv"),
        ("own.errors.csv", "own.parquet"),
        ("own.images.csv", "own.csv"),
        ("own.subjects.csv", "own.csv"),
    ],
)
def test_the_manifest_is_not_replaced(tmp_path, manifest, out):
    (tmp_path / "other").mkdir()
    image = min(write_smear(tmp_path / "images", subjects=1, cells=1).rglob("*.png"))
    given = tmp_path / manifest
    given.write_text(f"image\n{image}\n", "utf-8")
    before = files(tmp_path)
    command = (
        ("predict", tmp_path / "no model", given)
        if given.stem in ("own.images", "own.subjects")
        else ("extract", given, *MINIMAL)
    )
    done = run(*command, "-o", tmp_path / out)
    assert (done.exit_code, done.stderr.strip().count("\n")) == (2, 0)
    assert f"{given.name} is the input and would be replaced" in done.stderr
    assert files(tmp_path) == before


def test_a_link_to_the_manifest_is_not_replaced(tmp_path):
    image = min(write_smear(tmp_path / "images", subjects=1, cells=1).rglob("*.png"))
    given = tmp_path / "own.csv"
    given.write_text(f"image\n{image}\n", "utf-8")
    (tmp_path / "link.csv").hardlink_to(given)
    done = run("extract", given, "-o", tmp_path / "link.csv", *MINIMAL)
    assert done.exit_code == 2
    assert (tmp_path / "link.csv").samefile(given)


def run(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments])


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
