"""Convex hull features of the cell and of its nucleus: solidity, convexity, Feret diameters."""

from __future__ import annotations

from math import pi

from .area_shape import SCALE_INVARIANT, shape_feature
from .region import Shape


@shape_feature(
    unit="px^2",
    plain="size with the indentations filled",
    range="[1, inf)",
    reference="Cox 1927",
    vetted="scipy; by hand",
)
def convex_area(shape: Shape) -> float:
    """Area of the convex hull, with pixels as unit squares."""
    return shape.convex_area


@shape_feature(
    unit="1",
    plain="absence of indentations",
    range="(0, 1]",
    preset="minimal",
    invariances=SCALE_INVARIANT,
    reference="CellProfiler MeasureObjectSizeShape, convex hull with pixels as unit squares",
    vetted="scipy; by hand",
)
def solidity(shape: Shape) -> float:
    """Area / convex area: 1 for a convex outline, less for an indented or lobed one."""
    return shape.area / shape.convex_area


@shape_feature(
    unit="1",
    plain="smoothness of the outline",
    range="(0, inf)",
    invariances=SCALE_INVARIANT,
    nan="empty compartment",
    reference="Cauchy's formula in the 4 directions of the Crofton perimeter",
    vetted="by hand; formula in scikit-image",
)
def convexity(shape: Shape) -> float:
    """Crofton perimeter of the convex hull / Crofton perimeter: 1 for a convex outline."""
    return shape.convex_perimeter / shape.perimeter


@shape_feature(
    unit="px",
    plain="longest diameter",
    range="[1.4, inf)",
    reference="Feret 1930, convex hull with pixels as unit squares",
    vetted="scipy; by hand",
)
def maximum_feret_diameter(shape: Shape) -> float:
    """Largest distance between two parallel tangents of the convex hull (maximum caliper)."""
    return shape.feret[0]


@shape_feature(
    unit="px",
    plain="shortest diameter",
    range="[1, inf)",
    reference="Feret 1930, convex hull with pixels as unit squares",
    vetted="by hand; formula in scipy",
)
def minimum_feret_diameter(shape: Shape) -> float:
    """Smallest distance between two parallel tangents of the convex hull (minimum caliper)."""
    return shape.feret[1]


@shape_feature(
    unit="1",
    plain="ratio of shortest to longest diameter",
    range="(0, 1]",
    invariances=SCALE_INVARIANT,
    reference="Feret 1930",
    vetted="by hand; formula in scipy",
)
def feret_ratio(shape: Shape) -> float:
    """Minimum Feret diameter / maximum Feret diameter."""
    return shape.feret[1] / shape.feret[0]


@shape_feature(
    unit="1",
    plain="roundness",
    range="(0, 1.3]",
    invariances=SCALE_INVARIANT,
    reference="ImageJ roundness, with the Feret diameter",
    vetted="scipy; by hand",
)
def roundness(shape: Shape) -> float:
    """4 area / (pi maximum Feret diameter^2): 1 for a disc."""
    return 4 * shape.area / (pi * shape.feret[0] ** 2)
