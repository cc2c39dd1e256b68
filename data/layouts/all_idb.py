"""ALL-IDB1 (fields) and ALL-IDB2 (crops of them): labels by file name, groups by checksum.

Labati R.D., Piuri V., Scotti F.: ALL-IDB: the acute lymphoblastic leukemia image database for
image processing, ICIP 2011. The table of facts names, for each known file's SHA-256, the field
that a crop was cut from (template matching against ALL-IDB1), the camera and the group of fields
photographed in one go (EXIF model and time).
"""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path

from ..files.entries import Entry, Facts
from ..files.tree import Tree, TreeFile

FIELDS, CROPS = "ALL-IDB1", "ALL-IDB2"

_NAME = re.compile(r"Im(\d{3})_([01])", re.IGNORECASE)
_LABELS = {"1": "blast", "0": "normal"}
_LAST_FIELD = 108


def known_facts(sha256: str) -> Facts | None:
    """Return the facts of a published file by the SHA-256 of its bytes, or None."""
    return _facts().get(sha256)


@cache
def _facts() -> dict[str, Facts]:
    path = Path(__file__).with_name("all_idb_facts.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return {
            row["sha256"]: Facts(
                subject=row["parent"],
                slide=row["group"],
                camera=row["camera"],
                extra={"Parent": row["parent"]},
                source=f"{row['set']} {row['file']}",
            )
            for row in csv.DictReader(file)
        }


def read_all_idb(tree: Tree) -> tuple[str, list[Entry], list[str]] | None:
    """Return the layout of an ALL-IDB tree, or None if most images have other names."""
    matches = [_NAME.fullmatch(image.stem) for image in tree.images]
    named = sum(match is not None for match in matches)
    if 2 * named <= len(matches):
        return None
    crops = any(
        match is not None and (int(match[1]) > _LAST_FIELD or _is_tiff(image))
        for match, image in zip(matches, tree.images, strict=True)
    )
    entries = [
        _entry(image, match, field=not crops)
        for match, image in zip(matches, tree.images, strict=True)
    ]
    notes = [
        f"{CROPS} names no patients: the subject is the field that a crop was cut from"
        if crops
        else f"{FIELDS} names no patients: the subject is the field itself",
        "ALL-IDB: class and camera are confounded (every normal cell is from the Canon G5) and "
        "each slide group has one class: leave whole slide groups out to evaluate a model",
    ]
    if named < len(matches):
        notes.append(f"ALL-IDB: {len(matches) - named} files have other names: no label")
    return (CROPS if crops else FIELDS), entries, notes


def _entry(image: TreeFile, match: re.Match[str] | None, *, field: bool) -> Entry:
    if match is None:
        return Entry(image.place, image.name)
    return Entry(
        image.place,
        image.name,
        label=_LABELS[match[2]],
        original_label=match[2],
        subject=image.pure.stem if field else None,
    )


def _is_tiff(image: TreeFile) -> bool:
    return image.path.suffix.lower() in (".tif", ".tiff")
