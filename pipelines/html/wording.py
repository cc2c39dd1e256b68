"""Measured values, percentiles and figures in words."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan

# Sentences of a haematologist; {} is the value. All other features: "plain name: value unit".
PHRASES: Mapping[str, str] = {
    "Cells_Haematology_NucleusToCellAreaRatio": "nucleus fills {:.0%} of the cell",
    "Cells_Haematology_NucleoliAreaShare": "nucleoli fill {:.1%} of the nucleus",
    "Cells_Haematology_VacuoleAreaShare": "vacuoles fill {:.1%} of the cytoplasm",
    "Cells_Haematology_GranuleAreaShare": "granules fill {:.1%} of the cytoplasm",
}

# A flag of `features.segmentation.quality.Quality` as a sentence.
FLAGS: Mapping[str, str] = {
    "touches_border": "The cell reaches the edge of the picture and may be cut off.",
    "two_nuclei": "The nucleus has two round parts of similar size: these can be two cells.",
    "no_cytoplasm": "Hardly any cytoplasm was found.",
    "no_nucleus": "Hardly any nucleus was found.",
    "out_of_focus": "The picture is out of focus.",
    "saturated": "More than a tenth of the cell is over- or underexposed.",
    "smudge": "The cell looks crushed (a smudge cell).",
}


def measure_name(measure: str) -> str:
    """Return the name of a measure of importance as users read it.

    Examples
    --------
    >>> measure_name("shap"), measure_name("permutation")
    ('SHAP', 'permutation')
    """
    return measure.upper() if measure == "shap" else measure


def value_words(feature: str, plain: str, unit: str, value: float) -> str:
    """Say what was measured.

    Examples
    --------
    >>> value_words("Cells_Haematology_NucleusToCellAreaRatio", "", "1", 0.857)
    'nucleus fills 86 % of the cell'
    >>> value_words("Nuclei_AreaShape_Area", "size", "px^2", 5123.4)
    'size: 5120 px²'
    >>> value_words("Nuclei_AreaShape_Area", "size", "px^2", float("nan"))
    'size: could not be measured'
    """
    if isnan(value):
        return f"{plain}: could not be measured"
    if feature in PHRASES:
        return PHRASES[feature].format(value).replace("%", " %")
    shown = unit_text(unit)
    if shown in ("", "1"):
        return f"{plain}: {significant(value)}"
    if any(mark in shown for mark in " -"):
        shown = f"({shown})"
    return f"{plain}: {significant(value)} {shown}"


def unit_text(unit: str) -> str:
    """Write a unit with raised powers.

    Examples
    --------
    >>> unit_text("level^2"), unit_text("px^3"), unit_text("1")
    ('level²', 'px³', '1')
    """
    return unit.replace("^2", "²").replace("^3", "³")


def significant(value: float) -> str:
    """Three significant digits, without an exponent for everyday numbers.

    Examples
    --------
    >>> [significant(x) for x in (5123.4, 0.01234, -3.0, 1e-9, 2.504)]
    ['5120', '0.0123', '-3', '1.00e-09', '2.50']
    """
    if float(value).is_integer() and abs(value) < 1000:
        return f"{value:.0f}"
    if not 1e-4 <= abs(value) < 1e6:
        return f"{value:.2e}"
    rounded = float(f"{value:.3g}")
    return f"{rounded:.0f}" if abs(rounded) >= 100 else f"{value:#.3g}"


def percentile_words(percentile: float, of: str) -> str:
    """Say which percentile a value is among the training cells of a class.

    Examples
    --------
    >>> percentile_words(97.2, "normal")
    '97th percentile of normal'
    >>> percentile_words(100.0, "blast")
    'above 99 % of blast'
    >>> percentile_words(0.0, "blast")
    'below 99 % of blast'
    """
    if isnan(percentile):
        return f"no percentile among {of}"
    if percentile >= 100:
        return f"above 99 % of {of}"
    if percentile <= 0:
        return f"below 99 % of {of}"
    return f"{ordinal(min(99, max(1, round(percentile))))} percentile of {of}"


def ordinal(number: int) -> str:
    """Return a number with its ending.

    Examples
    --------
    >>> [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 93, 99)]
    ['1st', '2nd', '3rd', '4th', '11th', '12th', '13th', '21st', '93rd', '99th']
    """
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return str(number) + {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def against_the_rest(classes: int) -> str:
    """Say how figures are averaged where none of several classes is the positive one.

    Examples
    --------
    >>> against_the_rest(8).split(". ")[-1]
    'The sum over the classes, which is often given as the Brier score, is 8 times as large.'
    """
    return (
        "No class is the positive one: sensitivity, specificity, AUROC, average precision, "
        "specificity at 95 % sensitivity and Brier score are unweighted means over the "
        f"{classes} classes, each against the rest. The sum over the classes, which is often given "
        f"as the Brier score, is {classes} times as large."
    )


def resampled_units(group: str | None) -> str:
    """Say what the bootstrap resamples, by the column of groups.

    Examples
    --------
    >>> resampled_units("Metadata_Subject")
    'whole subjects (Metadata_Subject)'
    >>> resampled_units(None)
    'single cells (with their copies)'
    """
    return "single cells (with their copies)" if group is None else f"whole subjects ({group})"
