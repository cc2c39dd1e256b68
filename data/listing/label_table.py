"""The labels of a listing by folder: what each folder of images was taken for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ..files.entries import Listing


@dataclass(frozen=True)
class FolderLabel:
    """A folder, one label of its images, and how many images have it.

    Attributes
    ----------
    folder : str
        Below the input; empty for the input itself.
    label : str or None
    images : int
    """

    folder: str
    label: str | None
    images: int


def folder_labels(listing: Listing) -> list[FolderLabel]:
    """Count the labels of each folder, sorted by folder and label."""
    counts = Counter((one.name.rpartition("/")[0], one.label) for one in listing.entries)
    return [
        FolderLabel(folder, label, counts[folder, label])
        for folder, label in sorted(counts, key=lambda one: (one[0], one[1] or ""))
    ]
