"""Features: the catalogue as text, as a page and as data."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from features.core.catalogue import FeatureRecord

# The fields of a row of the Markdown page, and their headings; "" stands for the name.
_FIELDS = {
    "title": "feature",
    "plain": "in plain words",
    "": "name in the table",
    "definition": "definition",
    "unit": "unit",
    "range": "range",
    "invariances": "unchanged by",
    "nan": "NaN",
    "reference": "reference",
    "ibsi": "IBSI",
    "vetted": "vetted by",
}


def catalogue(
    names: Sequence[str] = (), style: Literal["table", "markdown", "json"] = "table"
) -> str:
    """Return the catalogue, or what single features, families or columns mean.

    Parameters
    ----------
    names : sequence of str
        Families, features (``Texture_Contrast``), columns, or patterns with ``*``.
    style : {"table", "markdown", "json"}
        Text with two lines for each feature (title and gloss; name, preset and definition), a
        Markdown page, or a JSON list.

    Raises
    ------
    CellError
        If a name fits nothing.
    """
    from features import FAMILIES
    from features.core.catalogue import catalogue as records
    from features.core.catalogue import column_versions, describe_column

    every = list(records())
    chosen: list[FeatureRecord] = []
    columns: list[dict[str, Any]] = []
    for name in names:
        fitting = [
            record
            for record in every
            if fnmatch.fnmatchcase(record["name"], name) or record["name"].partition("_")[0] == name
        ]
        every_column = (
            [one for one in column_versions() if fnmatch.fnmatchcase(one, name)]
            if "*" in name
            else []
        )
        if fitting:
            chosen += fitting
        else:
            columns += [{"column": one, **describe_column(one)} for one in every_column or [name]]
    shown = chosen if names else every
    if style == "json":
        return json.dumps([*shown, *columns], indent=1, ensure_ascii=False)
    if style == "markdown":
        titles = {name: family.title for name, family in FAMILIES.items()}
        return "\n".join(_markdown(shown, columns, titles))
    if len(shown) + len(columns) == 1 and names:
        return "\n".join(_single({**one} for one in (*shown, *columns)))
    lines = [_two_lines(one["name"], one["preset"], one) for one in shown]
    lines += [_two_lines(one["column"], one["unit"], one) for one in columns]
    return "\n".join(lines)


def _two_lines(name: str, fact: str, record: Mapping[str, Any]) -> str:
    return f"{record['title']}: {record['plain']}\n    {name}  {fact}  {record['definition']}"


def _single(records: Iterator[dict[str, Any]]) -> Iterator[str]:
    """Yield a record as one line a fact."""
    for record in records:
        for key, value in record.items():
            text = ", ".join(value) if isinstance(value, list) else str(value)
            if text and value is not False:
                yield f"{key + ':':14} {text}"


def _markdown(
    records: Sequence[FeatureRecord], columns: Sequence[dict[str, Any]], titles: dict[str, str]
) -> Iterator[str]:
    """Yield the page: a heading a family, a row a feature; and a row for each column."""
    yield "# Features"
    family = ""
    for record in records:
        mine, _, word = record["name"].partition("_")
        if mine != family:
            family = mine
            yield f"\n## {family}\n\n{titles[family]}.\n"
            yield from _HEAD
        yield _row(word, record)
    if columns:
        yield "\n## Columns\n"
        yield from _HEAD
    for column in columns:
        yield _row(column["column"], column)


_HEAD = (f"| {' | '.join(_FIELDS.values())} |", "|---" * len(_FIELDS) + "|")


def _row(name: str, record: Mapping[str, Any]) -> str:
    cells = [record[key] if key else name for key in _FIELDS]
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"
