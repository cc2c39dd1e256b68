"""The whole cell around a nucleus: the stained pixels that belong to no other cell.

A stained region around the nucleus with no deep concavity is the cell. A deep concavity shows that
another cell touches it. Then each pixel gets a score by its colour: the log likelihood ratio of
the cytoplasm against other cells and the empty slide. The cell is the star-shaped region with the
greatest total score. Both steps are repeated, because the region shows the colours better than the
pixels next to the nucleus.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ..primitives.arrays import Bytes
from ..primitives.masks import equivalent_diameter
from ..primitives.opening import open_with_disc
from ..primitives.optical_density import stain_density
from ..primitives.otsu import otsu_threshold
from .colour_evidence import (
    Distances,
    class_histograms,
    colour_bins,
    distant_histogram,
    masked_median,
    pixels_of_nearest_nucleus,
    score_plane,
    smooth_histograms,
)
from .regions import (
    components_touching,
    concavity_depth,
    distance_to_mask,
    fill_small_holes,
    hull_centroid,
    hull_corners,
)
from .star_outline import fill_star_region

_BINS = 16  # of the density of each channel
_FIRST_BIN = 8  # density, to which the width of the bins is proportional above it
_LAST_BIN = 200  # density of the last bin
# Weights that smooth the colour histogram along each axis.
_SMOOTHING = np.asarray(cv2.getGaussianKernel(5, 0.6), np.float64).ravel()
_PSEUDO_COUNT = 0.03  # pixels added to each bin
_RATIO_SCALE = 0.6  # score of a colour for each unit of its log likelihood ratio
_SLIDE_WEIGHT = 0.3  # of the empty slide's likelihood, compared to that of other cells
_BIAS = -0.6  # score of a colour that is equally likely in the cell and outside it
_LOBE_BIAS = 1.25  # more, times 1 - solidity: a lobed nucleus has more cytoplasm
_EDGE_SHARE = 0.06  # of the nucleus's stain density: the density of the empty slide's edge
_DEEP_CONCAVITY = 0.13  # in units of the square root of the area; deeper: another cell touches
_BORDER_SHARE = 0.1  # of the image's border in the region; more: other cells touch
_LEAST_DISTANT_SHARE = 0.015  # of the image; fewer pixels do not show other cells' colours
_STIFFNESS = 0.2  # see `features.segmentation.star_outline.fill_star_region`
_SETTLED = 0.01  # of the region: a smaller change ends the rounds
_ROUNDS = 3  # of scoring the colours and of finding the region


@cache
def _bin_table() -> Bytes:
    """Return the colour bin of each density, by its logarithm: (256,)."""
    scale = _BINS / np.log1p(_LAST_BIN / _FIRST_BIN)
    bins = np.floor(np.log1p(np.arange(256) / _FIRST_BIN) * scale)
    return np.asarray(np.minimum(bins, _BINS - 1), dtype=np.uint8)


def colour_scores(counts: NDArray[np.int64], bias: float) -> NDArray[np.float32]:
    """Score each colour by the log likelihood ratio of cytoplasm and anything else.

    The score is ``0.6 ln(p_cytoplasm / max(p_cells, 0.3 p_slide))``, clipped to [-1, 1], plus the
    bias, and clipped again.

    Parameters
    ----------
    counts : (3, 4096) int64
        Pixels of each colour in the cytoplasm, in other cells and in the empty slide.
    bias : float

    Returns
    -------
    (4096,) float32
    """
    smooth = smooth_histograms(counts.reshape(3, _BINS, _BINS, _BINS), _SMOOTHING).reshape(3, -1)
    smooth += _PSEUDO_COUNT
    likelihood = smooth / smooth.sum(axis=1, keepdims=True)
    rest = np.maximum(likelihood[1], _SLIDE_WEIGHT * likelihood[2])
    ratio = np.clip(_RATIO_SCALE * np.log(likelihood[0] / rest), -1, 1)
    return np.asarray(np.clip(ratio + bias, -1, 1), dtype=np.float32)


def _border_share(mask: Bytes) -> float:
    """Return the share of the border pixels in a mask; corners count twice."""
    pixels = sum(cv2.countNonZero(line) for line in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))
    return pixels / (2 * sum(mask.shape))


def find_cell_region(
    density: Bytes, nucleus: Bytes, other_distance: Distances
) -> tuple[Bytes, int]:
    """Return the region of a cell, and the stain density at the edge of the empty slide.

    Parameters
    ----------
    density : (rows, cols, 3) uint8
        See `features.primitives.optical_density.optical_density`.
    nucleus : (rows, cols) uint8, 0 or 1
        Not empty.
    other_distance : (rows, cols) float32
        Distance in pixels to the nuclei of other cells.

    Returns
    -------
    region : (rows, cols) uint8, 0 or 1
        Includes the nucleus.
    level : int
        Pixels with a stain density above it are not empty slide.
    """
    size = equivalent_diameter(nucleus)
    distance = distance_to_mask(nucleus)
    stain = stain_density(density)
    level = int(_EDGE_SHARE * masked_median(stain, nucleus, np.zeros_like(nucleus)))
    background = distant_histogram(stain, distance, other_distance, 0.08 * size)
    if background.any():
        level = min(otsu_threshold(background), level)
    own = pixels_of_nearest_nucleus(stain, distance, other_distance, level, 0.5 * size)
    region = components_touching(open_with_disc(own, max(2, round(0.06 * size))) | nucleus, nucleus)
    if _border_share(region) > _BORDER_SHARE or concavity_depth(region) > _DEEP_CONCAVITY:
        window = _Window(nucleus, own, stain, level, distance, other_distance, size)
        region = _separate_cell(window, colour_bins(density, _bin_table()), region)
    return fill_small_holes(region, float(region.size)), level


class _Window(NamedTuple):
    """What `_separate_cell` reads, (rows, cols) each: see `find_cell_region`.

    `own` are the stained pixels that are not nearer to another nucleus, uint8, 0 or 1.
    """

    nucleus: Bytes
    own: Bytes
    stain: Bytes
    level: int
    distance: Distances
    other_distance: Distances
    size: float


def _first_histograms(
    window: _Window, bins: NDArray[np.uint16], region: Bytes
) -> NDArray[np.int64]:
    """Count the colours next to the nucleus, of other cells, and of the empty slide: (3, 4096).

    Stained pixels outside the region belong to other cells. Without enough of them, pixels far
    from the nucleus are taken, which may belong to this cell.
    """
    nucleus, own, stain, level, distance, other_distance, size = window
    near = own & (1 - nucleus) & np.less(distance, 0.2 * size).view(np.uint8)
    for excluded, reach in ((region, 0.3 * size), (np.zeros_like(region), 0.9 * size)):
        reaches = np.array([reach, 0.3 * size, 0.1 * size])
        counts: NDArray[np.int64] = class_histograms(
            bins, stain, level, near, excluded, distance, other_distance, reaches
        )
        if counts[1].sum() >= _LEAST_DISTANT_SHARE * stain.size:
            break
    return counts


def _separate_cell(window: _Window, bins: NDArray[np.uint16], region: Bytes) -> Bytes:
    """Separate a cell from others that touch it, by colour and shape.

    Parameters
    ----------
    window : _Window
    bins : (rows, cols) uint16
        Colour of each pixel.
    region : (rows, cols) uint8, 0 or 1
        The stained pixels that are connected with the nucleus.

    Returns
    -------
    (rows, cols) uint8, 0 or 1
    """
    nucleus, own, stain, level, distance, other_distance, size = window
    corners = hull_corners(nucleus)
    centre = hull_centroid(corners)
    extent = float(np.hypot(corners[:, 0] - centre[1], corners[:, 1] - centre[0]).max())
    hull_area = max(1.0, cv2.contourArea(corners.astype(np.float32)))
    bias = _BIAS + _LOBE_BIAS * max(0.0, 1 - cv2.countNonZero(nucleus) / hull_area)
    counts = _first_histograms(window, bins, region)
    reaches = np.array([0.08, 0.3, 0.05]) * size
    for _ in range(_ROUNDS):
        scores = colour_scores(counts, bias)
        evidence = score_plane(bins, scores, nucleus, distance, other_distance, 0.5 * size)
        star = fill_star_region(evidence, centre, max(1.6 * size, extent) + 4, _STIFFNESS)
        before, region = region, star | nucleus
        if cv2.countNonZero(before ^ region) <= _SETTLED * cv2.countNonZero(region):
            break
        cytoplasm, away = region & own & (1 - nucleus), distance_to_mask(region)
        counts = class_histograms(
            bins, stain, level, cytoplasm, region, away, other_distance, reaches
        )
    return region
