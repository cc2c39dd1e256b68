"""Report: one page that says what a model is worth, from the files that train stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import ModelError

from .html import (
    figure,
    folded,
    heading,
    interval,
    note,
    page,
    paragraph,
    side_by_side,
    table,
)

if TYPE_CHECKING:
    import pandas as pd

REPORT = "report.html"
WORST = 12
# A random split that looks better than the grouped one by this much is said in plain words.
OPTIMISM = 0.03


def report(model: Path) -> Path:
    """Write ``report.html`` into a model's folder, anew if it is there, and return its path.

    Raises
    ------
    ModelError
        If the folder is no model or a file of it cannot be read or written.
    """
    import pandas as pd

    remedy = "name the folder that train wrote, or train the model again"
    try:
        evaluation = json.loads((model / "evaluation.json").read_bytes())
        bundle = json.loads((model / "bundle.json").read_bytes())
        single = pd.read_csv(model / "importances.csv", keep_default_na=False)
        groups = pd.read_csv(model / "importance_groups.csv", keep_default_na=False)
    except (OSError, ValueError) as error:
        raise ModelError(f"{model} cannot be read as a model: {error}", remedy) from error
    text = page(f"blastometry: {bundle['estimator']}", _parts(evaluation, bundle, single, groups))
    path = model / REPORT
    beside = model / f".{REPORT}.new"
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise ModelError(
            f"{path} cannot be written: {error.strerror}", "check the folder's permissions"
        ) from error
    return path


def _parts(
    found: dict[str, Any], bundle: dict[str, Any], single: pd.DataFrame, groups: pd.DataFrame
) -> Iterator[str]:
    yield from _summary(found, bundle)
    yield from _data(found)
    yield from _decisions(found, bundle)
    if found["operating"]:
        yield from _operating(found, bundle)
    yield from _calibration(found, bundle)
    if found["subjects"]:
        yield from _subjects(found)
    yield from _importances(single, groups)
    yield from _glass_box(found)
    yield from _again(found, bundle)


def _summary(found: dict[str, Any], bundle: dict[str, Any]) -> Iterator[str]:
    facts = found["training"]
    counts = ", ".join(f"{count} {name}" for name, count in facts["class_counts"].items())
    yield heading("What the model is worth", 1)
    yield paragraph(
        f"{bundle['estimator']}, {facts['cells']} cells ({counts}), {len(bundle['columns'])} "
        f"features, {facts['folds']} folds repeated {facts['repeats']} times",
        "lead",
    )
    yield note(
        "A research tool that assists a qualified reader. It does not diagnose, and these figures "
        "hold for cells that were sampled, stained and photographed like these."
    )
    random = {one["name"]: one for one in found["random_split"] or []}
    clear = {one["name"]: one for one in found["glass_box"]["figures"]}
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
        + ("subject" if random else "copies")
        + " the model has not seen. Intervals come from drawing whole subjects anew; trivial is "
        "what the shares of the classes give without looking at a cell; the glass box is a formula "
        "of at most 12 features on the same folds."
    )
    yield from _optimism(found["figures"], random)


def _optimism(figures: list[dict[str, Any]], random: dict[str, Any]) -> Iterator[str]:
    if not random:
        yield note(
            "Cells were split one by one: cells of one subject may lie on both sides, and the "
            "figures are then too good.",
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


def _data(found: dict[str, Any]) -> Iterator[str]:
    facts = found["training"]
    yield heading("Data and splits")
    group = facts["group"] or "none (cell by cell)"
    yield paragraph(f"Class from {facts['label']}, groups from {group}: {facts['groups']} groups.")
    for text in found["notes"]:
        yield note(text)
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
    from models.report_plots import confusion_picture

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


def _operating(found: dict[str, Any], bundle: dict[str, Any]) -> Iterator[str]:
    from models.report_plots import curves_picture

    point, facts = found["operating"], found["training"]
    share = facts["class_counts"][bundle["positive"]] / facts["cells"]
    yield heading(f"Finding {bundle['positive']}")
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


def _calibration(found: dict[str, Any], bundle: dict[str, Any]) -> Iterator[str]:
    from models.report_plots import calibration_picture

    calibrated = found["calibrated"]
    yield heading("Are the probabilities true?")
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


def _subjects(found: dict[str, Any]) -> Iterator[str]:
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


def _importances(single: pd.DataFrame, groups: pd.DataFrame) -> Iterator[str]:
    from models.report_plots import groups_picture

    measures = [name.removesuffix("_mean") for name in single.columns if name.endswith("_mean")]
    yield heading("What it looks at")
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


def _glass_box(found: dict[str, Any]) -> Iterator[str]:
    yield heading("The glass box")
    yield paragraph(
        "A logistic regression of at most 12 features, chosen one by one, each for what the others "
        "leave unexplained. Weights are for one standard deviation."
    )
    for one in found["glass_box"]["formula"]:
        body = table(
            ["weight", "feature", "column", "mean", "standard deviation", "unit"],
            [
                [t["weight"], t["plain"], t["feature"], t["centre"], t["scale"], t["unit"]]
                for t in one["terms"]
            ],
        )
        title = (
            f"{one['of']} = {one['intercept']:.3f} + sum of weight * (feature - mean) / deviation"
        )
        yield paragraph(title) + body


def _again(found: dict[str, Any], bundle: dict[str, Any]) -> Iterator[str]:
    facts = found["training"]
    yield heading("To run it again")
    yield table(
        ["", ""],
        [
            *([name, version] for name, version in bundle["versions"].items()),
            ["bundle format", str(bundle["format"])],
            ["content of the pipeline, SHA-256", bundle["pipeline"]["content_sha256"]],
            ["seed", str(facts["seed"])],
            ["threshold", f"{bundle['threshold']:.4f}"],
        ],
    )
    yield paragraph(
        "Not in this report yet: a shortcut audit (what background, geometry or mean colour alone "
        "would reach), the worst cells as pictures, and an external test set."
    )
