"""Imported by the process that workers are forked from: what is slow at first is done once.

The first cell of a process waits a second for numba to read its compiled kernels, or half a
minute for it to compile them where it has not run before.
"""

from __future__ import annotations

import numpy as np

from data import fingerprints, images, masks  # noqa: F401  (the workers need them)
from data.synthetic import synthetic_cell
from features import Recipe, preset_columns
from features.segmentation import segment

from . import measuring  # noqa: F401
from .accounts import single_thread

single_thread()
_cell = synthetic_cell(np.random.default_rng(0), label="normal", size=96)
Recipe(preset_columns("standard")).measure(segment(_cell.rgb, source="crop").cells[0].cell)
