"""The compiled trees agree with xgboost, which trained them."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files

import numpy as np
import pytest
import xgboost
from support.cells.flat_trees import flatten

from features.segmentation.detection.boosted_trees import (
    complete_trees,
    parse_trees,
    probabilities,
    read_trees,
    sum_of_levels,
)
from features.segmentation.detection.decision import CLASSES
from features.segmentation.detection.pixel_features import FEATURE_COUNT
from features.segmentation.detection.region_features import NAMES


def test_bytes_agree_with_xgboost() -> None:
    rng = np.random.default_rng(0)
    levels = rng.integers(0, 256, (500, 7)).astype(np.uint8)
    target = (levels[:, 0] > 100) * 0.5 + (levels[:, 3] > levels[:, 5]) * 0.5
    booster = xgboost.train(
        {"base_score": 0.0, "max_depth": 4}, xgboost.DMatrix(levels, target), 12
    )
    trees = parse_trees(flatten(booster, 1))
    expected = booster.predict(xgboost.DMatrix(levels))
    np.testing.assert_allclose(
        sum_of_levels(complete_trees(trees), levels, 0, 0.0), expected, atol=1e-4
    )


def test_values_with_gaps_agree_with_xgboost() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(0, 1, (400, 6)).astype(np.float32)
    values[rng.random(values.shape) < 0.2] = np.nan
    classes = np.digitize(np.nan_to_num(values[:, 0]), [-0.5, 0.5])
    settings = {
        "objective": "multi:softprob",
        "num_class": 3,
        "base_score": 0.0,
        "max_depth": 3,
    }
    booster = xgboost.train(settings, xgboost.DMatrix(values, classes), 10)
    trees = parse_trees(flatten(booster, 3))
    expected = booster.predict(xgboost.DMatrix(values))
    np.testing.assert_allclose(probabilities(trees, values), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "columns", "outputs"),
    [("pixel_trees", FEATURE_COUNT, 1), ("region_trees", len(NAMES), len(CLASSES))],
)
def test_stored_trees_fit_their_features(name: str, columns: int, outputs: int) -> None:
    trees = read_trees(name)
    assert trees.outputs == outputs
    assert len(trees.roots) % outputs == 0
    assert trees.feature.max() < columns
    inner = trees.feature >= 0
    assert (trees.left[inner] > np.flatnonzero(inner)).all()  # children follow: no endless walk


def test_provenance_has_the_hashes_of_the_models_and_their_size_is_limited() -> None:
    folder = files("features.segmentation.detection") / "trained"
    provenance = json.loads((folder / "provenance.json").read_text("utf-8"))
    contents = {name: (folder / f"{name}.json").read_bytes() for name in provenance["sha256"]}
    for name, content in contents.items():
        assert hashlib.sha256(content).hexdigest() == provenance["sha256"][name]
    assert sum(map(len, contents.values())) < 600_000
    assert provenance["region features"] == list(NAMES)
