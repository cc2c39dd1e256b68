"""Training cells to compare a cell with: the nearest of them, and how far it is from any."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import eigh

from ..dataset.training_set import feature_matrix
from ..errors import ModelError

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

CELLS, PROJECTION = "neighbours.parquet", "projection.parquet"
WHO = ("image", "cell", "label", "subject")
MOST_CELLS = 20_000
MOST_COMPONENTS = 20
# Rows that the axes and the usual distance are learnt from, and rows compared at a time.
ROWS = 5_000
BLOCK = 1_000
# The distance of a cell is the mean over as many nearest training cells.
NEAREST = 5


@dataclass(frozen=True)
class Near:
    """A training cell near another one.

    Parameters
    ----------
    image : str
    cell : int
        Within the image, from 1.
    label : str
    subject : str or None
    distance : float
    """

    image: str
    cell: int
    label: str
    subject: str | None
    distance: float


@dataclass(frozen=True, eq=False)
class NearestCells:
    """A stratified sample of the training cells, as robust principal components.

    A column is centred on its median, divided by the span of its middle four fifths, taken through
    the inverse hyperbolic sine (straight in the middle, logarithmic beyond, so that one wild value
    does not rule a distance) and brought to unit variance; a missing value is the median.

    Parameters
    ----------
    cells : DataFrame
        Columns ``image, cell, label, subject, usual, c0, c1 ...`` (float32); `usual` is the
        distance that 99 of 100 training cells have at most from those of other groups.
    projection : DataFrame
        Columns ``feature, centre, span, mean, spread, c0, c1 ...``: how a cell comes there.
    """

    cells: pd.DataFrame
    projection: pd.DataFrame

    @property
    def usual(self) -> float:
        """Largest distance that is not remarkable."""
        return float(self.cells["usual"].iloc[0])

    def places(self, table: pd.DataFrame) -> Floats:
        """(rows, components) of cells: `table` has the columns of the model, in any order."""
        features = feature_matrix(table, list(self.projection["feature"]))
        known = [self.projection[name].to_numpy(np.float64) for name in _SCALES]
        tamed = _tamed(features, *known[:2])
        placed: Floats = (tamed - known[2]) / known[3] @ self._axes(self.projection)
        return placed

    def distance(self, table: pd.DataFrame) -> Floats:
        """Mean distance, (rows,), to the 5 nearest training cells; above `usual` is unlike."""
        own = self._axes(self.cells)
        count = min(NEAREST, len(own))
        return np.concatenate(
            [np.empty(0)]
            + [
                np.partition(block, count - 1, axis=1)[:, :count].mean(axis=1)
                for block in _blocks(self.places(table), own)
            ]
        )

    def nearest(self, table: pd.DataFrame, count: int = NEAREST) -> list[list[Near]]:
        """Nearest training cells of each cell, the nearest first."""
        own = self._axes(self.cells)
        image, cell, label, subject = (self.cells[name].tolist() for name in WHO)
        found = []
        for block in _blocks(self.places(table), own):
            for distances in block:
                order = np.argsort(distances, kind="stable")[:count]
                found.append(
                    [
                        Near(
                            str(image[at]),
                            int(cell[at]),
                            str(label[at]),
                            subject[at] if isinstance(subject[at], str) else None,
                            float(distances[at]),
                        )
                        for at in order
                    ]
                )
        return found

    def files(self) -> dict[str, bytes]:
        """Return the Parquet files of the model's folder, by name."""
        return {CELLS: _parquet(self.cells), PROJECTION: _parquet(self.projection)}

    @staticmethod
    def _axes(table: pd.DataFrame) -> Floats:
        names = [name for name in table.columns if name[0] == "c" and name[1:].isdigit()]
        axes: Floats = table[names].to_numpy(dtype=np.float64)
        return axes


_SCALES = ("centre", "span", "mean", "spread")


def fit_nearest_cells(
    features: Floats,
    target: Codes,
    groups: Codes,
    columns: Sequence[str],
    who: Mapping[str, Sequence[object]],
    *,
    seed: int = 0,
) -> NearestCells:
    """Learn the components from the training cells, and keep at most 20,000 cells in them.

    Parameters
    ----------
    features : (n, p) float64
    target, groups : (n,) int64
        The classes, which are kept in proportion; and what lies on one side of a split.
    columns : sequence of p str
    who : mapping of str to sequence of n
        ``image, cell, label, subject``.
    seed : int
    """
    rng = np.random.default_rng(seed)
    kept = stratified(target, MOST_CELLS, rng)
    learnt = stratified(target, ROWS, rng)
    part = features[learnt]
    known = ~np.isnan(part).all(axis=0)
    centre, low, high = np.zeros((3, features.shape[1]))
    if known.any():
        low[known], centre[known], high[known] = np.nanpercentile(
            part[:, known], [10, 50, 90], axis=0
        )
    span = np.where(high > low, high - low, 1.0)
    tamed = _tamed(part, centre, span)
    mean, spread = tamed.mean(axis=0), tamed.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    axes = _axes((tamed - mean) / spread)
    names = [f"c{number}" for number in range(axes.shape[1])]
    projection = pd.DataFrame(axes, columns=names, dtype=np.float32)
    for name, values in zip(reversed(_SCALES), (spread, mean, span, centre), strict=True):
        projection.insert(0, name, values)
    projection.insert(0, "feature", list(columns))
    cells = pd.DataFrame(
        {
            name: pd.array([who[name][row] for row in kept], dtype="Int64" if integer else "string")
            for name, integer in ((name, name == "cell") for name in WHO)
        }
    )
    found = NearestCells(cells, projection)
    placed = found.places(pd.DataFrame(features[kept], columns=list(columns)))
    usual = max(_usual(placed, groups[kept], rng), 1e-9)  # copies of one cell are all alike
    components = pd.DataFrame(placed, columns=names, dtype=np.float32)
    return NearestCells(pd.concat([cells.assign(usual=usual), components], axis=1), projection)


def stratified(target: Codes, most: int, rng: np.random.Generator) -> Codes:
    """Rows of at most that many cells (but one of each class), classes in proportion; sorted."""
    if len(target) <= most:
        return np.arange(len(target))
    parts = []
    for code in np.unique(target):
        rows = np.flatnonzero(target == code)
        parts.append(rng.choice(rows, max(1, int(most * len(rows) / len(target))), replace=False))
    return np.sort(np.concatenate(parts))


def load_nearest_cells(folder: Path) -> NearestCells:
    """Read the training cells of a stored model.

    Raises
    ------
    ModelError
        If a file is missing or damaged.
    """
    tables = []
    for name, wanted in ((CELLS, {*WHO, "usual", "c0"}), (PROJECTION, {"feature", *_SCALES, "c0"})):
        path = folder / name
        try:
            table = pd.read_parquet(path)
        except (OSError, ValueError) as error:
            reason = (str(error).splitlines() or ["no reason given"])[0]
            raise ModelError(f"{path} cannot be read: {reason}", "train the model again") from error
        if not wanted <= set(table.columns) or table.empty:
            raise ModelError(f"{path} holds no training cells", "train the model again")
        tables.append(table)
    return NearestCells(*tables)


def _parquet(table: pd.DataFrame) -> bytes:
    stream = io.BytesIO()
    table.to_parquet(stream, index=False)
    return stream.getvalue()


def _tamed(features: Floats, centre: Floats, span: Floats) -> Floats:
    filled = np.where(np.isnan(features), centre, features)
    tamed: Floats = np.arcsinh((filled - centre) / span)
    return tamed


def _axes(scaled: Floats) -> Floats:
    """Leading eigenvectors of the covariance, (p, components), signs fixed by the largest entry."""
    columns = scaled.shape[1]
    count = min(MOST_COMPONENTS, columns)
    covariance = scaled.T @ scaled / len(scaled)
    _, vectors = eigh(covariance, subset_by_index=(columns - count, columns - 1))
    vectors = vectors[:, ::-1]
    largest = np.abs(vectors).argmax(axis=0)
    axes: Floats = vectors * np.sign(vectors[largest, np.arange(count)])
    return axes


def _blocks(one: Floats, other: Floats) -> Iterator[Floats]:
    """Distances of some rows at a time to all of the others, (block, others) each."""
    length = (other**2).sum(axis=1)
    for start in range(0, len(one), BLOCK):
        block = one[start : start + BLOCK]
        square = (block**2).sum(axis=1)[:, None] + length - 2 * block @ other.T
        yield np.sqrt(np.maximum(square, 0.0))


def _usual(placed: Floats, groups: Codes, rng: np.random.Generator) -> float:
    """99th percentile of the distance of a training cell to those of other groups."""
    placed = placed.astype(np.float32).astype(np.float64)
    tried = np.arange(len(placed))
    if len(tried) > ROWS:
        tried = np.sort(rng.choice(tried, ROWS, replace=False))
    found = []
    for start in range(0, len(tried), BLOCK):
        rows = tried[start : start + BLOCK]
        (distances,) = _blocks(placed[rows], placed)
        distances[groups[rows][:, None] == groups[None]] = np.inf
        count = min(NEAREST, len(placed) - 1)
        near = np.partition(distances, count - 1, axis=1)[:, :count]
        near = np.where(np.isinf(near), np.nan, near)
        found.append(np.nanmean(near[~np.isnan(near).all(axis=1)], axis=1))
    return float(np.quantile(np.concatenate(found), 0.99))
