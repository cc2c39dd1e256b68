"""Loops that replace a function of OpenCV because they are faster return equal bytes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from support.cells.drawn_masks import blob, disc

from features.primitives.chamfer import chamfer_distance
from features.primitives.gaussian import gaussian_blur
from features.segmentation.colour_evidence import smooth_histograms


@pytest.fixture
def without_intel():
    """Use OpenCV's own integer arithmetic: Intel's library rounds each sum."""
    before = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(False)
    yield
    cv2.ipp.setUseIPP(before)


MASKS = {
    "one pixel": np.ones((1, 1), dtype=bool),
    "a row": np.ones((1, 40), dtype=bool),
    "a column": np.ones((40, 1), dtype=bool),
    "a disc that fills the picture": disc((701, 701), 350, 350, 351),
    "a board of single pixels": np.indices((9, 12)).sum(axis=0) % 2 == 0,
    "empty": np.zeros((5, 7), dtype=bool),
}


@pytest.mark.usefixtures("without_intel")
@pytest.mark.parametrize("mask", [*MASKS.values(), *map(blob, range(20))])
def test_chamfer_distances_equal_those_of_opencv(mask):
    box, depth = chamfer_distance(mask)
    framed = np.pad(mask, 1).view(np.uint8)
    peer = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_5)
    whole = np.zeros(framed.shape, np.float32)
    whole[1:-1, 1:-1][box] = depth[1:-1, 1:-1]
    assert np.array_equal(whole, peer)
    assert not np.delete(depth, np.s_[1:-1], 0).any()
    assert not np.delete(depth, np.s_[1:-1], 1).any()


@pytest.mark.parametrize("sigma", [0.34, 0.5, 0.67, 0.9, 1.31, 2.4, 5.0, 9.0])
@pytest.mark.parametrize("shape", [(60, 41), (3, 50), (50, 2), (1, 1)])
def test_gaussian_blur_equals_that_of_opencv(sigma, shape):
    rng = np.random.default_rng(0)
    for _ in range(5):
        plane = rng.integers(0, 256, shape, dtype=np.uint8)
        assert np.array_equal(gaussian_blur(plane, sigma), cv2.GaussianBlur(plane, (0, 0), sigma))


def test_smoothed_histograms_equal_those_of_opencv():
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 1000, (2, 5, 16, 7))
    weights = cv2.getGaussianKernel(5, 1.0).ravel()
    expected = counts.astype(np.float64)
    for axis in (1, 2, 3):
        columns = np.moveaxis(expected, axis, 0)
        plane = np.ascontiguousarray(columns.reshape(columns.shape[0], -1))
        blurred = cv2.GaussianBlur(plane, (1, 5), 0, sigmaY=1.0)
        expected = np.moveaxis(blurred.reshape(columns.shape), 0, axis)
    assert np.array_equal(smooth_histograms(counts, weights), expected)
