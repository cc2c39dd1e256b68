"""The shortcut audit: its findings in sentences, and its section of the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..html.elements import Table
from .section import Section

_FIGURES = ("balanced accuracy", "AUROC")
_LEAD = "share of the model's lead"


def warnings(found: Mapping[str, Any]) -> list[str]:
    """Return the warnings of the shortcut audit, a sentence or two each."""
    return [one["finding"] for one in found["shortcuts"] if one["finding"] and one["warning"]]


def audit_summary(found: Mapping[str, Any]) -> str:
    """Say in a sentence or more what the shortcut audit found."""
    tried = [one for one in found["shortcuts"] if one["suspicious"]]
    warned = warnings(found)
    if warned:
        return " ".join(warned)
    if not tried:
        return "No shortcut could be tested: the table has no columns for it."
    return (
        f"{len(tried)} shortcuts were tested. None of them reaches a performance that is above "
        "chance and close to that of the model."
    )


def shortcut_audit(found: Mapping[str, Any]) -> Section:
    """Return the section on shortcuts: other columns, and changed pictures."""
    measured_again = [one for one in found["shortcuts"] if "sample" in one]
    return Section(
        "shortcuts",
        "Shortcut audit",
        "report/shortcuts.html",
        {
            "columns": _columns(found),
            "sample_cells": measured_again[0]["sample"]["cells"] if measured_again else 0,
            "pictures": _pictures(measured_again) if measured_again else None,
            "remark": found.get("shortcuts_note"),
            "findings": [_finding(one) for one in found["shortcuts"] if one.get("finding")],
        },
    )


def _columns(found: Mapping[str, Any]) -> Table:
    whole = {one["name"]: one["mean"] for one in found["figures"]}
    rows: list[list[Any]] = [["the model", None, *(whole[name] for name in _FIGURES), 1.0]]
    for one in found["shortcuts"]:
        if "sample" in one:
            continue
        reached = [one["figures"][name] for name in _FIGURES]
        rows.append([one["name"], one["columns"], *reached, _near(one)])
        for split, figures in one.get("splits", {}).items():
            reached = [figures.get(name) for name in _FIGURES]
            rows.append([f"{one['name']}, split {split}", one["columns"], *reached, None])
    return Table(
        "Models on columns that should not be enough",
        ["input", "columns", *_FIGURES, _LEAD],
        rows,
        numbers=[2 + len(_FIGURES)],
    )


def _pictures(measured_again: list[Mapping[str, Any]]) -> Table:
    own = measured_again[0]["sample"]["figures"]
    rows: list[list[Any]] = [["unchanged pictures", *(own[name] for name in _FIGURES), 1.0]]
    rows += [
        [one["name"], *(one["figures"][name] for name in _FIGURES), _near(one)]
        for one in measured_again
    ]
    return Table(
        "The model on changed pictures",
        ["pictures", *_FIGURES, _LEAD],
        rows,
        numbers=[1 + len(_FIGURES)],
    )


def _finding(one: Mapping[str, Any]) -> dict[str, Any]:
    says = str(one["finding"])
    text = f"Shortcut: {says}" if one["suspicious"] else says[:1].upper() + says[1:]
    return {"text": text, "warning": one["warning"]}


def _near(shortcut: Mapping[str, Any]) -> float | str:
    """Return the share of the lead; a share above 1 of a small lead can be any number."""
    return "over 1" if shortcut["share_of_lead"] > 1 else float(shortcut["share_of_lead"])
