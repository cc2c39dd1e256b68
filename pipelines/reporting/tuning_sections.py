"""Sections of the report: what was tuned and selected inside the folds, and the external test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..html.markup import folded, heading, interval, note, paragraph, table

_COMPARED = ("accuracy", "balanced accuracy", "AUROC", "Brier score")
_FEATURES = 30


def tuning(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the section: settings tried inside each fold, and whether that paid."""
    facts = found["tuning"]
    tuned = {one["name"]: one for one in found["figures"]}
    yield heading("Tuning")
    yield paragraph(
        f"Inside each training part {facts['candidates']} drawn configurations and the default were"
        " compared by the log loss of inner grouped folds; the best was fitted and tested on cells"
        " that had no part in the choice."
    )
    yield table(
        ["figure", "tuned", "default", "difference", "95 % interval"],
        [
            [
                name,
                tuned[name]["mean"],
                facts["default"][name]["value"],
                facts["difference"][name]["value"],
                interval(facts["difference"][name]["low"], facts["difference"][name]["high"]),
            ]
            for name in _COMPARED
        ],
    )
    yield note(_paid(facts["difference"]["balanced accuracy"]))
    rows = [[f"{one['repeat'] + 1}.{one['fold'] + 1}", one["settings"]] for one in facts["folds"]]
    yield folded(
        "what every fold chose",
        table(
            ["fold", "settings"],
            [[name, _settings(chosen)] for name, chosen in [*rows, ["all cells", facts["final"]]]],
        ),
    )


def selection(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the section: features chosen inside each fold, and how alike the choices are."""
    facts = found["selection"]
    final = set(facts["final"])
    yield heading("Selection of features")
    yield paragraph(
        f"Inside each training part at most {found['training']['select']} features were chosen,"
        f" the best at parting the classes of each correlated set; the final model has"
        f" {len(final)}."
    )
    stable = facts["stability"]
    yield paragraph(
        "Stability of the choice over the folds (Nogueira, Sechidis and Brown 2018; 1 is always the"
        f" same, 0 is as by chance): {'-' if stable is None else f'{stable:.2f}'}."
    )
    yield table(
        ["feature", "column", "share of folds", "in the final model"],
        [
            [one["plain"], one["feature"], one["share"], "yes" if one["feature"] in final else ""]
            for one in facts["features"][:_FEATURES]
        ],
    )


def external(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the section: the test on another table."""
    facts = found["external"]
    inside = {one["name"]: one["mean"] for one in found["figures"]}
    yield heading("External test")
    counts = ", ".join(f"{one['cells']} {one['class']}" for one in facts["classes"])
    yield paragraph(
        f"{facts['table']}: {facts['cells']} cells ({counts}) in {facts['groups']} groups, tested"
        " once, by the final model, after everything else. No setting, feature or threshold was"
        " chosen by them. Calls are from a probability of 0.5 on, as on the folds, where no other"
        " threshold is named."
    )
    for text in facts["left_out"]:
        yield note(text)
    yield table(
        ["figure", "external", "95 % interval", "trivial", "on the folds"],
        [
            [
                one["name"],
                one["mean"],
                interval(one["low"], one["high"]),
                one["baseline"],
                inside[one["name"]],
            ]
            for one in facts["figures"]
        ],
    )
    yield from _thresholds(facts)
    yield table(
        ["class", "cells", "sensitivity", "specificity", "F1"],
        [
            [one["class"], one["cells"], one["sensitivity"], one["specificity"], one["F1"]]
            for one in facts["classes"]
        ],
    )
    yield paragraph(
        f"Calibration error {facts['calibrated']['error']:.3f}; a perfectly calibrated model would"
        f" show {facts['calibrated']['if_perfect']:.3f} with as many cells."
    )
    whole = facts["subject_figures"]
    if whole:
        yield paragraph(
            f"By subject, called by the mean log odds of its cells: {whole['positives']} positive"
            f" and {whole['negatives']} others."
        )
        yield table(["", "share", "95 % interval (Wilson)"], _shares(whole))


def _thresholds(facts: Mapping[str, Any]) -> Iterator[str]:
    said = {
        "stored": "the stored threshold",
        "stated": f"the threshold for a sensitivity of {facts['stated']:.0%}",
    }
    for name, point in facts["thresholds"].items():
        yield paragraph(f"Cells at {said[name]} ({point['threshold']:.3f}):")
        yield table(["", "share", "95 % interval"], _shares(point))


def _shares(point: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
    return [
        [name, point[name][0], interval(point[name][1], point[name][2])]
        for name in ("sensitivity", "specificity")
    ]


def _paid(gap: Mapping[str, float]) -> str:
    points = f"{100 * gap['value']:+.1f} points of balanced accuracy"
    if gap["low"] > 0:
        return f"Tuning paid: {points}."
    if gap["high"] < 0:
        return f"Tuning did harm: {points}."
    return f"Tuning made no difference that these cells can show: {points}."


def _settings(chosen: Mapping[str, float]) -> str:
    if not chosen:
        return "the default"
    return ", ".join(f"{name.split('__')[-1]} {value:.4g}" for name, value in chosen.items())


# By the name of their part in evaluation.json, in order.
SECTIONS: Mapping[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    "tuning": tuning,
    "selection": selection,
    "external": external,
}
