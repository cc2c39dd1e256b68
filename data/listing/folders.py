"""Folders of a user: one sub-folder per class, or none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ..files.entries import Entry
from ..files.tree import Tree, TreeFile

# Names of folders that hold all images, next to folders of other files.
IMAGE_FOLDERS = frozenset(("img", "imgs", "image", "images", "im"))
MASK_FOLDERS = frozenset(("mask", "masks"))
_MASK_OR_OVERLAY = re.compile(r"(^|[/_\-. ])(masks?|overlays?)([/_\-. ])", re.IGNORECASE)
_SPLITS = re.compile(r"train(ing)?|test(ing)?|val(id|idation)?|fold_?\d+", re.IGNORECASE)


def read_folders(tree: Tree) -> tuple[str, list[Entry], list[str]]:
    """Return the layout's name, entries and notes; the label is the first folder below the input.

    Images outside a class folder have no label. Folders named like "images" or like a split (train,
    test, fold_0) are skipped: the next level has the label.
    """
    entries = [_entry(image) for image in tree.images]
    notes = _note_mask_names(entries)
    if all(entry.label is None for entry in entries):
        return "flat folder", entries, notes
    outside = sum(entry.label is None for entry in entries)
    if outside:
        notes.append(f"{outside} images are outside the class folders: no label")
    return "class folders", entries, notes


def _note_mask_names(entries: Sequence[Entry]) -> list[str]:
    """Return a note about images whose names contain "mask" or "overlay"."""
    named = [entry.name for entry in entries if _MASK_OR_OVERLAY.search(entry.name)]
    if not named:
        return []
    return [
        f"{len(named)} pictures that are called masks or overlays are measured as images,"
        f" {named[0]} for example: move them out, and give masks with --masks"
    ]


def without_image_folder(name: str) -> str:
    """Return an image's name without a first folder named like "images"."""
    first, slash, rest = name.partition("/")
    return rest if slash and first.lower() in IMAGE_FOLDERS else name


def _entry(image: TreeFile) -> Entry:
    folders = without_image_folder(image.name).split("/")[:-1]
    split = folders[0] if folders and _SPLITS.fullmatch(folders[0]) else None
    classes = folders[1:] if split else folders
    label = classes[0] if classes else None
    entry = Entry(image.place, image.name, label=label, original_label=label)
    return replace(entry, extra={"Split": split}) if split else entry
