"""Connected parts of a mask, by the runs of its rows: far fewer than its pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .arrays import Bytes
from .kernels import compiled, inner

_NONE, _ALL = np.uint64(0), np.uint64(0x0101010101010101)

Runs = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]


@inner
def find_root(parent: NDArray[np.int32], run: int) -> int:
    """Follow the parents of a run to its root; halve the path on the way (union-find)."""
    while parent[run] != run:
        parent[run] = parent[parent[run]]
        run = parent[run]
    return run


@inner
def _find_runs(mask: Bytes, value: int, reach: int) -> Runs:
    """Runs of a value in the rows of a 0/1 mask, and which of them hang together.

    Runs of neighbouring rows do where they share a column, or with a `reach` of 1 where they
    touch at a corner. Returns where each row's runs begin (rows + 1,), then the first column of
    each run, the column past its last, and the first run that it hangs together with.
    """
    rows, cols = mask.shape
    most = rows * ((cols + 1) // 2)
    begin = np.zeros(rows + 1, np.int64)
    first, past = np.empty(most, np.int32), np.empty(most, np.int32)
    parent = np.empty(most, np.int32)
    line = np.zeros(8 * (cols // 8 + 1), np.uint8)  # ends with a 0 that closes the last run
    lanes = line.view(np.uint64)
    count = above = 0
    for row in range(rows):
        for col in range(cols):
            line[col] = mask[row, col] == value
        end = count
        start = -1
        for lane in range(lanes.size):
            if lanes[lane] == (_NONE if start < 0 else _ALL):  # 8 pixels without a change
                continue
            for col in range(8 * lane, 8 * lane + 8):
                if start < 0:
                    if line[col]:
                        start = col
                    continue
                if line[col]:
                    continue
                first[count], past[count], parent[count] = start, col, count
                while above < end and past[above] + reach <= start:
                    above += 1
                near = above
                while near < end and first[near] < col + reach:
                    one, two = find_root(parent, near), find_root(parent, count)
                    parent[max(one, two)] = min(one, two)
                    near += 1
                count += 1
                start = -1
        begin[row + 1] = count
        above = end
    for run in range(count):  # a parent has the lower number: it is final already
        parent[run] = parent[parent[run]]
    return begin, first[:count], past[:count], parent[:count]


@inner
def _component_numbers(runs: Runs) -> tuple[NDArray[np.int32], int]:
    """Number of each run's part, from 1, and of parts and the outside together.

    Parts are in the order of their first blocks of 2 x 2 pixels, as OpenCV numbers them.
    """
    begin, first, _, parent = runs
    rows = begin.size - 1
    number = np.empty(parent.size, np.int32)
    place = np.empty(parent.size + 1, np.int64)  # of the first block of each part
    order = np.empty(parent.size + 1, np.int32)
    count = 1
    for row in range(rows):
        for run in range(begin[row], begin[row + 1]):
            block = (row // 2) << 32 | first[run] // 2
            if parent[run] == run:
                number[run] = count
                place[count] = block
                count += 1
            else:
                number[run] = number[parent[run]]
                place[number[run]] = min(place[number[run]], block)
    ranked = np.empty(count, np.int32)
    for part in range(1, count):  # nearly in order already
        rank = part
        while rank > 1 and place[order[rank - 1]] > place[part]:
            order[rank] = order[rank - 1]
            rank -= 1
        order[rank] = part
    for rank in range(1, count):
        ranked[order[rank]] = rank
    for run in range(parent.size):
        number[run] = ranked[number[run]]
    return number, count


@compiled
def label_components(mask: Bytes) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Number the parts (8 neighbours) of a 0/1 mask, and tally each.

    Returns the numbers (rows, cols), 0 outside, and (8, parts + 1): pixels, the sums of their rows
    and of their columns, first and last row, first and last column, whether the part reaches the
    image's edge; all 0 for the outside.
    """
    rows, cols = mask.shape
    runs = _find_runs(mask, 1, 1)
    begin, first, past, _ = runs
    number, count = _component_numbers(runs)
    labels = np.zeros((rows, cols), np.int32)
    tally = np.zeros((8, count), np.int64)
    for part in range(1, count):
        tally[3, part], tally[5, part] = rows, cols
    for row in range(rows):
        for run in range(begin[row], begin[row + 1]):
            part, start, end = number[run], np.int64(first[run]), np.int64(past[run])
            for col in range(start, end):
                labels[row, col] = part
            tally[0, part] += end - start
            tally[1, part] += (end - start) * row
            tally[2, part] += (end - start) * (start + end - 1) // 2
            tally[3, part] = min(tally[3, part], row)
            tally[4, part] = row
            tally[5, part] = min(tally[5, part], start)
            tally[6, part] = max(tally[6, part], end - 1)
            if row == 0 or row == rows - 1 or start == 0 or end == cols:
                tally[7, part] = 1
    return labels, tally


@inner
def _paint_components(mask: Bytes, runs: Runs, chosen: NDArray[np.bool_], value: int) -> None:
    """Write a value into the parts whose first run is chosen."""
    begin, first, past, parent = runs
    for row in range(mask.shape[0]):
        for run in range(begin[row], begin[row + 1]):
            if chosen[parent[run]]:
                for col in range(first[run], past[run]):
                    mask[row, col] = value


@compiled
def keep_large_components(mask: Bytes, share: float) -> Bytes:
    """Parts (8 neighbours) of a 0/1 mask with at least a share of the greatest one's pixels."""
    runs = _find_runs(mask, 1, 1)
    _, first, past, parent = runs
    areas = np.zeros(parent.size, np.int64)
    greatest = 0
    for run in range(parent.size):
        areas[parent[run]] += past[run] - first[run]
        greatest = max(greatest, areas[parent[run]])
    chosen = np.zeros(parent.size, np.bool_)
    for run in range(parent.size):
        chosen[run] = areas[run] >= share * greatest
    kept = np.zeros(mask.shape, np.uint8)
    _paint_components(kept, runs, chosen, 1)
    return kept


@compiled
def keep_components_touching(mask: Bytes, core: Bytes) -> tuple[Bytes, bool]:
    """Parts (8 neighbours) of a 0/1 mask that meet another; whether they reach the image's edge."""
    rows, cols = mask.shape
    runs = _find_runs(mask, 1, 1)
    begin, first, past, parent = runs
    met = np.zeros(parent.size, np.bool_)
    for row in range(rows):
        for run in range(begin[row], begin[row + 1]):
            if not met[parent[run]]:
                for col in range(first[run], past[run]):
                    if core[row, col]:
                        met[parent[run]] = True
                        break
    kept = np.zeros(mask.shape, np.uint8)
    _paint_components(kept, runs, met, 1)
    cut = False
    for row in range(rows):
        for run in range(begin[row], begin[row + 1]):
            if met[parent[run]]:
                side = first[run] == 0 or past[run] == cols
                cut = cut or side or row == 0 or row == rows - 1
    return kept, cut


@compiled
def fill_holes(mask: Bytes, largest: float) -> bool:
    """Fill the holes (4 neighbours) of a 0/1 mask in place, unless one might be too large.

    Returns whether it did: False, and nothing is changed, if the box that the outline of a hole
    fills has an area above `largest`.
    """
    rows, cols = mask.shape
    runs = _find_runs(mask, 0, 0)
    begin, first, past, parent = runs
    hole = np.zeros(parent.size, np.bool_)
    top, left = np.empty(parent.size, np.int64), np.empty(parent.size, np.int64)
    right = np.empty(parent.size, np.int64)
    for row in range(rows):
        for run in range(begin[row], begin[row + 1]):
            part = parent[run]
            start, end = np.int64(first[run]), np.int64(past[run])
            if part == run:
                hole[part] = True
                top[part], left[part], right[part] = row, start, end
            left[part], right[part] = min(left[part], start), max(right[part], end)
            if row == 0 or row == rows - 1 or start == 0 or end == cols:
                hole[part] = False
    for row in range(rows):
        for run in range(begin[row], begin[row + 1]):
            part = parent[run]
            if hole[part] and (right[part] - left[part] + 1) * (row - top[part] + 2) > largest:
                return False
    _paint_components(mask, runs, hole, 1)
    return True
