"""Whether an image is a crop, one whole cell in its middle, or a field: from what it shows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .detection.detect import Regions

_LARGEST_CROP = 45.0  # squares of a red-cell diameter
_CENTRAL = 0.12  # of the shorter side; a crop's cell is no farther from the middle


class ImageEvidence(NamedTuple):
    """What tells a crop from a field.

    Parameters
    ----------
    red_cell : float
        Diameter of a red cell in pixels.
    area : float
        Of the image, in squares of that diameter.
    off_centre : float
        Distance of the most central object's centroid from the middle, over the shorter side;
        infinite without objects.
    white_cells : int
    """

    red_cell: float
    area: float
    off_centre: float
    white_cells: int

    @property
    def is_small(self) -> bool:
        """Whether the image has room for one cell and its surroundings only."""
        return self.area <= _LARGEST_CROP

    @property
    def is_crop(self) -> bool:
        """Whether the image is no larger than 45 such squares, with an object in its middle."""
        return self.is_small and self.off_centre <= _CENTRAL


def _centroids(labels: NDArray[np.int32], count: int) -> NDArray[np.float64]:
    """Return row and column of the centroid of each label from 1: (count, 2)."""
    rows, cols = np.nonzero(labels)
    numbers = labels[rows, cols]
    sizes = np.bincount(numbers, minlength=count + 1)[1:]
    sums = [np.bincount(numbers, weights=x, minlength=count + 1)[1:] for x in (rows, cols)]
    return np.stack(sums, axis=1) / np.maximum(sizes, 1)[:, None]


def gather_evidence(regions: Regions, shape: tuple[int, int], red_cell: float) -> ImageEvidence:
    """Measure what tells a crop from a field.

    Parameters
    ----------
    regions : Regions
        All objects of the image.
    shape : (int, int)
        Rows and columns of the image.
    red_cell : float
        Diameter of a red cell in pixels.

    Returns
    -------
    ImageEvidence
    """
    off_centre = np.inf
    if regions.objects:
        middle = (np.array(regions.labels.shape) - 1) / 2
        offsets = _centroids(regions.labels, len(regions.objects)) - middle
        nearest = float(np.sqrt((offsets**2).sum(axis=1)).min())
        off_centre = nearest / min(regions.labels.shape)
    white = sum(one.kind == "white cell" for one in regions.objects)
    return ImageEvidence(red_cell, shape[0] * shape[1] / red_cell**2, off_centre, white)
