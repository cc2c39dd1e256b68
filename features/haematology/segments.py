"""Segments of the nucleus: shares of its components after erosion by increasing depths.

The nucleus is segmented again from the red plane, which is darkened by the azure of chromatin but
not by the eosin of granules. The plane is averaged, so that clumps of chromatin are not segments.
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
from ..primitives.components import find_root
from ..primitives.kernels import compiled, inner
from ..primitives.otsu import otsu_of_plane
from .nucleus_ratios import HAEMATOLOGY, CellParts

# Depths of the erosions, in twentieths of the greatest depth.
DEPTHS = (3, 6, 9, 12, 15)
# Side of the averaging square, in diameters of the cell.
_BLUR = 0.06
# Units per pixel: depths are integers, so equal depths compare as equal.
_UNIT = np.float32(1024)


def _dark_red_mask(red: Bytes, cell: Mask) -> Mask:
    """Return the pixels of a cell whose mean red is at most Otsu's threshold; outside is white."""
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
    # If all pixels are equal, all are nucleus.
    dark: Mask = cell & (means <= max(otsu_of_plane(pixels), int(pixels.min())))
    return dark


@inner
def _count_passed_limits(
    depth: NDArray[np.float32], limits: NDArray[np.float32], steps: Bytes
) -> None:
    """Write the number of limits below the depth of each pixel of a row."""
    for col in range(depth.size):
        steps[col] = 0
    for limit in limits:
        for col in range(depth.size):
            steps[col] += np.rint(_UNIT * depth[col]) > limit


@compiled
def _find_stretches(depth: NDArray[np.float32], limits: NDArray[np.float32]) -> NDArray[np.int32]:
    """Return the stretches of pixels in a row that exceed the same limits, at least one: (n, 4).

    Row, first column, column after the last, number of limits; in the order of rows and columns.
    The depth has a frame of 0.
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
    """Write the runs of pixels that exceed at least `step` limits; return their number."""
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
    """Join touching runs (8 neighbours) in a union-find forest; return the number of pixels.

    The size of a component is stored at its root.
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
            high = find_root(parents, other)
            if high != part:
                parents[part] = high
                sizes[high] += sizes[part]
                part = high
            other += 1
    return total


@inner
def _largest(parents: NDArray[np.int32], sizes: NDArray[np.int32]) -> tuple[int, int, int]:
    """Return the sizes of the three largest components; 0 if there are fewer."""
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
    """Return the shares of the second and third largest component above each limit: (2, limits)."""
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
    """Measure the segments of a cell; cached, because both features read them."""
    cell = parts.cell
    if not cell.nucleus.any():
        return np.full(len(DEPTHS), nan), np.full(len(DEPTHS), nan)
    depth = chamfer_distance(_dark_red_mask(cell.plane("Red"), cell.cell))[1]
    deepest = int(np.rint(_UNIT * depth.max()))
    limits = np.array([share * deepest // 20 for share in DEPTHS], dtype=np.float32)
    second, third = _second_and_third(_find_stretches(depth, limits), limits.size)
    return second, third


# No `colours`: red is used to find the outline, but the shares do not contain its level.
haematology_feature = partial(
    feature,
    HAEMATOLOGY,
    version=2,
    unit="1",
    components=tuple(f"{5 * depth:02d}" for depth in DEPTHS),
    nan="no nucleus",
    invariances="translation, rotation by 90 degrees, flips; scale, within sampling",
    reference="components after erosion by 15 to 75 % of the greatest depth; pixels of the cell "
    "with a mean red, in squares of 12 % of its radius, of at most Otsu's threshold, not the "
    "nucleus's mask",
    vetted="closed form; formula in scipy",
)


@haematology_feature(
    plain="share of the second segment of the nucleus",
    range="[0, 0.5]",
)
def second_segment_share(parts: CellParts) -> Floats:
    """Share of the second largest component of the cell's dark red, eroded by five depths.

    The dark pixels are found by Otsu's threshold; the nucleus's mask only decides about NaN.
    """
    return _segment_shares(parts)[0]


@haematology_feature(
    plain="share of the third segment of the nucleus",
    range="[0, 0.34]",
)
def third_segment_share(parts: CellParts) -> Floats:
    """Share of the third largest component of the cell's dark red, eroded by five depths."""
    return _segment_shares(parts)[1]
