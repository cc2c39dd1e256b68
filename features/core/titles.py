"""Titles: the standard name of a feature and of a column, derived from the column's parts."""

from __future__ import annotations

import re

from .registry import Column, Feature

_COMPARTMENTS = {"Cells": "cell", "Nuclei": "nucleus", "Cytoplasm": "cytoplasm"}
# Families whose features need no word in front.
_BARE_FAMILIES = ("AreaShape", "Haematology")
_LEVEL_FAMILIES = ("Intensity", "IntensityDistribution")
# A feature that ends in one of these is a level: "Mean intensity", but "Intensity skewness".
_LEVELS = ("mean", "median", "minimum", "maximum", "square")
_PROPER_NAMES = ("Euler", "Feret", "Fourier", "Hu", "Zernike")
_FULL_WORDS = {"Info": "information", "Meas": "measure of correlation"}
# Spaces that are hyphens: "grey-level non-uniformity", "nucleus-to-cell area ratio".
_HYPHEN = re.compile(
    r"(?<=grey) (?=level)|(?<=non) (?=uniformity)|(?<=run) (?=length)| (?=to )|(?<= to) "
)
_WORD = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z][a-z]*|\d+")

# Words for a component, by the name of the feature, or for a parameter, by that of the family.
_NUMBERS = {
    "EllipticFourierMajor": "harmonic {}",
    "EllipticFourierMinor": "harmonic {}",
    "LobeProminence": "lobe {}",
    "ChromatinCoarseness": "{} % of diameter",
    "SecondSegmentShare": "{} % of depth",
    "ThirdSegmentShare": "{} % of depth",
    "BrightSpectrum": "{} px",
    "DarkSpectrum": "{} px",
    "EdgeEnergy": "{} px",
    "DiagonalEnergy": "{} px",
    "Gabor": "{} px",
}
# Other settings. What most columns of a family share (32 levels, mean of the directions) is left
# out.
_SETTINGS = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"d(\d+)_32_mean", r"d=\1"),
        (r"d(\d+)_32_(range|merged)", r"d=\1, \2"),
        (r"d(\d+)_256_mean", r"d=\1, 256 levels"),
        (r"d(\d+)_256_(range|merged)", r"d=\1, 256 levels, \2"),
        (r"32(?:_mean)?", ""),
        (r"32_merged", "merged"),
        (r"P(\d+)R(\d+)_0?(\d+)", r"P=\1, R=\2, bin \3"),
        (r"(\d)of(\d)", r"ring \1 of \2"),
    )
)


def feature_title(record: Feature) -> str:
    """Return the standard name of a feature.

    Examples
    --------
    >>> from features.core.registry import FEATURES
    >>> feature_title(FEATURES["Haematology_NucleusToCellAreaRatio"])
    'Nucleus-to-cell area ratio'
    """
    family = record.family.name
    words = [_FULL_WORDS.get(word, _small(word)) for word in _WORD.findall(record.name)]
    if family in _LEVEL_FAMILIES:
        words = [*words, "intensity"] if words[-1] in _LEVELS else ["intensity", *words]
    elif family not in _BARE_FAMILIES:
        words = [family, *words]
    title = _HYPHEN.sub("-", " ".join(words))
    return title[0].upper() + title[1:]


def column_title(column: Column) -> str:
    """Return the standard name of a column: feature, compartment, then channel and settings.

    Settings that most columns of a family share are left out: 32 grey levels, and the mean over
    the directions.

    Examples
    --------
    >>> from features.core.recipe import parse_column
    >>> column_title(parse_column("Nuclei_Texture_Correlation_Gray_d1_32_mean"))
    'Texture correlation, nucleus (Gray, d=1)'
    >>> column_title(parse_column("Cells_AreaShape_Zernike_4_2"))
    'Zernike 4,2, cell'
    """
    record = column.feature
    title, number, setting = feature_title(record), "", ""
    words = _NUMBERS.get(record.name if column.component else record.family.name)
    value = column.component or column.parameter
    if words is not None:
        setting = words.format(value.lstrip("0"))
    elif (known := _setting(value)) is not None:
        setting = known
    else:
        number = value.replace("_", ",")
    details = ", ".join(part for part in (column.channel, setting) if part)
    title = f"{title} {number}" if number else title
    if len(record.compartments) > 1:
        title += f", {_COMPARTMENTS[column.compartment]}"
    return f"{title} ({details})" if details else title


def _small(word: str) -> str:
    """Return a word as within a sentence: abbreviations and proper names keep their capitals."""
    return word if word in _PROPER_NAMES or (len(word) > 1 and word.isupper()) else word.lower()


def _setting(value: str) -> str | None:
    """Return the words for a parameter or component; None where it belongs to the name."""
    for pattern, words in _SETTINGS:
        if match := pattern.fullmatch(value):
            return match.expand(words)
    return None
