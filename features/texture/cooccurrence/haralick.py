"""Haralick's 14 features by their original names: 13 of the Texture family and f14."""

from __future__ import annotations

from collections.abc import Callable

from ...core.registry import FEATURES, feature
from ...primitives.arrays import Floats
from .glcm import HARALICK, Glcm, GlcmWithCounts
from .glcm_features import (
    angular_second_moment,
    contrast,
    correlation,
    difference_entropy,
    difference_variance,
    information_correlation_1,
    information_correlation_2,
    inverse_difference_moment,
    joint_entropy,
    joint_variance,
    sum_average,
    sum_entropy,
    sum_variance,
)
from .maximal_correlation import maximal_correlation

HARALICK_NAMES: dict[str, Callable[[Glcm], Floats]] = {
    "AngularSecondMoment": angular_second_moment,
    "Contrast": contrast,
    "Correlation": correlation,
    "Variance": joint_variance,
    "InverseDifferenceMoment": inverse_difference_moment,
    "SumAverage": sum_average,
    "SumVariance": sum_variance,
    "SumEntropy": sum_entropy,
    "Entropy": joint_entropy,
    "DifferenceVariance": difference_variance,
    "DifferenceEntropy": difference_entropy,
    "InfoMeas1": information_correlation_1,
    "InfoMeas2": information_correlation_2,
}

_BY_FUNCTION = {record.function: record for record in FEATURES.values()}
for _name, _function in HARALICK_NAMES.items():
    _texture_feature = _BY_FUNCTION[_function]
    feature(
        HARALICK,
        name=_name,
        unit=_texture_feature.unit,
        reference=_texture_feature.reference,
        plain=_texture_feature.plain,
        range=_texture_feature.range,
        nan=_texture_feature.nan,
        vetted="IBSI digital phantom; mahotas",
        ibsi=_texture_feature.ibsi,
        preset="full",
    )(_function)


@feature(
    HARALICK,
    unit="1",
    reference="Haralick 1973, doi:10.1109/TSMC.1973.4309314, f14",
    plain="how strongly neighbouring grey levels depend on each other",
    range="[0, 1]",
    nan=FEATURES["Texture_Contrast"].nan,
    vetted="pyradiomics; closed form; formula in numpy",
    channels=("Gray",),
    preset="full",
    version=2,
)
def maximal_correlation_coefficient(glcm: GlcmWithCounts) -> Floats:
    """Square root of the second largest eigenvalue of Haralick's Q; 1 for a single level."""
    return glcm.map_matrices(maximal_correlation)
