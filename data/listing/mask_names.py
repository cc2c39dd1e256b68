"""Names of masks: as written by segment, and as found by ``--masks``."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath
from posixpath import splitext
from unicodedata import normalize

from .folders import without_image_folder


def mask_names(images: Sequence[str]) -> list[str]:
    """Return a relative path for the mask of each image, unique on every operating system.

    The mask's extension replaces the image's extension, or follows it if the name would be
    ambiguous. Names that macOS or Windows treat as equal get digits of a checksum.

    Parameters
    ----------
    images : sequence of str
        `entries.Entry.name` of each. A manifest may name images above its folder or by URL, but
        nothing is named above the folder of the masks.

    Examples
    --------
    >>> mask_names(["a.jpg", "b.jpg", "b.png"])
    ['a.png', 'b.jpg.png', 'b.png.png']
    """
    choices = [_choices(name) for name in images]
    keys = [[_file_system_key(name) for name in own] for own in choices]
    counts = [Counter(level) for level in zip(*keys, strict=True)]

    def is_free(own: list[str], level: int) -> bool:
        """Whether no other image has this name at this or a later level."""
        return sum(one[own[level]] for one in counts[level:]) == own[level:].count(own[level])

    return [
        f"{next((name for k, name in enumerate(names) if is_free(own, k)), names[-1])}.png"
        for names, own in zip(choices, keys, strict=True)
    ]


def mask_name_candidates(image: str) -> tuple[str, ...]:
    """Return the possible names, without extension, of an image's mask; equally many per image.

    First those of `mask_names`, then those without a first folder named like "images".
    """
    stem, whole, marked = _choices(image)
    below = without_image_folder(image)
    return marked, whole, image, stem, splitext(image)[0], below, splitext(below)[0]


def _choices(image: str) -> tuple[str, str, str]:
    """Return the candidate names of an image's mask, shortest first."""
    below = _below(image)
    mark = hashlib.sha256(image.encode()).hexdigest()[:8]
    return splitext(below)[0], below, f"{below}~{mark}"


def _below(image: str) -> str:
    """Return an image's name without root, drive and ``..``."""
    parts = (part.rstrip(":") for part in PurePosixPath(image).parts)
    return "/".join(part for part in parts if part not in ("", "/", "//", ".."))


def _file_system_key(name: str) -> str:
    return normalize("NFC", name).casefold()
