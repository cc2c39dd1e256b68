"""Labels of single cells from a CSV table of centres or boxes, or from files of centres."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from posixpath import normpath

from ..errors import DataError
from ..files.cell_marks import CellMark, CellMarks
from ..files.csv_tables import read_table
from ..files.entries import Listing
from ..files.xyc import SUFFIX, pixels, read_xyc
from ..printable import printable

_CORNERS = (("x0", "y0", "x1", "y1"), ("xmin", "ymin", "xmax", "ymax"))
_SIZED = ("x", "y", "width", "height")
_POINTS = (("x", "y"), ("col", "row"))
_LABELS = ("label", "class")
_EXPECTED = (
    "give the columns image, label, and x and y of the centre, or x0, y0, x1, y1 of a box, or x, y,"
    " width, height (pixels from the top left corner)"
)


def with_cell_labels(listing: Listing, source: Path) -> Listing:
    """Return the listing with labels of single cells.

    Parameters
    ----------
    listing : Listing
    source : Path
        A CSV with a row for each labelled cell, or a folder of ``.xyc`` files with the images'
        names: a line for the centre of each cell that has the image's label, x then y.

    Raises
    ------
    DataError
        If the table has other columns, a number cannot be read, or no image is named.
    """
    marks, unknown = (_read_folder if source.is_dir() else _read_csv)(listing, source)
    if not marks:
        raise DataError(
            f"{printable(str(source))} names none of the {len(listing.entries)} images,"
            f" {listing.entries[0].name} for example",
            "name the images as extract does, relative to its input",
        )
    entries = tuple(
        replace(entry, marks=marks[entry.name]) if entry.name in marks else entry
        for entry in listing.entries
    )
    cells = sum(len(one.marks) for one in marks.values())
    notes = [f"{printable(source.name)} labels {cells} cells in {len(marks)} images"]
    if unknown:
        notes.append(f"{printable(source.name)}: {unknown} rows name no image, or several")
    return replace(listing, entries=entries, notes=(*listing.notes, *notes))


def _read_folder(listing: Listing, folder: Path) -> tuple[dict[str, CellMarks], int]:
    """Return the centres of the images that have a file of them, at its path or directly inside."""
    marks = {}
    for entry in listing.entries:
        name = PurePosixPath(entry.name).with_suffix(SUFFIX)
        path = next((one for one in (folder / name, folder / name.name) if one.is_file()), None)
        if path is None:
            continue
        if entry.label is None:
            raise DataError(
                f"{printable(str(path))} gives centres, but {entry.name} has no label",
                "give the image a label, or a CSV with the label of each cell",
            )
        marks[entry.name] = CellMarks(read_xyc(path, entry.label))
    return marks, 0


def _read_csv(listing: Listing, path: Path) -> tuple[dict[str, CellMarks], int]:
    rows = read_table(path, "image")
    label = next((name for name in _LABELS if name in rows[0]), None)
    if label is None:
        raise DataError(f"{printable(str(path))} has no column 'label'", _EXPECTED)
    names = _image_names(listing)
    marks: dict[str, list[CellMark]] = {}
    unknown = 0
    for number, row in enumerate(rows, start=2):
        name = next((names[one] for one in _endings(row["image"]) if names.get(one)), None)
        unknown += name is None
        if name is not None and row[label]:
            marks.setdefault(name, []).append(_mark(row, row[label], path, number))
    return {name: CellMarks(tuple(found)) for name, found in marks.items()}, unknown


def _endings(written: str) -> Iterator[str]:
    """Yield a path, then the same without its first folder, and so on to the file's name."""
    parts = PurePosixPath(normpath(written.replace("\\", "/"))).parts
    return ("/".join(parts[start:]) for start in range(len(parts)))


def _image_names(listing: Listing) -> dict[str, str]:
    """Return the images by their names, and by file names that only one of them has."""
    names = {entry.name: entry.name for entry in listing.entries}
    paths = [PurePosixPath(name) for name in names]
    counts = Counter(short for path in paths for short in {path.name, path.stem})
    short_names = {
        short: str(path) for path in paths for short in (path.name, path.stem) if counts[short] == 1
    }
    return short_names | names


def _mark(row: Mapping[str, str], label: str, path: Path, number: int) -> CellMark:
    """Return the mark of a row of a table."""
    given = {name for name, value in row.items() if value}
    for names in _CORNERS:
        if given.issuperset(names):
            x0, y0, x1, y1 = (pixels(row[name], path, number) for name in names)
            if x1 <= x0 or y1 <= y0:
                raise DataError(
                    f"{printable(str(path))}, row {number}: a box from ({x0:g}, {y0:g}) to"
                    f" ({x1:g}, {y1:g})",
                    "give the top left corner first",
                )
            return CellMark((y0 + y1) / 2, (x0 + x1) / 2, y1 - y0, x1 - x0, label)
    if given.issuperset(_SIZED):
        x, y, width, height = (pixels(row[name], path, number) for name in _SIZED)
        return CellMark(y + height / 2, x + width / 2, height, width, label)
    for point in _POINTS:
        if given.issuperset(point):
            across, down = (pixels(row[name], path, number) for name in point)
            return CellMark(down, across, 0.0, 0.0, label)
    raise DataError(f"{printable(str(path))}, row {number} has no place of a cell", _EXPECTED)
