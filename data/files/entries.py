"""What a listing holds: one entry for each image, and what the user must know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

_NOTHING: Mapping[str, str] = {}  # one for all entries: there may be a hundred thousand


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one published file besides its content.

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
    """A file or folder elsewhere.

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
    """One image to be read, and what is known of it before it is opened.

    Attributes
    ----------
    place : str or RemoteFile
        Where the image is; text, as a Path would take five times the memory.
    name : str
        Its path below the input folder, with ``/`` on every system and escaped by `printable`.
    label, original_label : str or None
        The class: ``blast`` or ``normal`` where the data set means that, else the data set's own
        word, which `original_label` always holds.
    subject, slide, camera : str or None
        Groups that share more than a label.
    mask_place : str, RemoteFile or None
        Where a given mask is.
    extra : mapping
        Further facts; a manifest's other columns.
    """

    place: str | RemoteFile
    name: str
    label: str | None = None
    original_label: str | None = None
    subject: str | None = None
    slide: str | None = None
    camera: str | None = None
    mask_place: str | RemoteFile | None = None
    extra: Mapping[str, str] = field(default_factory=lambda: _NOTHING)

    @property
    def path(self) -> Path | RemoteFile:
        """Where the image is."""
        return Path(self.place) if isinstance(self.place, str) else self.place

    @property
    def mask(self) -> Path | RemoteFile | None:
        """Where a given mask is."""
        return Path(self.mask_place) if isinstance(self.mask_place, str) else self.mask_place

    def completed(self, facts: Facts) -> Entry:
        """The entry with `facts` where it knows nothing itself."""
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
        The folder that the names are relative to.
    layout : str
        The data set's name, or ``class folders``, ``flat folder``, ``single image``, ``manifest``.
    entries : tuple of Entry
        Sorted by name, code point by code point.
    skipped : tuple of (name, reason)
        Files and folders that are no images, sorted.
    notes : tuple of str
        One-line facts that a user must know.
    """

    root: Path | RemoteFile
    layout: str
    entries: tuple[Entry, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
