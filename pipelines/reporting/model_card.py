"""The model card: what a model is for, what it is worth, and where it must not be used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..html.markup import heading, interval, paragraph, shown
from ..html.wording import against_the_rest, drawn_anew
from .data_sections import commands
from .guidelines import estimator_words, facts, suspicion

FILE = "card.md"
# Subjects below which figures say little of other patients.
FEW_SUBJECTS = 30
TOLD = ("accuracy", "balanced accuracy", "sensitivity", "specificity", "AUROC", "Brier score")

Section = tuple[str, list[str]]


def sections(found: Mapping[str, Any], bundle: Mapping[str, Any]) -> list[Section]:
    """Return titles and paragraphs of the card, but for the figures and the commands."""
    known, training = facts(found, bundle), found["training"]
    classes = ", ".join(training["class_counts"])
    return [
        (
            "Intended use",
            [
                f"Give single white blood cells on photographs of stained smears a probability "
                f"of each class ({classes}), with the reasons, to assist a reader who is qualified "
                "to read blood smears. For research.",
            ],
        ),
        (
            "Not intended",
            [
                "Not for diagnosis, screening or treatment, and not without a reader. A patient is "
                "not a cell: a share of cells says nothing of a disease by itself.",
                "Not for other stains, scanners, cameras, preparations or cell types than those "
                "it was trained on; predict and explain say which cells are unlike the training "
                "cells, but not every difference shows.",
            ],
        ),
        (
            "Data",
            [
                f"{known['layout']}: {known['cells']} cells ({known['classes']}) in "
                f"{known['groups']} groups by {known['group']}. {known['balance']}",
                *found["notes"],
                "The model's folder names images and subjects of training cells (evaluation.json, "
                "neighbours.parquet, report.html) and may show small pictures of them "
                "(cells.thumbnails.parquet, report.html): think of that before you share it.",
            ],
        ),
        ("Limits", limits(found, bundle)),
        ("Shortcuts", [suspicion(found)]),
        ("Threshold", [threshold(bundle)]),
    ]


def limits(found: Mapping[str, Any], bundle: Mapping[str, Any]) -> list[str]:
    """Return what these data do not show, a sentence each."""
    training, data = found["training"], found["data"]
    told = [
        "Figures are from cross-validation within one collection of images. On slides of another "
        "laboratory they are lower as a rule, and the program cannot know by how much."
        if not found.get("external")
        else "One other table was evaluated once; a third laboratory may differ again.",
        "Labels are taken as given; what is wrong in them is learnt and is not seen here.",
    ]
    if not training["group"]:
        told.append("Cells were split one by one, so cells of one patient may lie on both sides.")
    elif training["groups"] < FEW_SUBJECTS:
        told.append(
            f"There are {training['groups']} groups only: read the intervals, not the figures."
        )
    alone = [one["class"] for one in data["classes"] if one.get("camera") == 1]
    if len(alone) == len(data["classes"]):
        told.append("The cells of each class are from one camera.")
    elif alone:
        told.append(f"All cells of {', '.join(alone)} are from one camera.")
    calibrated = found["calibrated"]
    if calibrated["error"] > 2 * calibrated["if_perfect"]:
        told.append(
            f"Probabilities are off by {calibrated['error']:.3f} on average, where a perfectly "
            f"calibrated model would show {calibrated['if_perfect']:.3f}."
        )
    told.append(
        "Probabilities and predictive values hold where the classes are as common as in training"
        f" ({facts(found, bundle)['classes']})."
    )
    return told


def threshold(bundle: Mapping[str, Any]) -> str:
    """Say from when on a cell is called positive."""
    if bundle["positive"] is None or len(bundle["classes"]) != 2:
        return "A cell is called what is likeliest."
    point = bundle["training"].get("operating") or {}
    chosen = bool(point) and bundle["threshold"] == point["threshold"]
    text = f"A cell is called {bundle['positive']} from a probability of {bundle['threshold']:.3f}"
    if chosen:
        return f"{text} on, chosen inside the training data for a sensitivity of {point['stated']}."
    if point:
        return (
            f"{text} on. For a sensitivity of {point['stated']} it would be "
            f"{point['threshold']:.3f}, chosen inside the training data."
        )
    return f"{text} on."


def figures(found: Mapping[str, Any]) -> list[list[str]]:
    """Return the leading figures: name, mean, interval, trivial baseline."""
    return [
        [
            one["name"],
            shown(one["mean"]),
            interval(one["low"], one["high"]),
            shown(one["baseline"]),
        ]
        for one in found["figures"]
        if one["name"] in TOLD
    ]


HEAD = ["figure", "mean", "95 % interval", "trivial"]


def card_section(found: Mapping[str, Any], bundle: Mapping[str, Any]) -> Iterator[str]:
    """Yield the card as a section of the report, which has figures and commands elsewhere."""
    yield heading("Model card", name="card")
    for title, texts in sections(found, bundle):
        yield heading(title, 3)
        for text in texts:
            yield paragraph(text)


def card(found: Mapping[str, Any], bundle: Mapping[str, Any]) -> str:
    """Return the card as Markdown."""
    lines = [
        f"# {_plain(estimator_words(bundle))}: {_plain(', '.join(bundle['classes']))}",
        "",
        "A research tool that assists a qualified reader; it makes no diagnosis.",
    ]
    for title, texts in sections(found, bundle):
        lines += ["", f"## {title}", ""]
        lines += [f"- {_plain(text)}" for text in texts]
        if title == "Data":
            lines += ["", "## Figures", ""]
            lines += ["| " + " | ".join(HEAD) + " |", "|" + " --- |" * len(HEAD)]
            lines += ["| " + " | ".join(map(_plain, row)) + " |" for row in figures(found)]
            lines += ["", _told_figures(found, bundle)]
    lines += ["", "## To run it again", "", "```", *commands(found, bundle), "```", ""]
    return "\n".join(lines)


def _told_figures(found: Mapping[str, Any], bundle: Mapping[str, Any]) -> str:
    group = found["training"]["group"]
    several = f" {against_the_rest(len(bundle['classes']))}" if bundle["positive"] is None else ""
    return (
        f"Of cells whose {'group' if group else 'copies'} the model has not seen; intervals by "
        f"drawing {_plain(drawn_anew(group))} anew.{several} Everything else is in `report.html` "
        "and `evaluation.json`."
    )


def _plain(text: str) -> str:
    """Keep Markdown from reading marks into names."""
    for mark in "\\`*_[]<>|":
        text = text.replace(mark, f"\\{mark}")
    return text
