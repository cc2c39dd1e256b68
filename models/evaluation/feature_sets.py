"""The sets of columns that `compare` trains on: named features, an embedding, both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from ..errors import ModelError
from ..learning.cross_validation import Fold
from ..learning.estimators import Estimator
from ..learning.tuning import log_loss

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

EMBEDDING = "Embedding"
COMPONENTS = 64
SHUFFLES = 3
MOST_CELLS = 300


@dataclass(frozen=True, eq=False)
class FeatureSet:
    """The columns on which one contender is trained.

    Parameters
    ----------
    name : str
    columns : (m,) int64
        Their places in the whole matrix.
    embedded : (k,) int64
        Places among the `m` that are an embedding's.
    """

    name: str
    columns: Codes
    embedded: Codes


def feature_sets(
    names: Sequence[str], dictionary: Mapping[str, Mapping[str, Any]]
) -> list[FeatureSet]:
    """Make the contenders from the columns of a table.

    Parameters
    ----------
    names : sequence of str
        All columns of the matrix: features, the embeddings of the masked and of the unmasked
        picture, and what is known of the background.
    dictionary : mapping
        Column dictionary.

    Returns
    -------
    list of FeatureSet
        ``handcrafted``, ``embedding``, ``both``; ``embedding with background`` and ``background``
        where there are such columns; then each family alone.

    Raises
    ------
    ModelError
        If there is no embedding, or nothing else.
    """
    family = np.array([str(dictionary[name].get("family") or "") for name in names])
    place = np.array([name.split("_")[0] for name in names])
    shown = np.isin(place, ["Image", "Background"])
    embedded, named = (family == EMBEDDING) & ~shown, (family != EMBEDDING) & ~shown
    if not embedded.any():
        raise ModelError(
            "the table has no embedding to compare with", "extract it with --embedding lite0"
        )
    if not named.any():
        raise ModelError(
            "the table has no columns except the embedding", "extract it without --features"
        )
    words = family[named].tolist()
    chosen = {
        "handcrafted": named,
        "embedding": embedded,
        "both": named | embedded,
        "embedding with background": (family == EMBEDDING) & (place == "Image"),
        "background": place == "Background",
        **{word: named & (family == word) for word in dict.fromkeys(words)},
    }
    return [
        FeatureSet(name, np.flatnonzero(mask), np.flatnonzero(family[mask] == EMBEDDING))
        for name, mask in chosen.items()
        if mask.any()
    ]


def with_reduction(estimator: Estimator, embedded: Codes, most: int = COMPONENTS) -> Estimator:
    """Return an estimator that first reduces an embedding to principal components.

    Parameters
    ----------
    estimator : Estimator
    embedded : (k,) int64
        Columns of the embedding; the others pass. Without any the estimator is as it was.
    most : int
        Components, if there are as many cells and columns. They are fitted with the rest of the
        Pipeline, so never from a cell that is tested. A component counts as much as any
        other column.
    """
    if not len(embedded):
        return estimator

    def build(rows: int, columns: int, seed: int) -> Pipeline:
        count = min(most, rows - 1, len(embedded))
        components = Pipeline(
            [("scale", StandardScaler()), ("components", PCA(count, random_state=seed))]
        )
        reduce = ColumnTransformer(
            [("embedding", components, embedded)], remainder="passthrough", sparse_threshold=0.0
        )
        inner = estimator.build(rows, columns - len(embedded) + count, seed)
        return Pipeline([("reduce", reduce), *inner.steps])

    return replace(estimator, build=build)


def set_importances(
    folds: Sequence[Fold],
    features: Floats,
    target: Codes,
    sets: Mapping[str, Codes],
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """Rise of the log loss (nats) on cells left out when the rows of a set are shuffled together.

    Parameters
    ----------
    folds : sequence of Fold
        Those of the first repeat count; at most 300 cells of each, 3 shuffles.
    features : (n, p) float64
        What the folds' models were given.
    target : (n,) int64
    sets : mapping of str to (m,) int64
        Columns.
    seed : int

    Returns
    -------
    dict of str to (float, float)
        Mean and sample standard deviation over folds.
    """
    first = [fold for fold in folds if fold.repeat == 0]
    rises = {name: np.empty(len(first)) for name in sets}
    for number, fold in enumerate(first):
        rng = np.random.default_rng([seed, number])
        cells = fold.test
        if len(cells) > MOST_CELLS:
            cells = rng.choice(cells, MOST_CELLS, replace=False)
        part, truth = features[cells], target[cells]
        orders = [rng.permutation(len(cells)) for _ in range(SHUFFLES)]
        before = log_loss(fold.model.probabilities(part), truth)
        for name, columns in sets.items():
            stacked = np.tile(part, (SHUFFLES, 1))
            stacked[:, columns] = np.concatenate([part[order][:, columns] for order in orders])
            after = log_loss(fold.model.probabilities(stacked), np.tile(truth, SHUFFLES))
            rises[name][number] = after - before
    return {
        name: (float(values.mean()), float(values.std(ddof=1)) if len(first) > 1 else float("nan"))
        for name, values in rises.items()
    }
