"""Report: one page that says what a model is worth, from the files that train stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import ModelError

from .html.markup import (
    contents,
    figure,
    folded,
    heading,
    headings,
    interval,
    note,
    page,
    paragraph,
    side_by_side,
    table,
)
from .html.wording import against_the_rest, drawn_anew
from .reporting import data_sections as report_data
from .reporting import model_sections as report_sections
from .reporting import slide_section as report_slides
from .reporting import tuning_sections as report_choices
from .reporting.guidelines import checklists, estimator_words, warnings
from .reporting.model_card import FILE as CARD
from .reporting.model_card import card, card_section

if TYPE_CHECKING:
    import pandas as pd

REPORT = "report.html"
# A random split that looks better than the grouped one by this much is said in plain words.
OPTIMISM = 0.03


def report(model: Path) -> Path:
    """Write ``report.html`` and ``card.md`` into a model's folder, anew if they are there.

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    ModelError
        If the folder is no model or a file of it cannot be read or written.
    """
    import pandas as pd

    remedy = "name the folder that train wrote, or train the model again"
    if not model.is_dir():
        raise ModelError(f"{model} is no folder", "name the folder that train wrote")
    try:
        evaluation = json.loads((model / "evaluation.json").read_bytes())
        bundle = json.loads((model / "bundle.json").read_bytes())
        single = pd.read_csv(model / "importances.csv", keep_default_na=False)
        groups = pd.read_csv(model / "importance_groups.csv", keep_default_na=False)
    except (OSError, ValueError) as error:
        raise ModelError(f"{model} cannot be read as a model: {error}", remedy) from error
    lacking = {"data", "hardest_cells"} - set(evaluation)
    if lacking:
        raise ModelError(f"{model} holds no record of {' and '.join(sorted(lacking))}", remedy)
    parts = list(_parts(model, evaluation, bundle, single, groups))
    parts += checklists(evaluation, bundle, headings(parts))
    parts.insert(2, contents(parts))
    _write(model / CARD, card(evaluation, bundle))
    return _write(model / REPORT, page(f"blastometry: {estimator_words(bundle)}", parts))


def _write(path: Path, text: str) -> Path:
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise ModelError(
            f"{path} cannot be written: {error.strerror}", "check the folder's permissions"
        ) from error
    return path


def _parts(
    model: Path,
    found: dict[str, Any],
    bundle: dict[str, Any],
    single: pd.DataFrame,
    groups: pd.DataFrame,
) -> Iterator[str]:
    yield from _summary(found, bundle)
    yield from report_data.measured(found)
    yield from _splits(found)
    for name, section in report_choices.SECTIONS.items():
        if found.get(name):
            yield from section(found)
    yield from _decisions(found, bundle)
    if found["operating"]:
        yield from report_sections.operating(found, bundle)
    yield from report_sections.calibration(found, bundle)
    if found["subjects"]:
        yield from report_sections.subjects(found, bundle)
    yield from report_data.worst(found, model)
    yield from report_sections.importances(single, groups)
    yield from report_sections.compact_model(found)
    if found["shortcuts"]:
        yield from report_sections.shortcuts(found)
    if found.get("slide_pairs"):
        yield from report_slides.slide_pairs(found["slide_pairs"])
    yield from card_section(found, bundle)
    yield from report_data.again(found, bundle)


def _summary(found: dict[str, Any], bundle: dict[str, Any]) -> Iterator[str]:
    facts = found["training"]
    counts = ", ".join(f"{count} {name}" for name, count in facts["class_counts"].items())
    yield heading("What the model is worth", 1, name="worth")
    yield paragraph(
        f"{estimator_words(bundle)}, {facts['cells']} cells ({counts}), {len(bundle['columns'])} "
        f"features, {facts['folds']} folds repeated {facts['repeats']} times",
        "lead",
    )
    yield note(
        "A research tool that assists a qualified reader. It does not diagnose, and these figures "
        "hold for cells that were sampled, stained and photographed like these."
    )
    random = {one["name"]: one for one in found["random_split"] or []}
    clear = {one["name"]: one for one in found["compact_model"]["figures"]}
    yield table(
        [
            "figure",
            "mean",
            "spread over repeats",
            "95 % interval",
            "trivial",
            "random split",
            "glass box",
        ],
        [
            [
                one["name"],
                one["mean"],
                one["spread"],
                interval(one["low"], one["high"]),
                one["baseline"],
                random.get(one["name"], {}).get("mean"),
                clear[one["name"]]["mean"],
            ]
            for one in found["figures"]
        ],
    )
    yield paragraph(
        "Figures are those of cells whose "
        + ("subject" if facts["group"] else "copies")
        + " the model has not seen. Intervals come from drawing "
        + drawn_anew(facts["group"])
        + " anew; trivial is what the shares of the classes give without looking at a cell; the "
        "glass box is a formula of at most 12 features on the same folds."
    )
    if bundle["positive"] is None:
        yield paragraph(against_the_rest(len(bundle["classes"])))
    yield from _optimism(found["figures"], random)
    for text in warnings(found):
        yield note(f"Shortcut: {text}", warning=True)


def _optimism(figures: list[dict[str, Any]], random: dict[str, Any]) -> Iterator[str]:
    if not random:
        yield note(
            "Cells were split one by one: cells of one subject may lie on both sides, and the "
            "figures are then too good and their intervals too narrow.",
            warning=True,
        )
        return
    grouped = {one["name"]: one["mean"] for one in figures}
    gap = random["balanced accuracy"]["mean"] - grouped["balanced accuracy"]
    if gap > OPTIMISM:
        yield note(
            f"Optimism gap: split at random, the same model would show a balanced accuracy "
            f"{gap:.3f} higher. It recognises subjects, not only cells.",
            warning=True,
        )
    else:
        yield paragraph(
            f"Optimism gap: split at random, the balanced accuracy of the same model differs by "
            f"{gap:+.3f}. It does not live on recognising subjects."
        )


def _splits(found: dict[str, Any]) -> Iterator[str]:
    facts = found["training"]
    yield heading("Data and splits", name="splits")
    group = facts["group"] or "none (cell by cell, copies of a picture together)"
    yield paragraph(f"Class from {facts['label']}, groups from {group}: {facts['groups']} groups.")
    names = list(facts["class_counts"])
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
        for one in found["splits"]
    ]
    head = ["fold", "learnt", "tested", "groups learnt", "groups tested", "on both sides"]
    head += [f"tested {name}" for name in names] + list(found["splits"][0]["figures"])
    both = sum(one["groups_on_both_sides"] for one in found["splits"])
    yield paragraph(f"Groups on both sides of a fold, over all {len(rows)} folds: {both}.")
    yield folded("every fold", table(head, rows))


def _decisions(found: dict[str, Any], bundle: dict[str, Any]) -> Iterator[str]:
    from models.plots.report_plots import confusion_picture

    yield heading("Decisions")
    rows = [
        [one["class"], one["cells"], one["sensitivity"], one["specificity"], one["F1"]]
        for one in found["classes"]
    ]
    yield side_by_side(
        figure(
            confusion_picture(found["confusion"], bundle["classes"]),
            "Cells, mean over repeats: true class in rows, decided class in columns.",
        ),
        table(["class", "cells", "sensitivity", "specificity", "F1"], rows),
    )
    yield heading("When to say nothing", 3)
    yield paragraph("Cells whose likeliest class is less likely than this stay undecided.")
    yield table(
        ["least probability", "cells decided", "error among them"],
        [[one["confidence"], one["coverage"], one["error"]] for one in found["abstentions"]],
    )
