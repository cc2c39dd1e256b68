"""The families of the standard preset, implemented with the usual libraries.

The columns and definitions are those of blastometry, without its optimisations: what a user would
write without it.
"""

from __future__ import annotations

from math import pi, sqrt

import mahotas
import numpy as np
from scipy import stats
from scipy.ndimage import binary_erosion, distance_transform_edt
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist
from skimage.color import rgb2gray, rgb2hsv, rgb2lab
from skimage.feature import local_binary_pattern
from skimage.measure import euler_number, perimeter_crofton, regionprops

from features.core.cell import COMPARTMENTS, Cell
from features.texture.cooccurrence.haralick import HARALICK_NAMES


def colours(rgb: np.ndarray) -> dict[str, np.ndarray]:
    """Return Gray, RGB, Lab and HSV planes in their units."""
    planes = {"Gray": rgb2gray(rgb)}
    for names, stack in (
        (("Red", "Green", "Blue"), rgb),
        (("Lstar", "astar", "bstar"), rgb2lab(rgb)),
        (("Hue", "Saturation", "Value"), rgb2hsv(rgb)),
    ):
        planes |= {name: stack[..., index] for index, name in enumerate(names)}
    return planes


def first_order(pixels: np.ndarray) -> dict[str, float]:
    """Return the statistics that are defined for every channel."""
    mean, median = pixels.mean(), np.median(pixels)
    low, high = np.percentile(pixels, [10, 90])
    middle = pixels[(pixels >= low) & (pixels <= high)]
    shares = np.histogram(pixels, 256)[0] / pixels.size
    return {
        "Mean": mean,
        "Variance": pixels.var(),
        "StandardDeviation": pixels.std(),
        "Skewness": stats.skew(pixels),
        "Kurtosis": stats.kurtosis(pixels),
        "Median": median,
        "Minimum": pixels.min(),
        "Percentile10": low,
        "Percentile25": np.percentile(pixels, 25),
        "Percentile75": np.percentile(pixels, 75),
        "Percentile90": high,
        "Maximum": pixels.max(),
        "InterquartileRange": stats.iqr(pixels),
        "ValueRange": np.ptp(pixels),
        "MeanAbsoluteDeviation": np.abs(pixels - mean).mean(),
        "RobustMeanAbsoluteDeviation": np.abs(middle - middle.mean()).mean(),
        "MedianAbsoluteDeviation": np.abs(pixels - median).mean(),
        "MAD": stats.median_abs_deviation(pixels),
        "Energy": (pixels.astype(float) ** 2).sum(),
        "RootMeanSquare": sqrt((pixels.astype(float) ** 2).mean()),
        "Entropy": stats.entropy(shares, base=2),
        "Uniformity": (shares**2).sum(),
    }


def intensity(cell: Cell) -> dict[str, float]:
    """Return the first-order statistics of ten planes in three compartments."""
    return {
        f"{word}_Intensity_{name}_{channel}": value
        for channel, plane in colours(cell.rgb).items()
        if channel != "Hue"
        for word in COMPARTMENTS
        for name, value in first_order(plane[cell.mask(word)]).items()
    }


def texture(cell: Cell) -> dict[str, float]:
    """Return Haralick's 13 features at three distances: mean and range over the directions."""
    values = {}
    for word in COMPARTMENTS:
        levels = np.where(cell.mask(word), cell.plane("Gray") // 8 + 1, 0)
        for distance in (1, 2, 4):
            four = mahotas.features.haralick(
                levels, ignore_zeros=True, use_x_minus_y_variance=True, distance=distance
            )
            for index, name in enumerate(HARALICK_NAMES):
                stem = f"{word}_Haralick_{name}_Gray_d{distance}_32"
                values[f"{stem}_mean"] = four[:, index].mean()
                values[f"{stem}_range"] = np.ptp(four[:, index])
    return values


def patterns(cell: Cell) -> dict[str, float]:
    """Return the shares of uniform local binary patterns for two circles."""
    values = {}
    for points, radius in ((8, 1), (16, 2)):
        codes = local_binary_pattern(cell.plane("Gray"), points, radius, "uniform").astype(int)
        for word in COMPARTMENTS:
            inner = binary_erosion(cell.mask(word), np.ones((2 * radius + 1,) * 2))
            shares = np.bincount(codes[inner], minlength=points + 2) / inner.sum()
            for code, share in enumerate(shares):
                values[f"{word}_LBP_Frequency_Gray_P{points}R{radius}_{code:02d}"] = share
    return values


def outline(mask: np.ndarray) -> dict[str, float]:
    """Return size and shape of one mask."""
    part = regionprops(mask.astype(np.uint8))[0]
    pixels = np.argwhere(mask)
    corners = np.concatenate([pixels + offset for offset in ([0, 0], [0, 1], [1, 0], [1, 1])])
    hull = ConvexHull(corners)
    perimeter = perimeter_crofton(np.pad(mask, 1), 4)
    depth = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1][mask]
    outer = corners[hull.vertices]
    edges = np.roll(outer, -1, axis=0) - outer
    normals = np.stack([-edges[:, 1], edges[:, 0]]) / np.hypot(edges[:, 0], edges[:, 1])
    longest, shortest = pdist(outer).max(), np.ptp(outer @ normals, axis=0).min()
    values = {
        "Area": part.area,
        "Perimeter": perimeter,
        "EquivalentDiameter": part.equivalent_diameter_area,
        "MajorAxisLength": part.axis_major_length,
        "MinorAxisLength": part.axis_minor_length,
        "Eccentricity": part.eccentricity,
        "Elongation": part.axis_minor_length / part.axis_major_length,
        "Extent": part.extent,
        "ConvexArea": hull.volume,
        "Solidity": part.area / hull.volume,
        "FormFactor": 4 * pi * part.area / perimeter**2,
        "MaximumFeretDiameter": longest,
        "MinimumFeretDiameter": shortest,
        "FeretRatio": shortest / longest,
        "Roundness": 4 * part.area / (pi * longest**2),
        "EulerNumber": euler_number(mask, 2),
        "MaximumRadius": depth.max(),
        "MeanRadius": depth.mean(),
    }
    return values | {f"HuMoment_{index}": value for index, value in enumerate(part.moments_hu)}


def shape(cell: Cell) -> dict[str, float]:
    """Return size and shape of the cell and of its nucleus."""
    return {
        f"{word}_AreaShape_{name}": value
        for word in ("Cells", "Nuclei")
        for name, value in outline(cell.mask(word)).items()
    }


def everything(cell: Cell) -> dict[str, float]:
    """Return all of these features by blastometry's column names."""
    return intensity(cell) | texture(cell) | patterns(cell) | shape(cell)
