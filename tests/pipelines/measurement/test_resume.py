"""A killed run resumes, and its table is the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from support.files.synthetic_folders import write_smear
from support.shared import ROOT


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no process groups there")
def test_twenty_killed_runs_resume_to_the_same_table(tmp_path):
    images = write_smear(tmp_path / "images", subjects=3, cells=10)
    done = subprocess.run(
        [
            sys.executable,
            ROOT / "tests" / "support" / "processes" / "killed_runs.py",
            images,
            tmp_path,
        ],
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT / "tests"), str(ROOT)))},
        stdout=subprocess.PIPE,
        text=True,
        timeout=1800,
        check=True,
    )
    whole, *killed = [json.loads(line) for line in done.stdout.splitlines()]
    everything = set(whole["images"])
    assert len(whole["images"]) == len(everything) == 30
    assert len(killed) == 20
    for run in killed:
        kept = run["finished"]
        assert len(set(kept)) == len(kept)
        assert set(kept) <= set(run["begun"])
        # Finished images are not computed again, all others are, each once.
        assert sorted(run["resumed"]) == sorted(everything - set(kept))
        assert run["table"] == whole["table"]
        assert run["left"] == []
        assert not run["table_was_there"] or set(kept) == everything
    in_the_middle = [run for run in killed if 0 < len(run["finished"]) < 30]
    assert len(in_the_middle) >= 10
