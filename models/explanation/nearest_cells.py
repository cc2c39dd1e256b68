"""The nearest training cells of a cell, and the distance from which on a cell is unusual."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import eigh
from sklearn.metrics import pairwise_distances_chunked
from sklearn.neighbors import NearestNeighbors

from ..dataset.training_set import feature_matrix
from ..errors import ModelError

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

CELLS, PROJECTION = "nearest_cells.parquet", "projection.parquet"
IDENTITY = ("image", "cell", "label", "subject")
MOST_CELLS = 20_000
MOST_COMPONENTS = 20
# Rows from which the components and the usual distance are computed.
ROWS = 5_000
# The distance of a cell is the mean over as many nearest training cells.
NEAREST = 5


@dataclass(frozen=True)
class NearestCell:
    """A training cell and its distance from the cell that is explained.

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

    Each column is centred on its median, divided by the span between its 10th and 90th
    percentile, transformed by the inverse hyperbolic sine (linear in the middle, logarithmic
    outside, so that one outlier does not dominate a distance) and scaled to unit variance. A
    missing value counts as the median.

    Parameters
    ----------
    cells : DataFrame
        Columns ``image, cell, label, subject, usual, c0, c1 ...`` (float32); `usual` is the
        distance that 99 of 100 training cells have at most from those of other groups.
    projection : DataFrame
        Columns ``feature, centre, span, mean, spread, c0, c1 ...``: the transformation.
    """

    cells: pd.DataFrame
    projection: pd.DataFrame

    @property
    def usual(self) -> float:
        """Distance that 99 of 100 training cells do not exceed."""
        return float(self.cells["usual"].iloc[0])

    def project(self, table: pd.DataFrame) -> Floats:
        """Components of cells, (rows, components): `table` has the model's columns, any order."""
        features = feature_matrix(table, list(self.projection["feature"]))
        known = [self.projection[name].to_numpy(np.float64) for name in _SCALES]
        rescaled = _rescaled(features, *known[:2])
        placed: Floats = (rescaled - known[2]) / known[3] @ self._axes(self.projection)
        return placed

    def distance(self, table: pd.DataFrame) -> Floats:
        """Mean distance, (rows,), to the 5 nearest training cells; above `usual` is unlike."""
        mean: Floats = self._search(table, NEAREST)[0].mean(axis=1)
        return mean

    def nearest(self, table: pd.DataFrame, count: int = NEAREST) -> list[list[NearestCell]]:
        """Nearest training cells of each cell, the nearest first."""
        image, cell, label, subject = (self.cells[name].tolist() for name in IDENTITY)
        return [
            [
                NearestCell(
                    str(image[at]),
                    int(cell[at]),
                    str(label[at]),
                    subject[at] if isinstance(subject[at], str) else None,
                    float(distance),
                )
                for distance, at in zip(distances, rows, strict=True)
            ]
            for distances, rows in zip(*self._search(table, count), strict=True)
        ]

    def _search(self, table: pd.DataFrame, count: int) -> tuple[Floats, Codes]:
        """Distances and rows of the nearest training cells, (rows, count) each, ascending."""
        count = min(count, len(self.cells))
        if table.empty:
            return np.empty((0, count)), np.empty((0, count), dtype=np.int64)
        search = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(self._axes(self.cells))
        distances, rows = search.kneighbors(self.project(table))
        return distances, rows

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
    identity: Mapping[str, Sequence[object]],
    *,
    seed: int = 0,
) -> NearestCells:
    """Fit the components on the training cells; store at most 20,000 cells as components.

    Parameters
    ----------
    features : (n, p) float64
    target, groups : (n,) int64
        The classes, which are kept in proportion, and the groups that no split separates.
    columns : sequence of p str
    identity : mapping of str to sequence of n
        ``image, cell, label, subject``.
    seed : int
    """
    rng = np.random.default_rng(seed)
    kept = stratified(target, MOST_CELLS, rng)
    sampled = stratified(target, ROWS, rng)
    part = features[sampled]
    known = ~np.isnan(part).all(axis=0)
    centre, low, high = np.zeros((3, features.shape[1]))
    if known.any():
        low[known], centre[known], high[known] = np.nanpercentile(
            part[:, known], [10, 50, 90], axis=0
        )
    span = np.where(high > low, high - low, 1.0)
    rescaled = _rescaled(part, centre, span)
    mean, spread = rescaled.mean(axis=0), rescaled.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    axes = _axes((rescaled - mean) / spread)
    names = [f"c{number}" for number in range(axes.shape[1])]
    projection = pd.DataFrame(axes, columns=names, dtype=np.float32)
    for name, values in zip(reversed(_SCALES), (spread, mean, span, centre), strict=True):
        projection.insert(0, name, values)
    projection.insert(0, "feature", list(columns))
    cells = pd.DataFrame(
        {
            name: pd.array(
                [identity[name][row] for row in kept],
                dtype="Int64" if name == "cell" else "string",
            )
            for name in IDENTITY
        }
    )
    found = NearestCells(cells, projection)
    placed = found.project(pd.DataFrame(features[kept], columns=list(columns)))
    usual = max(_usual(placed, groups[kept], rng), 1e-9)  # 0 where every cell has equal copies
    components = pd.DataFrame(placed, columns=names, dtype=np.float32)
    return NearestCells(pd.concat([cells.assign(usual=usual), components], axis=1), projection)


def stratified(target: Codes, most: int, rng: np.random.Generator) -> Codes:
    """Rows of at most `most` cells, classes in proportion, at least one of each; ascending."""
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
    for name, needed in (
        (CELLS, {*IDENTITY, "usual", "c0"}),
        (PROJECTION, {"feature", *_SCALES, "c0"}),
    ):
        path = folder / name
        try:
            table = pd.read_parquet(path)
        except (OSError, ValueError) as error:
            reason = (str(error).splitlines() or ["no reason given"])[0]
            raise ModelError(f"{path} cannot be read: {reason}", "train the model again") from error
        if not needed <= set(table.columns) or table.empty:
            raise ModelError(f"{path} holds no training cells", "train the model again")
        tables.append(table)
    return NearestCells(*tables)


def _parquet(table: pd.DataFrame) -> bytes:
    stream = io.BytesIO()
    table.to_parquet(stream, index=False)
    return stream.getvalue()


def _rescaled(features: Floats, centre: Floats, span: Floats) -> Floats:
    filled = np.where(np.isnan(features), centre, features)
    rescaled: Floats = np.arcsinh((filled - centre) / span)
    return rescaled


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


def _usual(placed: Floats, groups: Codes, rng: np.random.Generator) -> float:
    """99th percentile of the distance of a training cell to those of other groups."""
    placed = placed.astype(np.float32).astype(np.float64)
    rows = np.arange(len(placed))
    if len(rows) > ROWS:
        rows = np.sort(rng.choice(rows, ROWS, replace=False))
    count = min(NEAREST, len(placed) - 1)

    def mean_of_nearest(distances: Floats, start: int) -> Floats:
        own = groups[rows[start : start + len(distances)]]
        distances[own[:, None] == groups[None]] = np.inf
        nearest = np.partition(distances, count - 1, axis=1)[:, :count]
        nearest = np.where(np.isinf(nearest), np.nan, nearest)
        mean: Floats = np.nanmean(nearest[~np.isnan(nearest).all(axis=1)], axis=1)
        return mean

    chunks = pairwise_distances_chunked(placed[rows], placed, reduce_func=mean_of_nearest)
    return float(np.quantile(np.concatenate(list(chunks)), 0.99))
