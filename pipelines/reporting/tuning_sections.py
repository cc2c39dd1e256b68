"""Sections of the report: tuning and feature selection inside the folds, and the external test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..html.elements import Table
from ..html.number_text import percent
from .feature_sections import feature_name
from .section import Section

_COMPARED = ("accuracy", "balanced accuracy", "AUROC", "Brier score")
_FEATURES = 30


def tuning(found: Mapping[str, Any]) -> Section:
    """Return the section on the settings tried inside each fold, and their effect."""
    facts = found["tuning"]
    tuned = {one["name"]: one["mean"] for one in found["figures"]}
    gaps = facts["difference"]
    chosen = [
        [f"{one['repeat'] + 1}.{one['fold'] + 1}", _settings(one["settings"])]
        for one in facts["folds"]
    ]
    return Section(
        "tuning",
        "Tuning",
        "report/tuning.html",
        {
            "candidates": facts["candidates"],
            "figures": Table(
                "Tuned and default settings",
                ["figure", "tuned", "default", "difference", "95 % interval"],
                [
                    [
                        name,
                        tuned[name],
                        facts["default"][name]["value"],
                        gaps[name]["value"],
                        (gaps[name]["low"], gaps[name]["high"]),
                    ]
                    for name in _COMPARED
                ],
            ),
            "verdict": _verdict(gaps["balanced accuracy"]),
            "chosen": Table(
                "Settings",
                ["fold", "settings"],
                [*chosen, ["all cells", _settings(facts["final"])]],
            ),
        },
    )


def _verdict(gap: Mapping[str, float]) -> str:
    points = f"{100 * gap['value']:+.1f} points of balanced accuracy"
    if gap["low"] > 0:
        return f"Tuning improved the model: {points}."
    if gap["high"] < 0:
        return f"Tuning made the model worse: {points}."
    return f"The number of cells is too small to show an effect of tuning: {points}."


def _settings(chosen: Mapping[str, float]) -> str:
    if not chosen:
        return "the default"
    return ", ".join(f"{name.split('__')[-1]} {value:.4g}" for name, value in chosen.items())


def selection(found: Mapping[str, Any]) -> Section:
    """Return the section on the features chosen inside each fold, and their stability."""
    facts = found["selection"]
    final = set(facts["final"])
    stable = facts["stability"]
    rows = [
        [feature_name(one), one["share"], "yes" if one["feature"] in final else "no"]
        for one in facts["features"][:_FEATURES]
    ]
    return Section(
        "feature-selection",
        "Feature selection",
        "report/selection.html",
        {
            "most": found["training"]["select"],
            "final": len(final),
            "stability": "-" if stable is None else f"{stable:.2f}",
            "features": Table(
                "Features chosen most often",
                ["feature", "share of folds", "in the final model"],
                rows,
            ),
        },
    )


def external(found: Mapping[str, Any]) -> Section:
    """Return the section on the test with another table."""
    facts = found["external"]
    inside = {one["name"]: one["mean"] for one in found["figures"]}
    whole = facts["subject_figures"]
    figures = [
        [
            one["name"],
            one["mean"],
            (one["low"], one["high"]),
            one["baseline"],
            inside[one["name"]],
        ]
        for one in facts["figures"]
    ]
    names = ("class", "cells", "sensitivity", "specificity", "F1")
    return Section(
        "external-test",
        "External test",
        "report/external.html",
        {
            "table_name": facts["table"],
            "cells": facts["cells"],
            "counts": ", ".join(f"{one['cells']} {one['class']}" for one in facts["classes"]),
            "groups": facts["groups"],
            "left_out": facts["left_out"],
            "figures": Table(
                "Figures of the external test",
                ["figure", "external", "95 % interval", "trivial", "cross-validation"],
                figures,
            ),
            "thresholds": _thresholds(facts),
            "classes": Table(
                "Figures by class",
                names,
                [[one[name] for name in names] for one in facts["classes"]],
            ),
            "calibrated": facts["calibrated"],
            "whole": whole,
            "subjects": _shares("Figures of whole subjects, intervals by Wilson", whole)
            if whole
            else None,
        },
    )


def _thresholds(facts: Mapping[str, Any]) -> list[Table]:
    words = {
        "stored": "the stored threshold",
        "stated": f"the threshold for a sensitivity of {percent(facts['stated'])}",
    }
    return [
        _shares(f"Cells at {words[name]} ({point['threshold']:.3f})", point)
        for name, point in facts["thresholds"].items()
    ]


def _shares(caption: str, point: Mapping[str, Any]) -> Table:
    rows = [
        [name, point[name][0], (point[name][1], point[name][2])]
        for name in ("sensitivity", "specificity")
    ]
    return Table(caption, ["figure", "share", "95 % interval"], rows)
