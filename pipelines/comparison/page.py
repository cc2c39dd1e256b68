"""The page of a comparison: summary, figures, differences, shortcuts, importances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..html.elements import Picture, Table
from ..html.number_text import percent
from ..html.render import render
from .contender_shortcuts import AUDITED_SETS, shortcut_sentences

_AUDITED_FIGURES = ("balanced accuracy", "AUROC")
_FIGURES = ("accuracy", "balanced accuracy", "macro F1", "AUROC")


def comparison_page(record: Mapping[str, Any], picture: bytes) -> str:
    """Return a self-contained page.

    Parameters
    ----------
    record : mapping
        As ``comparison.json`` holds it.
    picture : bytes
        PNG.
    """
    return render(
        "comparison.html",
        record=record,
        counts=", ".join(f"{count} {name}" for name, count in record["classes"].items()),
        network=(record["embedding"] or {}).get("name", "unknown"),
        summary=summary(record),
        figures=_figures(record),
        picture=Picture(picture, "image/png", "Intervals of the feature sets"),
        differences=_differences(record),
        shortcuts=shortcut_table(record),
        importances=_importances(record),
    )


def summary(record: Mapping[str, Any]) -> list[str]:
    """Return the result of the comparison in sentences."""
    return [
        *(_difference_sentence(one) for one in record["differences"]),
        *_importance_sentences(record),
        *shortcut_sentences(record["shortcuts"]),
        *_cost_sentences(record["cost"]),
    ]


def _difference_sentence(one: Mapping[str, Any]) -> str:
    gap = one["figures"]["balanced accuracy"]
    value, low, high = (100 * gap[end] for end in ("value", "low", "high"))
    verdict = "better" if low > 0 else "worse" if high < 0 else "no difference shown"
    return (
        f"{one['estimator']}: {one['first']} minus {one['second']}: {value:+.1f} points of"
        f" balanced accuracy [{low:+.1f}, {high:+.1f}]: {verdict}."
    )


def _importance_sentences(record: Mapping[str, Any]) -> Iterator[str]:
    rises = {(one["estimator"], one["set"]): one["mean"] for one in record["importances_of_both"]}
    for estimator in record["estimators"]:
        named = max(rises.get((estimator, "all named features"), 0.0), 0.0)
        embedding = max(rises.get((estimator, "embedding"), 0.0), 0.0)
        if named + embedding > 0:
            yield (
                f"{estimator}: in the model of both, {percent(embedding / (named + embedding), 1)}"
                " of the importance by shuffling belongs to the embedding."
            )


def _cost_sentences(cost: Mapping[str, float] | None) -> Iterator[str]:
    if cost is not None:
        yield (
            f"Time for one cell on one core: {cost['handcrafted']:.1f} ms for the named features,"
            f" {cost['embedding']:.1f} ms for the network, and {cost['finding']:.1f} ms for reading"
            f" and segmenting. The network needs {cost['megabytes']:.0f} MB more on the disk."
        )


def _figures(record: Mapping[str, Any]) -> Table:
    every = sorted(record["contenders"], key=lambda one: bool(one["family"]))
    head = ["feature set", "estimator", "columns", *_FIGURES, "calibration error", "ms per cell"]
    return Table(
        "Feature sets on the same folds",
        head,
        [
            [
                one["set"],
                one["estimator"],
                one["columns"],
                *(_with_interval(one["figures"][name]) for name in _FIGURES),
                f"{one['calibration']['error']:.3f} / {one['calibration']['if_perfect']:.3f}",
                _milliseconds(one, record["cost"]),
            ]
            for one in every
        ],
        numbers=range(2, len(head)),
    )


def _milliseconds(one: Mapping[str, Any], cost: Mapping[str, float] | None) -> str:
    if cost is None or one["family"] or one["set"] == "background":
        return "-"
    named, network = cost["handcrafted"], cost["embedding"]
    spent = {"handcrafted": named, "both": named + network}.get(one["set"], network)
    return f"{spent:.1f}"


def _with_interval(figure: Mapping[str, float], sign: str = "") -> str:
    value, low, high = (f"{figure[end]:{sign}.3f}" for end in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def _differences(record: Mapping[str, Any]) -> Table:
    return Table(
        "Differences on the same folds",
        ["difference", "estimator", *_FIGURES],
        [
            [
                f"{one['first']} minus {one['second']}",
                one["estimator"],
                *(_with_interval(one["figures"][name], "+") for name in _FIGURES),
            ]
            for one in record["differences"]
        ],
        numbers=range(2, 2 + len(_FIGURES)),
    )


def shortcut_table(record: Mapping[str, Any]) -> Table:
    """Return the table of what each shortcut reaches, and its share of each set's lead."""
    head = ["input", "estimator", "columns", *_AUDITED_FIGURES]
    head += [f"share of the lead: {name}" for name in AUDITED_SETS]
    return Table(
        "Models on columns that should not be enough",
        head,
        [
            [
                one["name"],
                one["estimator"],
                one["columns"],
                *(one["figures"][name] for name in _AUDITED_FIGURES),
                *(_share(one["share_of_lead"].get(name)) for name in AUDITED_SETS),
            ]
            for one in record["shortcuts"]
        ],
        numbers=range(2, len(head)),
    )


def _share(share: float | None) -> str:
    """Return the share of a lead; a share above 1 of a small lead can be any number."""
    if share is None:
        return "-"
    return "over 100 %" if share > 1 else percent(share)


def _importances(record: Mapping[str, Any]) -> Table:
    return Table(
        "Importance of each set in the model of both",
        ["set", "estimator", "columns", "increase (nats)", "standard deviation"],
        [
            [
                one["set"],
                one["estimator"],
                one["columns"],
                f"{one['mean']:.4f}",
                f"{one['sd']:.4f}",
            ]
            for one in record["importances_of_both"]
        ],
        numbers=(3, 4),
    )
