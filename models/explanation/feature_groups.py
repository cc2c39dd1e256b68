"""Groups of features: clusters of correlated ones, families, compartments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from ..learning.cross_validation import Fold
from .importance import Measure, measured

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

# Features whose rank correlation is at least this on average, in either direction, are one cluster.
CORRELATED = 0.7
MOST_CELLS = 5_000
# The values of a network have no names: they form one cluster.
NAMELESS = "Embedding"


@dataclass(frozen=True, eq=False)
class FeatureGroup:
    """Columns whose importance is measured together.

    Parameters
    ----------
    level : {"cluster", "family", "compartment"}
    name : str
        The family or compartment; of a cluster the column most correlated with the others.
    title : str
        Its standard name; of a cluster that of its column `name`.
    plain : str
        In plain words.
    columns : (m,) int64
    """

    level: str
    name: str
    title: str
    plain: str
    columns: Codes


def rank_correlations(features: Floats, seed: int = 0) -> Floats:
    """Absolute Spearman correlations (p, p); a missing value counts as the column's median.

    Parameters
    ----------
    features : (n, p) float64
        At most 5,000 rows are used.
    """
    if len(features) > MOST_CELLS:
        rows = np.random.default_rng(seed).choice(len(features), MOST_CELLS, replace=False)
        features = features[rows]
    filled = np.where(np.isnan(features), _medians(features), features)
    ranks = rankdata(filled, axis=0)
    ranks -= ranks.mean(axis=0)
    length = np.sqrt((ranks**2).sum(axis=0))
    ranks /= np.where(length > 0, length, 1.0)
    return np.asarray(np.abs(ranks.T @ ranks).clip(0.0, 1.0))


def clusters(correlations: Floats, least: float = CORRELATED) -> list[Codes]:
    """Cut the dendrogram (average linkage on 1 - |rho|) at that correlation; largest first."""
    count = len(correlations)
    if count == 1:
        return [np.array([0])]
    distances = 1.0 - correlations
    np.fill_diagonal(distances, 0.0)
    tree = linkage(squareform(distances, checks=False), method="average")
    labels = fcluster(tree, 1.0 - least, criterion="distance")
    found = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    return sorted(found, key=lambda columns: (-len(columns), int(columns[0])))


def feature_groups(
    features: Floats, columns: Sequence[str], dictionary: Mapping[str, Mapping[str, Any]]
) -> list[FeatureGroup]:
    """Group columns by correlation (an embedding is one cluster), by family and by compartment."""
    families = np.array([str(dictionary[name].get("family") or "") for name in columns])
    groups = []
    named, nameless = np.flatnonzero(families != NAMELESS), np.flatnonzero(families == NAMELESS)
    if len(nameless):
        plain = f"{len(nameless)} values of a network, without names"
        groups.append(FeatureGroup("cluster", NAMELESS, NAMELESS, plain, nameless))
    correlations = rank_correlations(features[:, named])
    for local in clusters(correlations) if len(named) else []:
        members = named[local]
        inside = correlations[np.ix_(local, local)]
        # Rounded, so that every CPU chooses the same of two equally central columns.
        name = columns[int(members[int(inside.mean(axis=1).round(9).argmax())])]
        title, plain = (str(dictionary[name].get(key) or name) for key in ("title", "plain"))
        groups.append(FeatureGroup("cluster", name, title, plain, members))
    for level in ("family", "compartment"):
        values = np.array([str(dictionary[name].get(level) or "") for name in columns])
        groups += [
            FeatureGroup(level, name, name, name, np.flatnonzero(values == name))
            for name in dict.fromkeys(values.tolist())
        ]
    return groups


def group_importances(
    groups: Sequence[FeatureGroup],
    folds: Sequence[Fold],
    features: Floats,
    target: Codes,
    measures: Mapping[str, Measure],
    seed: int = 0,
) -> pd.DataFrame:
    """Measure sets of columns on every fold of the first repeat.

    Returns
    -------
    DataFrame
        ``level, name, title, plain, members`` (count), then mean and spread of each measure;
        largest first within a level.
    """
    table = pd.DataFrame(
        {
            "name": [group.name for group in groups],
            "level": [group.level for group in groups],
            "title": [group.title for group in groups],
            "plain": [group.plain for group in groups],
            "members": [len(group.columns) for group in groups],
        }
    )
    sets = [group.columns for group in groups]
    table = measured(table, folds, features, target, sets, measures, seed)
    order = table["level"].map({"cluster": 0, "family": 1, "compartment": 2})
    table = table.iloc[order.argsort(kind="stable")].reset_index(drop=True)
    return table[["level", *(name for name in table.columns if name != "level")]]


def _medians(features: Floats) -> Floats:
    """Median of each column's known values; 0 for a column without any."""
    medians = np.zeros(features.shape[1])
    known = ~np.isnan(features).all(axis=0)
    medians[known] = np.nanmedian(features[:, known], axis=0)
    return medians
