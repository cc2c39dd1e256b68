"""The table behind ``verify --peers``: which feature is compared with what of which package."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.cell import COMPARTMENT_BITS, Cell
from ..core.registry import FEATURES
from ..primitives.arrays import Floats, Mask
from ..texture.lbp import CIRCLES
from . import mahotas_oracle, skimage_oracle

LEVELS = 32
COMPARED_COMPARTMENTS = ("Cells", "Nuclei")
Values = Mapping[str, float | Floats]


@dataclass(frozen=True)
class PeerRow:
    """One feature and the value of a package that it is compared with.

    Parameters
    ----------
    feature : str
        Its key, as in ``Texture_Contrast``.
    name : str
        What the package calls the value, with the conversion to our convention if there is one.
    tolerance : float
        Largest difference that is rounding, relative to the larger value.
    floor : float
        Smallest value that a difference is divided by, in the feature's unit.
    convention : str
        Why the two differ although both are right; empty if they must agree.
    bound : float
        Largest relative difference that the convention explains.
    """

    feature: str
    name: str
    tolerance: float = 1e-9
    floor: float = 1e-3
    convention: str = ""
    bound: float = 0.0

    @property
    def limit(self) -> float:
        """Relative difference from which on the two disagree."""
        return max(self.tolerance, self.bound)


@dataclass(frozen=True)
class PeerFunction:
    """A function of a package, and the features that are compared with what it returns.

    Parameters
    ----------
    package : {"mahotas", "scikit-image"}
    function : str
        As a user of the package calls it.
    measure : callable
        ``measure(cell, compartment)`` returns the package's values by their names.
    rows : tuple of PeerRow
    settings : tuple of str
        Channel and parameters of the columns of each feature, as in ``Gray_d1_32_mean``.
    """

    package: str
    function: str
    measure: Callable[[Cell, str], Values]
    rows: tuple[PeerRow, ...]
    settings: tuple[str, ...] = ("",)

    def columns(self, row: PeerRow, compartment: str) -> Iterator[str]:
        """Yield the columns of a row in a compartment, in the order of the package's values."""
        for setting in self.settings:
            for component in FEATURES[row.feature].components or ("",):
                parts = (compartment, row.feature, setting, component)
                yield "_".join(part for part in parts if part)


def _levels(cell: Cell, mask: Mask) -> NDArray[np.uint8]:
    """Return grey levels from 1 to `LEVELS`, 0 outside the mask."""
    step = 256 // LEVELS
    return np.where(mask, cell.plane("Gray") // step + 1, 0).astype(np.uint8)


def _mean_of_directions(values: Mapping[str, Floats]) -> Values:
    return {name: float(directions.mean()) for name, directions in values.items()}


def _haralick(cell: Cell, compartment: str) -> Values:
    return _mean_of_directions(mahotas_oracle.haralick(_levels(cell, cell.mask(compartment))))


def _cooccurrence(cell: Cell, compartment: str) -> Values:
    levels = _levels(cell, cell.mask(compartment))
    return _mean_of_directions(skimage_oracle.cooccurrence_properties(levels, LEVELS))


def _zernike(cell: Cell, compartment: str) -> Values:
    return {"zernike_moments": mahotas_oracle.zernike_magnitudes(cell.mask(compartment))}


def _shape(cell: Cell, compartment: str) -> Values:
    return skimage_oracle.shape_properties(cell.mask(compartment))


def _intensity(cell: Cell, compartment: str) -> Values:
    return skimage_oracle.intensity_properties(cell.mask(compartment), cell.plane("Gray"))


def _patterns(
    shares: Callable[[NDArray[np.uint8], int, int, Mask], Floats], circle: str
) -> Callable[[Cell, str], Values]:
    """Return the function that measures the patterns whose neighbours are in the compartment."""
    points, radius = CIRCLES[circle]

    def measure(cell: Cell, compartment: str) -> Values:
        inside = (cell.eroded(2 * radius + 1) & COMPARTMENT_BITS[compartment]) > 0
        return {"uniform patterns": shares(cell.plane("Gray"), points, radius, inside)}

    return measure


def _pattern_settings(circle: str) -> tuple[str, ...]:
    return tuple(f"Gray_{circle}_{number:02d}" for number in range(CIRCLES[circle][0] + 2))


_HARALICK = tuple(PeerRow(f"Haralick_{name}", name) for name in mahotas_oracle.HARALICK_COLUMNS)
_ZERNIKE = (PeerRow("AreaShape_Zernike", "zernike_moments", floor=1e-2),)
_HULL = "hull of pixel centres drawn as pixels, ours of the pixels' corners"
_SHAPE = (
    *(
        PeerRow(f"AreaShape_{feature}", name)
        for feature, name in {
            "Area": "area",
            "EquivalentDiameter": "equivalent_diameter_area",
            "MajorAxisLength": "axis_major_length",
            "MinorAxisLength": "axis_minor_length",
            "Elongation": "axis_minor_length / axis_major_length",
            "Eccentricity": "eccentricity",
            "Orientation": "orientation in degrees",
            "Extent": "extent",
            "BoundingBoxRows": "bbox rows",
            "BoundingBoxColumns": "bbox columns",
            "EulerNumber": "euler_number",
            "Perimeter": "perimeter_crofton",
            "FormFactor": "4 pi area / perimeter_crofton^2",
        }.items()
    ),
    PeerRow("AreaShape_HuMoment", "moments_hu", floor=1e-5),
    # Odd and mixed moments are small compared with the sums that cancel in them.
    PeerRow("AreaShape_CentralMoment", "moments_central", tolerance=1e-6, floor=1e3),
    PeerRow("AreaShape_NormalisedCentralMoment", "moments_normalized", tolerance=1e-6),
    PeerRow(
        "AreaShape_Perimeter",
        "perimeter",
        convention="weighted steps along the border pixels, ours Crofton's formula",
        bound=0.15,
    ),
    PeerRow("AreaShape_ConvexArea", "area_convex", convention=_HULL, bound=0.1),
    PeerRow("AreaShape_Solidity", "solidity", convention=_HULL, bound=0.1),
    PeerRow(
        "AreaShape_MaximumFeretDiameter",
        "feret_diameter_max",
        convention="between points half-way across the border, ours between the pixels' corners",
        bound=0.1,
    ),
)
_INTENSITY = tuple(
    PeerRow(f"Intensity_{feature}", name)
    for feature, name in {
        "Mean": "intensity_mean",
        "StandardDeviation": "intensity_std",
        "Minimum": "intensity_min",
        "Maximum": "intensity_max",
    }.items()
)
_COOCCURRENCE = tuple(
    PeerRow(f"Texture_{feature}", name)
    for feature, name in (
        ("Contrast", "contrast"),
        ("Dissimilarity", "dissimilarity"),
        ("InverseDifferenceMoment", "homogeneity"),
        ("AngularSecondMoment", "ASM"),
        ("AngularSecondMoment", "energy^2"),
        ("Correlation", "correlation"),
        ("JointAverage", "mean + 1"),
        ("JointVariance", "variance"),
        ("JointEntropy", "entropy / ln 2"),
    )
)
# Shares: a difference is one of shares. Equal levels are decided by rounding where a neighbour is
# interpolated.
_SKIMAGE_LBP = (PeerRow("LBP_Frequency", "uniform patterns", tolerance=0.01, floor=1.0),)
_MAHOTAS_LBP = (
    PeerRow(
        "LBP_Frequency",
        "uniform patterns",
        tolerance=0.01,
        floor=1.0,
        convention="its neighbours are one pixel off and not interpolated (mahotas 1.4.19)",
        bound=0.5,
    ),
)

PEER_FUNCTIONS: tuple[PeerFunction, ...] = (
    PeerFunction(
        "mahotas",
        "haralick(ignore_zeros=True, use_x_minus_y_variance=True)",
        _haralick,
        _HARALICK,
        (f"Gray_d1_{LEVELS}_mean",),
    ),
    PeerFunction("mahotas", "zernike_moments", _zernike, _ZERNIKE),
    *(
        PeerFunction(
            "mahotas",
            f"lbp_transform, {circle}",
            _patterns(mahotas_oracle.uniform_pattern_shares, circle),
            _MAHOTAS_LBP,
            _pattern_settings(circle),
        )
        for circle in CIRCLES
    ),
    PeerFunction("scikit-image", "regionprops of the mask", _shape, _SHAPE),
    PeerFunction("scikit-image", "regionprops of grey levels", _intensity, _INTENSITY, ("Gray",)),
    PeerFunction(
        "scikit-image",
        "graycomatrix and graycoprops",
        _cooccurrence,
        _COOCCURRENCE,
        (f"Gray_d1_{LEVELS}_mean",),
    ),
    *(
        PeerFunction(
            "scikit-image",
            f"local_binary_pattern, {circle}",
            _patterns(skimage_oracle.uniform_pattern_shares, circle),
            _SKIMAGE_LBP,
            _pattern_settings(circle),
        )
        for circle in CIRCLES
    ),
)
