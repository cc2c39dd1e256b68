"""The report's answers to the items of STARD-AI and TRIPOD+AI.

``guideline_items.csv`` has one line for each item: its number; its content, in our words; the
names of the sections of the report that can answer it (the link goes to the first one that the
page has); and the answer, with facts of the model in braces. An open item has `AUTHOR` or
`NOT_APPLICABLE` in place of sections, and a reason in place of an answer.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..html.elements import Table
from ..html.number_text import interval, number, percent
from ..html.wording import resampled_units
from .data_flow import balance
from .section import Section
from .shortcut_section import audit_summary

AUTHOR, NOT_APPLICABLE = "author", "not-applicable"
ITEMS = Path(__file__).with_name("guideline_items.csv")
REFERENCES: Mapping[str, str] = {
    "STARD-AI": "Sounderajah et al. 2025, doi:10.1038/s41591-025-03953-8",
    "TRIPOD+AI": "Collins et al. 2024, doi:10.1136/bmj-2023-078378",
}
_UNANSWERED = {
    AUTHOR: "items for the authors of the publication",
    NOT_APPLICABLE: "items that do not apply",
}


@dataclass(frozen=True)
class Item:
    """One item of a guideline.

    Parameters
    ----------
    guideline, number, content : str
    sections : tuple of str
        Names of the sections that can answer it; or `AUTHOR` or `NOT_APPLICABLE`.
    answer : str
        With facts in braces; or the reason why there is none.
    """

    guideline: str
    number: str
    content: str
    sections: tuple[str, ...]
    answer: str

    @property
    def is_open(self) -> bool:
        """Whether the report cannot answer it."""
        return self.sections in ((AUTHOR,), (NOT_APPLICABLE,))


@cache
def guideline_items() -> tuple[Item, ...]:
    """Return the items of both guidelines, in their order; the open ones after the others."""
    with ITEMS.open(encoding="utf-8", newline="") as lines:
        return tuple(
            Item(
                row["guideline"],
                row["item"],
                row["content"],
                tuple(row["sections"].split()),
                row["answer"],
            )
            for row in csv.DictReader(lines)
        )


def guidelines(
    found: Mapping[str, Any], bundle: Mapping[str, Any], sections: Sequence[Section]
) -> Section:
    """Return the section on where each item is answered, and which are not, with the reason.

    Parameters
    ----------
    found, bundle : mapping
        Records of the model.
    sections : sequence of Section
        The other sections of the page.
    """
    known = facts(found, bundle)
    return Section(
        "guidelines",
        "Reporting guidelines",
        "report/guidelines.html",
        {
            "guidelines": [
                _answers(name, reference, known, {one.name: one for one in sections})
                for name, reference in REFERENCES.items()
            ]
        },
    )


def _answers(
    guideline: str, reference: str, known: Mapping[str, str], sections: Mapping[str, Section]
) -> dict[str, Any]:
    every = [one for one in guideline_items() if one.guideline == guideline]
    answered = [one for one in every if set(one.sections) & set(sections)]
    numbers = {one.number for one in answered}
    left = [one for one in every if one.is_open and one.number not in numbers]
    return {
        "name": guideline,
        "reference": reference,
        "answered": [
            {
                "number": one.number,
                "content": one.content,
                "section": sections[next(name for name in one.sections if name in sections)],
                "answer": one.answer.format_map(known),
            }
            for one in answered
        ],
        "unanswered": [
            {
                "title": title,
                "table": Table(
                    f"{guideline}, {title}",
                    ["item", "content", "reason"],
                    [[one.number, one.content, one.answer] for one in left if kind in one.sections],
                ),
            }
            for kind, title in _UNANSWERED.items()
        ],
    }


def facts(found: Mapping[str, Any], bundle: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts that replace the braces of the answers."""
    training, data = found["training"], found["data"]
    configuration = data["configuration"]
    accuracy = next(one for one in found["figures"] if one["name"] == "balanced accuracy")
    calibrated, fitted = found["calibrated"], bundle["calibration"]
    two_classes = bundle["positive"] is not None and len(bundle["classes"]) == 2
    return {
        "estimator": estimator_words(bundle),
        "label": training["label"],
        "accuracy": f"balanced accuracy {number(accuracy['mean'])} "
        f"({interval(accuracy['low'], accuracy['high'])})",
        "balance": balance(data["flow"]),
        "layout": data["layout"] or "a feature table without a record of its images",
        "version": data["versions"].get("blastometry", "not recorded"),
        "preset": configuration.get("preset") or "not recorded",
        "stain": configuration.get("stain") or "not recorded",
        "seed": str(training["seed"]),
        "folds": str(training["folds"]),
        "repeats": str(training["repeats"]),
        "group": training["group"] or "cell",
        "resampled": resampled_units(training["group"]),
        "groups": str(training["groups"]),
        "cells": str(training["cells"]),
        "classes": ", ".join(f"{n} {name}" for name, n in training["class_counts"].items()),
        "columns": str(len(bundle["columns"])),
        "rule": f"classified as {bundle['positive']} if its probability is at least "
        f"{bundle['threshold']:.3f}"
        if two_classes
        else "classified as the most probable class",
        "net_benefit": ", net benefit compared with classifying all cells as positive"
        if found["operating"]
        else "",
        "prevalences": "predictive values at other prevalences"
        if found["operating"]
        else "no predictive values, because no class is the positive one",
        "missing": percent(data["missing"]["share"], 2),
        "shortcuts": audit_summary(found),
        "flags": f"{sum(data['flags'].values())} warnings about pictures and outlines; these cells "
        "are marked and kept",
        "tuned": f"{training['tune']} configurations tried inside each training part"
        if training.get("tune")
        else "no tuning",
        "calibration": f"softmax of {fitted['scale']:.4f} times the scores, plus offsets",
        "ece": f"{calibrated['error']:.3f} (a perfect model: {calibrated['if_perfect']:.3f})",
        "outside": ", and an external table" if found.get("external") else "",
    }


def estimator_words(bundle: Mapping[str, Any]) -> str:
    """Return the name of the kind of model."""
    from models.learning.estimators import ESTIMATORS

    return ESTIMATORS[bundle["estimator"]].name
