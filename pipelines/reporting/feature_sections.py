"""Sections of the report: feature importance and the compact model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..html.elements import FeatureName, Table, svg
from ..html.number_text import significant
from ..html.wording import measure_name, unit_text
from .section import Section

if TYPE_CHECKING:
    import pandas as pd

LEADING = 20
_LEVELS = {
    "compartment": "By compartment",
    "family": "By family of features",
    "cluster": "By cluster of correlated features; each has the name of its most central feature",
}


def feature_name(record: Mapping[Any, Any]) -> FeatureName:
    """Return how a record with ``title``, ``plain`` and ``feature`` is named on a page."""
    return FeatureName(record["title"], record["plain"], record["feature"])


def feature_importance(single: pd.DataFrame, groups: pd.DataFrame) -> Section:
    """Return the section with importances of sets of features and of single ones."""
    from models.plots.report_plots import groups_picture

    measures = [name.removesuffix("_mean") for name in single.columns if name.endswith("_mean")]
    names = [measure_name(measure) for measure in measures]
    levels = [
        {
            "picture": svg(
                groups_picture(groups, level, measures[0]), f"Feature importance: {caption}"
            ),
            "caption": f"{caption}. In brackets the number of features. Measure: {names[0]}.",
        }
        for level, caption in _LEVELS.items()
    ]
    rows = [
        [feature_name(row), *(float(row[f"{name}_mean"]) for name in measures)]
        for row in single.head(LEADING).to_dict("records")
    ]
    return Section(
        "feature-importance",
        "Feature importance",
        "report/feature_importance.html",
        {
            "levels": levels,
            "single": Table("Leading features, mean over folds", ["feature", *names], rows),
        },
    )


def compact_model(found: Mapping[str, Any]) -> Section:
    """Return the section with the formula of the compact model."""
    sums = found["compact_model"]["formula"]
    terms = sums[0]["terms"]
    names = [f"x{place + 1}" for place in range(len(terms))]
    weights = [["constant", *(significant(one["intercept"]) for one in sums)]]
    weights += [
        [name, *(significant(one["terms"][place]["weight"]) for one in sums)]
        for place, name in enumerate(names)
    ]
    return Section(
        "compact-model",
        "Compact model",
        "report/compact_model.html",
        {
            "sums": len(sums),
            "weights": Table(
                "Weights",
                ["term", *(one["of"] for one in sums)],
                weights,
                numbers=range(1, len(sums) + 1),
            ),
            "terms": Table(
                "Terms",
                ["term", "feature", "mean", "standard deviation", "unit"],
                [
                    [
                        name,
                        feature_name(term),
                        significant(term["centre"], term["scale"]),
                        significant(term["scale"]),
                        unit_text(term["unit"]),
                    ]
                    for name, term in zip(names, terms, strict=True)
                ],
                numbers=(2, 3),
            ),
        },
    )
