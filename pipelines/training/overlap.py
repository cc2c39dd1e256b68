"""Cells that two tables share, by image or by subject."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import ModelError

from .near_copies import copies_between

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


def cells_not_in_training(
    path: Path, table: pd.DataFrame, frame: pd.DataFrame, group: str | None
) -> tuple[NDArray[np.bool_], list[str]]:
    """Find the cells of a table that share neither image nor subject with the training table.

    Parameters
    ----------
    path : Path
        Of `table`, for the error.
    table, frame : DataFrame
        The external table; the training table or its metadata.
    group : str or None
        Column of the subject.

    Returns
    -------
    new : (rows,) bool
    notes : list of str
        Number of the other cells, with the reasons.

    Raises
    ------
    ModelError
        If every cell is in the training table.
    """
    import numpy as np

    nearly_same, notes = copies_between(table, frame)
    known: dict[str, NDArray[np.bool_]] = {
        "with the bytes of a training image": _shares_value(table, frame, "Metadata_SHA256"),
        "a near copy of a training image": nearly_same,
    }
    if group is not None:
        known["of a training subject"] = _shares_value(table, frame, group)
    old = np.logical_or.reduce(list(known.values()))
    if old.all():
        raise ModelError(
            f"every cell of {path} also occurs in the training table, by image or subject",
            "test on cells of other subjects",
        )
    if not old.any():
        return ~old, notes
    each = ", ".join(f"{int(mask.sum())} {what}" for what, mask in known.items() if mask.any())
    return ~old, [*notes, f"{int(old.sum())} of {len(table)} cells of {path.name} left out: {each}"]


def _shares_value(table: pd.DataFrame, frame: pd.DataFrame, column: str) -> NDArray[np.bool_]:
    """Find the rows whose value in a column also occurs in the other table."""
    import numpy as np

    if column not in table.columns or column not in frame.columns:
        return np.zeros(len(table), dtype=bool)
    known = set(frame[column].dropna().astype(str)) - {""}
    shared: NDArray[np.bool_] = table[column].astype(str).isin(known).to_numpy()
    return shared
