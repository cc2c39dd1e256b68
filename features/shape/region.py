"""Basic shape measurements of a mask, from which the shape features are computed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import fsum, nan, pi, sqrt
from operator import mul

import cv2
import numpy as np
from numpy.typing import NDArray

from ..core.cell import Cell
from ..core.registry import Axes, Family
from ..primitives.arrays import Floats, Mask
from ..primitives.chamfer import chamfer_distance
from ..primitives.masks import (
    bit_quads,
    central_moments,
    feret_diameters,
    projection_widths,
    row_sums,
)

# Weights of the straight and diagonal transitions of a 2x2 neighbourhood in the Crofton perimeter
# from 4 directions.
_STRAIGHT = pi / 4
_DIAGONAL = pi / 4 / sqrt(2)


def _quad_tables() -> tuple[list[float], list[float]]:
    """Return what each 2x2 neighbourhood adds to perimeter and Euler number (8-connected): 16 each.

    The index is top-left + 2 top-right + 4 bottom-left + 8 bottom-right. A neighbourhood counts
    the transitions along its top row, its left column and both diagonals; parallel lines are 1
    (straight) or 1/sqrt 2 (diagonal) apart.
    """
    perimeter = [0.0] * 16
    euler = [0.0] * 16
    for code in range(16):
        a, b, c, d = (code >> bit & 1 for bit in range(4))
        straight = (a != b) + (a != c)
        diagonal = (a != d) + (b != c)
        perimeter[code] = (_STRAIGHT * straight + _DIAGONAL * diagonal) / 2
        # Gray's bit quads: one pixel, three pixels, two pixels on a diagonal.
        one, three, cross = code.bit_count() == 1, code.bit_count() == 3, code in {6, 9}
        euler[code] = (one - three - 2 * cross) / 4
    return perimeter, euler


_PERIMETER, _EULER = _quad_tables()
# Exponent of the area that makes a central moment scale-invariant, by the orders (row, col).
_NORMALISING = 1 + np.add.outer(np.arange(4), np.arange(4)) / 2


@dataclass(frozen=True, eq=False)
class Shape:
    """Shape of one compartment.

    Parameters
    ----------
    mask : (rows, cols) bool
        The compartment; if it is empty, every measurement is NaN.
    """

    mask: Mask

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """Sums over each non-empty row, as returned by `masks.row_sums`: (n, 7)."""
        return np.asarray(row_sums(self.mask.view(np.uint8)))

    @cached_property
    def empty(self) -> bool:
        """Whether the mask has no pixel."""
        return not self.rows.size

    @cached_property
    def _extent(self) -> list[float]:
        """Area, sums of rows and columns, widths of box and diagonals; NaN for an empty mask."""
        return [nan] * 7 if self.empty else projection_widths(self.rows).astype(np.float64).tolist()

    @property
    def area(self) -> float:
        """Number of pixels; NaN for an empty mask."""
        return self._extent[0]

    @cached_property
    def _quads(self) -> list[int]:
        """Counts of the 16 kinds of 2x2 neighbourhood in the mask padded with background."""
        counts: list[int] = bit_quads(self.mask.view(np.uint8)).tolist()
        return counts

    @cached_property
    def perimeter(self) -> float:
        """Crofton perimeter from 4 directions, pixels."""
        return nan if self.empty else fsum(map(mul, self._quads, _PERIMETER))

    @cached_property
    def euler_number(self) -> float:
        """Number of 8-connected components minus number of holes."""
        return nan if self.empty else fsum(map(mul, self._quads, _EULER))

    @property
    def box(self) -> tuple[float, float]:
        """Number of rows and of columns of the bounding box."""
        return self._extent[3], self._extent[4]

    @property
    def centroid(self) -> tuple[float, float]:
        """Row and column of the centroid."""
        area, rows, columns = self._extent[:3]
        return rows / area, columns / area

    @cached_property
    def central(self) -> Floats:
        """Central moments ``sum (row - mean row)^p (col - mean col)^q``, p and q to 3: (4, 4)."""
        if self.empty:
            return np.full((4, 4), nan)
        moments: Floats = central_moments(self.rows, *self.centroid)
        moments[1, 0] = moments[0, 1] = 0.0
        return moments

    @cached_property
    def normalised(self) -> Floats:
        """Normalised central moments: central / area^(1 + (p + q) / 2): (4, 4)."""
        return np.asarray(self.central / self.area**_NORMALISING)

    @cached_property
    def covariance(self) -> tuple[float, float, float]:
        """Variance of the pixels' rows, of their columns, and their covariance, px^2."""
        return (
            float(self.central[2, 0] / self.area),
            float(self.central[0, 2] / self.area),
            float(self.central[1, 1] / self.area),
        )

    @cached_property
    def axes(self) -> tuple[float, float]:
        """Full major and minor axis of the ellipse with the same second moments, pixels."""
        rows, cols, both = self.covariance
        middle, spread = (rows + cols) / 2, sqrt(((rows - cols) / 2) ** 2 + both**2)
        return 4 * sqrt(middle + spread), 4 * sqrt(max(middle - spread, 0.0))

    @cached_property
    def _calipers(self) -> tuple[float, float, float]:
        """Squared maximum Feret diameter, minimum Feret diameter, twice the hull area."""
        longest, narrowest, twice = feret_diameters(self.rows)
        return longest, narrowest, twice

    @cached_property
    def convex_area(self) -> float:
        """Area of the convex hull, px^2."""
        return nan if self.empty else self._calipers[2] / 2

    @cached_property
    def convex_perimeter(self) -> float:
        """Crofton perimeter of the convex hull from 4 directions, pixels."""
        rows, cols, falling, rising = self._extent[3:]
        return _STRAIGHT * (rows + cols) + _DIAGONAL * (falling + rising)

    @cached_property
    def feret(self) -> tuple[float, float]:
        """Maximum and minimum Feret diameter, pixels."""
        if self.empty:
            return nan, nan
        return sqrt(self._calipers[0]), self._calipers[1]

    @cached_property
    def depth(self) -> Floats:
        """Euclidean distance of each mask pixel to the nearest pixel outside, pixels: (area,)."""
        if self.empty:
            return np.empty(0)
        left, top, cols, rows = cv2.boundingRect(self.mask.view(np.uint8))
        part = self.mask[top : top + rows, left : left + cols].view(np.uint8)
        framed = cv2.copyMakeBorder(part, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
        distance = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        # Squared distances are integers; OpenCV's last bits depend on the array's position.
        inside = distance[framed > 0].astype(np.float64)
        return np.sqrt(np.rint(inside**2))


def _spread(mask: Mask) -> int:
    """Sum of squared distances over all pixel pairs: an integer, so that rotation keeps it."""
    pixels = np.argwhere(mask)
    return int(len(pixels) * (pixels**2).sum() - (pixels.sum(axis=0) ** 2).sum())


def largest_component(shape: Shape) -> Shape:
    """Return the 8-connected component with most pixels; of equal ones the most spread out."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        shape.mask.view(np.uint8), connectivity=8
    )
    if count <= 2:
        return shape
    areas = stats[1:, cv2.CC_STAT_AREA]
    largest = [labels == 1 + index for index in np.flatnonzero(areas == areas.max())]
    return Shape(largest[0] if len(largest) == 1 else max(largest, key=_spread))


def shape_of(cell: Cell, compartment: str) -> Shape:
    """Return the shape of a compartment, cached in the cell."""
    return cell.cached(("Shape", compartment), lambda: Shape(cell.mask(compartment)))


def chamfer_of(cell: Cell, compartment: str) -> tuple[tuple[slice, slice], NDArray[np.float32]]:
    """Return `chamfer.chamfer_distance` of a compartment, cached in the cell."""
    return cell.cached(("Chamfer", compartment), lambda: chamfer_distance(cell.mask(compartment)))


def _view(cell: Cell, axes: Axes) -> Shape:
    return shape_of(cell, axes.compartments[0])


AREA_SHAPE = Family(
    name="AreaShape",
    title="Size and shape of the outline",
    compartments=("Cells", "Nuclei"),
    view=_view,
    each_compartment=True,
)
