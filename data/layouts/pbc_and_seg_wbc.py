"""PBC (Acevedo) and seg_wbc (Zheng): normal white cells by class.

Acevedo A. et al.: A dataset of microscopic peripheral blood cell images, Data in Brief 2020,
doi:10.1016/j.dib.2020.105474. Zheng X. et al.: Fast and robust segmentation of white blood cell
images by self-supervised learning, Micron 2018, doi:10.1016/j.micron.2018.01.010.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ..errors import DataError
from ..files.csv_tables import has_columns, read_table
from ..files.entries import Entry
from ..files.tree import Tree, TreeFile
from ..printable import printable

PBC, SEG_WBC = "PBC", "seg_wbc"

_PBC_CLASSES = frozenset(
    {
        "basophil",
        "eosinophil",
        "erythroblast",
        "ig",
        "lymphocyte",
        "monocyte",
        "neutrophil",
        "platelet",
    }
)
_FEWEST_PBC_CLASSES = 3
_NUMBER = re.compile(r"\d{3}")
# The authors' README: labels 1 to 5, in this order.
_SEG_WBC_CLASSES = {
    "1": "neutrophil",
    "2": "lymphocyte",
    "3": "monocyte",
    "4": "eosinophil",
    "5": "basophil",
}


def read_pbc(tree: Tree) -> tuple[str, list[Entry], list[str]] | None:
    """Return the layout of a PBC tree, or None; the class is the folder's name."""
    folders = [image.folder for image in tree.images]
    classes = _PBC_CLASSES.intersection(folders)
    inside = sum(folder in classes for folder in folders)
    if len(classes) < _FEWEST_PBC_CLASSES or 2 * inside <= len(folders):
        return None
    entries = [
        Entry(
            image.place,
            image.name,
            label=folder if folder in classes else None,
            original_label=folder if folder in classes else None,
        )
        for image, folder in zip(tree.images, folders, strict=True)
    ]
    return PBC, entries, [f"{PBC} names no subjects: cells of one donor cannot be kept together"]


def read_seg_wbc(tree: Tree) -> tuple[str, list[Entry], list[str]] | None:
    """Return the layout of a seg_wbc tree: ``001.bmp`` with its mask ``001.png``.

    None if images have other names or no such masks. Labels are from the authors' table, in the
    folder or one level above.
    """
    pictures = [image for image in tree.images if image.name.lower().endswith(".bmp")]
    places = {image.place for image in tree.images}
    masks = {
        image.name: mask
        for image in pictures
        if (mask := f"{image.place[:-4]}.png") in places and _NUMBER.fullmatch(image.stem)
    }
    if not masks or len(masks) + len(pictures) < len(tree.images) or len(masks) < len(pictures):
        return None
    labels = _seg_wbc_labels(tree)
    entries = [
        replace(_labelled(image, labels.get(image.path)), mask_place=masks[image.name])
        for image in pictures
    ]
    notes = [f"{SEG_WBC} names no subjects: cells of one donor cannot be kept together"]
    unknown = sum(entry.label is None for entry in entries)
    if unknown:
        notes.append(
            f"{SEG_WBC}: {unknown} of {len(entries)} cells have no label; the authors' class "
            "label table is looked for in the folder and one level above"
        )
    return SEG_WBC, entries, notes


def _labelled(image: TreeFile, number: str | None) -> Entry:
    label = _SEG_WBC_CLASSES[number] if number else None
    return Entry(image.place, image.name, label=label, original_label=number)


def _seg_wbc_labels(tree: Tree) -> dict[Path, str]:
    labels: dict[Path, str] = {}
    folders = {image.path.parent for image in tree.images}
    for table in _label_tables(tree):
        described = _normalised_name(table.stem)
        rows = read_table(table, "image id")
        column = "class label" if "class label" in rows[0] else "class"
        for row in rows:
            number = row.get(column, "")
            if number not in _SEG_WBC_CLASSES:
                raise DataError(
                    f"{printable(table.name)}: class {number!r} for image {row['image id']}, "
                    "expected 1 to 5",
                    "take the authors' own table",
                )
            for folder in folders:
                if described.endswith(_normalised_name(folder.name)):
                    labels[folder / f"{int(row['image id']):03d}.bmp"] = number
    return labels


def _label_tables(tree: Tree) -> Iterator[Path]:
    above = sorted(tree.root.parent.glob("[Cc]lass*[Ll]abels*.csv"))
    for table in [*(found.path for found in tree.tables), *above]:
        if _normalised_name(table.stem).startswith("classlabels") and has_columns(
            table, "image ID"
        ):
            yield table


def _normalised_name(name: str) -> str:
    return re.sub(r"[\s_-]", "", name.lower())
