"""Paths of the shared images and reference values, and the mark for tests that need them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("BLASTOMETRY_SHARED", ROOT.parent / "shared"))

needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(),
    reason="no shared reference data: set BLASTOMETRY_SHARED to its folder",
)
