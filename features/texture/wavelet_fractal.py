"""Grey values at several scales: Haar wavelet energies and fractal dimension.

Only blocks and pairs of pixels that are completely in the compartment count. They are taken at
every position, so that the values do not depend on the origin of a grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.cell import COMPARTMENTS, Cell
from ..core.registry import Axes, Family, Membership, feature
from ..primitives.arrays import Floats, ratio
from ..primitives.channels import TEXTURE_CHANNELS
from ..primitives.kernels import compiled, inner

LEVELS = 3
LAGS = (1, 2, 4, 8)


@inner
def _integral(plane: NDArray[Any]) -> NDArray[np.int64]:
    """Return the integral image: (rows + 1, cols + 1)."""
    rows, cols = plane.shape
    out = np.zeros((rows + 1, cols + 1), np.int64)
    for row in range(rows):
        line = np.int64(0)
        for col in range(cols):
            line += plane[row, col]
            out[row + 1, col + 1] = out[row, col + 1] + line
    return out


@compiled
def haar_sums(
    planes: NDArray[np.uint8], parts: NDArray[np.uint8], mask: NDArray[np.uint8], levels: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the sums of the squared Haar details of every plane.

    A block of level j has ``2^j x 2^j`` pixels. Its details are the differences of its left and
    right halves, of its upper and lower halves, and of its diagonal quarters, each divided by the
    block's side (orthonormal undecimated transform).

    Returns
    -------
    squares : (Cells, Nuclei, Cytoplasm; channels; levels; edges, diagonal) float64
        Sums of squared details; `edges` is the mean of the first two.
    blocks : (border, Nuclei, Cytoplasm; levels) int64
        Number of blocks; the first row is for blocks with pixels of both parts.
    """
    channels, rows, cols = planes.shape
    squares = np.zeros((3, channels, levels, 2))
    blocks = np.zeros((3, levels), np.int64)
    inside = _integral(parts)
    cell = _integral(mask)
    for channel in range(channels):
        total = _integral(planes[channel])
        for level in range(levels):
            half = 1 << level
            side = 2 * half
            sums = np.zeros((3, 2), np.int64)
            for row in range(rows - side + 1):
                for col in range(cols - side + 1):
                    low, far = row + side, col + side
                    count = cell[low, far] - cell[row, far] - cell[low, col] + cell[row, col]
                    if count != side * side:
                        continue
                    label_sum = (
                        inside[low, far] - inside[row, far] - inside[low, col] + inside[row, col]
                    )
                    y, x = row + half, col + half
                    nw = total[y, x] - total[row, x] - total[y, col] + total[row, col]
                    ne = total[y, far] - total[row, far] - total[y, x] + total[row, x]
                    sw = total[low, x] - total[y, x] - total[low, col] + total[y, col]
                    se = total[low, far] - total[y, far] - total[low, x] + total[y, x]
                    row_detail, col_detail = nw - ne + sw - se, nw + ne - sw - se
                    edges = row_detail * row_detail + col_detail * col_detail
                    cross_difference = nw - ne - sw + se
                    diagonal = cross_difference * cross_difference
                    # 0 at the border of both parts, 1 nucleus, 2 cytoplasm
                    index = 1 if label_sum == 2 * count else 2 if label_sum == count else 0
                    sums[index, 0] += edges
                    sums[index, 1] += diagonal
                    if channel == 0:
                        blocks[index, level] += 1
            sums[0, 0] += sums[1, 0] + sums[2, 0]
            sums[0, 1] += sums[1, 1] + sums[2, 1]
            for compartment in range(3):
                # Two edge details per block.
                area = side * side
                squares[compartment, channel, level, 0] = sums[compartment, 0] / 2 / area
                squares[compartment, channel, level, 1] = sums[compartment, 1] / area
    return squares, blocks


@compiled
def lag_sums(
    planes: NDArray[np.uint8], parts: NDArray[np.uint8], lags: NDArray[np.int64]
) -> NDArray[Any]:
    """Count pairs of pixels along rows and columns, and sum their absolute differences.

    Returns
    -------
    (border, Nuclei, Cytoplasm; channels; lags; pairs, differences) int64
        The first row is for pairs of one pixel in the nucleus and one in the cytoplasm.
    """
    channels, rows, cols = planes.shape
    out = np.zeros((3, channels, lags.size, 2), np.int64)
    for channel in range(channels):
        for index in range(lags.size):
            lag = lags[index]
            for turn in range(2):
                down, right = (0, lag) if turn else (lag, 0)
                for row in range(rows - down):
                    for col in range(cols - right):
                        here, there = parts[row, col], parts[row + down, col + right]
                        if here == 0 or there == 0:
                            continue
                        compartment = 3 - here if here == there else 0
                        out[compartment, channel, index, 0] += 1
                        out[compartment, channel, index, 1] += abs(
                            np.int64(planes[channel, row, col])
                            - planes[channel, row + down, col + right]
                        )
    return out


@dataclass(frozen=True, eq=False)
class Details:
    """Mean squared Haar details: (compartments, channels, levels, 2) float64, NaN without block."""

    energies: Floats


@dataclass(frozen=True, eq=False)
class Differences:
    """Mean absolute difference by lag: (compartments, channels, lags) float64, NaN without pair."""

    means: Floats


def _haar_view(cell: Cell, axes: Axes) -> Details:
    keep = [COMPARTMENTS.index(word) for word in axes.compartments]
    mask = cell.cell.view(np.uint8)
    squares, blocks = haar_sums(cell.planes(axes.channels), cell.compartment_labels, mask, LEVELS)
    blocks[0] += blocks[1] + blocks[2]
    counts = np.broadcast_to(blocks[:, None, :, None], squares.shape)
    return Details(ratio(squares, counts)[keep])


def _lag_view(cell: Cell, axes: Axes) -> Differences:
    keep = [COMPARTMENTS.index(word) for word in axes.compartments]
    sums = lag_sums(cell.planes(axes.channels), cell.compartment_labels, np.array(LAGS)).astype(
        np.float64
    )
    sums[0] += sums[1] + sums[2]
    return Differences(ratio(sums[..., 1], sums[..., 0])[keep])


def _membership(channel: str, _parameter: str) -> Membership:
    return "full" if channel == "Gray" else "named"


WAVELET = Family(
    name="Wavelet",
    title="Haar wavelets: contrast within blocks of 2, 4 and 8 pixels",
    compartments=COMPARTMENTS,
    view=_haar_view,
    channels=TEXTURE_CHANNELS,
    membership=_membership,
)

FRACTAL = Family(
    name="Fractal",
    title="Fractal dimension: growth of grey-value differences with distance",
    compartments=COMPARTMENTS,
    view=_lag_view,
    channels=TEXTURE_CHANNELS,
    membership=_membership,
)

wavelet = partial(
    feature,
    WAVELET,
    unit="level^2",
    components=tuple(str(2**level) for level in range(1, LEVELS + 1)),
    nan="no block of that size in the compartment",
    reference="Haar wavelet; Mallat 1989, doi:10.1109/34.192463; undecimated, block sides in px",
    vetted="by hand; scipy",
)


@wavelet(
    plain="contrast of edges, fine to coarse",
    range="[0, inf)",
    vetted="by hand; formula in scipy; mahotas",
)
def edge_energy(view: Details) -> Floats:
    """Mean squared Haar detail along rows and columns, by block side."""
    return view.energies[..., 0]


@wavelet(
    plain="contrast of corners, fine to coarse",
    range="[0, inf)",
    vetted="by hand; formula in scipy; mahotas",
)
def diagonal_energy(view: Details) -> Floats:
    """Mean squared diagonal Haar detail, by block side."""
    return view.energies[..., 1]


@feature(
    FRACTAL,
    unit="1",
    plain="roughness of the texture",
    range="(-inf, inf), 2 smooth to 3 rough",
    nan="no pair of pixels at one of the distances, or none that differs",
    reference="fractional Brownian surface; Pentland 1984, doi:10.1109/TPAMI.1984.4767591",
    vetted="by hand; formula in numpy",
)
def dimension(view: Differences) -> Floats:
    """3 - slope of log(mean absolute difference) over log(distance) at 1, 2, 4 and 8 px."""
    usable = np.all(view.means > 0, axis=-1)
    logs = np.log2(np.where(usable[..., None], view.means, 1.0))
    centred_log_lags = np.log2(LAGS) - np.mean(np.log2(LAGS))
    return np.where(
        usable, 3 - logs @ centred_log_lags / (centred_log_lags @ centred_log_lags), np.nan
    )
