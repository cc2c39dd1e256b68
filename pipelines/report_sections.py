"""Sections of the report: what a model calls, how sure it is, and what it looks at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .markup import figure, heading, interval, note, paragraph, side_by_side, table

if TYPE_CHECKING:
    import pandas as pd

WORST = 12


def operating(found: dict[str, Any], bundle: dict[str, Any]) -> Iterator[str]:
    """Yield the section: curves and the operating threshold of the positive class."""
    from models.report_plots import curves_picture

    point, facts = found["operating"], found["training"]
    share = facts["class_counts"][bundle["positive"]] / facts["cells"]
    yield heading(f"Finding {bundle['positive']}", name="operating")
    yield figure(
        curves_picture(point, share),
        "Out-of-fold probabilities of the first repeat. The dot: the threshold that each training "
        f"part chose for a sensitivity of {point['stated']:.0%}, tried on cells it had not seen.",
    )
    yield table(
        ["at that threshold", "reached", "95 % interval (Wilson)"],
        [
            [name, point[name][0], interval(point[name][1], point[name][2])]
            for name in ("sensitivity", "specificity")
        ],
    )
    yield paragraph("What a call is then worth, where this share of cells is positive:")
    yield table(
        ["prevalence", "PPV", "NPV"],
        [[one["prevalence"], one["ppv"], one["npv"]] for one in point["predictive_values"]],
    )


def calibration(found: dict[str, Any], bundle: dict[str, Any]) -> Iterator[str]:
    """Yield the section: probabilities against what happened."""
    from models.report_plots import calibration_picture

    calibrated = found["calibrated"]
    yield heading("Are the probabilities true?", name="calibration")
    yield side_by_side(
        figure(
            calibration_picture(calibrated, bundle["positive"] or "right"),
            "Ten bins of equal count, first repeat.",
        ),
        table(
            ["", "calibration error"],
            [
                ["this model", calibrated["error"]],
                ["a perfectly calibrated one, with as many cells", calibrated["if_perfect"]],
            ],
        ),
    )


def subjects(found: dict[str, Any]) -> Iterator[str]:
    """Yield the section: whole subjects, and those that are read worst."""
    yield heading("Subjects")
    whole = found["subject_figures"]
    if whole:
        yield paragraph(
            f"By the mean log odds of their cells: {whole['positives']} positive and "
            f"{whole['negatives']} other subjects ({whole['mixed']} with cells of several classes "
            "left out)."
        )
        yield table(
            ["", "share", "95 % interval (Wilson)"],
            [
                [name, whole[name][0], interval(whole[name][1], whole[name][2])]
                for name in ("sensitivity", "specificity")
            ]
            + [
                ["AUROC of the mean log odds", whole["auroc_logit"], "-"],
                ["AUROC of the share of cells called", whole["auroc_share"], "-"],
            ],
        )
    yield heading("Read worst", 3)
    yield table(
        ["subject", "class", "cells", "right", "95 % interval (Wilson)"],
        [
            [
                one["name"],
                ", ".join(one["classes"]),
                one["cells"],
                one["accuracy"],
                interval(one["low"], one["high"]),
            ]
            for one in found["subjects"][:WORST]
        ],
    )


def importances(single: pd.DataFrame, groups: pd.DataFrame) -> Iterator[str]:
    """Yield the section: importances at four levels."""
    from models.report_plots import groups_picture

    measures = [name.removesuffix("_mean") for name in single.columns if name.endswith("_mean")]
    yield heading("What it looks at", name="importances")
    yield paragraph(
        "Correlated features share their importance, so no single ranking is the truth: look at "
        "clusters and families first. Whiskers are one standard deviation over folds."
    )
    captions = {
        "compartment": "By compartment",
        "family": "By family of features",
        "cluster": "By cluster of correlated features, named by the most central",
    }
    for level, caption in captions.items():
        yield figure(
            groups_picture(groups, level, measures[0]),
            f"{caption} [number of features]; {measures[0]}.",
        )
    yield heading("Single features", 3)
    yield table(
        ["feature", "column", *measures],
        [
            [row["plain"], row["feature"], *(float(row[f"{name}_mean"]) for name in measures)]
            for row in single.head(20).to_dict("records")
        ],
    )


def glass_box(found: dict[str, Any]) -> Iterator[str]:
    """Yield the section: the formula that can be read."""
    yield heading("The glass box", name="glass-box")
    yield paragraph(
        "A logistic regression of at most 12 features, chosen one by one, each for what the others "
        "leave unexplained."
    )
    sums = found["glass_box"]["formula"]
    terms = sums[0]["terms"]
    names = [f"x{number + 1}" for number in range(len(terms))]
    yield paragraph(
        "A sum is its constant, and each weight times (feature - mean) / standard deviation."
    )
    yield table(
        ["sum", "constant", *names],
        [[one["of"], one["intercept"], *(t["weight"] for t in one["terms"])] for one in sums],
    )
    yield table(
        ["term", "feature", "column", "mean", "deviation", "unit"],
        [
            [name, t["plain"], t["feature"], t["centre"], t["scale"], t["unit"]]
            for name, t in zip(names, terms, strict=True)
        ],
    )


def shortcuts(found: dict[str, Any]) -> Iterator[str]:
    """Yield the section: what the same model reaches on what should not suffice."""
    yield heading("Shortcuts", name="shortcuts")
    yield paragraph(
        "The same kind of model on columns that should not suffice, one repeat on the same folds. "
        "Near is the share of the model's lead over chance (balanced accuracy) that they reach."
    )
    whole = {one["name"]: one["mean"] for one in found["figures"]}
    figures = ("balanced accuracy", "AUROC")
    rows: list[list[Any]] = [["the model", None, *(whole[name] for name in figures), 1.0]]
    again = [one for one in found["shortcuts"] if "sample" in one]
    for one in found["shortcuts"]:
        if "sample" in one:
            continue
        rows.append(
            [one["name"], one["columns"], *(one["figures"][name] for name in figures), one["near"]]
        )
        for split, reached in one.get("splits", {}).items():
            rows.append(
                [f"{one['name']}, split {split}", one["columns"]]
                + [reached.get(name) for name in figures]
                + [None]
            )
    yield table(["fed", "columns", *figures, "near"], rows)
    if again:
        sample = again[0]["sample"]
        yield paragraph(
            f"The model measured again on changed pictures of {sample['cells']} cells (outlines "
            "and folds are the same; the jittered cells are tested by a model that learnt from "
            "the pictures as they are):"
        )
        rows = [["pictures as they are", *(sample["figures"][name] for name in figures), 1.0]]
        rows += [
            [one["name"], *(one["figures"][name] for name in figures), one["near"]] for one in again
        ]
        yield table(["pictures", *figures, "near"], rows)
    if found.get("shortcuts_note"):
        yield note(found["shortcuts_note"])
    for one in found["shortcuts"]:
        if one.get("says"):
            says = str(one["says"])
            text = f"Shortcut: {says}" if one["suspicious"] else says[:1].upper() + says[1:]
            yield note(text, warning=one["warning"])
