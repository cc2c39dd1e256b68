"""Counting pairs of levels: the compiled half of `glcm`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...primitives.kernels import compiled, inner

# Pixels whose pairs are looked at together: rows of a cell are too short for the machine to take
# as many at a time as it can.
_BLOCK = 2048


@inner
def _extents(parts: NDArray[np.uint8]) -> tuple[NDArray[np.int64], np.uint8]:
    """First and behind the last pixel of each row, and the union of the parts' numbers."""
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
def _rows(extents: NDArray[np.int64]) -> tuple[int, int]:
    """First row with a pixel, and the one behind the last."""
    top, bottom = 0, extents.shape[0]
    while top < bottom and extents[top, 0] == extents[top, 1]:
        top += 1
    while top < bottom and extents[bottom - 1, 0] == extents[bottom - 1, 1]:
        bottom -= 1
    return top, bottom


@inner
def _limits(plane: NDArray[np.uint16], parts: NDArray[np.uint8]) -> tuple[int, int]:
    """Lowest level of the cell, and the number of levels to the highest."""
    none, lowest, highest = np.uint16(65535), np.uint16(65535), np.uint16(0)
    levels, part = plane.ravel(), parts.ravel()
    for pixel in range(part.size):
        level = levels[pixel]
        lowest = min(lowest, level if part[pixel] else none)
        highest = max(highest, level if part[pixel] else np.uint16(0))
    # Signed: of no pixel the highest level lies below the lowest.
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
    """Write level and part of each pixel as one number, in a margin of `outside`.

    Levels count from the lowest of the cell; those of the nucleus, from `nucleus`, follow on the
    cytoplasm's. The margin is as wide on either side as above, and there is none below.
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
def _row(low: int, width: int) -> int:
    """Where row `low` of an upper triangle begins, less `low`: the rows lie behind one another."""
    return (low * (2 * width - 1 - low)) >> 1


@inner
def _places(
    some: NDArray[np.uint16],
    others: NDArray[np.uint16],
    last: np.uint32,
    places: NDArray[np.uint32],
) -> None:
    """Write each pair's place in the upper triangle of a matrix: the lower code is the row.

    As `_row`, for `last` of twice the width less 1, in 32 bits: many at a time.
    """
    for pixel in range(some.size):
        one, other = np.uint32(some[pixel]), np.uint32(others[pixel])
        low = min(one, other)
        start = np.uint32(np.uint32(low * np.uint32(last - low)) >> np.uint32(1))
        places[pixel] = start + max(one, other)


@inner
def _count(
    codes: NDArray[np.uint16],
    extents: NDArray[np.int64],
    distance: int,
    width: int,
    places: NDArray[np.uint32],
    counts: NDArray[np.int32],
) -> None:
    """Add the pairs at 0, 45, 90 and 135 degrees to `counts`.

    `counts` is (4 or 5, width * (width + 1) / 2): upper triangles alone, which fit a cache; the
    last column of each collects pairs with a pixel outside. The places of the pairs of some rows
    are computed ahead, many at a time; the four directions take turns, so that an increment need
    not wait for the last. Matrices are slices of their own: half of the time would go into the
    arithmetic of their places.
    """
    rows, stride = extents.shape[0], codes.shape[1]
    margin, last = codes.shape[0] - rows, np.uint32(2 * width - 1)
    line, above = codes.ravel(), distance * stride
    offsets = (distance, distance - above, -above, -distance - above)
    at_0, at_45, at_90, at_135 = counts[0], counts[1], counts[2], counts[3]
    together = places.shape[1] // stride
    for top in range(0, rows, together):
        bottom = min(top + together, rows)
        begin, end = (top + margin) * stride + margin, (bottom + margin) * stride - margin
        for direction in range(4):
            others = line[begin + offsets[direction] : end + offsets[direction]]
            _places(line[begin:end], others, last, places[direction])
        for row in range(top, bottom):
            before = (row - top) * stride
            start, stop = before + extents[row, 0], before + extents[row, 1]
            level, rising = places[0, start:stop], places[1, start:stop]
            upright, falling = places[2, start:stop], places[3, start:stop]
            for col in range(level.size):
                at_0[level[col]] += 1
                at_45[rising[col]] += 1
                at_90[upright[col]] += 1
                at_135[falling[col]] += 1


@inner
def _join(counts: NDArray[np.int32], span: int, whole: NDArray[np.int32]) -> None:
    """Add up the pairs inside cytoplasm and nucleus and those across: an upper triangle."""
    width, at = 2 * span + 1, 0
    for low in range(span):
        outer = _row(low, width)
        within, across = _row(span + low, width) + span, outer + span
        row = whole[at : at + span - low]
        at += span - low
        for high in range(low, span):
            row[high - low] = counts[outer + high] + counts[within + high] + counts[across + high]
        # Where the nucleus has the lower level of two: a column.
        place = across + low
        for high in range(low + 1, span):
            place += width - high
            row[high - low] += counts[place]


@inner
def _weighed(count: int, logs: NDArray[np.float64]) -> np.float64:
    """A count times its logarithm."""
    if count < logs.size:
        return np.float64(logs[count])
    return np.float64(count * np.log2(count))


@inner
def _shape(
    counts: NDArray[np.int32],
    size: int,
    pairs: float,
    first: int,
    logs: NDArray[np.float64],
    shape: NDArray[np.float64],
) -> None:
    """Write mean of the values from `first`, three central moments and entropy."""
    mean = entropy = second = third = fourth = 0.0
    for index in range(size):
        mean += float(counts[index]) * (first + index)
        entropy += _weighed(counts[index], logs)
    mean /= pairs
    for index in range(size):
        away = first + index - mean
        square = counts[index] * away * away
        second += square
        third += square * away
        fourth += square * away * away
    shape[0], shape[1], shape[2], shape[3] = mean, second / pairs, third / pairs, fourth / pairs
    # No disorder in a single value, whatever the logarithms round to.
    shape[4] = np.log2(pairs) - entropy / pairs if second > 0 else 0.0


@inner
def _sum_up(
    triangle: NDArray[np.int32],
    width: int,
    first: int,
    span: int,
    lowest: int,
    logs: NDArray[np.float64],
    functions: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> None:
    """Write the fields of `Glcm`, NaN without a pair, for `span` codes from `first` on.

    They are those of the symmetric matrix whose upper triangle, `width` wide, is given.
    """
    # Distributions of the level, of the sum and of the absolute difference of two levels.
    counts = np.zeros((3, 2 * span), np.int32)
    levels, totals, differences = counts[0], counts[1], counts[2]
    maximum, squares, entropy, pairs = 0, 0, 0.0, 0.0
    for low in range(span):
        # A pair of equal levels stands twice on the diagonal of the symmetric matrix.
        start = _row(first + low, width) + first
        twice = 2 * triangle[start + low]
        row = triangle[start + low + 1 : start + span]
        higher, steps, added = levels[low + 1 :], differences[1:], totals[2 * low + 1 :]
        inside, square, largest = np.int32(0), 0, np.int32(0)
        for index in range(row.size):
            n = row[index]
            higher[index] += n
            steps[index] += 2 * n
            added[index] += 2 * n
            inside += n
            square += n * n
            largest = max(largest, n)
        levels[low] += inside + twice
        differences[0] += twice
        totals[2 * low] += twice
        squares += 2 * square + twice * twice
        maximum = max(maximum, largest, twice)
        pairs += twice + 2 * inside
        bits = 0.0
        for index in range(row.size):
            if row[index] > 1:
                bits += _weighed(row[index], logs)
        entropy += 2 * bits + _weighed(twice, logs)
    if pairs == 0:
        for field in range(sums.size):
            sums[field] = np.nan
        return
    sums[0] = maximum / pairs
    sums[1] = squares / (pairs * pairs)
    sums[2] = np.log2(pairs) - entropy / pairs if maximum < pairs else 0.0
    shape = np.empty(5)
    for of in range(3):
        least = (lowest + 1, 2 * lowest + 2, 0)[of]
        _shape(counts[of], 2 * span - 1 if of == 1 else span, pairs, least, logs, shape)
        for field in range(5):
            sums[3 + 5 * of + field] = shape[field]
    for field in range(functions.shape[1]):
        mean = 0.0
        for index in range(span):
            mean += differences[index] * functions[index, field]
        sums[18 + field] = mean / pairs


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
    """Fill `sums`: compartments; channels, distances and directions together; fields of `Glcm`.

    `logs` holds n log2 n of small counts, `functions` (levels, k) the functions of the absolute
    difference of two levels whose means are the last k fields.
    """
    extents, present = _extents(parts)
    top, bottom = _rows(extents)
    extents, parts = extents[top:bottom], parts[top:bottom]
    rows, cols = parts.shape
    margin = 0
    for distance in distances:
        margin = max(margin, distance)
    codes = np.empty((rows + margin, cols + 2 * margin), np.uint16)
    places = np.empty((4, max(_BLOCK, codes.shape[1])), np.uint32)
    at = 0
    for channel in range(planes.shape[0]):
        plane = planes[channel, top:bottom]
        lowest, span = _limits(plane, parts)
        nucleus = span if present == 3 else 0
        width = nucleus + span + 1
        _encode(plane, parts, lowest, nucleus, width - 1, codes)
        whole = np.empty(span * (span + 1) // 2, np.int32)
        for distance in distances:
            flat = np.zeros((directions, width * (width + 1) // 2), np.int32)
            _count(codes, extents, distance, width, places, flat)
            if directions == 5:
                for place in range(flat.shape[1]):
                    for direction in range(4):
                        flat[4, place] += flat[direction, place]
            for direction in range(directions):
                counts = flat[direction]
                if present == 3:
                    _join(counts, span, whole)
                    _sum_up(whole, span, 0, span, lowest, logs, functions, sums[0, at])
                    _sum_up(counts, width, span, span, lowest, logs, functions, sums[1, at])
                    _sum_up(counts, width, 0, span, lowest, logs, functions, sums[2, at])
                else:  # all in one, where the cell is all nucleus or all cytoplasm
                    _sum_up(counts, width, 0, span, lowest, logs, functions, sums[0, at])
                    for field in range(sums.shape[2]):
                        sums[1, at, field] = sums[0, at, field] if present == 2 else np.nan
                        sums[2, at, field] = sums[0, at, field] if present == 1 else np.nan
                at += 1
