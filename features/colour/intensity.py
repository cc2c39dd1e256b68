"""First-order statistics of a channel (IBSI 3.3), from its histogram."""

from __future__ import annotations

from functools import partial

import numpy as np

from ..core.registry import feature
from ..primitives.arrays import Floats, ratio
from ..primitives.channels import CHANNELS
from .histogram import INTENSITY, Histogram

LINEAR = tuple(name for name in CHANNELS if name != "Hue")
# Ratios to the mean or the quartiles need a scale with a true zero.
RATIO = tuple(name for name in LINEAR if name not in {"astar", "bstar"})

_VETTED = "IBSI digital phantom; MIRP; numpy"
_SCIPY = "IBSI digital phantom; MIRP; scipy"
intensity_feature = partial(
    feature,
    INTENSITY,
    reference="IBSI 3.3",
    channels=LINEAR,
    vetted=_VETTED,
    invariances="translation, rotation by 90 degrees, flips, any permutation of the pixels",
)
_UNIT = "the channel's"
_SCALE = "the channel's"
# Mean vectors of hues that cancel out are shorter than this: rounding errors.
_NO_LENGTH = 1e-12


@intensity_feature(
    unit=_UNIT, ibsi="Q4LE", plain="mean colour", range=_SCALE, mean=True, preset="minimal"
)
def mean(histogram: Histogram) -> Floats:
    """Mean value of the pixels."""
    return histogram.moments.mean


@intensity_feature(
    unit=f"{_UNIT}, squared", ibsi="ECT3", plain="spread of colour", range="[0, inf)"
)
def variance(histogram: Histogram) -> Floats:
    """Population variance of the pixels."""
    return histogram.moments.variance


@intensity_feature(
    unit=_UNIT,
    plain="spread of colour",
    range="[0, inf)",
    preset="minimal",
    vetted="numpy",
)
def standard_deviation(histogram: Histogram) -> Floats:
    """Population standard deviation of the pixels."""
    return np.sqrt(histogram.moments.variance)


@intensity_feature(
    unit="1",
    ibsi="KE2A",
    plain="asymmetry of the distribution of colour",
    range="(-inf, inf)",
    nan="empty compartment or a single level",
    vetted=_SCIPY,
)
def skewness(histogram: Histogram) -> Floats:
    """Third central moment over the cubed standard deviation."""
    return ratio(histogram.moments.third, histogram.moments.variance**1.5)


@intensity_feature(
    unit="1",
    ibsi="IPH6",
    plain="frequency of extreme colours",
    range="[-2, inf)",
    nan="empty compartment or a single level",
    vetted=_SCIPY,
)
def kurtosis(histogram: Histogram) -> Floats:
    """Fourth central moment over the squared variance, minus 3."""
    return ratio(histogram.moments.fourth, histogram.moments.variance**2) - 3


@intensity_feature(unit=_UNIT, ibsi="Y12H", plain="median colour", range=_SCALE)
def median(histogram: Histogram) -> Floats:
    """Median of the pixels."""
    return histogram.percentile(50)


@intensity_feature(unit=_UNIT, ibsi="1GSF", plain="lowest level", range=_SCALE)
def minimum(histogram: Histogram) -> Floats:
    """Smallest value of a pixel."""
    return histogram.percentile(0)


@intensity_feature(unit=_UNIT, ibsi="QG58", plain="10th percentile of the levels", range=_SCALE)
def percentile_10(histogram: Histogram) -> Floats:
    """10th percentile of the pixels, by linear interpolation of order statistics."""
    return histogram.percentile(10)


@intensity_feature(
    unit=_UNIT,
    plain="lower quartile of the levels",
    range=_SCALE,
    vetted="numpy; by hand",
)
def percentile_25(histogram: Histogram) -> Floats:
    """25th percentile of the pixels, by linear interpolation of order statistics."""
    return histogram.percentile(25)


@intensity_feature(
    unit=_UNIT,
    plain="upper quartile of the levels",
    range=_SCALE,
    vetted="numpy; by hand",
)
def percentile_75(histogram: Histogram) -> Floats:
    """75th percentile of the pixels, by linear interpolation of order statistics."""
    return histogram.percentile(75)


@intensity_feature(unit=_UNIT, ibsi="8DWT", plain="90th percentile of the levels", range=_SCALE)
def percentile_90(histogram: Histogram) -> Floats:
    """90th percentile of the pixels, by linear interpolation of order statistics."""
    return histogram.percentile(90)


@intensity_feature(unit=_UNIT, ibsi="84IY", plain="highest level", range=_SCALE)
def maximum(histogram: Histogram) -> Floats:
    """Largest value of a pixel."""
    return histogram.percentile(100)


@intensity_feature(
    unit=_UNIT,
    ibsi="SALO",
    plain="spread of colour",
    range="[0, inf)",
    vetted=_SCIPY,
)
def interquartile_range(histogram: Histogram) -> Floats:
    """75th percentile minus 25th percentile."""
    return histogram.percentile(75) - histogram.percentile(25)


@intensity_feature(unit=_UNIT, ibsi="2OJQ", plain="range of colour", range="[0, inf)")
def value_range(histogram: Histogram) -> Floats:
    """Largest value minus smallest value."""
    return maximum(histogram) - minimum(histogram)


@intensity_feature(unit=_UNIT, ibsi="4FUA", plain="spread of colour", range="[0, inf)")
def mean_absolute_deviation(histogram: Histogram) -> Floats:
    """Mean absolute distance of the pixels from their mean."""
    return histogram.moments.deviation


@intensity_feature(
    unit=_UNIT,
    ibsi="1128",
    plain="spread of colour without its extremes",
    range="[0, inf)",
    nan="empty compartment or two pixels that differ",  # no pixel is between the percentiles
    version=2,
)
def robust_mean_absolute_deviation(histogram: Histogram) -> Floats:
    """Mean absolute distance to their mean of the pixels from the 10th to the 90th percentile."""
    return histogram.moments.robust_deviation


@intensity_feature(unit=_UNIT, ibsi="N72L", plain="spread of colour", range="[0, inf)")
def median_absolute_deviation(histogram: Histogram) -> Floats:
    """Mean absolute distance of the pixels from their median (IBSI's median absolute deviation)."""
    return histogram.moments.median_distance


@intensity_feature(
    unit=_UNIT,
    name="MAD",
    plain="spread of colour without its extremes",
    range="[0, inf)",
    reference="CellProfiler MeasureObjectIntensity",
    vetted="scipy; by hand",
)
def median_of_absolute_deviations(histogram: Histogram) -> Floats:
    """Median absolute distance of the pixels from their median."""
    return histogram.moments.median_deviation


@intensity_feature(
    unit="1",
    ibsi="7TET",
    plain="spread of colour, relative",
    range="[0, inf)",
    channels=RATIO,
    nan="empty compartment or a mean of 0",
    vetted=_SCIPY,
)
def coefficient_of_variation(histogram: Histogram) -> Floats:
    """Standard deviation over mean."""
    return ratio(np.sqrt(histogram.moments.variance), histogram.moments.mean)


@intensity_feature(
    unit="1",
    ibsi="9S40",
    plain="spread of colour, relative",
    range="[0, 1]",
    channels=RATIO,
    nan="empty compartment or quartiles of 0",
    vetted="IBSI digital phantom; MIRP; by hand",
)
def quartile_coefficient_of_dispersion(histogram: Histogram) -> Floats:
    """(75th - 25th percentile) / (75th + 25th percentile)."""
    return ratio(
        histogram.percentile(75) - histogram.percentile(25),
        histogram.percentile(75) + histogram.percentile(25),
    )


@intensity_feature(
    unit=f"{_UNIT}, squared", ibsi="N8CA", plain="total squared level", range="[0, inf)"
)
def energy(histogram: Histogram) -> Floats:
    """Sum of the squared values of the pixels."""
    return histogram.moments.mean_square * histogram.moments.size


@intensity_feature(unit=_UNIT, ibsi="5ZWQ", plain="mean colour", range="[0, inf)")
def root_mean_square(histogram: Histogram) -> Floats:
    """Square root of the mean squared value."""
    return np.sqrt(histogram.moments.mean_square)


@intensity_feature(
    unit="bit",
    ibsi="TLU2",
    plain="variety of levels",
    range="[0, 8]",
    vetted=_SCIPY,
)
def entropy(histogram: Histogram) -> Floats:
    """Entropy of the 256-bin histogram, in bits."""
    return histogram.moments.entropy


@intensity_feature(unit="1", ibsi="BJ5W", plain="concentration on few levels", range="(0, 1]")
def uniformity(histogram: Histogram) -> Floats:
    """Sum of the squared probabilities of the 256 bins."""
    return histogram.moments.uniformity


@intensity_feature(
    version=2,
    unit="degree",
    plain="hue",
    range="[0, 360)",
    channels=("Hue",),
    mean=True,
    nan="empty compartment or hues that cancel out",
    reference="Mardia and Jupp 2000, Directional Statistics",
    vetted="scipy; by hand",
)
def circular_mean(histogram: Histogram) -> Floats:
    """Direction of the mean unit vector of the hues."""
    cosine, sine = histogram.resultant
    angle = np.rad2deg(np.arctan2(sine, cosine)) % 360
    # A remainder just below 0 rounds to 360.
    turned = np.where(angle < 360, angle, angle - 360)
    return np.where(np.hypot(cosine, sine) > _NO_LENGTH, turned, np.nan)


@intensity_feature(
    unit="1",
    plain="spread of hue",
    range="[0, 1]",
    channels=("Hue",),
    reference="Mardia and Jupp 2000, Directional Statistics",
    vetted="scipy",
)
def circular_variance(histogram: Histogram) -> Floats:
    """1 minus the length of the mean unit vector of the hues."""
    cosine, sine = histogram.resultant
    return np.asarray(1 - np.sqrt(cosine * cosine + sine * sine))
