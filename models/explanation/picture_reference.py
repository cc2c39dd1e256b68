"""How the pictures of the training cells look outside the cells, and how sharp they are."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .training_reference import Reference, load_reference, make_reference

FILE = "picture_reference.parquet"
SHARPNESS = "Metadata_File_Sharpness"
# Columns of a feature table that describe a picture. No model learns from them.
COLUMNS = (
    *(f"Background_{what}_{channel}" for what in ("Mean", "Deviation", "Border")
      for channel in ("Red", "Green", "Blue")),
    *(f"Background_P{percent}_Gray" for percent in (10, 50, 90)),
    "Background_Entropy_Gray",
    SHARPNESS,
)  # fmt: skip
_SOURCE = "Metadata_Source"


@dataclass(frozen=True, eq=False)
class PictureReference:
    """Percentiles of the pictures of training cells.

    Parameters
    ----------
    reference : Reference
        Of those of `COLUMNS` that the training table has.
    source : str
        ``crop`` or ``field``, whichever most training cells are from; "" if it is not known.
        Pictures of the other kind are not compared: their backgrounds differ anyway.
    """

    reference: Reference
    source: str

    def comparable(self, pictures: pd.DataFrame, sources: Sequence[str]) -> pd.DataFrame:
        """Return the columns of the reference, missing where the kind of picture differs.

        Parameters
        ----------
        pictures : DataFrame
            n cells; columns that it lacks are missing.
        sources : sequence of n str
        """
        names = list(dict.fromkeys(self.reference.table["feature"]))
        columns = {
            name: pd.to_numeric(pictures[name], errors="coerce").to_numpy(np.float64, na_value=nan)
            for name in names
            if name in pictures
        }
        found = pd.DataFrame(columns, columns=names, index=range(len(pictures)), dtype=np.float64)
        found.loc[[bool(self.source) and one != self.source for one in sources]] = nan
        return found

    def to_bytes(self) -> bytes:
        """Parquet."""
        stream = io.BytesIO()
        self.reference.table.assign(source=self.source).to_parquet(stream, index=False)
        return stream.getvalue()


def make_picture_reference(
    rows: pd.DataFrame, target: NDArray[np.int64], classes: Sequence[str]
) -> PictureReference | None:
    """Take the percentiles of the pictures of training cells.

    Parameters
    ----------
    rows : DataFrame
        n training cells.
    target : (n,) int64
    classes : sequence of str

    Returns
    -------
    PictureReference or None
        None if the table has no such column.
    """
    source = ""
    if _SOURCE in rows and rows[_SOURCE].notna().any():
        source = str(rows[_SOURCE].mode().iloc[0])
        same = (rows[_SOURCE] == source).to_numpy()
        rows, target = rows[same], target[same]
    present = [name for name in COLUMNS if name in rows and rows[name].notna().any()]
    values = rows[present].to_numpy(dtype=np.float64)
    if not present or np.isnan(values).all(axis=1).any():
        return None
    known = np.unique(target)
    codes = np.searchsorted(known, target).astype(np.int64)
    reference = make_reference(values, codes, present, [classes[code] for code in known])
    return PictureReference(reference, source)


def load_picture_reference(folder: Path) -> PictureReference | None:
    """Read the reference of a stored model; None if its training table had no such columns.

    Raises
    ------
    ModelError
        If its file is damaged.
    """
    if not (folder / FILE).is_file():
        return None
    reference = load_reference(folder, FILE)
    return PictureReference(reference, str(reference.table.get("source", pd.Series([""])).iloc[0]))
