"""The model card: intended use, performance and limits of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..html.number_text import interval, number
from ..html.wording import against_the_rest, resampled_units
from .guidelines import estimator_words, facts
from .reproduction import commands
from .section import Section
from .shortcut_section import audit_summary

FILE = "card.md"
# With fewer subjects than this, figures say little about other patients.
FEW_SUBJECTS = 30
LEADING = ("accuracy", "balanced accuracy", "sensitivity", "specificity", "AUROC", "Brier score")


@dataclass(frozen=True)
class CardPart:
    """A part of the card.

    Parameters
    ----------
    title : str
    texts : list of str
        Paragraphs.
    """

    title: str
    texts: list[str]


def card_parts(found: Mapping[str, Any], bundle: Mapping[str, Any]) -> list[CardPart]:
    """Return the parts of the card, without the figures and the commands."""
    known, training = facts(found, bundle), found["training"]
    classes = ", ".join(training["class_counts"])
    return [
        CardPart(
            "Intended use",
            [
                "The model gives single white blood cells on photographs of stained smears a "
                f"probability of each class ({classes}), with the reasons. It assists a reader who "
                "is qualified to read blood smears. It is for research.",
            ],
        ),
        CardPart(
            "Uses that are not intended",
            [
                "Not for diagnosis, screening or treatment, and not without a reader. The model "
                "classifies cells, not patients: a share of cells alone does not show a disease.",
                "Not for stains, scanners, cameras, preparations or cell types that are not in the "
                "training data. predict and explain mark cells that are unlike the training cells, "
                "but they cannot detect every difference.",
            ],
        ),
        CardPart(
            "Data",
            [
                f"{known['layout']}: {known['cells']} cells ({known['classes']}) in "
                f"{known['groups']} groups by {known['group']}. {known['balance']}",
                *found["notes"],
                "Privacy: the model's folder holds the names of images and subjects of training "
                "cells (evaluation.json, nearest_cells.parquet, report.html) and can hold small "
                "pictures of them (cells.thumbnails.parquet, report.html). Consider this before "
                "you share it.",
            ],
        ),
        CardPart("Limits", limits(found, bundle)),
        CardPart("Shortcuts", [audit_summary(found)]),
        CardPart("Threshold", [threshold(bundle)]),
    ]


def limits(found: Mapping[str, Any], bundle: Mapping[str, Any]) -> list[str]:
    """Return the limits of these data, a sentence or two each."""
    training, data = found["training"], found["data"]
    sentences = [
        "The figures are from cross-validation within one collection of images. On slides of "
        "another laboratory they are usually lower; the program cannot know by how much."
        if not found.get("external")
        else "One external table was evaluated once. Another laboratory can give other figures.",
        "Labels are taken as given. The model learns wrong labels too, and the figures do not show "
        "this.",
    ]
    if not training["group"]:
        sentences.append(
            "Cells were split one by one, so cells of one patient can be in both the training "
            "and the test part."
        )
    elif training["groups"] < FEW_SUBJECTS:
        sentences.append(
            f"There are only {training['groups']} groups: use the intervals, not the figures alone."
        )
    alone = [one["class"] for one in data["classes"] if one.get("camera") == 1]
    if len(alone) == len(data["classes"]):
        sentences.append("The cells of each class are from one camera.")
    elif alone:
        sentences.append(f"All cells of {', '.join(alone)} are from one camera.")
    calibrated = found["calibrated"]
    if calibrated["error"] > 2 * calibrated["if_perfect"]:
        sentences.append(
            f"The calibration error is {calibrated['error']:.3f} on average; a perfectly "
            f"calibrated model would have {calibrated['if_perfect']:.3f}."
        )
    sentences.append(
        "Probabilities and predictive values hold only if the classes are as frequent as in "
        f"training ({facts(found, bundle)['classes']})."
    )
    return sentences


def threshold(bundle: Mapping[str, Any]) -> str:
    """Say from which probability on a cell is classified as positive."""
    if bundle["positive"] is None or len(bundle["classes"]) != 2:
        return "A cell is classified as the most probable class."
    point = bundle["training"].get("operating") or {}
    rule = (
        f"A cell is classified as {bundle['positive']} if its probability is at least "
        f"{bundle['threshold']:.3f}."
    )
    if not point:
        return rule
    if bundle["threshold"] == point["threshold"]:
        return (
            f"{rule} This threshold was chosen inside the training data for a sensitivity of "
            f"{point['stated']}."
        )
    return (
        f"{rule} For a sensitivity of {point['stated']} the threshold would be "
        f"{point['threshold']:.3f}, chosen inside the training data."
    )


def figures(found: Mapping[str, Any]) -> list[list[str]]:
    """Return the leading figures: name, mean, interval, trivial baseline."""
    return [
        [
            one["name"],
            number(one["mean"]),
            interval(one["low"], one["high"]),
            number(one["baseline"]),
        ]
        for one in found["figures"]
        if one["name"] in LEADING
    ]


HEAD = ["figure", "mean", "95 % interval", "trivial"]


def card_section(found: Mapping[str, Any], bundle: Mapping[str, Any]) -> Section:
    """Return the card as a section of the report, which has figures and commands elsewhere."""
    parts = card_parts(found, bundle)
    return Section("model-card", "Model card", "report/card.html", {"parts": parts})


def card(found: Mapping[str, Any], bundle: Mapping[str, Any]) -> str:
    """Return the card as Markdown."""
    lines = [
        f"# {_escaped(estimator_words(bundle))}: {_escaped(', '.join(bundle['classes']))}",
        "",
        "A research tool that assists a qualified reader; it makes no diagnosis.",
    ]
    for part in card_parts(found, bundle):
        lines += ["", f"## {part.title}", ""]
        lines += [f"- {_escaped(text)}" for text in part.texts]
        if part.title == "Data":
            lines += ["", "## Performance", ""]
            lines += ["| " + " | ".join(HEAD) + " |", "|" + " --- |" * len(HEAD)]
            lines += ["| " + " | ".join(map(_escaped, row)) + " |" for row in figures(found)]
            lines += ["", _figures_note(found, bundle)]
    lines += ["", "## Reproduction", "", "```", *commands(found, bundle), "```", ""]
    return "\n".join(lines)


def _figures_note(found: Mapping[str, Any], bundle: Mapping[str, Any]) -> str:
    group = found["training"]["group"]
    several = f" {against_the_rest(len(bundle['classes']))}" if bundle["positive"] is None else ""
    return (
        f"All figures are of cells whose {'subject' if group else 'copies'} the model has not "
        f"seen. The intervals come from resampling {_escaped(resampled_units(group))}; where all "
        f"resamples agree, from their number (Wilson).{several} "
        "All other results are in `report.html` and `evaluation.json`."
    )


def _escaped(text: str) -> str:
    """Escape the characters that Markdown would read as formatting."""
    for mark in "\\`*_[]<>|":
        text = text.replace(mark, f"\\{mark}")
    return text
