"""Detect the white cells, broken cells and platelets of an image at 20 pixels per red cell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ...primitives.arrays import Bytes, Floats
from .background import Background, densities
from .boosted_trees import BoostedTrees, ByteTrees, complete_trees, probabilities, read_trees
from .candidates import Candidates, find_candidates
from .cell_map import CELL, map_white_cells
from .decision import choose_central_region, choose_regions, most_probable_kind
from .pixel_features import PIXELS_PER_RED_CELL
from .region_features import measure_regions

_LEAST_SIDE = 16  # pixels of the resampled image
_LARGEST_FACTOR = 4.0  # of enlargement


class DetectionModels(NamedTuple):
    """The two trained models.

    Parameters
    ----------
    pixels : ByteTrees
        One output: the map of white cells, see `features.segmentation.detection.cell_map`.
    regions : BoostedTrees
        One output for each class, see `features.segmentation.detection.decision.CLASSES`.
    """

    pixels: ByteTrees
    regions: BoostedTrees


@cache
def trained_models() -> DetectionModels:
    """Read the models that come with the package."""
    return DetectionModels(complete_trees(read_trees("pixel_trees")), read_trees("region_trees"))


@dataclass(frozen=True)
class DetectedObject:
    """One object of an image.

    Parameters
    ----------
    kind : {"white cell", "broken cell", "platelet"}
        The most probable class.
    probability : float
        Of this class, among all classes.
    """

    kind: str
    probability: float


@dataclass(frozen=True, eq=False)
class Regions:
    """The objects of a resampled image.

    Parameters
    ----------
    objects : tuple of DetectedObject
    labels : (rows, cols) int32
        Pixels of each object: its place in `objects` + 1; 0 for the rest.
    """

    objects: tuple[DetectedObject, ...]
    labels: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Detection:
    """The candidate regions of an image, at about 20 pixels per red cell, and their classes.

    Parameters
    ----------
    tree : Candidates
    probabilities : (nodes, classes) float64
        See `features.segmentation.detection.decision.CLASSES`.
    red_cell : float
        Diameter of a red cell in pixels of the image.
    """

    tree: Candidates
    probabilities: Floats
    red_cell: float

    @cached_property
    def _chosen(self) -> list[int]:
        """The regions that are probably objects."""
        return choose_regions(self.tree, self.probabilities)

    def all_objects(self) -> Regions:
        """Return the most probable objects of a field."""
        return self._regions(self._chosen)

    def central_object(self) -> Regions:
        """Return the object in the middle of a crop, which is first, and those beside it.

        Without candidates near the middle there are no objects.
        """
        central = choose_central_region(self.tree, self.probabilities)
        if central is None:
            return Regions((), np.zeros(self.tree.map.shape, np.int32))
        own = set(self.tree.members[central])
        others = [node for node in self._chosen if own.isdisjoint(self.tree.members[node])]
        return self._regions([central, *others])

    def _regions(self, chosen: list[int]) -> Regions:
        """Return the objects of some disjoint nodes of the tree."""
        rows = dict(zip(self.tree.nodes, self.probabilities, strict=True))
        numbers = np.zeros(int(self.tree.leaves.max(initial=-1)) + 2, np.int32)
        for place, node in enumerate(chosen, 1):
            numbers[self.tree.members[node]] = place
        # The last entry is that of pixels without a leaf, whose number is -1.
        labels = np.where(self.tree.map > CELL, numbers[self.tree.leaves], 0)
        objects = tuple(
            DetectedObject(
                *most_probable_kind(rows[node], nucleus_area=self.tree.nucleus_area(node))
            )
            for node in chosen
        )
        return Regions(objects, labels.astype(np.int32))


def resample(rgb: Bytes, red_cell: float) -> Bytes:
    """Resize an image so that a red cell has 20 pixels, but to at least 16 rows and columns."""
    factor = min(PIXELS_PER_RED_CELL / red_cell, _LARGEST_FACTOR)
    size = [max(_LEAST_SIDE, round(side * factor)) for side in rgb.shape[1::-1]]
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(rgb, size, interpolation=method), np.uint8)


def detect(
    rgb: Bytes, background: Background, red_cell: float, models: DetectionModels | None = None
) -> Detection:
    """Find the candidates for cells of an image, and judge them.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
    background : Background
        Of this image, see `features.segmentation.detection.background.fit_background`.
    red_cell : float
        Diameter of a red cell in pixels.
    models : DetectionModels, optional
        Default: those that come with the package.

    Returns
    -------
    Detection
    """
    models = models or trained_models()
    planes = densities(resample(rgb, red_cell), background)
    cells, features = map_white_cells(planes, models.pixels)
    tree = find_candidates(cells)
    values = measure_regions(tree, features)
    return Detection(tree, probabilities(models.regions, values), red_cell)
