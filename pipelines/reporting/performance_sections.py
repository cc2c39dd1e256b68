"""Sections of the report: figures against baselines, the folds, and the decisions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..html.elements import Table, svg
from ..html.wording import against_the_rest, resampled_units
from .section import Section
from .shortcut_section import warnings

# A random split that looks better than the grouped one by this much is a warning.
LARGE_GAP = 0.03


def performance(found: Mapping[str, Any], bundle: Mapping[str, Any]) -> Section:
    """Return the section with the figures of merit."""
    group = found["training"]["group"]
    random = {one["name"]: one["mean"] for one in found["random_split"] or []}
    compact = {one["name"]: one["mean"] for one in found["compact_model"]["figures"]}
    grouped = {one["name"]: one["mean"] for one in found["figures"]}
    table = Table(
        "Cross-validated figures of the model",
        [
            "figure",
            "mean",
            "spread over repeats",
            "95 % interval",
            "trivial",
            "random split",
            "compact model",
        ],
        [
            [
                one["name"],
                one["mean"],
                one["spread"],
                (one["low"], one["high"]),
                one["baseline"],
                random.get(one["name"]),
                compact[one["name"]],
            ]
            for one in found["figures"]
        ],
    )
    several = bundle["positive"] is None
    return Section(
        "performance",
        "Performance",
        "report/performance.html",
        {
            "table": table,
            "unit": "subject" if group else "copies",
            "resampled": resampled_units(group),
            "classes_note": against_the_rest(len(bundle["classes"])) if several else None,
            "gap": random["balanced accuracy"] - grouped["balanced accuracy"] if random else None,
            "large_gap": LARGE_GAP,
            "warnings": warnings(found),
        },
    )


def splits(found: Mapping[str, Any]) -> Section:
    """Return the section with the size and the figures of every fold."""
    facts, folds = found["training"], found["splits"]
    names = list(facts["class_counts"])
    head = [
        "fold",
        "training cells",
        "test cells",
        "training groups",
        "test groups",
        "groups on both sides",
        *(f"test cells, {name}" for name in names),
        *folds[0]["figures"],
    ]
    rows = [
        [
            f"{one['repeat'] + 1}.{one['fold'] + 1}",
            one["train_cells"],
            one["test_cells"],
            one["train_groups"],
            one["test_groups"],
            one["groups_on_both_sides"],
            *(one["test_classes"][name] for name in names),
            *one["figures"].values(),
        ]
        for one in folds
    ]
    return Section(
        "splits",
        "Cross-validation folds",
        "report/splits.html",
        {
            "label": facts["label"],
            "group": f"the column {facts['group']}"
            if facts["group"]
            else "none (cell by cell, copies of a picture together)",
            "groups": facts["groups"],
            "folds": len(folds),
            "both": sum(one["groups_on_both_sides"] for one in folds),
            "table": Table("Folds, numbered repeat.fold", head, rows),
        },
    )


def classification(found: Mapping[str, Any], bundle: Mapping[str, Any]) -> Section:
    """Return the section with the confusion matrix, figures by class, and undecided cells."""
    from models.plots.report_plots import confusion_picture

    return Section(
        "classification",
        "Classification",
        "report/classification.html",
        {
            "confusion": svg(
                confusion_picture(found["confusion"], bundle["classes"]), "Confusion matrix"
            ),
            "classes": Table(
                "Figures by class",
                ["class", "cells", "sensitivity", "specificity", "F1"],
                [
                    [one["class"], one["cells"], one["sensitivity"], one["specificity"], one["F1"]]
                    for one in found["classes"]
                ],
            ),
            "abstentions": Table(
                "Limits on the probability",
                ["lowest probability", "share of cells decided", "error rate among them"],
                [
                    [one["confidence"], one["coverage"], one["error"]]
                    for one in found["abstentions"]
                ],
            ),
        },
    )
