"""Percentiles of the training cells: the rank of a value, and the share out of range."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..dataset.training_set import feature_matrix
from ..errors import ModelError

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

FILE = "reference.parquet"
PERCENTILES = tuple(range(101))
PLACES = [f"p{percent}" for percent in PERCENTILES]
ALL = ""


@dataclass(frozen=True, eq=False)
class Reference:
    """Percentiles of every column over the training cells, and over those of each class.

    Parameters
    ----------
    table : DataFrame
        Columns ``feature, class, cells, p0 ... p100, usual``; the class is "" for all cells, and
        `cells` is how many have a value. `usual` is the share of columns beyond the 1st and 99th
        percentile that 99 of 100 training cells do not exceed. Percentiles are kept in 32 bits,
        and a value is compared with them in 32 bits, so that values which differ by the rounding
        of their sums only are equal: whole levels in units of a stain, say.
    """

    table: pd.DataFrame

    @property
    def usual(self) -> float:
        """Share of columns out of range that 99 of 100 training cells do not exceed."""
        return float(self.table["usual"].iloc[0])

    def out_of_range(self, table: pd.DataFrame) -> Floats:
        """Share of a cell's known values outside the training cells' 1st to 99th percentile.

        Parameters
        ----------
        table : DataFrame
            With the columns of the model, in any order.

        Returns
        -------
        (rows,) float64
            NaN for a cell without any value; above `usual` a cell is unlike the training cells.
        """
        own = self.table[self.table["class"] == ALL]
        features = feature_matrix(table, list(own["feature"]))
        return _outside(features, own["p1"].to_numpy(), own["p99"].to_numpy())

    def medians(self, columns: Sequence[str]) -> Floats:
        """Median of each column over all training cells, in the order asked for: (p,) float64."""
        own = self.table[self.table["class"] == ALL].set_index("feature")
        medians: Floats = own.loc[list(columns), "p50"].to_numpy(dtype=np.float64)
        return medians

    def percentile(self, feature: str, of: str, value: float) -> float:
        """Percentile rank of a value in a class ("" for all), 0 to 100, by mid-ranks.

        It is interpolated between the stored percentiles, to within about one point. Values
        outside the range of all cells give 0 and 100; NaN if the class has no value.
        """
        rows = self.table[(self.table["feature"] == feature) & (self.table["class"] == of)]
        if len(rows) != 1:
            raise ModelError(
                f"there are no training values of {feature} for the class {of!r}",
                "name a column and a class of the model",
            )
        known = rows[PLACES].to_numpy(dtype=np.float32)[0]
        own, cells = np.float32(value), int(rows["cells"].iloc[0])
        if np.isnan(known).any() or np.isnan(own):
            return float("nan")
        if own < known[0]:
            return 0.0
        if own > known[-1]:
            return 100.0
        last = np.interp(own, known, PERCENTILES)
        first = 100 - np.interp(-own, -known[::-1], 100 - np.array(PERCENTILES[::-1]))
        middle = (first + last) / 2  # of a run of equal percentiles
        # The smallest value is percentile 0, the largest 100; half a cell is outside of each.
        return float((middle * (cells - 1) + 50) / cells)

    def to_bytes(self) -> bytes:
        """Parquet."""
        stream = io.BytesIO()
        # Neighbouring numbers share their leading bytes: a third less than in a plain column.
        self.table.to_parquet(
            stream,
            index=False,
            compression="zstd",
            use_byte_stream_split=PLACES,
            use_dictionary=["feature", "class"],
        )
        return stream.getvalue()


def make_reference(
    features: Floats, target: Codes, columns: Sequence[str], classes: Sequence[str]
) -> Reference:
    """Take the percentiles of the training cells.

    Parameters
    ----------
    features : (n, p) float64
    target : (n,) int64
    columns : sequence of p str
    classes : sequence of str
    """
    parts = []
    for name, rows in [(ALL, np.ones(len(target), dtype=bool))] + [
        (name, target == code) for code, name in enumerate(classes)
    ]:
        values = _percentiles(features[rows])
        part = pd.DataFrame(values.T, columns=PLACES)
        part.insert(0, "feature", list(columns))
        part.insert(1, "class", name)
        part.insert(2, "cells", (~np.isnan(features[rows])).sum(axis=0))
        parts.append(part)
    low, high = parts[0]["p1"].to_numpy(), parts[0]["p99"].to_numpy()
    usual = float(np.nanquantile(_outside(features, low, high), 0.99))
    return Reference(pd.concat(parts, ignore_index=True).assign(usual=usual))


def load_reference(folder: Path, file: str = FILE) -> Reference:
    """Read the reference of a stored model, from the file of that name.

    Raises
    ------
    ModelError
        If its file is missing or damaged.
    """
    path = folder / file
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        reason = (str(error).splitlines() or ["no reason given"])[0]
        raise ModelError(f"{path} cannot be read: {reason}", "train the model again") from error
    if not {"feature", "class", "usual"} <= set(table.columns) or table.empty:
        raise ModelError(f"{path} is no reference of training cells", "train the model again")
    wanted = ["cells", *PLACES]
    absent = [name for name in wanted if name not in table.columns]
    if absent:
        raise ModelError(
            f"{path} is of another version: {len(wanted) - len(absent)} of the {len(wanted)} "
            f"columns that are wanted, without {absent[0]}",
            "train the model again with this installation",
        )
    return Reference(table)


def _percentiles(features: Floats) -> NDArray[np.float32]:
    """(percentiles, p); NaN for a column without values."""
    found = np.full((len(PERCENTILES), features.shape[1]), np.nan, dtype=np.float32)
    gaps = np.isnan(features).sum(axis=0)
    whole, some = gaps == 0, (gaps > 0) & (gaps < len(features))
    found[:, whole] = np.percentile(features[:, whole], PERCENTILES, axis=0)
    if some.any():  # takes the columns one by one
        found[:, some] = np.nanpercentile(features[:, some], PERCENTILES, axis=0)
    return found


def _outside(features: Floats, low: NDArray[np.float32], high: NDArray[np.float32]) -> Floats:
    known = ~np.isnan(features)
    stored = features.astype(np.float32)
    beyond = ((stored < low) | (stored > high)).sum(axis=1)
    share: Floats = np.full(len(features), np.nan)
    np.divide(beyond, known.sum(axis=1), out=share, where=known.any(axis=1))
    return share
