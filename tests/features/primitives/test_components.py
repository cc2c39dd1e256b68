"""Components, holes and Otsu's threshold equal OpenCV's on random inputs, openings SciPy's."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy.ndimage import binary_dilation, binary_erosion

from features.primitives.components import (
    fill_holes,
    keep_components_touching,
    keep_large_components,
    label_components,
)
from features.primitives.opening import disc, open_with_disc
from features.primitives.otsu import otsu_threshold
from features.segmentation.regions import fill_small_holes


def _mask(seed: int) -> np.ndarray:
    """A random mask of 1 to 199 rows and columns, from single pixels to large blobs."""
    rng = np.random.default_rng(seed)
    noise = rng.random(rng.integers(1, 200, 2)).astype(np.float32)
    if sigma := [0.0, 1.0, 2.0, 4.0][seed % 4]:
        noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), sigma), dtype=np.float32)
    return (noise > np.quantile(noise, rng.choice([0.05, 0.3, 0.5, 0.7, 0.95]))).astype(np.uint8)


@pytest.mark.parametrize("seed", range(60))
def test_components_equal_those_of_opencv(seed: int) -> None:
    mask = _mask(seed)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    found, tally = label_components(mask)
    np.testing.assert_array_equal(found, labels)
    rows, cols = np.indices(mask.shape)
    for line, weights in ((0, np.ones_like(rows)), (1, rows), (2, cols)):
        sums = np.bincount(labels.ravel(), weights.ravel(), count)[1:]
        np.testing.assert_array_equal(tally[line, 1:], sums)
    left, top, width, height, areas = boxes[1:].T
    ends = (top, top + height - 1, left, left + width - 1)
    np.testing.assert_array_equal(tally[3:7, 1:], ends)
    edge = np.concatenate((labels[0], labels[-1], labels[:, 0], labels[:, -1]))
    np.testing.assert_array_equal(np.flatnonzero(tally[7]), np.setdiff1d(edge, 0))

    core = (np.random.default_rng(seed).random(mask.shape) < 0.003).astype(np.uint8)
    met = np.isin(labels, np.setdiff1d(labels[core > 0], 0))
    kept, cut = keep_components_touching(mask, core)
    np.testing.assert_array_equal(kept, met)
    assert cut == bool(met[0].any() or met[-1].any() or met[:, 0].any() or met[:, -1].any())
    if count > 1:
        large = np.isin(labels, 1 + np.flatnonzero(areas >= 0.3 * areas.max()))
        np.testing.assert_array_equal(keep_large_components(mask, 0.3), large)


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("largest", [30.0, np.inf])
def test_holes_up_to_an_area_are_filled(seed: int, largest: float) -> None:
    mask = _mask(seed)
    outlines, tree = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    wanted = mask.copy()
    for number, outline in enumerate(outlines):
        if tree[0][number][3] >= 0 and cv2.contourArea(outline) <= largest:
            cv2.drawContours(wanted, [outline], -1, 1, -1)
    np.testing.assert_array_equal(fill_small_holes(mask, largest), wanted)
    untouched = mask.copy()
    if not fill_holes(untouched, largest):
        assert largest < np.inf
        np.testing.assert_array_equal(untouched, mask)


@pytest.mark.parametrize("radius", range(1, 7))
def test_openings_equal_those_of_scipy(radius: int) -> None:
    wider = max(1, radius // 2)
    for seed in range(40):
        mask = _mask(seed)
        wanted = binary_dilation(binary_erosion(mask, disc(radius), border_value=1), disc(radius))
        np.testing.assert_array_equal(open_with_disc(mask, radius), wanted)
        wanted = binary_dilation(wanted, disc(wider))
        np.testing.assert_array_equal(open_with_disc(mask, radius, wider), wanted)


def test_otsu_threshold_of_a_histogram_equals_that_of_its_pixels() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        low, high = (rng.normal(rng.uniform(0, 200), rng.uniform(0.5, 60), 900) for _ in "ab")
        plane = np.concatenate((low, high[: rng.integers(1, 900)])).clip(0, 255).astype(np.uint8)
        level, _ = cv2.threshold(plane[:, None], 0, 255, cv2.THRESH_OTSU)
        assert otsu_threshold(np.bincount(plane, minlength=256)) == level
