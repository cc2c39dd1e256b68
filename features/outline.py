"""The shape of a mask: the few measurements that all shape features are made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import isnan, nan, pi, sqrt

import cv2
import numpy as np
from numpy.typing import NDArray

from .arrays import Floats, Mask
from .cell import Cell
from .registry import Axes, Family

# What each 2x2 neighbourhood adds to the Crofton perimeter in 4 directions and to the Euler number
# (8-connected), by the code top-left + 2 top-right + 4 bottom-left + 8 bottom-right.
_STRAIGHT = pi / 4
_DIAGONAL = pi / 4 / sqrt(2)


def _quad_tables() -> tuple[Floats, Floats]:
    """Return the (16,) perimeter and Euler-number weights of a 2x2 neighbourhood.

    Each neighbourhood owns its top row and left column, the transitions along them and along
    both of its diagonals; a line's transitions are spaced 1 (straight) or 1/sqrt 2 apart.
    """
    perimeter = np.zeros(16)
    euler = np.zeros(16)
    for code in range(16):
        a, b, c, d = (code >> bit & 1 for bit in range(4))
        straight = (a != b) + (a != c)
        diagonal = (a != d) + (b != c)
        perimeter[code] = (_STRAIGHT * straight + _DIAGONAL * diagonal) / 2
        # Gray's quads: one, three, two on a diagonal.
        one, three, cross = code.bit_count() == 1, code.bit_count() == 3, code in {6, 9}
        euler[code] = (one - three - 2 * cross) / 4
    return perimeter, euler


_PERIMETER, _EULER = _quad_tables()


@dataclass(frozen=True, eq=False)
class Shape:
    """Shape of one compartment.

    Parameters
    ----------
    mask : (rows, cols) bool
        The compartment; may be empty, in which case every measurement is NaN.
    """

    mask: Mask

    @cached_property
    def area(self) -> float:
        """Pixels; NaN for an empty mask."""
        return float(cv2.countNonZero(self.mask.view(np.uint8))) or nan

    @cached_property
    def empty(self) -> bool:
        """Whether the mask has no pixel."""
        return isnan(self.area)

    @cached_property
    def _quads(self) -> NDArray[np.intp]:
        """Counts of the sixteen 2x2 neighbourhoods of the mask, framed with background: (16,)."""
        framed = np.pad(self.mask.view(np.uint8), 1)
        codes = framed[:-1, :-1] | framed[:-1, 1:] << 1 | framed[1:, :-1] << 2 | framed[1:, 1:] << 3
        counts = cv2.calcHist([codes], [0], None, [16], [0, 16])
        return np.asarray(counts, dtype=np.intp).ravel()

    @cached_property
    def perimeter(self) -> float:
        """Crofton perimeter from 4 directions, pixels."""
        return nan if self.empty else float(self._quads @ _PERIMETER)

    @cached_property
    def euler_number(self) -> float:
        """Parts less holes, 8-connected."""
        return nan if self.empty else float(self._quads @ _EULER)

    @cached_property
    def box(self) -> tuple[float, float]:
        """Rows and columns of the bounding box."""
        if self.empty:
            return nan, nan
        _, _, cols, rows = cv2.boundingRect(self.mask.view(np.uint8))
        return float(rows), float(cols)

    @cached_property
    def raw(self) -> Floats:
        """Moments ``sum row^p col^q`` to order 3 about the crop's first pixel: (4, 4)."""
        rows, cols = self.mask.shape
        powers = np.arange(4)
        vertical = np.arange(rows, dtype=np.float64)[:, None] ** powers
        across = np.arange(cols, dtype=np.float64)[:, None] ** powers
        return np.asarray(vertical.T @ (self.mask @ across))

    @cached_property
    def centroid(self) -> tuple[float, float]:
        """Row and column of the centre of area."""
        if self.empty:
            return nan, nan
        return float(self.raw[1, 0] / self.area), float(self.raw[0, 1] / self.area)

    @cached_property
    def central(self) -> Floats:
        """Moments ``sum (row - centre)^p (col - centre)^q`` to order 3, rows first: (4, 4)."""
        if self.empty:
            return np.full((4, 4), nan)
        row, col = self.centroid
        rows, cols = self.mask.shape
        powers = np.arange(4)
        vertical = (np.arange(rows) - row)[:, None] ** powers
        across = (np.arange(cols) - col)[:, None] ** powers
        moments = np.asarray(vertical.T @ (self.mask @ across))
        moments[1, 0] = moments[0, 1] = 0.0
        return moments

    @cached_property
    def normalised(self) -> Floats:
        """Central moments over area^(1 + (p + q) / 2), free of scale: (4, 4)."""
        order = np.arange(4)[:, None] + np.arange(4)
        return np.asarray(self.central / self.area ** (1 + order / 2))

    @cached_property
    def covariance(self) -> tuple[float, float, float]:
        """Variances of the pixels' rows and columns and their covariance, square pixels."""
        return (
            float(self.central[2, 0] / self.area),
            float(self.central[0, 2] / self.area),
            float(self.central[1, 1] / self.area),
        )

    @cached_property
    def axes(self) -> tuple[float, float]:
        """Full axes of the ellipse with the mask's second moments, longer first, pixels."""
        rows, cols, both = self.covariance
        middle, spread = (rows + cols) / 2, sqrt(((rows - cols) / 2) ** 2 + both**2)
        return 4 * sqrt(middle + spread), 4 * sqrt(max(middle - spread, 0.0))

    @cached_property
    def hull(self) -> Floats:
        """Corners of the convex hull of the pixels as unit squares: (n, 2) column and row."""
        if self.empty:
            return np.empty((0, 2))
        points = cv2.findNonZero(_row_ends(self.mask))
        centres = cv2.convexHull(points).reshape(-1, 2)
        corners = (centres[:, None] + np.array([[0, 0], [0, 1], [1, 0], [1, 1]])).reshape(-1, 2)
        return np.asarray(cv2.convexHull(corners.astype(np.int32)).reshape(-1, 2), dtype=np.float64)

    @cached_property
    def convex_area(self) -> float:
        """Area of the hull, square pixels."""
        if self.empty:
            return nan
        x, y = self.hull.T
        return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)

    @cached_property
    def convex_perimeter(self) -> float:
        """Crofton perimeter in 4 directions that the mask would have if it were convex, pixels."""
        if self.empty:
            return nan
        row, col = np.nonzero(_row_ends(self.mask))
        falling, rising = np.ptp(row - col) + 1, np.ptp(row + col) + 1
        rows, cols = self.box
        return float(_STRAIGHT * (rows + cols) + _DIAGONAL * (falling + rising))

    @cached_property
    def feret(self) -> tuple[float, float]:
        """Largest and smallest distance of two parallel tangents of the hull, pixels."""
        if self.empty:
            return nan, nan
        apart = self.hull[:, None] - self.hull[None]
        longest = sqrt(float((apart**2).sum(axis=-1).max()))
        edges = np.roll(self.hull, -1, axis=0) - self.hull
        normals = np.stack([-edges[:, 1], edges[:, 0]]) / np.hypot(edges[:, 0], edges[:, 1])
        widths = np.ptp(self.hull @ normals, axis=0)
        return longest, float(widths.min())

    @cached_property
    def depth(self) -> Floats:
        """Distance of each pixel of the mask to the nearest outside it, pixels: (area,)."""
        framed = cv2.copyMakeBorder(self.mask.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT)
        distance = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        # A squared distance is an integer; OpenCV's last bits depend on where the array lies.
        inside = distance[framed > 0].astype(np.float64)
        return np.sqrt(np.rint(inside**2))


def _row_ends(mask: Mask) -> NDArray[np.uint8]:
    """Mark the first and the last pixel of every row: enough for hulls and extents."""
    ends = np.zeros(mask.shape, dtype=np.uint8)
    rows = np.flatnonzero(mask.any(axis=1))
    ends[rows, mask[rows].argmax(axis=1)] = 1
    ends[rows, mask.shape[1] - 1 - mask[rows, ::-1].argmax(axis=1)] = 1
    return ends


def _view(cell: Cell, axes: Axes) -> Shape:
    return Shape(cell.mask(axes.compartments[0]))


AREA_SHAPE = Family(
    name="AreaShape",
    title="Size and shape of the outline",
    compartments=("Cells", "Nuclei"),
    view=_view,
    each_compartment=True,
)
