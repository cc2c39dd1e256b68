"""Connected components of a mask, from the runs of its rows.

A run is a maximal sequence of equal pixels in a row; an image has far fewer runs than pixels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .arrays import Bytes
from .kernels import compiled, inner

_NONE, _ALL = np.uint64(0), np.uint64(0x0101010101010101)

Runs = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]


@inner
def find_root(parent: NDArray[np.int32], element: int) -> int:
    """Return the root of an element of a union-find forest; halve its path on the way."""
    while parent[element] != element:
        parent[element] = parent[parent[element]]
        element = parent[element]
    return element


@inner
def _find_runs(mask: Bytes, value: int, reach: int) -> Runs:
    """Find the runs of a value in the rows of a 0/1 mask, and connect those of adjacent rows.

    Two runs are connected if they share a column (`reach` 0: 4 neighbours) or also if they touch
    at a corner (`reach` 1: 8 neighbours). Returns the index of each row's first run (rows + 1,);
    then for each run its first column, the column after its last, and the lowest run of its
    component.
    """
    rows, cols = mask.shape
    most = rows * ((cols + 1) // 2)
    begin = np.zeros(rows + 1, np.int64)
    first, end_of = np.empty(most, np.int32), np.empty(most, np.int32)
    parent = np.empty(most, np.int32)
    line = np.zeros(8 * (cols // 8 + 1), np.uint8)  # its final 0 ends the last run
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
                first[count], end_of[count], parent[count] = start, col, count
                while above < end and end_of[above] + reach <= start:
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
    for run in range(count):  # a parent has a lower number, so it is final
        parent[run] = parent[parent[run]]
    return begin, first[:count], end_of[:count], parent[:count]


@inner
def _component_numbers(runs: Runs) -> tuple[NDArray[np.int32], int]:
    """Return the component number of each run, from 1, and the number of components plus 1.

    Components are in the order of their first blocks of 2 x 2 pixels, as in OpenCV.
    """
    begin, first, _, parent = runs
    rows = begin.size - 1
    number = np.empty(parent.size, np.int32)
    place = np.empty(parent.size + 1, np.int64)  # of the first block of each component
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
    for component in range(1, count):  # insertion sort: the order is nearly right
        rank = component
        while rank > 1 and place[order[rank - 1]] > place[component]:
            order[rank] = order[rank - 1]
            rank -= 1
        order[rank] = component
    for rank in range(1, count):
        ranked[order[rank]] = rank
    for run in range(parent.size):
        number[run] = ranked[number[run]]
    return number, count


@compiled
def label_components(mask: Bytes) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Label the connected components (8 neighbours) of a 0/1 mask, and measure each.

    Returns the labels (rows, cols), 0 for the background, and (8, components + 1): area, sum of
    the rows, sum of the columns, first and last row, first and last column, and 1 if the component
    touches the border of the image. All are 0 for the background.
    """
    rows, cols = mask.shape
    runs = _find_runs(mask, 1, 1)
    begin, first, end_of, _ = runs
    number, count = _component_numbers(runs)
    labels = np.zeros((rows, cols), np.int32)
    measures = np.zeros((8, count), np.int64)
    for component in range(1, count):
        measures[3, component], measures[5, component] = rows, cols
    for row in range(rows):
        for run in range(begin[row], begin[row + 1]):
            component, start, end = number[run], np.int64(first[run]), np.int64(end_of[run])
            for col in range(start, end):
                labels[row, col] = component
            measures[0, component] += end - start
            measures[1, component] += (end - start) * row
            measures[2, component] += (end - start) * (start + end - 1) // 2
            measures[3, component] = min(measures[3, component], row)
            measures[4, component] = row
            measures[5, component] = min(measures[5, component], start)
            measures[6, component] = max(measures[6, component], end - 1)
            if row == 0 or row == rows - 1 or start == 0 or end == cols:
                measures[7, component] = 1
    return labels, measures


@inner
def _paint_components(mask: Bytes, runs: Runs, chosen: NDArray[np.bool_], value: int) -> None:
    """Write a value to the pixels of the components whose lowest run is chosen."""
    begin, first, end_of, parent = runs
    for row in range(mask.shape[0]):
        for run in range(begin[row], begin[row + 1]):
            if chosen[parent[run]]:
                for col in range(first[run], end_of[run]):
                    mask[row, col] = value


@compiled
def keep_large_components(mask: Bytes, share: float) -> Bytes:
    """Keep the components (8 neighbours) with at least a share of the largest one's area."""
    runs = _find_runs(mask, 1, 1)
    _, first, end_of, parent = runs
    areas = np.zeros(parent.size, np.int64)
    largest_area = 0
    for run in range(parent.size):
        areas[parent[run]] += end_of[run] - first[run]
        largest_area = max(largest_area, areas[parent[run]])
    chosen = np.zeros(parent.size, np.bool_)
    for run in range(parent.size):
        chosen[run] = areas[run] >= share * largest_area
    kept = np.zeros(mask.shape, np.uint8)
    _paint_components(kept, runs, chosen, 1)
    return kept


@compiled
def keep_components_touching(mask: Bytes, core: Bytes) -> tuple[Bytes, bool]:
    """Keep the components (8 neighbours) of a 0/1 mask that overlap another mask.

    Returns them (rows, cols), and whether one of them touches the border of the image.
    """
    rows, cols = mask.shape
    runs = _find_runs(mask, 1, 1)
    begin, first, end_of, parent = runs
    overlaps = np.zeros(parent.size, np.bool_)
    for row in range(rows):
        for run in range(begin[row], begin[row + 1]):
            if not overlaps[parent[run]]:
                for col in range(first[run], end_of[run]):
                    if core[row, col]:
                        overlaps[parent[run]] = True
                        break
    kept = np.zeros(mask.shape, np.uint8)
    _paint_components(kept, runs, overlaps, 1)
    touches_border = False
    for row in range(rows):
        for run in range(begin[row], begin[row + 1]):
            if overlaps[parent[run]]:
                side = first[run] == 0 or end_of[run] == cols
                touches_border = touches_border or side or row == 0 or row == rows - 1
    return kept, touches_border


@compiled
def fill_holes(mask: Bytes, largest: float) -> bool:
    """Fill the holes (4 neighbours) of a 0/1 mask in place, if all are small.

    If the bounding box of a hole's contour has an area above `largest`, the mask is left unchanged
    and the result is False.
    """
    rows, cols = mask.shape
    runs = _find_runs(mask, 0, 0)
    begin, first, end_of, parent = runs
    hole = np.zeros(parent.size, np.bool_)
    top, left = np.empty(parent.size, np.int64), np.empty(parent.size, np.int64)
    right = np.empty(parent.size, np.int64)
    for row in range(rows):
        for run in range(begin[row], begin[row + 1]):
            component = parent[run]
            start, end = np.int64(first[run]), np.int64(end_of[run])
            if component == run:
                hole[component] = True
                top[component], left[component], right[component] = row, start, end
            left[component], right[component] = (
                min(left[component], start),
                max(right[component], end),
            )
            if row == 0 or row == rows - 1 or start == 0 or end == cols:
                hole[component] = False
    for row in range(rows):
        for run in range(begin[row], begin[row + 1]):
            component = parent[run]
            if (
                hole[component]
                and (right[component] - left[component] + 1) * (row - top[component] + 2) > largest
            ):
                return False
    _paint_components(mask, runs, hole, 1)
    return True
