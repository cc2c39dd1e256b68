"""A tree that a layout has recognised: its name, the evidence, and its images."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..files.entries import Entry


@dataclass(frozen=True)
class Recognised:
    """The tree of a public data set.

    Attributes
    ----------
    name : str
        Of the data set.
    evidence : str
        What it was recognised by, for the user.
    entries : tuple of Entry
        One for each image of the set.
    notes : tuple of str
        For the user.
    own_folders : re.Pattern
        Matches the names of the folders that the set is published with. All other folders are the
        user's classes, and have priority over the set's labels. A set that takes its labels from
        the folders matches every name.
    """

    name: str
    evidence: str
    entries: tuple[Entry, ...]
    notes: tuple[str, ...]
    own_folders: re.Pattern[str]

    def user_folders(self, folders: Iterable[str]) -> tuple[str, ...]:
        """Return the folders that are not the set's own, in their order."""
        return user_folders(folders, self.own_folders)


def user_folders(folders: Iterable[str], own: re.Pattern[str]) -> tuple[str, ...]:
    """Return the folders whose names do not match those of a set, in their order."""
    return tuple(name for name in folders if not own.fullmatch(name.strip()))


EVERY_FOLDER = re.compile(".*", re.DOTALL)


def own_folders(pattern: str) -> re.Pattern[str]:
    """Compile the names of a set's folders; those of images and of splits are always among them."""
    splits = r"(train|test|valid)\w*|fold[_ -]?\d+"
    return re.compile(rf"{pattern}|{splits}|im|img|imgs|images?|data", re.IGNORECASE)
