"""Features: the catalogue as text, as a page and as data."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from features.core.catalogue import FeatureRecord

# What a row says behind the name, and its heading.
_SAYS = {
    "plain": "plain name",
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
        Text with a line a feature, a Markdown page, or a JSON list.

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
    lines = [f"{one['name']:45} {one['preset']:9} {one['definition']}" for one in shown]
    lines += [f"{one['column']:45} {one['unit']:9} {one['definition']}" for one in columns]
    return "\n".join(lines)


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
            yield from _head("feature")
        yield _row(word, record)
    if columns:
        yield "\n## Columns\n"
        yield from _head("column")
    for column in columns:
        yield _row(column["column"], column)


def _head(name: str) -> Iterator[str]:
    yield f"| {' | '.join([name, *_SAYS.values()])} |"
    yield "|---" * (len(_SAYS) + 1) + "|"


def _row(name: str, record: Mapping[str, Any]) -> str:
    cells = [name, *(record[key] for key in _SAYS)]
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"
