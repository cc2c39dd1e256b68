"""Local binary patterns (LBP): rotation-invariant uniform patterns of 8 and 16 neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import cos, floor, pi, sin

import numpy as np
from numpy.typing import NDArray

from ..core.cell import COMPARTMENTS, Cell
from ..core.registry import Axes, Family, feature
from ..primitives.arrays import Floats
from ..primitives.channels import CHANNELS
from ..primitives.kernels import histograms_by_mask, local_binary_patterns

CIRCLES = {"P8R1": (8, 1), "P16R2": (16, 2)}
_WEIGHT_SUM = 1 << 14


def _neighbours(
    points: int, radius: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Return row and column of the pixel north-west of each neighbour, and interpolation weights.

    The four bilinear weights of a neighbour are integers that sum to ``2^14``; those of mirrored
    neighbours are mirrored. So the pattern of a rotated image is exactly the rotated pattern.
    """
    rows, cols, weights = [], [], []
    for p in range(points):
        down = round(-radius * sin(2 * pi * p / points), 5)
        right = round(radius * cos(2 * pi * p / points), 5)
        row, col = floor(down), floor(right)
        south, east = down - row, right - col
        shares = [(1 - south) * (1 - east), (1 - south) * east, south * (1 - east), south * east]
        whole = [round(share * _WEIGHT_SUM) for share in shares]
        whole[int(np.argmax(shares))] += _WEIGHT_SUM - sum(whole)
        rows.append(row)
        cols.append(col)
        weights.append(whole)
    return np.array(rows), np.array(cols), np.array(weights, dtype=np.float32)


_NEIGHBOURS = {name: _neighbours(*circle) for name, circle in CIRCLES.items()}


@cache
def _uniform(points: int) -> NDArray[np.uint8]:
    """Return the rotation-invariant uniform pattern of each binary code: (2^points,) uint8.

    It is the number of set bits if the code changes at most twice along the circle, else
    points + 1.
    """
    codes = np.arange(1 << points, dtype=np.uint32)
    rotated = codes >> 1 | (codes & 1) << (points - 1)
    uniform = np.bitwise_count(codes ^ rotated) <= 2
    return np.where(uniform, np.bitwise_count(codes), points + 1).astype(np.uint8)


def lbp_codes(
    plane: NDArray[np.uint8], circle: str, where: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """Return the rotation-invariant uniform pattern of every pixel.

    Parameters
    ----------
    plane : (rows, cols) uint8
        Grey values.
    circle : {"P8R1", "P16R2"}
        Number P of neighbours and radius R in pixels.
    where : (rows, cols) uint8, optional
        Non-zero where a pattern is needed; default everywhere. In each row, patterns are computed
        from the first to the last such pixel.

    Returns
    -------
    (rows, cols) uint8
        Number of neighbours that are at least as bright (0 to P) if they form one run on the
        circle, else P + 1; 255 within the radius of the image border and where not computed.
    """
    if where is None:
        where = np.ones_like(plane)
    points, radius = CIRCLES[circle]
    codes = local_binary_patterns(plane, *_NEIGHBOURS[circle], radius, where, _uniform(points))
    return np.asarray(codes)


@dataclass(frozen=True, eq=False)
class PatternFrequencies:
    """Shares of the patterns: (compartments, channels, parameters) float64."""

    frequencies: Floats


def _view(cell: Cell, axes: Axes) -> PatternFrequencies:
    circle = axes.parameters[0].split("_")[0]
    points, radius = CIRCLES[circle]
    selected = [int(parameter.split("_")[1]) for parameter in axes.parameters]
    cores = cell.eroded(2 * radius + 1)
    counts = np.array(
        [
            histograms_by_mask(codes, cores, points + 2)
            for codes in (
                lbp_codes(cell.plane(channel), circle, cores) for channel in axes.channels
            )
        ]
    )
    total = counts.sum(axis=-1, keepdims=True)
    shares = (counts / np.where(total > 0, total, np.nan)).swapaxes(0, 1)
    keep = [COMPARTMENTS.index(word) for word in axes.compartments]
    return PatternFrequencies(shares[keep][..., selected])


LBP = Family(
    name="LBP",
    title="Local binary patterns (LBP): spots, edges and corners of the finest texture",
    compartments=COMPARTMENTS,
    view=_view,
    channels=tuple(name for name in CHANNELS if name != "Hue"),
    parameters=tuple(
        f"{circle}_{code:02d}"
        for circle, (points, _) in CIRCLES.items()
        for code in range(points + 2)
    ),
    group=lambda parameter: parameter.split("_")[0],
    membership=lambda channel, _: "standard" if channel == "Gray" else "named",
)


@feature(
    LBP,
    unit="1",
    reference="Ojala 2002, doi:10.1109/TPAMI.2002.1017623",
    plain="share of a local pattern (spot, edge or corner)",
    range="[0, 1]",
    invariances="translation, rotation by 90 degrees, flips; an added brightness",
    nan="no pixel whose neighbourhood is in the compartment",
    vetted="scikit-image; by hand",
)
def frequency(view: PatternFrequencies) -> Floats:
    """Share of pixels with this number of neighbours at least as bright, in one run (P + 1: other).

    Only pixels whose whole neighbourhood is in the compartment count.
    """
    return view.frequencies
