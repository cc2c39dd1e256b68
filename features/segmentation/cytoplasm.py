"""The whole cell around a nucleus: what is neither empty slide nor red cell."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ..primitives.arrays import Bytes, Floats
from ..primitives.components import parts_under
from ..primitives.counting import otsu_level
from ..primitives.opening import opened_with
from ..primitives.optical_density import stained
from .colour_evidence import (
    distant_counts,
    median_level,
    near_and_away,
    own_pixels,
    smoothed,
    tint_counts,
    tint_scores,
)
from .regions import Parts, above, diameter, distance_from, filled, hull, middle, notch, touching
from .star_outline import enclose

_BINS = 16  # of each of the two density ratios and of the density
_BLUE_SCALE, _RED_SCALE = _BINS / 1.6, _BINS / 1.2
_GAUSS = np.asarray(cv2.getGaussianKernel(5, 1.0), np.float64).ravel()  # along each axis of counts
_FAINTEST, _CLEAR = 5, 9  # density steps above which a pixel is no longer empty slide
_NOTCH = 0.13  # deeper notches show that another cell touches
_RED_CELLS = 0.015  # share of the image from which on other cells' colour is learned
_HALF = 0.4  # part of the cytoplasm's density at which its outline is drawn
_SCALE = 48.0  # diameter in pixels of the nucleus on the image where the region is found
_STIFFNESS = 0.2  # see `features.segmentation.star_outline.enclose`


@cache
def _tint_tables() -> tuple[Bytes, Bytes]:
    """Bins of the blue and of the red density as parts of the green one: (density, green)."""
    level, base = np.arange(256)[:, None], np.maximum(np.arange(256), 4)
    blue, red = (np.rint(level * scale / base) for scale in (_BLUE_SCALE, _RED_SCALE))
    return (
        np.minimum(blue, _BINS - 1).astype(np.uint8),
        np.minimum(red, _BINS - 1).astype(np.uint8),
    )


def _distributions(counts: NDArray[np.int64]) -> Floats:
    """Smooth the two rows of counts and divide them by their sums: (2, 4096)."""
    smooth = smoothed(counts.reshape(2, _BINS, _BINS, _BINS), _GAUSS).reshape(2, -1) + 1e-3
    return np.asarray(smooth / smooth.sum(axis=1, keepdims=True))


def kinship(optical: Bytes, own: Bytes, near: Bytes, away: Bytes) -> NDArray[np.float32]:
    """Return evidence that a colour belongs to this cell rather than to the cells elsewhere.

    A colour is the blue and the red density as parts of the green one, and the green one. The
    log-likelihood ratio of the two colour distributions is scaled to -1 to 1; a colour as
    frequent here as there counts against the cell.

    Parameters
    ----------
    optical : (rows, cols, 3) uint8
        See `features.primitives.optical_density.density`.
    own, near, away : (rows, cols) uint8, 0 or 1
        Stained pixels; those next to the nucleus; those far from it, mostly red cells.

    Returns
    -------
    (rows, cols) float32
        -1 where `own` is 0.
    """
    tables = _tint_tables()
    here, there = _distributions(tint_counts(optical, near, away, *tables))
    scores = np.clip(0.7 * np.log(here / there) - 0.5, -1, 1).astype(np.float32)
    return tint_scores(optical, own, scores, *tables)


def others(found: Parts, nucleus: Bytes) -> Bytes:
    """Nuclei of other cells: parts that are large or cut by the rim, not specks and fringes.

    Parameters
    ----------
    found : Parts
        All nuclear pixels.
    nucleus : (rows, cols) uint8, 0 or 1
        Those of this cell: some of the parts.

    Returns
    -------
    (rows, cols) uint8, 0 or 1
    """
    chosen = found.areas > 0.3 * cv2.countNonZero(nucleus)
    chosen |= found.cut
    chosen[0] = False
    if not chosen.any():
        return np.zeros_like(nucleus)
    return found.of(chosen) & (1 - nucleus)


def drawn(optical: Bytes, cell: Bytes, nucleus: Bytes, level: int) -> Bytes:
    """Draw the outline where the density falls to a part of the cytoplasm's."""
    left, top, width, height = cv2.boundingRect(cell)
    box = np.s_[top : top + height, left : left + width]
    plane = stained(np.ascontiguousarray(optical[box]))
    region, core = np.ascontiguousarray(cell[box]), np.ascontiguousarray(nucleus[box])
    usual = median_level(plane, region, core)
    if np.isnan(usual):
        return cell
    half = max(level, int(_HALF * usual))
    inside = opened_with(region & above(plane, half) | core, 2)
    outlined = np.zeros_like(cell)
    inside = touching(inside | core, core)
    outlined[box] = filled(inside, float(cell.size))
    return outlined


def reduced_mask(mask: Bytes, shape: tuple[int, int]) -> Bytes:
    """Reduce or enlarge a 0/1 mask to (rows, cols), drawing its outline smoothly."""
    smooth = cv2.resize(mask * np.uint8(255), shape[::-1], interpolation=cv2.INTER_LINEAR)
    return above(np.asarray(smooth, dtype=np.uint8), 127)


def whole_cell(optical: Bytes, nucleus: Bytes, other: Bytes) -> Bytes:
    """Return the cell to which a nucleus belongs.

    A stained region round the nucleus that is free of the rim and has no deep notch is the cell.
    Otherwise another cell touches it: then the colours of the cells elsewhere in the image count
    against a pixel, the nearness of another nucleus too, and the star-shaped region that gathers
    most evidence is the cell.

    Parameters
    ----------
    optical : (rows, cols, 3) uint8
        Optical density, see `features.primitives.optical_density.density`.
    nucleus, other : (rows, cols) uint8, 0 or 1
        The nucleus, not empty, and the nuclei of other cells.

    Returns
    -------
    (rows, cols) uint8, 0 or 1
    """
    rows, cols = nucleus.shape
    factor = min(1.0, _SCALE / diameter(nucleus))
    small = (max(1, round(rows * factor)), max(1, round(cols * factor)))
    core = reduced_mask(nucleus, small)
    if factor < 0.8 and core.any():
        coarse = cv2.resize(optical, small[::-1], interpolation=cv2.INTER_LINEAR)
        region, level = region_of(
            np.asarray(coarse, dtype=np.uint8), core, reduced_mask(other, small)
        )
        region = reduced_mask(region, (rows, cols))
    else:
        region, level = region_of(optical, nucleus, other)
    return drawn(optical, region | nucleus, nucleus, level)


def region_of(optical: Bytes, nucleus: Bytes, other: Bytes) -> tuple[Bytes, int]:
    """Region of the cell before its outline is drawn, and the level of the slide."""
    size = diameter(nucleus)
    distance, aside = distance_from(nucleus), distance_from(other)
    plane = stained(optical)
    rest = distant_counts(plane, distance, aside, 0.08 * size)
    level = min(otsu_level(rest), _CLEAR) if rest.any() else _FAINTEST
    own = own_pixels(plane, distance, aside, level, 0.5 * size)
    part, cut = parts_under(opened_with(own, max(2, round(0.06 * size))) | nucleus, nucleus)
    if not cut and notch(part) < _NOTCH:
        return filled(part, float(part.size)), level
    grid = distance[::4, ::4].ravel()
    farther = int(0.85 * grid.size)
    margin = min(0.5 * size, float(np.partition(grid, farther)[farther]))
    near, away = near_and_away(plane, own, distance, aside, level, 0.2 * size, margin, 0.3 * size)
    if cv2.countNonZero(away) > _RED_CELLS * away.size:
        evidence = kinship(optical, own, near, away)
    else:
        evidence = own.astype(np.float32) * 2 - 1
    np.copyto(evidence, np.float32(4), where=nucleus.view(np.bool_))
    corners = hull(nucleus)
    row, col = middle(corners)
    extent = float(np.hypot(corners[:, 0] - col, corners[:, 1] - row).max())
    region = enclose(evidence, (row, col), max(1.6 * size, extent) + 4, _STIFFNESS)
    return filled(region | nucleus, float(region.size)), level
