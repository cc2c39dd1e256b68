"""The report's answers to the items of STARD-AI and TRIPOD+AI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from ..html.markup import breaking, folded, heading, interval, paragraph, raw_table, shown, table
from ..html.wording import drawn_anew
from . import guideline_items as checklist_items
from .data_sections import balance

AUTHOR, NONE = "author", "none"


@dataclass(frozen=True)
class Item:
    """One item of a guideline.

    Parameters
    ----------
    number, asks : str
    places : tuple of str
        Names of the headings that may answer it; or `AUTHOR` or `NONE`.
    says : str
        The answer, with facts in braces; or the reason why there is none.
    """

    number: str
    asks: str
    places: tuple[str, ...]
    says: str


GUIDELINES: Mapping[str, tuple[str, str]] = {
    "STARD-AI": (checklist_items.STARD, checklist_items.STARD_OPEN),
    "TRIPOD+AI": (checklist_items.TRIPOD, checklist_items.TRIPOD_OPEN),
}


def items(text: str) -> list[Item]:
    """Read items as `checklist_items` writes them."""
    lines = text.strip().splitlines()
    found = []
    for first, says in zip(lines[::2], lines[1::2], strict=True):
        number, asks, places = first.split(" | ")
        found.append(Item(number, asks, tuple(places.split()), says.strip()))
    return found


def checklists(
    found: Mapping[str, Any], bundle: Mapping[str, Any], names: Mapping[str, str]
) -> Iterator[str]:
    """Yield the section: where each item is answered, and which are not, with the reason.

    Parameters
    ----------
    found, bundle : mapping
        Records of the model.
    names : mapping of str to str
        Headings that the page has, and their words (markup).
    """
    known = facts(found, bundle)
    yield heading("Reporting guidelines", name="guidelines")
    yield paragraph(
        "Items of STARD-AI (Sounderajah et al. 2025, doi:10.1038/s41591-025-03953-8) and TRIPOD+AI "
        "(Collins et al. 2024, doi:10.1136/bmj-2023-078378), in our words under their numbers. A "
        "filled list is no proof of quality."
    )
    for guideline, (answered, unanswered) in GUIDELINES.items():
        told = [one for one in items(answered) if set(one.places) & set(names)]
        numbers = {one.number for one in told}
        left = [one for one in items(unanswered) if one.number not in numbers]
        rows = [
            [
                escape(one.number),
                escape(one.asks),
                _link(one, names),
                breaking(one.says.format_map(known)),
            ]
            for one in told
        ]
        yield folded(
            f"{guideline}: {len(told)} items that this page answers",
            raw_table(["item", "asks for", "answered in", "in short"], rows),
        )
        for place, title in (
            (AUTHOR, "items that whoever publishes the model must write"),
            (NONE, "items that do not apply"),
        ):
            some = [[one.number, one.asks, one.says] for one in left if place in one.places]
            yield folded(
                f"{guideline}: {len(some)} {title}", table(["item", "asks for", "because"], some)
            )


def _link(item: Item, names: Mapping[str, str]) -> str:
    name = next(place for place in item.places if place in names)
    return f'<a href="#{name}">{names[name]}</a>'


def facts(found: Mapping[str, Any], bundle: Mapping[str, Any]) -> dict[str, str]:
    """Return what the answers are filled with."""
    training, data = found["training"], found["data"]
    configuration = data["configuration"]
    accuracy = next(one for one in found["figures"] if one["name"] == "balanced accuracy")
    calibrated, fitted = found["calibrated"], bundle["calibration"]
    flags = sum(data["flags"].values())
    return {
        "estimator": estimator_words(bundle),
        "label": training["label"],
        "accuracy": f"balanced accuracy {shown(accuracy['mean'])} "
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
        "drawn": drawn_anew(training["group"]),
        "groups": str(training["groups"]),
        "cells": str(training["cells"]),
        "classes": ", ".join(f"{n} {name}" for name, n in training["class_counts"].items()),
        "columns": str(len(bundle["columns"])),
        "called": f"called {bundle['positive']} from {bundle['threshold']:.3f} on"
        if bundle["positive"] is not None and len(bundle["classes"]) == 2
        else "called what is likeliest",
        "net_benefit": ", net benefit beside calling all" if found["operating"] else "",
        "prevalences": "predictive values at other prevalences"
        if found["operating"]
        else "no predictive values, for no class is the positive one",
        "missing": f"{data['missing']['share']:.2%}".replace("%", " %"),
        "shortcuts": suspicion(found),
        "flags": f"{flags} doubts about pictures and outlines, flagged and kept",
        "tuned": f"tuned {training['tune']} times inside each training part"
        if training.get("tune")
        else "nothing tuned",
        "calibration": f"softmax of {fitted['scale']:.4f} times the scores, plus offsets",
        "ece": f"{calibrated['error']:.3f} (a perfect model: {calibrated['if_perfect']:.3f})",
        "outside": ", and a table kept apart" if found.get("external") else "",
    }


def estimator_words(bundle: Mapping[str, Any]) -> str:
    """Say what kind of model it is."""
    from models.learning.estimators import ESTIMATORS

    return ESTIMATORS[bundle["estimator"]].name


def suspicion(found: Mapping[str, Any]) -> str:
    """Say in a sentence or more what the shortcut audit found."""
    tried = [one for one in found["shortcuts"] if one["suspicious"]]
    warned = warnings(found)
    if warned:
        return " ".join(warned)
    if not tried:
        return "No shortcut could be tried: the table has no columns for it."
    return f"None of {len(tried)} shortcuts that were tried is above chance and near the model."


def warnings(found: Mapping[str, Any]) -> list[str]:
    """Return what the shortcut audit warns of, a sentence or two each."""
    return [one["says"] for one in found["shortcuts"] if one["says"] and one["warning"]]
