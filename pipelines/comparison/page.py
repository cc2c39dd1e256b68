"""The page of a comparison: one table, one picture, and what they say in words."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from .contender_shortcuts import AUDITED_SETS, shortcut_sentences

_AUDITED = ("balanced accuracy", "AUROC")
_SHOWN = ("accuracy", "balanced accuracy", "macro F1", "AUROC")
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 72rem; margin: 2rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; font-size: .85rem; width: 100%; }
th, td { padding: .25rem .5rem; border-bottom: 1px solid #ddd; text-align: right; }
th:first-child, td:first-child, th:nth-child(2), td:nth-child(2) { text-align: left; }
td small { color: #666; white-space: nowrap; }
img { max-width: 100%; }
@media print { body { margin: 0; max-width: none; font-size: 11px; } h2 { break-after: avoid; } }
"""


def comparison_page(record: Mapping[str, Any], picture: bytes) -> str:
    """Return a self-contained page.

    Parameters
    ----------
    record : mapping
        As ``comparison.json`` holds it.
    picture : bytes
        PNG.
    """
    drawn = base64.b64encode(picture).decode()
    main = [one for one in record["contenders"] if not one["family"]]
    families = [one for one in record["contenders"] if one["family"]]
    parts = [
        f"<h1>{escape(_title(record))}</h1>",
        f"<p>{escape(_setting(record))}</p>",
        "<h2>In words</h2>",
        "<ul>" + "".join(f"<li>{escape(one)}</li>" for one in outcome(record)) + "</ul>",
        "<h2>All contenders, on the same folds</h2>",
        _table(_head(), (_row(one, record["cost"]) for one in [*main, *families])),
        "<p>In brackets the 95 % interval by a bootstrap of whole groups. Calibration error in 10"
        " bins of equal count; behind it what a perfectly calibrated model would show.</p>",
        f'<img alt="intervals of the contenders" src="data:image/png;base64,{drawn}">',
        "<h2>Paired differences</h2>",
        _table(["difference", "estimator", *_SHOWN], map(_difference, record["differences"])),
        "<h2>Shortcuts</h2>",
        "<p>The same kind of model, once, on what should not suffice; then the share of each"
        " contender's lead over chance (balanced accuracy) that it reaches. The embedding sees the"
        " cell alone; in the last line of an estimator, the whole picture.</p>",
        _table(
            ["fed", "estimator", "columns", *_AUDITED, *AUDITED_SETS],
            map(_shortcut, record["shortcuts"]),
        ),
        "<h2>How much of the decision has no name</h2>",
        "<p>Rise of the log loss when the columns of a set are shuffled together in the model of"
        " both, mean and spread over folds. The embedding is one set, for its values have no"
        " names.</p>",
        _table(
            ["set", "estimator", "columns", "rise (nats)", "spread"],
            map(_importance, record["importances_of_both"]),
        ),
        "<p>A research tool that assists a qualified reader; it makes no diagnosis.</p>",
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(_title(record))}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def outcome(record: Mapping[str, Any]) -> list[str]:
    """Say in sentences what the comparison found."""
    lines = []
    for one in record["differences"]:
        gap = one["figures"]["balanced accuracy"]
        points = [100 * gap[end] for end in ("value", "low", "high")]
        if gap["low"] > 0:
            verdict = "better"
        elif gap["high"] < 0:
            verdict = "worse"
        else:
            verdict = "no difference shown"
        lines.append(
            f"{one['estimator']}: {one['first']} less {one['second']}: {points[0]:+.1f} points of"
            f" balanced accuracy [{points[1]:+.1f}, {points[2]:+.1f}]: {verdict}."
        )
    rises = {(one["estimator"], one["set"]): one["mean"] for one in record["importances_of_both"]}
    for estimator in record["estimators"]:
        named = max(rises.get((estimator, "all that has a name"), 0.0), 0.0)
        nameless = max(rises.get((estimator, "embedding"), 0.0), 0.0)
        if named + nameless > 0:
            lines.append(
                f"{estimator}: in the model of both, {100 * nameless / (named + nameless):.1f} % of"
                " the loss by shuffling comes from the embedding, which has no name."
            )
    lines += shortcut_sentences(record["shortcuts"])
    cost = record["cost"]
    if cost is not None:
        lines.append(
            f"A cell costs {cost['handcrafted']:.1f} ms for the named features and"
            f" {cost['embedding']:.1f} ms for the network on one core, beside"
            f" {cost['finding']:.1f} ms for reading and segmenting; the network takes"
            f" {cost['megabytes']:.0f} MB more on the disk."
        )
    return lines


def _title(record: Mapping[str, Any]) -> str:
    return f"Named features, an embedding, and both: {record['table']}"


def _setting(record: Mapping[str, Any]) -> str:
    counts = ", ".join(f"{count} {name}" for name, count in record["classes"].items())
    split = record["grouped_by"] or "nothing (cell by cell)"
    network = (record["embedding"] or {}).get("name", "unknown")
    return (
        f"{record['cells']} cells ({counts}) in {record['groups']} groups by {split};"
        f" {record['folds']} folds, {_times(record['repeats'])}, the same for all; network"
        f" {network}, reduced to principal components inside each fold. "
        + " ".join(f"{note}." for note in record["notes"])
    )


def _times(repeats: int) -> str:
    return f"{repeats} repeat{'s' * (repeats > 1)}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    cells = "".join(f"<th>{escape(word)}</th>" for word in head)
    body = "".join("<tr>" + "".join(f"<td>{one}</td>" for one in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"


def _head() -> list[str]:
    return ["set", "estimator", "columns", *_SHOWN, "calibration error", "ms a cell"]


def _row(one: Mapping[str, Any], cost: Mapping[str, float] | None) -> list[str]:
    calibration = one["calibration"]
    return [
        escape(one["set"]),
        escape(one["estimator"]),
        str(one["columns"]),
        *(_interval(one["figures"][name], 3) for name in _SHOWN),
        f"{calibration['error']:.3f} <small>{calibration['if_perfect']:.3f}</small>",
        _milliseconds(one, cost),
    ]


def _milliseconds(one: Mapping[str, Any], cost: Mapping[str, float] | None) -> str:
    if cost is None or one["family"] or one["set"] == "background":
        return ""
    named, network = cost["handcrafted"], cost["embedding"]
    spent = {"handcrafted": named, "both": named + network}.get(one["set"], network)
    return f"{spent:.1f}"


def _interval(figure: Mapping[str, float], digits: int, *, sign: str = "") -> str:
    value, low, high = (f"{figure[end]:{sign}.{digits}f}" for end in ("value", "low", "high"))
    return f"{value} <small>[{low}, {high}]</small>"


def _difference(one: Mapping[str, Any]) -> list[str]:
    return [
        escape(f"{one['first']} less {one['second']}"),
        escape(one["estimator"]),
        *(_interval(one["figures"][name], 3, sign="+") for name in _SHOWN),
    ]


def _importance(one: Mapping[str, Any]) -> list[str]:
    return [
        escape(one["set"]),
        escape(one["estimator"]),
        str(one["columns"]),
        f"{one['mean']:.4f}",
        f"{one['sd']:.4f}",
    ]


def _shortcut(one: Mapping[str, Any]) -> list[str]:
    return [
        escape(one["name"]),
        escape(one["estimator"]),
        str(one["columns"]),
        *(f"{one['figures'][name]:.3f}" for name in _AUDITED),
        *(_share(one["near"].get(name)) for name in AUDITED_SETS),
    ]


def _share(near: float | None) -> str:
    """Of a small lead over chance, what is above it may be any number of times as much."""
    if near is None:
        return ""
    return "over 100%" if near > 1 else f"{near:.0%}"
