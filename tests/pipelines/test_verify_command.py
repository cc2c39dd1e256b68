"""The command verify: what it prints, its exit status, and the cells that it measures."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from skimage.io import imsave
from support.shared import SHARED, needs_shared

from cli import main
from data.synthetic import synthetic_cell
from features.core.registry import FEATURES
from features.verification.peer_rows import PEER_FUNCTIONS
from pipelines.verify import verify_peers

REAL = SHARED / "data" / "all_idb2" / "img"


def test_without_peers_a_wrong_feature_is_found_and_changes_the_exit_status(monkeypatch):
    right = FEATURES["Texture_Contrast"]
    wrong = replace(right, function=lambda view: 1.01 * right.function(view))
    monkeypatch.setitem(FEATURES, "Texture_Contrast", wrong)
    result = CliRunner().invoke(main, ["verify"])
    assert result.exit_code == 1
    differing = [line for line in result.stdout.splitlines() if line.endswith("DIFFERS")]
    assert len(differing) == 6  # both aggregations on the phantom, two columns of each grating
    assert all(line.startswith("Texture contrast") for line in differing)


def test_verify_prints_title_oracle_expected_and_computed_value():
    result = CliRunner().invoke(main, ["verify"])
    assert result.exit_code == 0
    (line,) = [
        line
        for line in result.stdout.splitlines()
        if line.startswith("Texture contrast ") and "avg" in line
    ]
    *words, computed, verdict = line.split()
    assert words == ["Texture", "contrast", "IBSI", "phantom,", "2D_avg", "5.28"]
    assert float(computed) == pytest.approx(5.28, abs=0.005)
    assert verdict == "agrees"


def test_synthetic_cells_agree_and_the_table_is_printed():
    result = CliRunner().invoke(main, ["verify", "--peers", "--sample", "3"])
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].startswith("3 cells of data/synthetic.py")
    (contrast,) = [line for line in lines if line.startswith("  Texture contrast, ")]
    *title, peer, ours, theirs, difference, verdict = contrast.split()
    assert (title[:2], title[-2:]) == (["Texture", "contrast,"], ["(Gray,", "d=1)"])
    assert (peer, verdict) == ("contrast", "OK")
    assert float(ours) == pytest.approx(float(theirs))
    assert float(difference) < 1e-9
    (place,) = [n for n, line in enumerate(lines) if line.startswith("  Solidity, ")]
    assert lines[place].endswith("differs by convention")
    assert "hull of pixel centres" in lines[place + 1]
    assert lines[-1].endswith(" differ by convention, 0 disagree")
    timed = [line for line in lines if " ms, " in line]
    assert len(timed) == len(PEER_FUNCTIONS)
    assert all(line.endswith(" ms") and ": ours " in line for line in timed)


def test_a_wrong_feature_changes_the_exit_status(monkeypatch):
    right = FEATURES["Texture_Contrast"]
    wrong = replace(right, function=lambda view: 1.01 * right.function(view))
    monkeypatch.setitem(FEATURES, "Texture_Contrast", wrong)
    result = CliRunner().invoke(main, ["verify", "--peers", "--sample", "1"])
    assert result.exit_code == 1
    differing = [line for line in result.stdout.splitlines() if line.endswith("DIFFERS")]
    assert [line.split(",")[0] for line in differing] == ["  Texture contrast"]
    assert result.stdout.splitlines()[-1].endswith(" 1 disagree")


def test_without_mahotas_one_line_says_so_and_scikit_image_is_compared(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "mahotas"]:
        monkeypatch.setitem(sys.modules, name, None)
    done = verify_peers(None, 1)
    assert done.missing == ("mahotas",)
    assert {one.function.package for one in done.comparisons} == {"scikit-image"}
    lines = done.text().splitlines()
    assert [line for line in lines if "mahotas" in line] == [
        "mahotas cannot be imported here and is left out: pip install mahotas"
    ]


def test_images_that_cannot_be_used_are_named(tmp_path):
    drawn = synthetic_cell(np.random.default_rng(0), label="blast")
    imsave(tmp_path / "cell.png", drawn.rgb, check_contrast=False)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    result = CliRunner().invoke(main, ["verify", str(tmp_path), "--peers"])
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"1 cell of {tmp_path}")
    assert [line for line in lines if "broken.png" in line] == [lines[1]]
    (tmp_path / "cell.png").unlink()
    result = CliRunner().invoke(main, ["verify", str(tmp_path), "--peers"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no cell was found in" in result.stderr


def test_images_need_peers(tmp_path):
    result = CliRunner().invoke(main, ["verify", str(tmp_path)])
    assert result.exit_code == 2
    assert "needs --peers" in result.stderr


@needs_shared
def test_real_cells_agree():
    done = verify_peers(REAL, 4)
    assert (done.cells, done.refused, done.missing) == (4, (), ())
    assert done.disagreements == 0
