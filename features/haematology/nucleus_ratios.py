"""Ratios of the nucleus to the cell and the cytoplasm."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from math import hypot, nan, pi, sqrt

from ..core.cell import Cell
from ..core.registry import Axes, Family, feature
from ..shape.region import Shape, shape_of


@dataclass(frozen=True, eq=False)
class CellParts:
    """A cell with the shapes of cell and nucleus: the view that haematology features read."""

    cell: Cell

    @cached_property
    def cell_shape(self) -> Shape:
        """Shape of the whole cell."""
        return shape_of(self.cell, "Cells")

    @cached_property
    def nucleus_shape(self) -> Shape:
        """Shape of the nucleus."""
        return shape_of(self.cell, "Nuclei")


def _view(cell: Cell, _axes: Axes) -> CellParts:
    return CellParts(cell)


HAEMATOLOGY = Family(
    name="Haematology",
    title="Features with haematological names: nucleus, lobes, chromatin, cytoplasm",
    compartments=("Cells",),
    view=_view,
    each_compartment=True,
)

haematology_feature = partial(
    feature,
    HAEMATOLOGY,
    unit="1",
    nan="no nucleus",
    invariances="translation, rotation by 90 degrees, flips; scale, within sampling",
    vetted="scikit-image; by hand",
)


@haematology_feature(
    name="NucleusToCellAreaRatio",
    plain="nucleus-to-cell area ratio",
    range="(0, 1]",
    preset="minimal",
    reference="Bain 2021, Blood Cells, 6th ed.",
)
def nucleus_to_cell_area_ratio(parts: CellParts) -> float:
    """Area of the nucleus over area of the cell."""
    return parts.nucleus_shape.area / parts.cell_shape.area


@haematology_feature(
    name="NucleusToCytoplasmAreaRatio",
    plain="nucleus-to-cytoplasm ratio",
    range="(0, inf)",
    nan="no nucleus or no cytoplasm",
    reference="Bain 2021, Blood Cells, 6th ed.",
)
def nucleus_to_cytoplasm_area_ratio(parts: CellParts) -> float:
    """Area of the nucleus over area of the cytoplasm."""
    cytoplasm = parts.cell_shape.area - parts.nucleus_shape.area
    return parts.nucleus_shape.area / cytoplasm if cytoplasm else nan


@haematology_feature(
    name="NucleusEccentricPosition",
    plain="eccentric position of the nucleus",
    range="[0, inf)",
    reference="equivalent radius: that of the disc with the area of the cell",
)
def nucleus_eccentric_position(parts: CellParts) -> float:
    """Distance between the centroids of nucleus and cell over the cell's equivalent radius."""
    rows, cols = (
        one - other
        for one, other in zip(parts.cell_shape.centroid, parts.nucleus_shape.centroid, strict=True)
    )
    return hypot(rows, cols) / sqrt(parts.cell_shape.area / pi)


@haematology_feature(
    name="NucleusIndentation",
    plain="indentation of the nucleus",
    range="[0, 1)",
    reference="1 - solidity",
    vetted="scipy; by hand",
)
def nucleus_indentation(parts: CellParts) -> float:
    """1 minus the area of the nucleus over the area of its convex hull; 0 for a convex nucleus."""
    return 1 - parts.nucleus_shape.area / parts.nucleus_shape.convex_area
