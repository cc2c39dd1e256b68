"""ALL-IDB1 (fields) and ALL-IDB2 (crops of them): recognised by checksum, labels by file name.

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

from ..decoding.images import read_bytes
from ..errors import DataError
from ..files.cell_marks import CellMarks
from ..files.entries import Entry, Facts
from ..files.tree import Tree, TreeFile
from ..files.xyc import SUFFIX, read_xyc
from ..fingerprints.perceptual_hash import sha256
from .recognised import Recognised, own_folders

FIELDS, CROPS = "ALL-IDB1", "ALL-IDB2"

_NAME = re.compile(r"Im(\d{3})_([01])", re.IGNORECASE)
_LABELS = {"1": "blast", "0": "normal"}
_FOLDERS = own_folders(r"all[_ -]?idb.*|xyc")
# Files of which the checksum is compared; one that agrees is proof of its set.
_MOST_COMPARED = 12


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


def read_all_idb(tree: Tree) -> Recognised | None:
    """Return the layout of an ALL-IDB tree, or None without files of a known checksum.

    Most images must have names of the set, and most of those that are compared its bytes: other
    people call crops ``im051_0.png`` too.
    """
    matches = [_NAME.fullmatch(image.stem) for image in tree.images]
    named = sum(match is not None for match in matches)
    if 2 * named <= len(matches):
        return None
    compared = _compared_files(tree)
    known = [facts for image in compared if (facts := _facts_of(image))]
    if 2 * len(known) <= len(compared) or not known:
        return None
    crops = any(facts.source.startswith(CROPS) for facts in known)
    name = CROPS if crops else FIELDS
    entries = tuple(
        _entry(image, match, crop=crops) for match, image in zip(matches, tree.images, strict=True)
    )
    notes = [
        f"{CROPS} names no patients: the subject is the field that a crop was cut from"
        if crops
        else f"{FIELDS} names no patients: the subject is the field itself",
        "ALL-IDB: class and camera are confounded (every normal cell is from the Canon G5) and "
        "each slide group has one class: leave whole slide groups out to evaluate a model",
    ]
    marked = sum(entry.marks is not None for entry in entries)
    if not crops:
        notes.append(
            f"{FIELDS}: {marked} of {len(entries)} fields have the authors' centres of blasts"
            " (xyc); their other cells are normal"
        )
    if named < len(matches):
        notes.append(f"ALL-IDB: {len(matches) - named} files have other names: no label from them")
    evidence = (
        f"the SHA-256 of {len(known)} of {len(compared)} files that were compared, and the names of"
        f" {named} of {len(matches)} files (Im001_1)"
    )
    return Recognised(name, evidence, entries, tuple(notes), _FOLDERS)


def note_names(tree: Tree) -> list[str]:
    """Return a note on files that have names of the set but not its bytes."""
    named = sum(_NAME.fullmatch(image.stem) is not None for image in tree.images)
    if 2 * named <= len(tree.images):
        return []
    return [
        f"{named} files are called as in ALL-IDB (Im001_1), but their SHA-256 is not known: the"
        " names give no labels; give class folders or a manifest"
    ]


def _compared_files(tree: Tree) -> list[TreeFile]:
    """Return some images with the name of a published file whose checksum is known."""
    published = {facts.source.split()[1].lower() for facts in _facts().values()}
    named = [image for image in tree.images if image.file.lower() in published]
    return named[:: max(1, len(named) // _MOST_COMPARED)][:_MOST_COMPARED]


def _facts_of(image: TreeFile) -> Facts | None:
    try:
        return known_facts(sha256(read_bytes(image.path)))
    except DataError:
        return None  # measuring the image reports the error


def _entry(image: TreeFile, match: re.Match[str] | None, *, crop: bool) -> Entry:
    if match is None:
        return Entry(image.place, image.name)
    return Entry(
        image.place,
        image.name,
        label=_LABELS[match[2]],
        original_label=match[2],
        subject=None if crop else image.pure.stem,
        source="crop" if crop else "field",
        marks=None if crop else _blast_centres(image),
    )


def _blast_centres(image: TreeFile) -> CellMarks | None:
    """Return the authors' centres of the blasts of a field; all other cells are normal.

    The file is in the folder ``xyc`` next to that of the images, or next to the image.
    """
    folder = image.path.parent.resolve()
    name = f"{image.stem}{SUFFIX}"
    paths = (folder.parent / "xyc" / name, folder / "xyc" / name, folder / name)
    found = next((path for path in paths if path.is_file()), None)
    return CellMarks(read_xyc(found, _LABELS["1"]), _LABELS["0"]) if found else None
