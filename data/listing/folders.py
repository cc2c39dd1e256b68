"""Folders of a user: one sub-folder per class, or none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ..files.entries import Entry
from ..files.tree import Tree
from ..layouts.recognised import EVERY_FOLDER, Recognised
from .folder_levels import IMAGE_FOLDERS, read_levels

_MASK_OR_OVERLAY = re.compile(r"(^|[/_\-. ])(masks?|overlays?)([/_\-. ])", re.IGNORECASE)


def read_folders(tree: Tree) -> Recognised:
    """Return class folders, or a flat folder; the label is the first folder below the input.

    Images outside a class folder have no label. Folders of images and of splits are skipped, see
    `folder_levels.read_levels`: the next level has the label.
    """
    levels = read_levels([image.folders for image in tree.images])
    entries = tuple(
        _with_split(Entry(image.place, image.name, label=label, original_label=label), split)
        for image, label, split in zip(tree.images, levels.labels, levels.splits, strict=True)
    )
    notes = [*_note_mask_names(entries), *levels.notes]
    outside = sum(label is None for label in levels.labels)
    if outside == len(entries):
        return Recognised("flat folder", "", entries, tuple(notes), EVERY_FOLDER)
    if outside:
        notes.append(f"{outside} images are outside the class folders: no label")
    return Recognised("class folders", "", entries, tuple(notes), EVERY_FOLDER)


def with_user_labels(found: Recognised) -> Recognised:
    """Return a recognised data set with the labels of the user's folders, where there are any.

    The folders that the set is published with give no labels.
    """
    levels = read_levels(
        [found.user_folders(entry.name.split("/")[:-1]) for entry in found.entries]
    )
    if all(label is None for label in levels.labels):
        return found
    entries = tuple(
        entry if label is None else replace(entry, label=label, original_label=label)
        for entry, label in zip(found.entries, levels.labels, strict=True)
    )
    pairs = list(zip(found.entries, levels.labels, strict=True))
    changed = sum(
        label is not None and entry.label is not None and label != entry.label
        for entry, label in pairs
    )
    notes = list(found.notes)
    if changed:
        notes.append(
            f"{changed} images of {found.name} have the label of their folder, not the set's own;"
            " for the set's labels, give a folder in which they are without class folders"
        )
    return replace(found, entries=entries, notes=(*notes, *levels.notes))


def _with_split(entry: Entry, split: str | None) -> Entry:
    return replace(entry, extra={"Split": split}) if split else entry


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
