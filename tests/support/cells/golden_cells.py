"""Stored feature values of four synthetic cells; run this file to update the table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from data.synthetic import synthetic_smear
from features import Recipe, preset_columns
from features.core.cell import Cell

GOLDEN = Path(__file__).parent / "golden_cells.csv"
# Libraries and processors differ in the last bits of exp, log, eigenvalues and sums, and rounding
# to 8 bits can turn this into one grey level at single pixels. Six digits are stored; a changed
# definition has a much larger effect.
RELATIVE, DIGITS = 2e-5, 6


def golden_table() -> pd.DataFrame:
    """Measure all standard columns with the true masks: one row per cell."""
    columns = preset_columns("standard")
    recipe = Recipe(columns)
    cells = list(synthetic_smear(11, subjects=2, cells_per_subject=2))
    rows = [recipe.measure(Cell(cell.rgb, cell.nucleus, cell.cell, (0, 0), None)) for cell in cells]
    names = [f"{cell.label}{number}" for number, cell in enumerate(cells)]
    return pd.DataFrame(np.stack(rows), columns=list(columns), index=names)


def read_golden() -> pd.DataFrame:
    """Read the stored table: one row per cell."""
    return pd.read_csv(GOLDEN, index_col=0).T


def changed_columns(golden: pd.DataFrame, found: pd.DataFrame) -> dict[str, str]:
    """Return the columns that are missing or have different values, with a description."""
    changes = dict.fromkeys(sorted(set(golden) - set(found)), "gone")
    for name in golden.columns.intersection(found.columns):
        before, after = golden[name].to_numpy(float), found[name].to_numpy(float)
        scale = np.nanmax(np.abs(before), initial=0)
        close = np.isclose(after, before, rtol=RELATIVE, atol=RELATIVE * scale, equal_nan=True)
        if not close.all():
            worst = int(np.argmin(close))
            changes[name] = f"{golden.index[worst]}: {before[worst]:.6g} is now {after[worst]:.6g}"
    return changes


if __name__ == "__main__":
    golden_table().T.to_csv(GOLDEN, float_format=f"%.{DIGITS}g")
