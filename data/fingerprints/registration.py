"""Laying one small picture of a cell on another, and how alike they then are."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from .cell_signature import REACH, SIDE

Picture = NDArray[np.float32]

_MIDDLE = (SIDE - 1) / 2
_CRITERIA = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4)
# Radii of the discs that are laid on each other, compared, and compared in detail; the last is
# inside the cell, where its outline does not count. In radii of the cell.
_ALIGNED, _COMPARED, _INSIDE = 1.3, 1.15, 0.85
# Smallest part of the compared disc that both pictures must show.
_LEAST_OVERLAP = 0.6
# Variance of the noise of photographs, in squared grey levels.
_NOISE = 9.0


def starting_transform(
    one: tuple[float, float, float], other: tuple[float, float, float], turn: float
) -> NDArray[np.float32]:
    """Return the transform that turns one disc by `turn` radians onto another, (2, 3).

    Parameters
    ----------
    one, other : (column, row, radius)
    turn : float
    """
    scale = other[2] / one[2]
    cos, sin = scale * np.cos(turn), scale * np.sin(turn)
    turned = np.array([[cos, -sin], [sin, cos]])
    shift = np.array(other[:2]) - turned @ np.array(one[:2])
    return np.column_stack([turned, shift]).astype(np.float32)


def likeness(one: Picture, other: Picture, start: NDArray[np.float32]) -> float:
    """Return how alike two pictures are once the second is laid on the first, at most 1.

    The second picture is moved by the affine transform that correlates them best (enhanced
    correlation coefficient, doi:10.1109/TPAMI.2008.113). The likeness is the mean of two
    correlations: of details inside the cell, and of the surroundings of each pixel. Neither
    changes with brightness or contrast.

    Parameters
    ----------
    one, other : (SIDE, SIDE) float32
    start : (2, 3) float32
        The transform from places in `one` to places in `other` to begin with.
    """
    transform = _aligned(one, other, start)
    seen = _moved(np.ones_like(other), transform) > 0.99
    compared = _discs()[1] & seen
    if compared.sum() < _LEAST_OVERLAP * _discs()[1].sum():
        return 0.0
    moved = _moved(other, transform)
    inside = _discs()[2] & compared
    details = _correlation(_details(one)[inside], _details(moved)[inside])
    return (details + _local_correlation(one, moved, compared)) / 2


def _aligned(one: Picture, other: Picture, start: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the affine transform that lays `other` on `one`; `start` where none is found."""
    aligned = _discs()[0].astype(np.uint8)
    try:
        _, found = cv2.findTransformECC(
            cv2.GaussianBlur(one, (0, 0), 0.8),
            cv2.GaussianBlur(other, (0, 0), 0.8),
            start.copy(),
            cv2.MOTION_AFFINE,
            _CRITERIA,
            aligned,
            3,
        )
    except cv2.error as error:
        if error.code != cv2.Error.StsNoConv:
            raise
        return start
    return np.asarray(found, np.float32)


def _moved(picture: Picture, transform: NDArray[np.float32]) -> Picture:
    moved = cv2.warpAffine(
        picture, transform, (SIDE, SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    return np.asarray(moved, np.float32)


def _details(picture: Picture) -> Picture:
    """Return structures of about two to six pixels."""
    fine = cv2.GaussianBlur(picture, (0, 0), 0.7) - cv2.GaussianBlur(picture, (0, 0), 2.0)
    return np.asarray(fine, np.float32)


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    one, other = one - one.mean(), other - other.mean()
    length = np.sqrt(float(one @ one) * float(other @ other))
    return float(one @ other) / length if length else 0.0


def _local_correlation(one: Picture, other: Picture, compared: NDArray[np.bool_]) -> float:
    """Return the mean correlation in the Gaussian windows around the compared pixels.

    Places that are flat in both pictures count little, where noise alone would be correlated.
    """

    def mean(values: Picture) -> Picture:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), 2.0)[compared], np.float32)

    mean_one, mean_other = mean(one), mean(other)
    covariance = mean(one * other) - mean_one * mean_other
    variance_one = mean(one * one) - mean_one * mean_one
    variance_other = mean(other * other) - mean_other * mean_other
    weight = 1 - _NOISE / np.sqrt((variance_one + _NOISE) * (variance_other + _NOISE))
    quiet = _NOISE / 4  # noise that is left within a window
    correlation = covariance / np.sqrt((variance_one + quiet) * (variance_other + quiet))
    total = float(weight.sum())
    return float(weight @ correlation) / total if total > 0 else 0.0


@cache
def _discs() -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the pixels that are aligned, compared, and compared in detail."""
    rows, cols = np.mgrid[:SIDE, :SIDE] - _MIDDLE
    radius = np.hypot(rows, cols) * (2 * REACH / SIDE)
    return radius < _ALIGNED, radius < _COMPARED, radius < _INSIDE
