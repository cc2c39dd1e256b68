"""Segments of the nucleus: how its thick parts share its area, from the rim to the core.

The nucleus is outlined anew from the red plane, which the azure dye of chromatin darkens and the
eosin of granules does not, averaged so far that clumps of chromatin are no segments.
"""

from __future__ import annotations

from functools import lru_cache, partial
from math import nan, pi, sqrt

import cv2
import numpy as np
from numpy.typing import NDArray

from ..core.registry import feature
from ..primitives.arrays import Bytes, Floats, Mask
from ..primitives.chamfer import chamfer_distance
from ..primitives.kernels import compiled, inner
from ..primitives.optical_density import otsu_of_plane
from .lobes import find_peak
from .nucleus_ratios import HAEMATOLOGY, CellParts

# Depths at which parts are told apart, twentieths of the greatest depth.
DEPTHS = (3, 6, 9, 12, 15)
# Side of the square that is averaged, in diameters of the cell.
_BLUR = 0.06
# Depths are counted in parts of a pixel, whole numbers, so that equal ones are equal.
_UNIT = np.float32(1024)


def _dark_red_mask(red: Bytes, cell: Mask) -> Mask:
    """Pixels of a cell whose averaged red is at most Otsu's level; all is white around it."""
    inside = cell.view(np.uint8)
    reach = round(_BLUR * sqrt(cv2.countNonZero(inside) / pi))
    framed = cv2.copyMakeBorder(
        red | (inside - 1), reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=255
    )
    side = 2 * reach + 1
    rows, cols = red.shape
    means = np.asarray(cv2.blur(framed, (side, side)), np.uint8)
    means = means[reach : reach + rows, reach : reach + cols]
    pixels = means[cell][:, None]
    # Where all pixels are equal, all are the nucleus.
    dark: Mask = cell & (means <= max(otsu_of_plane(pixels), int(pixels.min())))
    return dark


@inner
def _count_passed_limits(
    depth: NDArray[np.float32], limits: NDArray[np.float32], steps: Bytes
) -> None:
    """Write how many limits each pixel of a row passes."""
    for col in range(depth.size):
        steps[col] = 0
    for limit in limits:
        for col in range(depth.size):
            steps[col] += np.rint(_UNIT * depth[col]) > limit


@compiled
def _find_stretches(depth: NDArray[np.float32], limits: NDArray[np.float32]) -> NDArray[np.int32]:
    """Stretches of pixels in a row that pass equally many limits, at least one: (n, 4).

    Row, first column, column after the last, and how many limits; from top to bottom, then from
    left to right. The depth has a frame of 0.
    """
    rows, cols = depth.shape
    found = np.empty((rows * cols, 4), np.int32)
    steps = np.empty(cols, np.uint8)
    size = 0
    for row in range(rows):
        _count_passed_limits(depth[row], limits, steps)
        before = np.uint8(0)
        for col in range(cols):
            step = steps[col]
            if step == before:
                continue
            if before:
                found[size - 1, 2] = col
            if step:
                found[size, 0], found[size, 1], found[size, 3] = row, col, step
                size += 1
            before = step
    return found[:size]


@inner
def _runs_above_limit(stretches: NDArray[np.int32], step: int, runs: NDArray[np.int32]) -> int:
    """Write the runs of pixels that pass at least so many limits, see `_stretches`; count them."""
    count = 0
    for row, start, stop, passed in stretches:
        if passed < step:
            continue
        if count and runs[count - 1, 0] == row and runs[count - 1, 2] == start:
            runs[count - 1, 2] = stop
        else:
            runs[count, 0], runs[count, 1], runs[count, 2] = row, start, stop
            count += 1
    return count


@inner
def _join_runs(
    runs: NDArray[np.int32], parents: NDArray[np.int32], sizes: NDArray[np.int32]
) -> int:
    """Join runs that touch (8 neighbours), see `lobes.top`; return how many pixels there are.

    Each part's size stands at its top.
    """
    above = total = 0
    for run in range(parents.size):
        row, start, stop = runs[run, 0], runs[run, 1], runs[run, 2]
        parents[run], sizes[run] = run, stop - start
        total += stop - start
        while runs[above, 0] < row - 1 or (runs[above, 0] == row - 1 and runs[above, 2] < start):
            above += 1
        part, other = run, above
        while runs[other, 0] == row - 1 and runs[other, 1] <= stop:
            high = find_peak(parents, other)
            if high != part:
                parents[part] = high
                sizes[high] += sizes[part]
                part = high
            other += 1
    return total


@inner
def _largest(parents: NDArray[np.int32], sizes: NDArray[np.int32]) -> tuple[int, int, int]:
    """Sizes of the three largest parts, 0 where there are fewer."""
    first = second = third = 0
    for run in range(parents.size):
        size = sizes[run] if parents[run] == run else 0
        if size > first:
            first, second, third = size, first, second
        elif size > second:
            second, third = size, second
        elif size > third:
            third = size
    return first, second, third


@compiled
def _second_and_third(stretches: NDArray[np.int32], limits: int) -> Floats:
    """Shares of the second and the third largest part of what passes each limit: (2, limits)."""
    size = stretches.shape[0]
    runs = np.empty((size, 3), np.int32)
    parents, sizes = np.empty(size, np.int32), np.empty(size, np.int32)
    shares = np.zeros((2, limits))
    for limit in range(limits):
        count = _runs_above_limit(stretches, limit + 1, runs)
        total = _join_runs(runs[:count], parents[:count], sizes[:count])
        _, second, third = _largest(parents[:count], sizes[:count])
        shares[0, limit], shares[1, limit] = second / total, third / total
    return shares


@lru_cache(maxsize=1)
def _segment_shares(parts: CellParts) -> tuple[Floats, Floats]:
    """Measure the segments of a cell once for the features that follow one another."""
    cell = parts.cell
    if not cell.nucleus.any():
        return np.full(len(DEPTHS), nan), np.full(len(DEPTHS), nan)
    depth = chamfer_distance(_dark_red_mask(cell.plane("Red"), cell.cell))[1]
    deepest = int(np.rint(_UNIT * depth.max()))
    limits = np.array([share * deepest // 20 for share in DEPTHS], dtype=np.float32)
    second, third = _second_and_third(_find_stretches(depth, limits), limits.size)
    return second, third


# No colours to declare: red serves to find the outline, and what is told is its shape.
haematology_feature = partial(
    feature,
    HAEMATOLOGY,
    version=2,
    unit="1",
    components=tuple(f"{5 * depth:02d}" for depth in DEPTHS),
    nan="no nucleus",
    invariances="translation, rotation by 90 degrees, flips; scale, within sampling",
    reference="parts of the erosions by 15 to 75 % of the greatest depth; the cell's pixels whose "
    "mean red, in squares of 12 % of its radius, is at most Otsu's level, not the nucleus's mask",
    vetted="closed form; formula in scipy",
)


@haematology_feature(
    plain="share of the second segment of the nucleus",
    range="[0, 0.5]",
)
def second_segment_share(parts: CellParts) -> Floats:
    """Share of the second largest part of the cell's dark red, eroded by growing depths.

    The nucleus is outlined anew by Otsu's level; its mask only says whether there is one.
    """
    return _segment_shares(parts)[0]


@haematology_feature(
    plain="share of the third segment of the nucleus",
    range="[0, 0.34]",
)
def third_segment_share(parts: CellParts) -> Floats:
    """Share of the third largest part of the cell's dark red, eroded by growing depths."""
    return _segment_shares(parts)[1]
