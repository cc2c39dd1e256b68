"""Listings of images: entries and notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from .cell_marks import CellMarks

_NOTHING: Mapping[str, str] = {}  # shared by all entries to save memory


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts about a published file that are not in its content.

    Attributes
    ----------
    subject, slide, camera : str
        As in `Entry`.
    extra : mapping
        Further facts.
    source : str
        The data set and the file.
    """

    subject: str
    slide: str
    camera: str
    extra: Mapping[str, str]
    source: str


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A remote file or folder.

    Attributes
    ----------
    url : str
        With its protocol, ``s3://bucket/image.png``.
    """

    url: str

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True, slots=True)
class Entry:
    """One image of a listing, with the facts that are known before it is read.

    Attributes
    ----------
    place : str or RemoteFile
        Path or URL of the image; text, since a Path needs five times the memory.
    name : str
        Path relative to the input folder, with ``/`` on every system, escaped by `printable`.
    label, original_label : str or None
        The class: ``blast`` or ``normal`` if the data set has these classes, else the data
        set's own word. `original_label` is always the data set's own word.
    subject, slide, camera : str or None
        Groups of related images.
    mask_place : str, RemoteFile or None
        Path or URL of a given mask.
    source : {"crop", "field"} or None
        Whether the image shows one cell or several, if its data set says so.
    marks : CellMarks or None
        Labels of single cells of the image.
    extra : mapping
        Further facts, e.g. other columns of a manifest.
    """

    place: str | RemoteFile
    name: str
    label: str | None = None
    original_label: str | None = None
    subject: str | None = None
    slide: str | None = None
    camera: str | None = None
    mask_place: str | RemoteFile | None = None
    source: Literal["crop", "field"] | None = None
    marks: CellMarks | None = None
    extra: Mapping[str, str] = field(default_factory=lambda: _NOTHING)

    @property
    def path(self) -> Path | RemoteFile:
        """Path or URL of the image."""
        return Path(self.place) if isinstance(self.place, str) else self.place

    @property
    def mask(self) -> Path | RemoteFile | None:
        """Path or URL of a given mask."""
        return Path(self.mask_place) if isinstance(self.mask_place, str) else self.mask_place

    def with_facts(self, facts: Facts) -> Entry:
        """Return the entry with unknown values filled from `facts`."""
        return replace(
            self,
            subject=self.subject or facts.subject or None,
            slide=self.slide or facts.slide or None,
            camera=self.camera or facts.camera or None,
            extra={**facts.extra, **self.extra},
        )


@dataclass(frozen=True)
class Listing:
    """All images of one input.

    Attributes
    ----------
    root : Path or RemoteFile
        Folder to which the names are relative.
    layout : str
        The data set's name, or ``class folders``, ``flat folder``, ``single image``, ``manifest``.
    evidence : str
        What the layout was recognised by.
    entries : tuple of Entry
        Sorted by name (code points).
    skipped : tuple of (name, reason)
        Files and folders that are not images, sorted.
    notes : tuple of str
        One-line messages for the user.
    """

    root: Path | RemoteFile
    layout: str
    entries: tuple[Entry, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    evidence: str = ""
