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

from .arrays import Bytes, Floats, Mask
from .haematology import HAEMATOLOGY, Parts
from .kernels import compiled, inner
from .lobes import top
from .masks import chamfer
from .registry import feature
from .stain import otsu

# Depths at which parts are told apart, twentieths of the greatest depth.
DEPTHS = (3, 6, 9, 12, 15)
# Side of the square that is averaged, in diameters of the cell.
_BLUR = 0.06
# Depths are counted in parts of a pixel, whole numbers, so that equal ones are equal.
_UNIT = 1024


def _dark(red: Bytes, cell: Mask) -> Mask:
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
    dark: Mask = cell & (means <= max(otsu(pixels), int(pixels.min())))
    return dark


@inner
def _largest(
    roots: NDArray[np.int32], parents: NDArray[np.int32], sizes: NDArray[np.int32]
) -> tuple[int, int, int]:
    """Sizes of the three largest parts, 0 where there are fewer."""
    first = second = third = 0
    for root in roots:
        size = sizes[root] if parents[root] == root else 0
        if size > first:
            first, second, third = size, first, second
        elif size > second:
            second, third = size, second
        elif size > third:
            third = size
    return first, second, third


@compiled
def _second_and_third(
    depth: NDArray[np.int32], cols: int, limits: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Shares of the second and the third largest part of what is deeper: (2, limits).

    `depth` is that of a plane with a frame of 0, flat; the limits ascend. Parts are 8-connected;
    they grow and join from the deepest level outwards.
    """
    # The pixels that pass one limit, two limits and so on, and how many these are.
    pixels = np.empty((limits.size, depth.size), np.int32)
    counts = np.zeros(limits.size, np.int64)
    for pixel in range(depth.size):
        if depth[pixel] > limits[0]:
            step = 1
            while step < limits.size and depth[pixel] > limits[step]:
                step += 1
            pixels[step - 1, counts[step - 1]] = pixel
            counts[step - 1] += 1
    parents = np.full(depth.size, -1, np.int32)
    sizes = np.empty(depth.size, np.int32)
    roots = np.empty(depth.size, np.int32)
    shares = np.zeros((2, limits.size))
    found = total = 0
    for step in range(limits.size - 1, -1, -1):
        for pixel in pixels[step, : counts[step]]:
            root = -1
            for turn in range(8):
                if turn < 4:
                    other = pixel + (1 if turn & 1 else -1) * (1 if turn & 2 else cols)
                else:
                    other = pixel + (1 if turn & 1 else -1) + (cols if turn & 2 else -cols)
                if parents[other] < 0 or parents[other] == root:
                    continue
                high = top(parents, other)
                if root >= 0 and root != high:
                    parents[root] = high
                    sizes[high] += sizes[root]
                root = high
            if root < 0:
                root = pixel
                sizes[root] = 0
                roots[found] = root
                found += 1
            parents[pixel] = root
            sizes[root] += 1
        total += counts[step]
        _, second, third = _largest(roots[:found], parents, sizes)
        shares[0, step], shares[1, step] = second / total, third / total
    return shares


@lru_cache(maxsize=1)
def _shares(parts: Parts) -> tuple[Floats, Floats]:
    """Measure the segments of a cell once for the features that follow one another."""
    cell = parts.whole
    if not cell.nucleus.any():
        return np.full(len(DEPTHS), nan), np.full(len(DEPTHS), nan)
    depth = chamfer(_dark(cell.plane("Red"), cell.cell))[1]
    units = np.rint(_UNIT * depth).astype(np.int32)
    limits = np.array(DEPTHS) * int(units.max()) // 20
    second, third = _second_and_third(units.ravel(), units.shape[1], limits)
    return second, third


# No colours to declare: red serves to find the outline, and what is told is its shape.
sign = partial(
    feature,
    HAEMATOLOGY,
    version=2,
    unit="1",
    components=tuple(f"{5 * depth:02d}" for depth in DEPTHS),
    nan="no nucleus",
    invariances="translation, rotation by 90 degrees, flips; scale, within sampling",
    reference="parts of the erosions by 15 to 75 % of the greatest depth; the cell's pixels whose "
    "mean red, in squares of 12 % of its radius, is at most Otsu's level, not the nucleus's mask",
    vetted="by hand; scipy",
)


@sign(
    plain="share of the second segment of the nucleus",
    range="[0, 0.5]",
    vetted="by hand; formula in scipy",
)
def second_segment_share(parts: Parts) -> Floats:
    """Share of the second largest part of the cell's dark red, eroded by growing depths.

    The nucleus is outlined anew by Otsu's level; its mask only says whether there is one.
    """
    return _shares(parts)[0]


@sign(
    plain="share of the third segment of the nucleus",
    range="[0, 0.34]",
    vetted="by hand; formula in scipy",
)
def third_segment_share(parts: Parts) -> Floats:
    """Share of the third largest part of the cell's dark red, eroded by growing depths."""
    return _shares(parts)[1]
