"""Compiled loops that count pairs of grey levels, for `glcm`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...primitives.kernels import compiled, inner
from .glcm_statistics import matrix_statistics, row_offset

# Pixels in a block of rows: one row of a cell is too short for efficient vector instructions.
_BLOCK_PIXELS = 2048


@inner
def _extents(parts: NDArray[np.uint8]) -> tuple[NDArray[np.int64], np.uint8]:
    """Start and stop column of each row's pixels, and the bitwise or of the part numbers."""
    rows, cols = parts.shape
    extents = np.zeros((rows, 2), np.int64)
    present = np.uint8(0)
    for row in range(rows):
        start, stop = 0, cols
        while start < stop and not parts[row, start]:
            start += 1
        while start < stop and not parts[row, stop - 1]:
            stop -= 1
        extents[row, 0], extents[row, 1] = start, stop
        for part in parts[row, start:stop]:
            present |= part
    return extents, present


@inner
def _row_range(extents: NDArray[np.int64]) -> tuple[int, int]:
    """Start and stop row of the mask."""
    top, bottom = 0, extents.shape[0]
    while top < bottom and extents[top, 0] == extents[top, 1]:
        top += 1
    while top < bottom and extents[bottom - 1, 0] == extents[bottom - 1, 1]:
        bottom -= 1
    return top, bottom


@inner
def _level_range(plane: NDArray[np.uint16], parts: NDArray[np.uint8]) -> tuple[int, int]:
    """Lowest grey level of the cell, and the number of levels from it to the highest."""
    none, lowest, highest = np.uint16(65535), np.uint16(65535), np.uint16(0)
    levels, part = plane.ravel(), parts.ravel()
    for pixel in range(part.size):
        level = levels[pixel]
        lowest = min(lowest, level if part[pixel] else none)
        highest = max(highest, level if part[pixel] else np.uint16(0))
    # Signed, because max < min for an empty mask.
    return int(lowest), int(max(np.int32(highest) - np.int32(lowest), np.int32(-1))) + 1


@inner
def _encode(
    plane: NDArray[np.uint16],
    parts: NDArray[np.uint8],
    lowest: int,
    nucleus: int,
    outside: int,
    codes: NDArray[np.uint16],
) -> None:
    """Write one code per pixel for grey level and part into `codes`, framed with `outside`.

    The code is the level minus the lowest level of the cell, plus `nucleus` for pixels of the
    nucleus. The frame has equal widths at the left, right and top, and none at the bottom.
    """
    rows, cols = parts.shape
    margin = codes.shape[0] - rows
    low, further, out = np.uint16(lowest), np.uint16(nucleus), np.uint16(outside)
    codes[:margin], codes[:, :margin], codes[:, margin + cols :] = out, out, out
    for row in range(rows):
        part, levels = parts[row], plane[row]
        code = codes[row + margin, margin : margin + cols]
        for col in range(cols):
            level = np.uint16(levels[col] - low)
            inside = np.uint16(level + further) if part[col] == 2 else level
            code[col] = inside if part[col] else out


@inner
def _pair_indices(
    some: NDArray[np.uint16],
    others: NDArray[np.uint16],
    last: np.uint32,
    indices: NDArray[np.uint32],
) -> None:
    """Write each pair's index in the packed upper triangle; the lower code is the row.

    Same formula as `row_offset`, with ``last = 2 width - 1`` and in 32 bits so that it vectorises.
    """
    for pixel in range(some.size):
        one, other = np.uint32(some[pixel]), np.uint32(others[pixel])
        low = min(one, other)
        start = np.uint32(np.uint32(low * np.uint32(last - low)) >> np.uint32(1))
        indices[pixel] = start + max(one, other)


@inner
def _count_pairs(
    codes: NDArray[np.uint16],
    extents: NDArray[np.int64],
    distance: int,
    width: int,
    indices: NDArray[np.uint32],
    counts: NDArray[np.int32],
) -> None:
    """Add the pairs at 0, 45, 90 and 135 degrees to `counts`.

    `counts` is (4 or 5, width * (width + 1) / 2): packed upper triangles, small enough for the
    processor's cache. The last column of each matrix collects the pairs with a pixel outside.

    For speed, the pair indices of a block of rows are computed first; the loop alternates between
    the four directions, so that consecutive increments are independent; and each matrix is a
    separate slice, so that no two-dimensional index is computed.
    """
    rows, stride = extents.shape[0], codes.shape[1]
    margin, last = codes.shape[0] - rows, np.uint32(2 * width - 1)
    line, above = codes.ravel(), distance * stride
    offsets = (distance, distance - above, -above, -distance - above)
    at_0, at_45, at_90, at_135 = counts[0], counts[1], counts[2], counts[3]
    block_rows = indices.shape[1] // stride
    for top in range(0, rows, block_rows):
        bottom = min(top + block_rows, rows)
        begin, end = (top + margin) * stride + margin, (bottom + margin) * stride - margin
        for direction in range(4):
            others = line[begin + offsets[direction] : end + offsets[direction]]
            _pair_indices(line[begin:end], others, last, indices[direction])
        for row in range(top, bottom):
            before = (row - top) * stride
            start, stop = before + extents[row, 0], before + extents[row, 1]
            level, rising = indices[0, start:stop], indices[1, start:stop]
            upright, falling = indices[2, start:stop], indices[3, start:stop]
            for col in range(level.size):
                at_0[level[col]] += 1
                at_45[rising[col]] += 1
                at_90[upright[col]] += 1
                at_135[falling[col]] += 1


@inner
def _merge_parts(counts: NDArray[np.int32], span: int, cell_triangle: NDArray[np.int32]) -> None:
    """Sum the pairs within cytoplasm, within nucleus and across: the cell's upper triangle."""
    width, at = 2 * span + 1, 0
    for low in range(span):
        outer = row_offset(low, width)
        within, across = row_offset(span + low, width) + span, outer + span
        row = cell_triangle[at : at + span - low]
        at += span - low
        for high in range(low, span):
            row[high - low] = counts[outer + high] + counts[within + high] + counts[across + high]
        # Pairs across whose lower level is in the nucleus: a column.
        index = across + low
        for high in range(low + 1, span):
            index += width - high
            row[high - low] += counts[index]


@compiled
def sum_pairs(
    planes: NDArray[np.uint16],
    parts: NDArray[np.uint8],
    distances: NDArray[np.int64],
    directions: int,
    logs: NDArray[np.float64],
    functions: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> None:
    """Count the pairs of every plane and write the fields of `Glcm` into `sums`.

    Parameters
    ----------
    planes : (channels, rows, cols) uint16
        Zero-based grey levels.
    parts : (rows, cols) uint8
        0 outside, 1 cytoplasm, 2 nucleus.
    distances : (n,) int64
        Chebyshev distances in pixels.
    directions : {4, 5}
        0, 45, 90 and 135 degrees; the fifth is the sum of the four matrices.
    logs : (m,) float64
        ``n log2 n`` of the counts below m.
    functions : (levels, k) float64
        Functions of the absolute difference of two levels; their means are the last k fields.
    sums : (Cells, Nuclei, Cytoplasm; channels x distances x directions; fields) float64
        Output.
    """
    extents, present = _extents(parts)
    top, bottom = _row_range(extents)
    extents, parts = extents[top:bottom], parts[top:bottom]
    rows, cols = parts.shape
    margin = 0
    for distance in distances:
        margin = max(margin, distance)
    codes = np.empty((rows + margin, cols + 2 * margin), np.uint16)
    indices = np.empty((4, max(_BLOCK_PIXELS, codes.shape[1])), np.uint32)
    matrix = 0
    for channel in range(planes.shape[0]):
        plane = planes[channel, top:bottom]
        lowest, span = _level_range(plane, parts)
        nucleus = span if present == 3 else 0
        width = nucleus + span + 1
        _encode(plane, parts, lowest, nucleus, width - 1, codes)
        cell_triangle = np.empty(span * (span + 1) // 2, np.int32)
        for distance in distances:
            triangles = np.zeros((directions, width * (width + 1) // 2), np.int32)
            _count_pairs(codes, extents, distance, width, indices, triangles)
            if directions == 5:
                for index in range(triangles.shape[1]):
                    for direction in range(4):
                        triangles[4, index] += triangles[direction, index]
            for direction in range(directions):
                counts = triangles[direction]
                if present == 3:
                    _merge_parts(counts, span, cell_triangle)
                    matrix_statistics(
                        cell_triangle, span, 0, span, lowest, logs, functions, sums[0, matrix]
                    )
                    matrix_statistics(
                        counts, width, span, span, lowest, logs, functions, sums[1, matrix]
                    )
                    matrix_statistics(
                        counts, width, 0, span, lowest, logs, functions, sums[2, matrix]
                    )
                else:  # the cell is all nucleus or all cytoplasm
                    matrix_statistics(
                        counts, width, 0, span, lowest, logs, functions, sums[0, matrix]
                    )
                    for field in range(sums.shape[2]):
                        sums[1, matrix, field] = sums[0, matrix, field] if present == 2 else np.nan
                        sums[2, matrix, field] = sums[0, matrix, field] if present == 1 else np.nan
                matrix += 1
