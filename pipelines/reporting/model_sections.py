"""Sections of the report: detection of the positive class, calibration, and subjects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..html.elements import Table, svg
from .section import Section

HARDEST = 12
BOOTSTRAP = "bootstrap of subjects"
ZERO_WIDTH = (
    "A bootstrap interval without width means that no resample holds an error, not that there are "
    "no errors elsewhere"
)


def detection(found: Mapping[str, Any], bundle: Mapping[str, Any]) -> Section:
    """Return the section with the curves and the operating threshold of the positive class."""
    from models.plots.report_plots import (
        decision_curve_picture,
        precision_recall_picture,
        roc_picture,
    )

    point, facts = found["operating"], found["training"]
    share = facts["class_counts"][bundle["positive"]] / facts["cells"]
    reached = {name: point[name] for name in ("sensitivity", "specificity")}
    return Section(
        "detection",
        f"Detection of {bundle['positive']}",
        "report/detection.html",
        {
            "curves": [
                svg(roc_picture(point), "ROC curve"),
                svg(precision_recall_picture(point, share), "Precision-recall curve"),
                svg(decision_curve_picture(point), "Decision curve"),
            ],
            "cells": facts["cells"],
            "stated": point["stated"],
            "reached": Table(
                "Reached at that threshold",
                ["figure", "value", "95 % interval"],
                [[name, value, (low, high)] for name, (value, low, high) in reached.items()],
            ),
            "zero_width": any(low == high for _, low, high in reached.values()),
            "zero_width_words": ZERO_WIDTH,
            "predictive": Table(
                "Predictive values",
                ["prevalence", "PPV", "95 % interval of PPV", "NPV", "95 % interval of NPV"],
                [
                    [
                        one["prevalence"],
                        one["ppv"],
                        tuple(one.get("ppv_interval", (None, None))),
                        one["npv"],
                        tuple(one.get("npv_interval", (None, None))),
                    ]
                    for one in point["predictive_values"]
                ],
            ),
        },
    )


def calibration(found: Mapping[str, Any], bundle: Mapping[str, Any]) -> Section:
    """Return the section with probabilities against observed frequencies."""
    from models.plots.report_plots import calibration_picture

    calibrated = found["calibrated"]
    return Section(
        "calibration",
        "Calibration",
        "report/calibration.html",
        {
            "picture": svg(
                calibration_picture(calibrated, bundle["positive"]), "Calibration curve"
            ),
            "cells": sum(one["cells"] for one in calibrated["bins"]),
            "errors": Table(
                "Mean absolute difference between probability and frequency",
                ["model", "calibration error"],
                [
                    ["this model", calibrated["error"]],
                    [
                        "a perfectly calibrated model, same number of cells",
                        calibrated["if_perfect"],
                    ],
                ],
            ),
        },
    )


def subjects(found: Mapping[str, Any], bundle: Mapping[str, Any]) -> Section:
    """Return the section on whole subjects, and the hardest of them."""
    whole = found["subject_figures"]
    resampled = _resampled(whole) if whole else []
    head = ["subject", "class", "cells", "correct", "95 % interval (Wilson)"]
    if bundle["positive"] is not None:
        head += [
            f"classified as {bundle['positive']}",
            "95 % interval (Wilson)",
            "mean log odds",
        ]
    rows = [
        [
            one["name"],
            ", ".join(one["classes"]),
            one["cells"],
            one["accuracy"],
            (one["low"], one["high"]),
            one["positive_share"],
            (one.get("positive_low"), one.get("positive_high")),
            one["mean_logit"],
        ][: len(head)]
        for one in found["subjects"][:HARDEST]
    ]
    return Section(
        "subjects",
        "Subjects",
        "report/subjects.html",
        {
            "whole": whole,
            "figures": _subject_figures(whole, resampled) if whole else None,
            "zero_width": any(low is not None and low == high for _, _, low, high, _ in resampled),
            "zero_width_words": ZERO_WIDTH,
            "hardest": Table("Hardest subjects", head, rows),
        },
    )


Resampled = tuple[str, float, float | None, float | None, float]


def _resampled(whole: Mapping[str, Any]) -> list[Resampled]:
    """Return name, value, ends of the bootstrap interval, and trivial value of each figure."""
    share = whole["positives"] / (whole["positives"] + whole["negatives"])
    nothing = (None, None)
    every = [
        ("balanced accuracy", whole.get("balanced_accuracy"), 0.5),
        (
            "AUROC of the mean log odds",
            (whole["auroc_logit"], *whole.get("auroc_logit_interval", nothing)),
            0.5,
        ),
        (
            "AUROC of the share of positive cells",
            (whole["auroc_share"], *whole.get("auroc_share_interval", nothing)),
            0.5,
        ),
        ("average precision of the mean log odds", whole.get("average_precision"), share),
    ]
    return [(name, *estimate, trivial) for name, estimate, trivial in every if estimate]


def _subject_figures(whole: Mapping[str, Any], resampled: list[Resampled]) -> Table:
    rows: list[list[Any]] = [
        [name, whole[name][0], tuple(whole[name][1:]), "Wilson", None]
        for name in ("sensitivity", "specificity")
    ]
    rows += [
        [name, value, (low, high), BOOTSTRAP, trivial]
        for name, value, low, high, trivial in resampled
    ]
    return Table(
        "Figures of whole subjects",
        ["figure", "value", "95 % interval", "method", "trivial"],
        rows,
    )
