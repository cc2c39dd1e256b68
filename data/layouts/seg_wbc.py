"""seg_wbc (Zheng): white cells by class, with masks.

Zheng X. et al.: Fast and robust segmentation of white blood cell images by self-supervised
learning, Micron 2018, doi:10.1016/j.micron.2018.01.010.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..decoding.images import decode_rgb, read_bytes
from ..errors import DataError
from ..files.csv_tables import has_columns, read_table
from ..files.entries import Entry
from ..files.tree import Tree, TreeFile
from ..printable import printable
from .recognised import Recognised, own_folders, user_folders

SEG_WBC = "seg_wbc"

_FOLDERS = own_folders(r"seg.*wbc.*|dataset[_ -]?\d?")
_NUMBER = re.compile(r"\d{3}")
# The authors' README: labels 1 to 5, in this order.
_CLASSES = {
    "1": "neutrophil",
    "2": "lymphocyte",
    "3": "monocyte",
    "4": "eosinophil",
    "5": "basophil",
}
# Grey levels of the authors' masks: background, cytoplasm, nucleus.
_LEVELS = (0, 128, 255)
_TOLERANCE = 4
_LEAST_SHARE = 0.9  # of the pixels that have one of these levels
_COMPARED = 3  # masks that are decoded


def read_seg_wbc(tree: Tree) -> Recognised | None:
    """Return the layout of a seg_wbc tree: ``001.bmp`` with its mask ``001.png``.

    None if images have other names or no such masks. Labels are from the authors' table, in the
    folder or one level above.
    """
    pictures = [image for image in tree.images if image.name.lower().endswith(".bmp")]
    places = {image.place: image for image in tree.images}
    masks = {
        image.name: places[mask]
        for image in pictures
        if (mask := f"{image.place[:-4]}.png") in places and _NUMBER.fullmatch(image.stem)
    }
    if not masks or len(masks) + len(pictures) < len(tree.images) or len(masks) < len(pictures):
        return None
    labels = _table_labels(tree)
    if not labels and not all(map(_is_mask, list(masks.values())[:_COMPARED])):
        return None
    entries = tuple(
        replace(_labelled(image, labels), mask_place=masks[image.name].place) for image in pictures
    )
    notes = [f"{SEG_WBC} names no subjects: cells of one donor cannot be kept together"]
    unknown = sum(
        entry.label is None and not user_folders(image.folders, _FOLDERS)
        for image, entry in zip(pictures, entries, strict=True)
    )
    if unknown:
        notes.append(
            f"{SEG_WBC}: {unknown} of {len(entries)} cells have no label; the authors' class "
            "label table is looked for in the folder and one level above"
        )
    by = "the authors' table of labels" if labels else "the grey levels of its masks"
    evidence = f"{by}, and the names of {len(masks)} pictures and masks (001.bmp, 001.png)"
    return Recognised(SEG_WBC, evidence, entries, tuple(notes), _FOLDERS)


def _is_mask(image: TreeFile) -> bool:
    """Whether nearly all pixels have one of the three levels of the authors' masks."""
    try:
        rgb = decode_rgb(read_bytes(image.path))
    except DataError:
        return False
    steps = np.abs(rgb.astype(np.int16)[..., None] - np.array(_LEVELS, np.int16)).min(axis=-1)
    return float((steps.max(axis=2) <= _TOLERANCE).mean()) >= _LEAST_SHARE


def _labelled(image: TreeFile, labels: Mapping[tuple[str, ...], Mapping[int, str]]) -> Entry:
    number = labels.get(image.folders, {}).get(int(image.stem))
    return Entry(
        image.place,
        image.name,
        label=_CLASSES[number] if number else None,
        original_label=number,
        source="crop",
    )


def _table_labels(tree: Tree) -> dict[tuple[str, ...], dict[int, str]]:
    """Return the class numbers of the images, by folder and image number."""
    labels: dict[tuple[str, ...], dict[int, str]] = {}
    folders = {image.folders for image in tree.images}
    for table in _label_tables(tree):
        described = _normalised_name(table.stem)
        rows = read_table(table, "image id")
        column = "class label" if "class label" in rows[0] else "class"
        for row in rows:
            number = row.get(column, "")
            if number not in _CLASSES:
                raise DataError(
                    f"{printable(table.name)}: class {number!r} for image {row['image id']}, "
                    "expected 1 to 5",
                    "take the authors' own table",
                )
            for folder in folders:
                name = folder[-1] if folder else tree.root.resolve().name
                if described.endswith(_normalised_name(name)):
                    labels.setdefault(folder, {})[int(row["image id"])] = number
    return labels


def _label_tables(tree: Tree) -> Iterator[Path]:
    above = sorted(tree.root.resolve().parent.glob("[Cc]lass*[Ll]abels*.csv"))
    for table in [*(found.path for found in tree.tables), *above]:
        if _normalised_name(table.stem).startswith("classlabels") and has_columns(
            table, "image ID"
        ):
            yield table


def _normalised_name(name: str) -> str:
    return re.sub(r"[\s_-]", "", name.lower())
