"""Compiled loops over zones: union-find labelling, then size or edge distance of each zone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..primitives.kernels import compiled, inner
from .size_matrix import SUM_COUNT, sum_size_matrix


@inner
def _find(parents: NDArray[np.int32], label: int) -> int:
    """Return the root label of a zone; halves the path on the way."""
    while parents[label] != label:
        parents[label] = parents[parents[label]]
        label = parents[label]
    return label


@inner
def _union(parents: NDArray[np.int32], one: int, other: int) -> None:
    """Merge the zones of two labels under the smaller root."""
    first, second = _find(parents, one), _find(parents, other)
    if first < second:
        parents[second] = first
    else:
        parents[first] = second


@inner
def _label(
    plane: NDArray[np.uint16], parts: NDArray[np.uint8], labels: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Label the zones in one pass over the pixels.

    Writes a provisional label per pixel into `labels`, (rows + 1, cols + 2), which is framed with
    background at the top, left and right.

    Returns three arrays by provisional label: the label of its zone within cytoplasm or nucleus,
    the label of its zone within the whole cell, and the key ``(level + 1) << 2 | part``.
    """
    rows, cols = plane.shape
    capacity = 1
    for row in range(rows):
        for col in range(cols):
            capacity += parts[row, col] > 0
    in_part = np.empty(capacity, np.int32)
    in_cell = np.empty(capacity, np.int32)
    keys = np.zeros(capacity, np.int32)
    for label in range(capacity):
        in_part[label] = in_cell[label] = label
    keys_above = np.zeros(cols + 2, np.int32)
    keys_of_row = np.zeros(cols + 2, np.int32)
    count = 1
    for row in range(rows):
        for col in range(1, cols + 1):
            part = parts[row, col - 1]
            if part == 0:
                keys_of_row[col] = 0
                continue
            key = (np.int32(plane[row, col - 1]) + 1) << 2 | part
            keys_of_row[col] = key
            west, nw, north, ne = (
                keys_of_row[col - 1],
                keys_above[col - 1],
                keys_above[col],
                keys_above[col + 1],
            )
            # If north matches, the other matching neighbours touch it and have its label.
            if north == key:
                label = labels[row, col]
            elif ne == key:
                label = labels[row, col + 1]
                if west == key:
                    _union(in_part, label, labels[row + 1, col - 1])
                elif nw == key:
                    _union(in_part, label, labels[row, col - 1])
            elif west == key:
                label = labels[row + 1, col - 1]
            elif nw == key:
                label = labels[row, col - 1]
            else:
                label = count
                keys[count] = key
                count += 1
            labels[row + 1, col] = label
            # Equal levels on both sides of the nucleus border: one zone of the cell.
            other_part = key ^ 3
            if west == other_part:
                _union(in_cell, label, labels[row + 1, col - 1])
            if nw == other_part:
                _union(in_cell, label, labels[row, col - 1])
            if north == other_part:
                _union(in_cell, label, labels[row, col])
            if ne == other_part:
                _union(in_cell, label, labels[row, col + 1])
        keys_above, keys_of_row = keys_of_row, keys_above
    for label in range(1, count):
        in_part[label] = _find(in_part, label)
        _union(in_cell, label, in_part[label])
    for label in range(1, count):
        in_cell[label] = _find(in_cell, label)
    return in_part[:count], in_cell[:count], keys[:count]


@inner
def _inside(part: int, compartment: int) -> bool:
    """Whether part 1 (cytoplasm) or 2 (nucleus) is in compartment 0, 1, 2 (cell, nucleus, cyt.)."""
    return part > 0 and (compartment == 0 or part + compartment == 3)


@inner
def _sum_zones(
    zones: NDArray[np.int32],
    sizes: NDArray[np.int64],
    keys: NDArray[np.int32],
    compartment: int,
    levels: int,
    pixels: int,
    out: NDArray[Any],
) -> None:
    """Write the sums over the zone matrix of a compartment (0 cell, 1 nucleus, 2 cytoplasm).

    `zones` maps a label to the label of its zone; `sizes` holds the size of each zone, 0 for labels
    that are no zone.
    """
    largest = 0
    for zone in range(sizes.size):
        largest = max(largest, sizes[zone])
    # Only occurring sizes get a column, so that the matrix stays small.
    column = np.empty(largest + 1, np.int32)
    for size in range(largest + 1):
        column[size] = -1
    occurring_sizes = np.empty(sizes.size + 1, np.int64)
    columns = 0
    for zone in range(1, zones.size):
        if zones[zone] != zone or not _inside(keys[zone] & 3, compartment):
            continue
        if column[sizes[zone]] < 0:
            column[sizes[zone]] = 0
    for size in range(1, largest + 1):
        if column[size] == 0:
            column[size] = columns
            occurring_sizes[columns] = size
            columns += 1
    counts = np.zeros((levels, columns), np.int64)
    for zone in range(1, zones.size):
        if zones[zone] != zone or not _inside(keys[zone] & 3, compartment):
            continue
        counts[(keys[zone] >> 2) - 1, column[sizes[zone]]] += 1
    sum_size_matrix(counts, occurring_sizes, pixels, out)


@compiled
def zone_sums(
    planes: NDArray[np.uint16],
    parts: NDArray[np.uint8],
    levels: int,
    distances: NDArray[np.float32],
) -> NDArray[Any]:
    """Return the sums over the zone matrices of every plane.

    Parameters
    ----------
    planes : (channels, rows, cols) uint16
        Grey levels from 0 to ``levels - 1``.
    parts : (rows, cols) uint8
        0 outside, 1 cytoplasm, 2 nucleus.
    levels : int
        Number of grey levels.
    distances : (Cells, Nuclei, Cytoplasm; rows, cols) float32, or of length 0
        Taxicab distance of each pixel to the nearest pixel outside the compartment: the size of a
        zone is the smallest distance of its pixels. If of length 0, it is the number of pixels.

    Returns
    -------
    (Cells, Nuclei, Cytoplasm; channels; 16) float64
        In the order of `SizeMatrix`.
    """
    channels, rows, cols = planes.shape
    out = np.empty((3, channels, SUM_COUNT))
    pixels = np.zeros(3, np.int64)
    for row in range(rows):
        for col in range(cols):
            for compartment in range(3):
                pixels[compartment] += _inside(parts[row, col], compartment)
    for channel in range(channels):
        labels = np.zeros((rows + 1, cols + 2), np.int32)
        in_part, in_cell, keys = _label(planes[channel], parts, labels)
        for compartment in range(3):
            zones = in_part if compartment else in_cell
            sizes = np.zeros(zones.size, np.int64)
            for row in range(rows):
                for col in range(cols):
                    if _inside(parts[row, col], compartment):
                        zone = zones[labels[row + 1, col + 1]]
                        if distances.shape[0]:
                            distance = np.int64(distances[compartment, row, col])
                            if sizes[zone] == 0 or distance < sizes[zone]:
                                sizes[zone] = distance
                        else:
                            sizes[zone] += 1
            _sum_zones(
                zones,
                sizes,
                keys,
                compartment,
                levels,
                pixels[compartment],
                out[compartment, channel],
            )
    return out
