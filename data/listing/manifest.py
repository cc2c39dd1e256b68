"""CSV manifests: images with labels, subjects and further columns."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePath

from ..errors import DataError
from ..files.csv_tables import read_table
from ..files.entries import Entry, Listing, RemoteFile
from ..printable import printable

_OWN = frozenset(("image", "label", "subject", "slide", "camera", "mask"))


def read_manifest(path: Path) -> Listing:
    """Return the images in the column ``image`` of a CSV, relative to the manifest's folder.

    A name does not depend on the working directory or on how `path` is typed: an image below the
    manifest's folder has its path from there; one outside has the same with ``..``, or its absolute
    path if the manifest gives that.

    Known optional columns are ``label``, ``subject``, ``slide``, ``camera`` and ``mask``; all
    others are stored in `Entry.extra` under their names in lower case. An empty field means
    unknown. An image or a mask may be a URL. Missing files are reported when they are read.

    Raises
    ------
    DataError
        For a table that `csv_tables.read_table` refuses, a row without an image, or an image in
        two rows.
    """
    folder = _Folder.of(path.parent)
    entries: dict[str, Entry] = {}
    for number, row in enumerate(read_table(path, "image"), start=1):
        if not row["image"]:
            raise DataError(
                f"{printable(str(path))}, image {number} has no name", "fill the column 'image'"
            )
        name, identity = folder.name(row["image"])
        if identity in entries:
            raise DataError(
                f"{printable(str(path))} names {name} twice",
                "keep one row for each image; give rows of single cells with --cell-labels",
            )
        label = row.get("label") or None
        entries[identity] = Entry(
            place=folder.place(row["image"]),
            name=name,
            label=label,
            original_label=label,
            subject=row.get("subject") or None,
            slide=row.get("slide") or None,
            camera=row.get("camera") or None,
            mask_place=folder.place(row["mask"]) if row.get("mask") else None,
            extra={column: value for column, value in row.items() if column not in _OWN},
        )
    by_name = tuple(sorted(entries.values(), key=lambda entry: entry.name))
    return Listing(path.parent, "manifest", by_name)


@dataclass(frozen=True)
class _Folder:
    """The folder of a manifest.

    Parameters
    ----------
    path : Path
        As it was typed.
    base : str
        Its path without symbolic links.
    real_path : callable
        Returns the path of a folder without symbolic links.
    """

    path: Path
    base: str
    real_path: Callable[[Path], str]

    @classmethod
    def of(cls, path: Path) -> _Folder:
        return cls(path, os.path.realpath(path), cache(os.path.realpath))

    def place(self, written: str) -> str | RemoteFile:
        """Return the path or the URL of a field."""
        file = self.file(written)
        return file if isinstance(file, RemoteFile) else str(self.path / file)

    def file(self, written: str) -> Path | RemoteFile:
        """Return the file of a field; backslashes are separators unless such a file exists."""
        if "://" in written:
            return RemoteFile(written)
        try:
            if "\\" in written and not (self.path / written).exists():
                return Path(written.replace("\\", "/"))
        except OSError as error:
            raise DataError(
                f"a manifest names {printable(written[:80])}: {error.strerror}", "correct the path"
            ) from error
        return Path(written)

    def name(self, written: str) -> tuple[str, str]:
        """Return the name of an image, and a path or URL that is equal for every spelling."""
        file = self.file(written)
        if isinstance(file, RemoteFile):
            return printable(file.url), file.url
        if file.is_absolute():
            found = PurePath(self.real_path(file.parent), file.name)
            outside = PurePath(os.path.normpath(file))
        else:
            found = PurePath(os.path.normpath(Path(self.base, file)))
            outside = PurePath(os.path.relpath(found, self.base))
        inside = found.is_relative_to(self.base)
        name = found.relative_to(self.base) if inside else outside
        return printable(name.as_posix()), str(found)
