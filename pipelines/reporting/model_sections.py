"""Sections of the report: what a model calls, how sure it is, and what it looks at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..html.markup import (
    figure,
    heading,
    interval,
    note,
    paragraph,
    side_by_side,
    significant,
    table,
)

if TYPE_CHECKING:
    import pandas as pd

WORST = 12
BOOTSTRAP = "bootstrap of subjects"
WITHOUT_WIDTH = (
    "A bootstrap interval without width says that no draw holds a mistake, not that there are none "
    "elsewhere"
)


def operating(found: dict[str, Any], bundle: dict[str, Any]) -> Iterator[str]:
    """Yield the section: curves and the operating threshold of the positive class."""
    from models.plots.report_plots import curves_picture

    point, facts = found["operating"], found["training"]
    share = facts["class_counts"][bundle["positive"]] / facts["cells"]
    yield heading(f"Finding {bundle['positive']}", name="operating")
    yield figure(
        curves_picture(point, share),
        "Out-of-fold probabilities of the first repeat. The dot: the threshold that each training "
        f"part chose for a sensitivity of {point['stated']:.0%}, tried on cells it had not seen.",
    )
    yield table(
        ["at that threshold", "reached", "95 % interval"],
        [
            [name, point[name][0], interval(point[name][1], point[name][2])]
            for name in ("sensitivity", "specificity")
        ],
    )
    if any(point[name][1] == point[name][2] for name in ("sensitivity", "specificity")):
        yield paragraph(f"{WITHOUT_WIDTH}.")
    yield paragraph("What a call is then worth, where this share of cells is positive:")
    yield table(
        ["prevalence", "PPV", "95 % interval", "NPV", "95 % interval"],
        [
            [
                one["prevalence"],
                one["ppv"],
                interval(*one.get("ppv_interval", (None, None))),
                one["npv"],
                interval(*one.get("npv_interval", (None, None))),
            ]
            for one in point["predictive_values"]
        ],
    )


def calibration(found: dict[str, Any], bundle: dict[str, Any]) -> Iterator[str]:
    """Yield the section: probabilities against what happened."""
    from models.plots.report_plots import calibration_picture

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


def subjects(found: dict[str, Any], bundle: dict[str, Any]) -> Iterator[str]:
    """Yield the section: whole subjects, and those that are read worst."""
    yield heading("Subjects")
    whole = found["subject_figures"]
    if whole:
        yield paragraph(
            f"By the mean log odds of their cells: {whole['positives']} positive and "
            f"{whole['negatives']} other subjects ({whole['mixed']} with cells of several classes "
            "left out)."
        )
        yield from _whole_subjects(whole)
    yield heading("Read worst", 3)
    head = ["subject", "class", "cells", "right", "95 % interval (Wilson)"]
    if bundle["positive"] is not None:
        head += [f"called {bundle['positive']}", "95 % interval (Wilson)", "mean log odds"]
    rows = [
        [
            one["name"],
            ", ".join(one["classes"]),
            one["cells"],
            one["accuracy"],
            interval(one["low"], one["high"]),
            one["positive_share"],
            interval(one.get("positive_low"), one.get("positive_high")),
            one["mean_logit"],
        ][: len(head)]
        for one in found["subjects"][:WORST]
    ]
    yield table(head, rows)


def _whole_subjects(whole: dict[str, Any]) -> Iterator[str]:
    share = whole["positives"] / (whole["positives"] + whole["negatives"])
    drawn = [
        ("balanced accuracy", whole.get("balanced_accuracy"), 0.5),
        (
            "AUROC of the mean log odds",
            (whole["auroc_logit"], *whole.get("auroc_logit_interval", (None, None))),
            0.5,
        ),
        (
            "AUROC of the share of cells called",
            (whole["auroc_share"], *whole.get("auroc_share_interval", (None, None))),
            0.5,
        ),
        ("average precision of the mean log odds", whole.get("average_precision"), share),
    ]
    yield table(
        ["", "value", "95 % interval", "by", "trivial"],
        [
            [name, whole[name][0], interval(*whole[name][1:]), "Wilson", None]
            for name in ("sensitivity", "specificity")
        ]
        + [
            [name, one[0], interval(*one[1:]), BOOTSTRAP, trivial]
            for name, one, trivial in drawn
            if one
        ],
    )
    if any(one and one[1] is not None and one[1] == one[2] for _, one, _ in drawn):
        yield paragraph(f"{WITHOUT_WIDTH}: there read Wilson's.")


def importances(single: pd.DataFrame, groups: pd.DataFrame) -> Iterator[str]:
    """Yield the section: importances at four levels."""
    from models.plots.report_plots import groups_picture

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


def compact_model(found: dict[str, Any]) -> Iterator[str]:
    """Yield the section: the formula that can be read."""
    yield heading("The glass box", name="glass-box")
    yield paragraph(
        "A logistic regression of at most 12 features, chosen one by one, each for what the others "
        "leave unexplained."
    )
    sums = found["compact_model"]["formula"]
    terms = sums[0]["terms"]
    names = [f"x{number + 1}" for number in range(len(terms))]
    yield paragraph(
        "A sum is its constant, and each weight times (feature - mean) / standard deviation; a "
        "missing value counts as the mean. "
        + (
            "The probability is the logistic function of the log odds, 1 / (1 + exp(-sum))."
            if len(sums) == 1
            else "The probability of a class is the softmax of the scores, its exp(sum) divided by "
            "the exp(sum) of all classes together."
        )
    )
    yield table(
        ["sum", "constant", *names],
        [
            [one["of"], *map(significant, (one["intercept"], *(t["weight"] for t in one["terms"])))]
            for one in sums
        ],
        numbers=range(1, len(names) + 2),
    )
    yield table(
        ["term", "feature", "column", "mean", "deviation", "unit"],
        [
            [
                name,
                t["plain"],
                t["feature"],
                significant(t["centre"], t["scale"]),
                significant(t["scale"]),
                t["unit"],
            ]
            for name, t in zip(names, terms, strict=True)
        ],
        numbers=(3, 4),
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
            [one["name"], one["columns"], *(one["figures"][name] for name in figures), _near(one)]
        )
        for split, reached in one.get("splits", {}).items():
            rows.append(
                [f"{one['name']}, split {split}", one["columns"]]
                + [reached.get(name) for name in figures]
                + [None]
            )
    yield table(["fed", "columns", *figures, "near"], rows, numbers=[2 + len(figures)])
    if again:
        sample = again[0]["sample"]
        yield paragraph(
            f"The model measured again on changed pictures of {sample['cells']} cells (outlines "
            "and folds are the same; the jittered cells are tested by a model that learnt from "
            "the pictures as they are):"
        )
        rows = [["pictures as they are", *(sample["figures"][name] for name in figures), 1.0]]
        rows += [
            [one["name"], *(one["figures"][name] for name in figures), _near(one)] for one in again
        ]
        yield table(["pictures", *figures, "near"], rows, numbers=[1 + len(figures)])
    if found.get("shortcuts_note"):
        yield note(found["shortcuts_note"])
    for one in found["shortcuts"]:
        if one.get("says"):
            says = str(one["says"])
            text = f"Shortcut: {says}" if one["suspicious"] else says[:1].upper() + says[1:]
            yield note(text, warning=one["warning"])


def _near(shortcut: Mapping[str, Any]) -> float | str:
    """Of a small lead over chance, what is above it may be any number of times as much."""
    return "over 1" if shortcut["near"] > 1 else float(shortcut["near"])
