"""Folders as users keep them: one sub-folder for each class, or none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ..files.entries import Entry
from ..files.tree import Found, Tree

# Folders that hold all images, next to folders of something else.
IMAGE_FOLDERS = frozenset(("img", "imgs", "image", "images", "im"))
MASK_FOLDERS = frozenset(("mask", "masks"))
_DRAWN = re.compile(r"(^|[/_\-. ])(masks?|overlays?)([/_\-. ])", re.IGNORECASE)
_SPLITS = re.compile(r"train(ing)?|test(ing)?|val(id|idation)?|fold_?\d+", re.IGNORECASE)


def read_folders(tree: Tree) -> tuple[str, list[Entry], list[str]]:
    """Entries labelled by the first folder below the input; images outside one have no label.

    Folders that only say "images" or name a split (train, test, fold_0) are passed through to
    the next level.
    """
    entries = [_entry(image) for image in tree.images]
    notes = _drawn(entries)
    if all(entry.label is None for entry in entries):
        return "flat folder", entries, notes
    outside = sum(entry.label is None for entry in entries)
    if outside:
        notes.append(f"{outside} images lie outside the class folders: no label")
    return "class folders", entries, notes


def _drawn(entries: Sequence[Entry]) -> list[str]:
    """Note what is named as a mask or an overlay, and yet will be measured."""
    named = [entry.name for entry in entries if _DRAWN.search(entry.name)]
    if not named:
        return []
    return [
        f"{len(named)} pictures that are called masks or overlays are measured as images,"
        f" {named[0]} for example: move them out, and give masks with --masks"
    ]


def below_images(name: str) -> str:
    """An image's name below the folder that only says "images"."""
    first, slash, rest = name.partition("/")
    return rest if slash and first.lower() in IMAGE_FOLDERS else name


def _entry(image: Found) -> Entry:
    folders = below_images(image.name).split("/")[:-1]
    split = folders[0] if folders and _SPLITS.fullmatch(folders[0]) else None
    classes = folders[1:] if split else folders
    label = classes[0] if classes else None
    entry = Entry(image.place, image.name, label=label, original_label=label)
    return replace(entry, extra={"Split": split}) if split else entry
