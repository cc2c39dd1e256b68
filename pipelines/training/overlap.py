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
        "with the bytes of a training image": _shares_bytes(table, frame),
        "a near copy of a training image": nearly_same,
    }
    if group is not None:
        known["of a training subject"] = _shares_name(table, frame, group)
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


def _shares_bytes(table: pd.DataFrame, frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Find the rows whose file also occurs in the other table."""
    import numpy as np

    column = "Metadata_SHA256"
    if column not in table.columns or column not in frame.columns:
        return np.zeros(len(table), dtype=bool)
    known = set(frame[column].dropna().astype(str)) - {""}
    shared: NDArray[np.bool_] = table[column].astype(str).isin(known).to_numpy()
    return shared


def _shares_name(table: pd.DataFrame, frame: pd.DataFrame, column: str) -> NDArray[np.bool_]:
    """Find the rows whose value in a column, in any spelling, also occurs in the other table."""
    import numpy as np

    from models.dataset.spelling import normal_form, one_spelling

    if column not in table.columns or column not in frame.columns:
        return np.zeros(len(table), dtype=bool)
    known, own = (
        one_spelling(values).names.map(normal_form, na_action="ignore")
        for values in (frame[column], table[column])
    )
    shared: NDArray[np.bool_] = own.isin(known.dropna()).to_numpy(dtype=bool)
    return shared
