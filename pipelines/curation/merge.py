"""Merge: join feature tables that were measured alike, and write the sidecar of the whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import ModelError

from ..measurement.settings import ReadingSettings
from ..outputs.atomic import whole_file
from ..outputs.read_table import read_table
from ..outputs.sidecar import changed_table_notes, read_sidecar, write_sidecar
from ..outputs.thumbnails import thumbnails_path
from ..outputs.write_tables import plain_text

if TYPE_CHECKING:
    import pandas as pd

_IMAGE, _SHA256 = "Metadata_Image", "Metadata_SHA256"
_LABEL, _SUBJECT = "Metadata_Label", "Metadata_Subject"
_TABLE = "Metadata_Table"
# Options of extract on which the meaning of values depends.
_MEASURED_ALIKE = ("stain", "embedding_set")
_ALIKE = "extract all tables with the same options and the same installation"
_COUNTS = ("images", "failed", "excluded")
_NAMED = 3


@dataclass(frozen=True)
class MergedTable:
    """The result of `merge`.

    Parameters
    ----------
    table : Path
    cells : int
    notes : tuple of str
        What was left out, renamed or taken as the same.
    """

    table: Path
    cells: int
    notes: tuple[str, ...]


def merge(tables: Sequence[Path], out: Path, *, separate_subjects: bool = False) -> MergedTable:
    """Join feature tables with the same columns.

    An image that is in several tables is kept once. The column ``Metadata_Table`` says which table
    a cell is from.

    Parameters
    ----------
    tables : sequence of Path
        Two or more tables that `extract` wrote, with their sidecars.
    out : Path
        The table to write, ``.parquet`` or ``.csv``; its sidecar, errors and thumbnails are written
        to the same folder.
    separate_subjects : bool
        Whether equal subjects of two tables are different persons; else they are one.

    Raises
    ------
    ModelError
        If a table cannot be read, the tables were not measured alike, or an image has different
        labels or subjects in two of them.
    """
    import pandas as pd

    _check_names(tables, out)
    sidecars = [read_sidecar(table) for table in tables]
    names = _short_names(tables)
    for table, sidecar in zip(tables[1:], sidecars[1:], strict=True):
        _check_measured_alike(tables[0], sidecars[0], table, sidecar)
    frames = [
        read_table(table).assign(**{_TABLE: name})
        for table, name in zip(tables, names, strict=True)
    ]
    notes = [note for sidecar in sidecars for note in changed_table_notes(sidecar)]
    notes += _library_notes(sidecars)
    frames, left_out = _without_repeated_images(frames)
    if left_out:
        notes.append(f"{left_out} images that an earlier table has as well were left out")
    if separate_subjects:
        frames = [_prefixed(frame, _SUBJECT) for frame in frames]
    else:
        notes += _shared_subject_notes(frames)
    renamed = _share_names(frames)
    if renamed:
        frames = [_prefixed(frame, _IMAGE) for frame in frames]
        notes.append("the names of images begin with the table's: some tables share names")
    whole = pd.concat(frames, ignore_index=True)
    _write(out, whole)
    _join_thumbnails(tables, names, out, renamed=renamed)
    _join_errors(tables, names, out)
    record = _record(sidecars, len(whole), left_out, notes)
    write_sidecar(out, record, sidecars[0]["columns"])
    return MergedTable(out, len(whole), tuple(notes))


def _check_names(tables: Sequence[Path], out: Path) -> None:
    if len(tables) < 2:
        raise ModelError(f"{len(tables)} table to merge", "name two or more")
    if out.suffix not in {".parquet", ".csv"}:
        raise ModelError(
            f"{out} ends in {out.suffix!r}", "give a name that ends in .parquet or .csv"
        )
    places = [table.absolute().with_suffix("") for table in tables]
    twice = next((one for one in places if places.count(one) > 1), None)
    if twice is not None:
        raise ModelError(f"{twice} is named twice", "name each table once")
    if out.absolute().with_suffix("") in places:
        raise ModelError(f"{out} is one of the tables", "give another name with -o")


def _short_names(tables: Sequence[Path]) -> list[str]:
    """Return the tables' names without their endings; with a number where two are equal."""
    stems = [table.stem for table in tables]
    return [
        stem if stems.count(stem) == 1 else f"{stem}_{number}"
        for number, stem in enumerate(stems, start=1)
    ]


def _check_measured_alike(
    first: Path, known: Mapping[str, Any], other: Path, seen: Mapping[str, Any]
) -> None:
    """Raise ModelError unless the columns of two tables have the same meaning."""
    for one, columns, two, others in (
        (first, known["columns"], other, seen["columns"]),
        (other, seen["columns"], first, known["columns"]),
    ):
        absent = next((name for name in columns if name not in others), None)
        if absent is not None:
            raise ModelError(f"{two} lacks column {absent} of {one}", _ALIKE)
    for name, column in known["columns"].items():
        version = seen["columns"][name].get("version")
        if version != column.get("version"):
            raise ModelError(
                f"{other} holds version {version} of column {name}, {first} version"
                f" {column.get('version')}",
                _ALIKE,
            )
    options = [one.get("configuration", {}) for one in (known, seen)]
    for name in _MEASURED_ALIKE:
        values = [one.get(name) or None for one in options]
        if values[0] != values[1]:
            raise ModelError(
                f"{other} was extracted with {name} {values[1]}, {first} with {values[0]}", _ALIKE
            )
    if known.get("embedding") != seen.get("embedding"):
        raise ModelError(f"{other} holds the embedding of another network than {first}", _ALIKE)
    sizes = [
        ReadingSettings.from_sidecar({"configuration": one}).measured_pixel_size for one in options
    ]
    if sizes[0] != sizes[1]:
        raise ModelError(
            f"a pixel of {other} has {sizes[1] or 'an unknown number of'} micrometres, of {first}"
            f" {sizes[0] or 'an unknown number'}",
            "extract both with --pixel-size, and with --rescale-to where the sizes differ",
        )


def _library_notes(sidecars: Sequence[Mapping[str, Any]]) -> list[str]:
    first = sidecars[0].get("versions", {})
    differ = sorted(
        {
            name
            for sidecar in sidecars[1:]
            for name, version in sidecar.get("versions", {}).items()
            if first.get(name) != version
        }
    )
    if not differ:
        return []
    return [f"the tables were measured with different versions of {', '.join(differ)}"]


def _without_repeated_images(
    frames: Sequence[pd.DataFrame],
) -> tuple[list[pd.DataFrame], int]:
    """Keep each image in the first table that has it; also return how many were left out.

    Raises
    ------
    ModelError
        If labels or subjects of an image differ between tables.
    """
    known: dict[str, tuple[str, str, tuple[str, ...]]] = {}
    kept, left_out = [], 0
    for frame in frames:
        if _SHA256 not in frame:
            kept.append(frame)
            continue
        new = {}
        for checksum, rows in frame.groupby(_SHA256, sort=False):
            facts = tuple(_values(rows, name) for name in (_LABEL, _SUBJECT))
            table, image = str(rows[_TABLE].iloc[0]), _values(rows, _IMAGE)
            if checksum not in known:
                new[str(checksum)] = (table, image, facts)
                continue
            before = known[str(checksum)]
            if before[2] != facts:
                raise ModelError(
                    f"{image} of {table} is the same file as {before[1]} of {before[0]}, with label"
                    f" and subject {' and '.join(facts)} instead of {' and '.join(before[2])}",
                    "correct one of the tables",
                )
        repeated = frame[_SHA256].isin(known)
        left_out += int(frame.loc[repeated, _SHA256].nunique())
        kept.append(frame[~repeated])
        known |= new
    return kept, left_out


def _values(rows: pd.DataFrame, name: str) -> str:
    """Return the different values of a column as a text."""
    if name not in rows:
        return "none"
    return ", ".join(sorted({str(value) for value in rows[name].dropna()})) or "none"


def _shared(frames: Sequence[pd.DataFrame], column: str) -> list[str]:
    """Return the values that occur in several tables."""
    seen: set[str] = set()
    shared: set[str] = set()
    for frame in frames:
        own = {str(value) for value in frame[column].dropna()} if column in frame else set()
        shared |= own & seen
        seen |= own
    return sorted(shared)


def _shared_subject_notes(frames: Sequence[pd.DataFrame]) -> list[str]:
    shared = _shared(frames, _SUBJECT)
    if not shared:
        return []
    named = ", ".join(shared[:_NAMED]) + (", …" if len(shared) > _NAMED else "")
    return [
        f"{len(shared)} subjects are in several tables and taken as the same persons ({named}); if"
        " they are not, add --separate-subjects"
    ]


def _share_names(frames: Sequence[pd.DataFrame]) -> bool:
    return bool(_shared(frames, _IMAGE))


def _prefixed(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Put the table's name before the known values of a column."""
    if column not in frame:
        return frame
    own = frame[column]
    named = frame[_TABLE] + "/" + own.astype(str)
    return frame.assign(**{column: named.where(own.notna(), None)})


def _write(out: Path, whole: pd.DataFrame) -> None:
    """Write the table; in a CSV, texts that a spreadsheet would take for formulas are marked."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(out) as temporary:
        if out.suffix == ".parquet":
            whole.to_parquet(temporary, index=False)
            return
        texts = whole.select_dtypes(include=["object", "string"]).columns
        whole.assign(**{name: whole[name].map(plain_text) for name in texts}).to_csv(
            temporary, index=False
        )


def _join_thumbnails(
    tables: Sequence[Path], names: Sequence[str], out: Path, *, renamed: bool
) -> None:
    import pandas as pd

    parts = [
        _prefixed(pd.read_parquet(path).assign(**{_TABLE: name}), _IMAGE)
        if renamed
        else pd.read_parquet(path).assign(**{_TABLE: name})
        for table, name in zip(tables, names, strict=True)
        if (path := thumbnails_path(table)).is_file()
    ]
    if parts:
        with whole_file(thumbnails_path(out)) as temporary:
            joined = pd.concat(parts, ignore_index=True).drop(columns=_TABLE)
            joined.to_parquet(temporary, index=False)


def _join_errors(tables: Sequence[Path], names: Sequence[str], out: Path) -> None:
    import pandas as pd

    parts = [
        pd.read_csv(path, dtype=str, keep_default_na=False).assign(table=name)
        for table, name in zip(tables, names, strict=True)
        if (path := table.with_suffix(".errors.csv")).is_file()
    ]
    if parts:
        with whole_file(out.with_suffix(".errors.csv")) as temporary:
            pd.concat(parts, ignore_index=True).to_csv(temporary, index=False)


def _record(
    sidecars: Sequence[Mapping[str, Any]], cells: int, left_out: int, notes: Iterable[str]
) -> dict[str, Any]:
    """Return what the sidecar of the whole says, apart from the columns."""
    first = sidecars[0]
    counts: dict[str, int] = {}
    if all(one["table"]["unchanged"] and "images" in one.get("counts", {}) for one in sidecars):
        counts = {name: sum(one["counts"].get(name, 0) for one in sidecars) for name in _COUNTS}
        counts["excluded"] += left_out
    sources = [one.get("input", {}) for one in sidecars]
    names = [one["table"]["name"] for one in sidecars]
    return {
        "command": "merge",
        "versions": first.get("versions", {}),
        "configuration": first.get("configuration", {}),
        "merged": [one["table"] for one in sidecars],
        "input": {
            "layout": f"merged tables {', '.join(names)}",
            "notes": [*notes, *(note for one in sources for note in one.get("notes", []))],
            "skipped": [one for source in sources for one in source.get("skipped", [])],
        },
        "counts": {**counts, "cells": cells},
        "kept_out": first.get("kept_out", {}),
        **({"embedding": first["embedding"]} if "embedding" in first else {}),
    }
