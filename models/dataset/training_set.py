"""From a feature table to the matrix, targets and groups of the training."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import ModelError
from .targets import Targets, read_targets

Columns = Mapping[str, Mapping[str, Any]]

NON_FEATURE_PREFIXES = ("Metadata_", "Background_", "Image_")
# A column that varies less, as a part of its values, varies by rounding only.
_ROUNDING = 1e-12
_IMAGE = "Metadata_Image"
# A number as text, and texts for none.
_NUMBER = re.compile(
    r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?inf(?:inity)?", re.ASCII | re.IGNORECASE
)
_MISSING = frozenset(("", "nan", "na", "n/a", "null", "none"))


@dataclass(frozen=True, eq=False)
class TrainingSet(Targets):
    """The training data: n rows (cells), p features.

    Parameters
    ----------
    features : (n, p) float64
        NaN where a feature has no value; never infinite, even in 32 bits; none constant but for
        rounding.
    columns : tuple of p str
        The names of the features.
    """

    features: NDArray[np.float64]
    columns: tuple[str, ...]

    @classmethod
    def of(
        cls,
        found: Targets,
        features: NDArray[np.float64],
        columns: Sequence[str],
        dropped: Sequence[str],
    ) -> TrainingSet:
        """Join features and targets; add the columns that were left out to the notes."""
        whole = replace(found, notes=(*found.notes, *dropped))
        targets = {field.name: getattr(whole, field.name) for field in fields(Targets)}
        return cls(**targets, features=features, columns=tuple(columns))


def training_set(
    table: pd.DataFrame,
    dictionary: Columns,
    *,
    label: str = "Metadata_Label",
    group: str | None = "Metadata_Subject",
    positive: str | None = None,
    copies: Sequence[tuple[int, int]] = (),
) -> TrainingSet:
    """Check a feature table and take from it what a model learns from.

    Parameters
    ----------
    table : DataFrame
        One row per cell.
    dictionary : mapping
        The column dictionary: every feature column and what is known of it.
    label, group : str
        Columns of the class and of the subject; ``group=None`` splits cell by cell.
    positive : str, optional
        The class that sensitivity refers to.
    copies : sequence of (int, int)
        Rows that show nearly the same picture; equal checksums are seen here.

    Raises
    ------
    ModelError
        If a column is missing or not numeric, a value is infinite (in 32 bits), labels differ in
        case only, fewer than two classes are left, or the subject of a row is unknown.
    """
    names = feature_columns(table, dictionary)
    found = read_targets(table, label=label, group=group, positive=positive, copies=copies)
    features = feature_matrix(table.iloc[found.rows], names)
    kept, dropped = column_ranges(features).informative()
    return TrainingSet.of(
        found,
        features[:, kept] if dropped else features,
        [name for name, keep in zip(names, kept, strict=True) if keep],
        dropped,
    )


def feature_columns(table: pd.DataFrame, dictionary: Columns) -> list[str]:
    """Names of the columns to learn from, in the dictionary's order.

    Raises
    ------
    ModelError
        If a column is named twice, or table and dictionary do not fit.
    """
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise ModelError(f"column {twice[0]} occurs twice", "name every column once")
    names = [name for name in dictionary if not name.startswith(NON_FEATURE_PREFIXES)]
    absent = [name for name in names if name not in table.columns]
    if absent:
        raise ModelError(
            f"the table lacks column {absent[0]}{_others(absent)}, which its sidecar describes",
            "use the table and the sidecar of one extraction, or put back the columns that were"
            " removed",
        )
    known = set(names)
    unknown = [
        name
        for name in map(str, table.columns)
        if name not in known and not name.startswith(NON_FEATURE_PREFIXES)
    ]
    if unknown:
        raise ModelError(
            f"the sidecar does not describe column {unknown[0]}{_others(unknown)}",
            "begin its name with Metadata_, or use the table and the sidecar of one extraction",
        )
    return names


def feature_matrix(table: pd.DataFrame, names: Sequence[str]) -> NDArray[np.float64]:
    """Take (rows, columns) float64 from a table by name, so that the table's order is no matter.

    Raises
    ------
    ModelError
        If a column is missing, is not numeric or holds an infinite value, or one that is infinite
        in the 32 bits in which boosted trees see it.
    """
    absent = [name for name in names if name not in table.columns]
    if absent:
        raise ModelError(
            f"the table lacks column {absent[0]}{_others(absent)}",
            f"extract a table with the {len(names)} columns of the model",
        )
    part = table.loc[:, list(names)]
    texts = {
        str(name): _numbers(table, str(name))
        for name, dtype in part.dtypes.items()
        if not pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_complex_dtype(dtype)
    }
    part = part.assign(**texts) if texts else part
    features: NDArray[np.float64] = part.to_numpy(dtype=np.float64, na_value=np.nan)
    columns = np.flatnonzero(
        beyond_float32(np.fmin.reduce(features, axis=0, initial=np.nan))
        | beyond_float32(np.fmax.reduce(features, axis=0, initial=np.nan))
    )
    if len(columns):
        column = int(columns[0])
        row = int(np.flatnonzero(beyond_float32(features[:, column]))[0])
        value = features[row, column]
        if np.isinf(value):
            raise ModelError(
                f"column {names[column]} is infinite at row {table.index[row]}",
                "leave the value empty, or extract the features again",
            )
        raise ModelError(
            f"column {names[column]} is {value:g} at row {table.index[row]}, wanted at most "
            f"{np.finfo(np.float32).max:.3g} (32 bits)",
            "leave the value empty, or give the column in a larger unit",
        )
    return features


def _numbers(table: pd.DataFrame, name: str) -> pd.Series[float]:
    """Return a column of Python's numbers as float64.

    Raises
    ------
    ModelError
        If a value is no number, with its row, counted from 0; or if all are stored as text.
    """
    written = table[name].astype(object)
    known = (written.notna() & ~written.map(_is_missing)).to_numpy(dtype=bool)
    wrong = np.flatnonzero(known & ~written.map(_is_number).to_numpy(dtype=bool))
    if len(wrong):
        row = int(wrong[0])
        image = f" ({table[_IMAGE].iloc[row]})" if _IMAGE in table else ""
        more = f"; {len(wrong) - 1} more rows have no number" if len(wrong) > 1 else ""
        raise ModelError(
            f"column {name} has {str(written.iloc[row])[:40]!r} at row {table.index[row]}{image}, "
            f"expected a number{more}",
            "write a number with a decimal point, or leave the field empty",
        )
    if any(isinstance(value, str) for value in written[known]):
        raise ModelError(
            f"column {name} holds {table[name].dtype} and not numbers",
            "store it as numbers, or extract the features again",
        )
    return written.where(known, np.nan).astype(np.float64)


def _is_number(value: object) -> bool:
    if isinstance(value, str):
        return _NUMBER.fullmatch(value.strip()) is not None
    return isinstance(value, int | float | np.integer | np.floating | Decimal) and not isinstance(
        value, bool
    )


def _is_missing(value: object) -> bool:
    return isinstance(value, str) and value.strip().casefold() in _MISSING


def beyond_float32(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether values are infinite, or would be if they were stored in 32 bits."""
    with np.errstate(over="ignore"):
        found: NDArray[np.bool_] = np.isinf(values.astype(np.float32))
    return found


@dataclass(frozen=True, eq=False)
class ColumnRanges:
    """Ranges of p columns, from which constant columns are recognised; (p,) each.

    Parameters
    ----------
    low, high : (p,) float64
        Infinite, the wrong way round, for a column without values.
    gaps : (p,) bool
        Whether a value is missing.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    gaps: NDArray[np.bool_]

    def joined(self, other: ColumnRanges) -> ColumnRanges:
        """Ranges of the rows of both."""
        return ColumnRanges(
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
            self.gaps | other.gaps,
        )

    def informative(self) -> tuple[NDArray[np.bool_], list[str]]:
        """Columns that vary, and a note on those that do not.

        Raises
        ------
        ModelError
            If none does.
        """
        empty = self.low > self.high
        # a constant column with gaps still separates cells with a value from cells without
        most = np.maximum(np.abs(self.low), np.abs(self.high))
        constant = (self.high - self.low <= _ROUNDING * most) & ~self.gaps & ~empty
        kept = ~(empty | constant)
        if not kept.any():
            raise ModelError(
                f"none of the {len(kept)} feature columns varies",
                "extract features of cells that differ",
            )
        notes = []
        if empty.any():
            notes.append(f"{int(empty.sum())} columns without any value left out")
        if constant.any():
            notes.append(f"{int(constant.sum())} constant columns left out")
        return kept, notes


def column_ranges(features: NDArray[np.float64]) -> ColumnRanges:
    """Ranges of the columns of (n, p) float64."""
    gaps: NDArray[np.bool_] = np.isnan(features)
    return ColumnRanges(
        np.where(gaps, np.inf, features).min(axis=0, initial=np.inf),
        np.where(gaps, -np.inf, features).max(axis=0, initial=-np.inf),
        np.asarray(gaps.any(axis=0)),
    )


def _others(names: Sequence[str]) -> str:
    return f" and {len(names) - 1} more" if len(names) > 1 else ""
