"""Properties of every feature on random, irregular cells."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from support.cells.declared_ranges import in_range
from support.cells.every_column import COLUMNS, PARSED, RECIPE, flips_sign, padded, transformed
from support.cells.nan_reasons import may_be_nan

from features import Cell
from features.core.catalogue import describe_column


def random_mask(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Noise, smoothed noise, an ellipse that may be cropped, everything, or a random walk."""
    kind = rng.integers(5)
    if kind == 0:
        return rng.random(shape) < rng.uniform(0.05, 0.95)
    if kind == 1:
        cloud = gaussian_filter(rng.normal(size=shape), rng.uniform(0.6, 5))
        return cloud > np.quantile(cloud, rng.uniform(0.05, 0.9))
    if kind == 2:
        across = (np.indices(shape).T - rng.uniform(0, shape)) / rng.uniform(0.5, shape[0], 2)
        return (across**2).sum(axis=-1).T <= 1
    mask = np.full(shape, kind == 3)
    place = rng.integers(shape)
    for _ in range(rng.integers(1, 150)):
        mask[tuple(place)] = True
        place = np.clip(place + rng.integers(-1, 2, 2), 0, np.array(shape) - 1)
    return mask


def random_image(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Noise, one colour, noise around a level, smoothed noise, extremes, or ramps modulo 256."""
    row, col = np.indices(shape)
    clouds = gaussian_filter(rng.normal(size=(*shape, 3)), (2, 2, 0))
    slopes = row * rng.integers(9) + col * rng.integers(9)
    kinds = [
        rng.integers(0, 256, (*shape, 3)),
        np.full((*shape, 3), rng.integers(0, 256, 3)),
        rng.normal(rng.uniform(0, 255), rng.uniform(0.5, 60), (*shape, 3)),
        128 + rng.uniform(1, 900) * clouds,
        rng.choice([0, 255], (*shape, 3)),
        np.repeat(slopes[..., None] % 256, 3, axis=2),
    ]
    return np.rint(np.clip(kinds[rng.integers(len(kinds))], 0, 255)).astype(np.uint8)


def random_cell(seed: int) -> Cell:
    """A random cell in an image of up to 59 rows and columns."""
    rng = np.random.default_rng(seed)
    rows, cols = rng.integers(1, rng.choice([4, 9, 30, 60]), 2)
    shape = (int(rows), int(cols))
    cell = random_mask(rng, shape)
    cell[rng.integers(rows), rng.integers(cols)] = True
    nucleus = random_mask(rng, shape) & cell
    if rng.random() < 0.2:
        nucleus = cell if rng.random() < 0.5 else np.zeros_like(cell)
    return Cell(random_image(rng, shape), nucleus, cell)


RANGES = [describe_column(column.name)["range"] for column in PARSED]
SIGNS = np.array([-1 if flips_sign(column) else 1 for column in PARSED])


def declares(word: str) -> np.ndarray:
    """Which columns declare an invariance."""
    return np.array([word in column.feature.invariances for column in PARSED])


@pytest.mark.parametrize("seed", range(40))
def test_declared_invariances_hold(seed):
    cell = random_cell(seed)
    values = RECIPE.measure(cell)
    rng = np.random.default_rng(seed)
    for word, expected, other in [
        ("rotation by 90 degrees", values, transformed(cell, np.rot90)),
        ("flips", values * SIGNS, transformed(cell, np.fliplr)),
        ("flips", values * SIGNS, transformed(cell, np.flipud)),
        ("translation", values, padded(cell, *rng.integers(0, 60, 2))),
    ]:
        same = np.isclose(RECIPE.measure(other), expected, rtol=1e-6, atol=1e-9, equal_nan=True)
        wrong = [COLUMNS[index] for index in np.flatnonzero(~same & declares(word))]
        assert wrong == [], word


@pytest.mark.parametrize("seed", range(20))
def test_values_are_in_the_declared_range_or_nan_for_a_declared_reason(seed):
    cell = random_cell(seed)
    for column, value, declared in zip(PARSED, RECIPE.measure(cell), RANGES, strict=True):
        assert np.isnan(value) == may_be_nan(cell, column), column.name
        assert np.isnan(value) or in_range(value, declared, column), (column.name, value)
