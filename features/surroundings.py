"""What lies around the cells, and how sharp a picture is: never features, only suspects.

A model that does well on these alone has learnt how a picture was taken and not what a blast is.
All are taken once a picture, from the photograph as it is.
"""

from __future__ import annotations

import cv2
import numpy as np

from .arrays import Bytes, Floats

# Raised whenever the same pixels give other values.
SURROUNDINGS_VERSION = 1

_CHANNELS = ("Red", "Green", "Blue")
_CORNERS = ("TopLeft", "TopRight", "BottomLeft", "BottomRight")
_BLOCK = 8
_PERCENTS = (10, 50, 90)
_LEVEL = "8-bit level"
_NONE = "NaN where no pixel of it lies outside all cells"


def _described() -> dict[str, tuple[str, str]]:
    """Unit and definition of every value, in order."""
    found = {}
    for what, words in (("Mean", "mean"), ("Deviation", "population standard deviation")):
        for channel in _CHANNELS:
            found[f"Background_{what}_{channel}"] = (_LEVEL, f"{words} of {channel}")
    for percent in _PERCENTS:
        found[f"Background_P{percent}_Gray"] = (
            _LEVEL,
            f"{percent}th percentile of Gray, the least level that has as many at or below it",
        )
    found["Background_Entropy_Gray"] = ("bit", "entropy (log2) of the 256 levels of Gray")
    for channel in _CHANNELS:
        found[f"Background_Border_{channel}"] = (
            _LEVEL,
            f"mean of {channel} in the outermost lines and columns",
        )
    for corner in _CORNERS:
        for size, words in ((1, "the corner's pixel"), (_BLOCK, f"its {_BLOCK} x {_BLOCK} pixels")):
            for channel in _CHANNELS:
                found[f"Background_{corner}{size}_{channel}"] = (
                    _LEVEL,
                    f"mean of {channel} in {words}",
                )
    return {
        name: (unit, f"{words}, of the picture's pixels outside all cells; {_NONE}")
        for name, (unit, words) in found.items()
    }


BACKGROUND: dict[str, tuple[str, str]] = _described()


def background_values(rgb: Bytes, gray: Bytes, outside: Bytes) -> Floats:
    """Measure the pixels outside all cells of a picture.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
    gray : (rows, cols) uint8
        Its BT.601 luma.
    outside : (rows, cols) uint8
        0 on every pixel of a cell, 1 elsewhere.

    Returns
    -------
    (values,) float64
        In the order of `BACKGROUND`, NaN as it says.
    """
    levels = cv2.calcHist([gray], [0], outside, [256], [0, 256]).ravel().astype(np.float64)
    means, deviations = cv2.meanStdDev(rgb, mask=outside)
    moments = np.concatenate((means, deviations)).ravel()
    return np.concatenate(
        [
            moments if levels.any() else np.full(6, np.nan),
            _of_levels(levels),
            _mean(_rim(rgb), _rim(outside)),
            *(_mean(rgb[corner], outside[corner]) for corner in _WINDOWS),
        ]
    )


def sharpness(gray: Bytes) -> float:
    """Variance of the Laplacian (3x3, 4 neighbours) over a whole picture.

    Parameters
    ----------
    gray : (rows, cols) uint8
    """
    edges = cv2.Laplacian(gray, cv2.CV_16S)
    mean = cv2.sumElems(edges)[0] / edges.size
    return cv2.norm(edges, cv2.NORM_L2SQR) / edges.size - mean * mean


def _of_levels(counts: Floats) -> Floats:
    """Percentiles and entropy of the levels, from their counts."""
    total = counts.sum()
    if not total:
        return np.full(len(_PERCENTS) + 1, np.nan)
    percentiles = np.searchsorted(np.cumsum(counts), np.array(_PERCENTS) / 100 * total)
    shares = counts[counts > 0] / total
    return np.array([*percentiles, max(0.0, -(shares * np.log2(shares)).sum())], dtype=np.float64)


def _rim(image: Bytes) -> Bytes:
    """Return the outermost lines and columns as one line of pixels."""
    return np.concatenate((image[0], image[-1], image[1:-1, 0], image[1:-1, -1]))[None]


def _mean(rgb: Bytes, outside: Bytes) -> Floats:
    """Mean of each channel outside the cells: (3,)."""
    if not cv2.countNonZero(outside):
        return np.full(3, np.nan)
    return np.array(cv2.mean(np.ascontiguousarray(rgb), outside)[:3])


_WINDOWS = [
    (slice(-size, None) if bottom else slice(size), slice(-size, None) if right else slice(size))
    for bottom in (False, True)
    for right in (False, True)
    for size in (1, _BLOCK)
]
