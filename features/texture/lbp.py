"""Local binary patterns: the micro-texture around each pixel, free of brightness and rotation."""

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
_ONE = 1 << 14


def _neighbours(
    points: int, radius: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Return the pixel north-west of each neighbour and the weights of the four around it.

    The weights of the circle's first eighth serve the whole, mirrored, so that they add up
    exactly and the pattern of a turned image is the turned pattern.
    """
    rows, cols, weights = [], [], []
    for p in range(points):
        down = round(-radius * sin(2 * pi * p / points), 5)
        right = round(radius * cos(2 * pi * p / points), 5)
        row, col = floor(down), floor(right)
        south, east = down - row, right - col
        shares = [(1 - south) * (1 - east), (1 - south) * east, south * (1 - east), south * east]
        whole = [round(share * _ONE) for share in shares]
        whole[int(np.argmax(shares))] += _ONE - sum(whole)
        rows.append(row)
        cols.append(col)
        weights.append(whole)
    return np.array(rows), np.array(cols), np.array(weights, dtype=np.float32)


_NEIGHBOURS = {name: _neighbours(*circle) for name, circle in CIRCLES.items()}


@cache
def _uniform(points: int) -> NDArray[np.uint8]:
    """Rotation-invariant uniform pattern of each code of so many neighbours: (2^points,).

    How many are as bright where they change at most twice along the circle, else points + 1.
    """
    codes = np.arange(1 << points, dtype=np.uint32)
    turned = codes >> 1 | (codes & 1) << (points - 1)
    uniform = np.bitwise_count(codes ^ turned) <= 2
    return np.where(uniform, np.bitwise_count(codes), points + 1).astype(np.uint8)


def patterns(
    plane: NDArray[np.uint8], circle: str, wanted: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """Return the rotation-invariant uniform pattern of every pixel.

    Parameters
    ----------
    plane : (rows, cols) uint8
        Grey levels.
    circle : {"P8R1", "P16R2"}
        Number of neighbours and their distance, pixels.
    wanted : (rows, cols) uint8, optional
        Not 0 where patterns are wanted, by default everywhere; from the first to the last such
        pixel of a row they are found.

    Returns
    -------
    (rows, cols) uint8
        How many neighbours are at least as bright (0 to P) where these are in one run, P + 1
        elsewhere; 255 within the radius of the image's border and outside what is wanted.
    """
    if wanted is None:
        wanted = np.ones_like(plane)
    points, reach = CIRCLES[circle]
    found = local_binary_patterns(plane, *_NEIGHBOURS[circle], reach, wanted, _uniform(points))
    return np.asarray(found)


@dataclass(frozen=True, eq=False)
class Patterns:
    """Shares of the patterns: (compartments, channels, parameters) float64."""

    frequencies: Floats


def _view(cell: Cell, axes: Axes) -> Patterns:
    circle = axes.parameters[0].split("_")[0]
    points, radius = CIRCLES[circle]
    wanted = [int(parameter.split("_")[1]) for parameter in axes.parameters]
    cores = cell.eroded(2 * radius + 1)
    counts = np.array(
        [
            histograms_by_mask(codes, cores, points + 2)
            for codes in (patterns(cell.plane(channel), circle, cores) for channel in axes.channels)
        ]
    )
    total = counts.sum(axis=-1, keepdims=True)
    shares = (counts / np.where(total > 0, total, np.nan)).swapaxes(0, 1)
    keep = [COMPARTMENTS.index(word) for word in axes.compartments]
    return Patterns(shares[keep][..., wanted])


LBP = Family(
    name="LBP",
    title="Local binary patterns: spots, edges and corners of the finest texture",
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
    plain="share of a micro-pattern",
    range="[0, 1]",
    invariances="translation, rotation by 90 degrees, flips; an added brightness",
    nan="no pixel whose neighbourhood lies in the compartment",
    vetted="scikit-image; by hand",
)
def frequency(view: Patterns) -> Floats:
    """Share of the pixels with so many neighbours as bright in one run (P + 1: in several).

    Only pixels whose whole neighbourhood lies in the compartment count.
    """
    return view.frequencies
