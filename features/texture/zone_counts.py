"""The counting loops behind zones: labels by union and find, then size or depth of each zone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..primitives.kernels import compiled, inner
from .size_matrix import SUM_COUNT, sum_size_matrix


@inner
def _root(parents: NDArray[np.int32], label: int) -> int:
    """Follow a label to its zone, halving the path on the way."""
    while parents[label] != label:
        parents[label] = parents[parents[label]]
        label = parents[label]
    return label


@inner
def _join(parents: NDArray[np.int32], one: int, other: int) -> None:
    """Make two labels one zone, under the smaller of their roots."""
    first, second = _root(parents, one), _root(parents, other)
    if first < second:
        parents[second] = first
    else:
        parents[first] = second


@inner
def _label(
    plane: NDArray[np.uint16], parts: NDArray[np.uint8], labels: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Number the zones in one pass.

    Writes the label of every pixel into `labels` (rows + 1, cols + 2), which has a frame of
    background above and on either side. Returns for every label its zone's label within
    cytoplasm or nucleus, within the whole cell, and the level and part as
    ``(level + 1) << 2 | part``.
    """
    rows, cols = plane.shape
    most = 1
    for row in range(rows):
        for col in range(cols):
            most += parts[row, col] > 0
    in_part = np.empty(most, np.int32)
    in_cell = np.empty(most, np.int32)
    keys = np.zeros(most, np.int32)
    for label in range(most):
        in_part[label] = in_cell[label] = label
    above = np.zeros(cols + 2, np.int32)
    here = np.zeros(cols + 2, np.int32)
    count = 1
    for row in range(rows):
        for col in range(1, cols + 1):
            part = parts[row, col - 1]
            if part == 0:
                here[col] = 0
                continue
            key = (np.int32(plane[row, col - 1]) + 1) << 2 | part
            here[col] = key
            west, nw, north, ne = here[col - 1], above[col - 1], above[col], above[col + 1]
            # Where north is alike the others that are alike touch it and have its label.
            if north == key:
                label = labels[row, col]
            elif ne == key:
                label = labels[row, col + 1]
                if west == key:
                    _join(in_part, label, labels[row + 1, col - 1])
                elif nw == key:
                    _join(in_part, label, labels[row, col - 1])
            elif west == key:
                label = labels[row + 1, col - 1]
            elif nw == key:
                label = labels[row, col - 1]
            else:
                label = count
                keys[count] = key
                count += 1
            labels[row + 1, col] = label
            # The same level across the nucleus's border: one zone of the cell.
            across = key ^ 3
            if west == across:
                _join(in_cell, label, labels[row + 1, col - 1])
            if nw == across:
                _join(in_cell, label, labels[row, col - 1])
            if north == across:
                _join(in_cell, label, labels[row, col])
            if ne == across:
                _join(in_cell, label, labels[row, col + 1])
        above, here = here, above
    for label in range(1, count):
        in_part[label] = _root(in_part, label)
        _join(in_cell, label, in_part[label])
    for label in range(1, count):
        in_cell[label] = _root(in_cell, label)
    return in_part[:count], in_cell[:count], keys[:count]


@inner
def _inside(part: int, compartment: int) -> bool:
    """Whether a pixel of a part (1 cytoplasm, 2 nucleus) is in the cell, nucleus, cytoplasm."""
    return part > 0 and (compartment == 0 or part + compartment == 3)


@inner
def _add_up_zones(
    zones: NDArray[np.int32],
    sizes: NDArray[np.int64],
    keys: NDArray[np.int32],
    compartment: int,
    levels: int,
    pixels: int,
    out: NDArray[Any],
) -> None:
    """Write the sums over the zones of a compartment (0 cell, 1 nucleus, 2 cytoplasm) to `out`.

    `zones` maps labels to zones, `sizes` holds the size of each zone, 0 where there is none.
    """
    largest = 0
    for zone in range(sizes.size):
        largest = max(largest, sizes[zone])
    # Few sizes occur: number those that do, so that the matrix stays small.
    column = np.empty(largest + 1, np.int32)
    for size in range(largest + 1):
        column[size] = -1
    found = np.empty(sizes.size + 1, np.int64)
    kinds = 0
    for zone in range(1, zones.size):
        if zones[zone] != zone or not _inside(keys[zone] & 3, compartment):
            continue
        if column[sizes[zone]] < 0:
            column[sizes[zone]] = 0
    for size in range(1, largest + 1):
        if column[size] == 0:
            column[size] = kinds
            found[kinds] = size
            kinds += 1
    counts = np.zeros((levels, kinds), np.int64)
    for zone in range(1, zones.size):
        if zones[zone] != zone or not _inside(keys[zone] & 3, compartment):
            continue
        counts[(keys[zone] >> 2) - 1, column[sizes[zone]]] += 1
    sum_size_matrix(counts, found, pixels, out)


@compiled
def zone_sums(
    planes: NDArray[np.uint16],
    parts: NDArray[np.uint8],
    levels: int,
    depths: NDArray[np.float32],
) -> NDArray[Any]:
    """Sum up the zone matrices of every plane.

    Parameters
    ----------
    planes : (channels, rows, cols) uint16
        Levels from 0 to ``levels - 1``.
    parts : (rows, cols) uint8
        0 outside, 1 cytoplasm, 2 nucleus.
    levels : int
        Number of levels.
    depths : (Cells, Nuclei, Cytoplasm; rows, cols) float32, or of length 0
        Taxicab distance of each pixel to the nearest outside the compartment: a zone's size is
        then the smallest of its pixels; where there are none, a zone's size is its pixels.

    Returns
    -------
    (Cells, Nuclei, Cytoplasm; channels; 16) float64
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
                        if depths.shape[0]:
                            depth = np.int64(depths[compartment, row, col])
                            if sizes[zone] == 0 or depth < sizes[zone]:
                                sizes[zone] = depth
                        else:
                            sizes[zone] += 1
            _add_up_zones(
                zones,
                sizes,
                keys,
                compartment,
                levels,
                pixels[compartment],
                out[compartment, channel],
            )
    return out
