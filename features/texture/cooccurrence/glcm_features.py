"""The 25 GLCM features of IBSI, section 3.6."""

from __future__ import annotations

from functools import partial

import numpy as np

from ...core.registry import feature
from ...primitives.arrays import Floats, ratio
from .glcm import TEXTURE, Glcm

_NAN = "no pair of pixels at this distance in one of the directions (merged: in all four)"
_VETTED = "IBSI digital phantom; MIRP"
_MAHOTAS = f"{_VETTED}; mahotas"
_SKIMAGE = f"{_VETTED}; scikit-image"

texture = partial(
    feature,
    TEXTURE,
    reference="IBSI 3.6; Haralick 1973, doi:10.1109/TSMC.1973.4309314",
    nan=_NAN,
    vetted=_VETTED,
)


@texture(
    unit="1",
    ibsi="GYBY",
    plain="probability of the most frequent pair of grey levels",
    range="(0, 1]",
    vetted="IBSI digital phantom; MIRP; pyradiomics; mahotas; scikit-image",
)
def joint_maximum(glcm: Glcm) -> Floats:
    """Largest probability in the co-occurrence matrix."""
    return glcm.joint_maximum


@texture(
    unit="level",
    ibsi="60VM",
    plain="mean grey level",
    range="[1, levels]",
    vetted="IBSI digital phantom; MIRP; scikit-image; pyradiomics; mahotas",
)
def joint_average(glcm: Glcm) -> Floats:
    """Mean grey level of the pixels of a pair."""
    return glcm.mean


@texture(
    unit="level^2",
    ibsi="UR99",
    plain="spread of the grey levels",
    range="[0, levels^2 / 4]",
    vetted="IBSI digital phantom; MIRP; mahotas; scikit-image; pyradiomics",
)
def joint_variance(glcm: Glcm) -> Floats:
    """Variance of the grey level of the pixels of a pair (Haralick's sum of squares)."""
    return glcm.variance


@texture(
    unit="bit",
    ibsi="TU9B",
    plain="disorder of the pairs of grey levels",
    range="[0, 2 log2 levels]",
    vetted="IBSI digital phantom; MIRP; mahotas; pyradiomics; scikit-image",
)
def joint_entropy(glcm: Glcm) -> Floats:
    """Entropy of the co-occurrence matrix, in bits."""
    return glcm.entropy


@texture(
    unit="level",
    ibsi="TF7R",
    plain="mean difference between neighbouring pixels",
    range="[0, levels)",
    vetted="IBSI digital phantom; MIRP; scikit-image; pyradiomics",
)
def difference_average(glcm: Glcm) -> Floats:
    """Mean absolute difference of the two grey levels of a pair."""
    return glcm.difference_mean


@texture(
    unit="level^2",
    ibsi="D3YU",
    plain="variability of the difference between neighbouring pixels",
    range="[0, levels^2 / 4]",
    vetted="IBSI digital phantom; MIRP; mahotas; pyradiomics",
)
def difference_variance(glcm: Glcm) -> Floats:
    """Variance of the absolute difference of the two grey levels of a pair."""
    return glcm.difference_variance


@texture(
    unit="bit",
    ibsi="NTRS",
    plain="disorder of the differences between neighbouring pixels",
    range="[0, log2 levels]",
    vetted="IBSI digital phantom; MIRP; mahotas; pyradiomics",
)
def difference_entropy(glcm: Glcm) -> Floats:
    """Entropy of the absolute difference of the two grey levels of a pair, in bits."""
    return glcm.difference_entropy


@texture(
    unit="level",
    ibsi="ZGXS",
    plain="mean grey level, doubled",
    range="[2, 2 levels]",
    vetted="IBSI digital phantom; MIRP; mahotas; pyradiomics",
)
def sum_average(glcm: Glcm) -> Floats:
    """Mean sum of the two grey levels of a pair."""
    return glcm.sum_mean


@texture(
    unit="level^2",
    ibsi="OEEB",
    plain="spread of the local grey level",
    range="[0, levels^2]",
    vetted=_MAHOTAS,
)
def sum_variance(glcm: Glcm) -> Floats:
    """Variance of the sum of the two grey levels of a pair."""
    return glcm.cluster_tendency


@texture(
    unit="bit",
    ibsi="P6QZ",
    plain="disorder of the local grey level",
    range="[0, log2 (2 levels - 1)]",
    vetted="IBSI digital phantom; MIRP; mahotas; pyradiomics",
)
def sum_entropy(glcm: Glcm) -> Floats:
    """Entropy of the sum of the two grey levels of a pair, in bits."""
    return glcm.sum_entropy


@texture(
    unit="1",
    ibsi="8ZQL",
    plain="uniformity of the pattern",
    range="(0, 1]",
    vetted="IBSI digital phantom; MIRP; mahotas; scikit-image; pyradiomics",
)
def angular_second_moment(glcm: Glcm) -> Floats:
    """Sum of the squared probabilities of the co-occurrence matrix (energy)."""
    return glcm.angular_second_moment


@texture(
    unit="level^2",
    ibsi="ACUI",
    plain="local contrast, large differences weighted most",
    range="[0, levels^2)",
    vetted="IBSI digital phantom; MIRP; mahotas; scikit-image; pyradiomics",
)
def contrast(glcm: Glcm) -> Floats:
    """Mean squared difference of the two grey levels of a pair."""
    return glcm.contrast


@texture(
    unit="level",
    ibsi="8S9J",
    plain="mean difference between neighbouring pixels",
    range="[0, levels)",
    vetted=_SKIMAGE,
)
def dissimilarity(glcm: Glcm) -> Floats:
    """Mean absolute difference of the two grey levels of a pair (equals DifferenceAverage)."""
    return glcm.difference_mean


@texture(
    unit="1",
    ibsi="IB1Z",
    plain="homogeneity",
    range="(0, 1]",
    vetted="IBSI digital phantom; MIRP; pyradiomics",
)
def inverse_difference(glcm: Glcm) -> Floats:
    """Mean of 1 / (1 + absolute difference of the two grey levels of a pair)."""
    return glcm.inverse_difference


@texture(
    unit="1",
    ibsi="NDRX",
    plain="homogeneity",
    range="(0, 1]",
    vetted="IBSI digital phantom; MIRP; pyradiomics",
)
def normalised_inverse_difference(glcm: Glcm) -> Floats:
    """Mean of 1 / (1 + absolute difference / number of levels)."""
    return glcm.normalised_inverse_difference


@texture(
    unit="1",
    ibsi="WF0Z",
    plain="homogeneity",
    range="(0, 1]",
    vetted="IBSI digital phantom; MIRP; mahotas; scikit-image; pyradiomics",
)
def inverse_difference_moment(glcm: Glcm) -> Floats:
    """Mean of 1 / (1 + squared difference of the two grey levels of a pair)."""
    return glcm.inverse_difference_moment


@texture(
    unit="1",
    ibsi="1QCO",
    plain="homogeneity",
    range="(0, 1]",
    vetted="IBSI digital phantom; MIRP; pyradiomics",
)
def normalised_inverse_difference_moment(glcm: Glcm) -> Floats:
    """Mean of 1 / (1 + squared difference / squared number of levels)."""
    return glcm.normalised_inverse_difference_moment


@texture(
    unit="1",
    ibsi="E8JP",
    plain="share of small differences between neighbouring pixels",
    range="[0, 1]",
    vetted="IBSI digital phantom; MIRP; pyradiomics",
)
def inverse_variance(glcm: Glcm) -> Floats:
    """Sum over the unequal pairs of probability / squared difference of the two grey levels."""
    return glcm.inverse_variance


@texture(
    unit="1",
    ibsi="NI2N",
    plain="how strongly neighbouring grey levels depend linearly on each other",
    range="[-1, 1]",
    vetted="IBSI digital phantom; MIRP; mahotas; scikit-image; pyradiomics",
)
def correlation(glcm: Glcm) -> Floats:
    """Pearson correlation of the two grey levels of a pair; 1 for a single level."""
    return ratio(glcm.covariance, glcm.variance, 1.0)


@texture(
    unit="level^2",
    ibsi="QWB0",
    plain="brightness of the pairs of pixels",
    range="[1, levels^2]",
    vetted="IBSI digital phantom; MIRP; pyradiomics; mahotas; scikit-image",
)
def autocorrelation(glcm: Glcm) -> Floats:
    """Mean product of the two grey levels of a pair."""
    return glcm.covariance + glcm.mean**2


@texture(
    unit="level^2",
    ibsi="DG8W",
    plain="spread of the local grey level",
    range="[0, levels^2]",
    vetted="IBSI digital phantom; MIRP; pyradiomics",
)
def cluster_tendency(glcm: Glcm) -> Floats:
    """Second central moment of the sum of the two grey levels of a pair (equals SumVariance)."""
    return glcm.cluster_tendency


@texture(
    unit="level^3",
    ibsi="7NFM",
    plain="asymmetry of the local grey level",
    range="(-levels^3, levels^3)",
    vetted="IBSI digital phantom; MIRP; pyradiomics",
)
def cluster_shade(glcm: Glcm) -> Floats:
    """Third central moment of the sum of the two grey levels of a pair."""
    return glcm.cluster_shade


@texture(
    unit="level^4",
    ibsi="AE86",
    plain="weight of extreme local grey levels",
    range="[0, 4 levels^4 / 3)",
    vetted="IBSI digital phantom; MIRP; pyradiomics",
)
def cluster_prominence(glcm: Glcm) -> Floats:
    """Fourth central moment of the sum of the two grey levels of a pair."""
    return glcm.cluster_prominence


@texture(
    unit="1",
    name="InformationCorrelation1",
    ibsi="R8DG",
    plain="how strongly neighbouring grey levels depend on each other, negative",
    range="[-1, 0]",
    vetted="IBSI digital phantom; MIRP; mahotas; pyradiomics",
)
def information_correlation_1(glcm: Glcm) -> Floats:
    """(Joint entropy - 2 marginal entropy) / marginal entropy; 0 for a single level."""
    return ratio(glcm.entropy - 2 * glcm.marginal_entropy, glcm.marginal_entropy, 0.0)


@texture(
    unit="1",
    name="InformationCorrelation2",
    ibsi="JN9H",
    plain="how strongly neighbouring grey levels depend on each other",
    range="[0, 1)",
    vetted="IBSI digital phantom; MIRP; mahotas; pyradiomics",
)
def information_correlation_2(glcm: Glcm) -> Floats:
    """Square root of 1 - exp(-2 (2 marginal entropy - joint entropy)), entropies in bits."""
    mutual_information = np.maximum(2 * glcm.marginal_entropy - glcm.entropy, 0)
    return np.asarray(np.sqrt(1 - np.exp(-2 * mutual_information)))
