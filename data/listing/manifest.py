"""CSV manifests: images with labels, subjects and further columns."""

from __future__ import annotations

import os
from pathlib import Path, PurePath

from ..errors import DataError
from ..files.csv_tables import read_table
from ..files.entries import Entry, Listing, RemoteFile
from ..printable import printable

_OWN = frozenset(("image", "label", "subject", "slide", "camera", "mask"))


def read_manifest(path: Path) -> Listing:
    """Return the images in the column ``image`` of a CSV, relative to the manifest's folder.

    Known optional columns are ``label``, ``subject``, ``slide``, ``camera`` and ``mask``; all
    others are stored in `Entry.extra` under their names in lower case. An empty field means
    unknown. An image or a mask may be a URL. Missing files are reported when they are read.

    Raises
    ------
    DataError
        For a table that `csv_tables.read_table` refuses, a row without an image, or an image in
        two rows.
    """
    folder = path.parent
    entries: dict[str, Entry] = {}
    for number, row in enumerate(read_table(path, "image"), start=1):
        if not row["image"]:
            raise DataError(
                f"{printable(str(path))}, image {number} has no name", "fill the column 'image'"
            )
        image = _locate(folder, row["image"])
        name = _name(folder, image)
        if name in entries:
            raise DataError(
                f"{printable(str(path))} names {name} twice", "keep one row for each image"
            )
        label = row.get("label") or None
        entries[name] = Entry(
            place=_place(image),
            name=name,
            label=label,
            original_label=label,
            subject=row.get("subject") or None,
            slide=row.get("slide") or None,
            camera=row.get("camera") or None,
            mask_place=_place(_locate(folder, row["mask"])) if row.get("mask") else None,
            extra={column: value for column, value in row.items() if column not in _OWN},
        )
    return Listing(folder, "manifest", tuple(entries[name] for name in sorted(entries)))


def _place(file: Path | RemoteFile) -> str | RemoteFile:
    return str(file) if isinstance(file, Path) else file


def _locate(folder: Path, written: str) -> Path | RemoteFile:
    """Return the file of a field; backslashes are separators unless such a file exists."""
    if "://" in written:
        return RemoteFile(written)
    path = folder / written
    try:
        if "\\" in written and not path.exists():
            path = folder / written.replace("\\", "/")
    except OSError as error:
        raise DataError(
            f"a manifest names {printable(written[:80])}: {error.strerror}", "correct the path"
        ) from error
    return path


def _name(folder: Path, image: Path | RemoteFile) -> str:
    if isinstance(image, RemoteFile):
        return printable(image.url)
    path = PurePath(os.path.normpath(image))
    base = PurePath(os.path.normpath(folder))
    return printable((path.relative_to(base) if path.is_relative_to(base) else path).as_posix())
