"""How masks are named: what segment calls them, and by which names ``--masks`` finds them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath
from posixpath import splitext
from unicodedata import normalize

from .folders import below_images


def mask_names(images: Sequence[str]) -> list[str]:
    """Return a relative path for the mask of each image, no two of which are one file anywhere.

    An image's extension is replaced where that says which image is meant, and kept where it does
    not; names that macOS and Windows take for one get a few digits of a checksum.

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
    alike = [[_alike(name) for name in own] for own in choices]
    counts = [Counter(level) for level in zip(*alike, strict=True)]

    def is_free(own: list[str], level: int) -> bool:
        """Whether no other image has this name, or may have to be called so."""
        return sum(one[own[level]] for one in counts[level:]) == own[level:].count(own[level])

    return [
        f"{next((name for k, name in enumerate(names) if is_free(own, k)), names[-1])}.png"
        for names, own in zip(choices, alike, strict=True)
    ]


def names_to_look_for(image: str) -> tuple[str, ...]:
    """Return the names without extension that a given mask of an image may have.

    First those that `mask_names` gives, then those below the folder that only says "images"; as
    many for every image.
    """
    stem, whole, marked = _choices(image)
    below = below_images(image)
    return marked, whole, image, stem, splitext(image)[0], below, splitext(below)[0]


def _choices(image: str) -> tuple[str, str, str]:
    """Return what the mask of an image may be called, the shortest first."""
    below = _below(image)
    mark = hashlib.sha256(image.encode()).hexdigest()[:8]
    return splitext(below)[0], below, f"{below}~{mark}"


def _below(image: str) -> str:
    """Return an image's name without what leads out of a folder: roots, drives, and steps up."""
    parts = (part.rstrip(":") for part in PurePosixPath(image).parts)
    return "/".join(part for part in parts if part not in ("", "/", "//", ".."))


def _alike(name: str) -> str:
    return normalize("NFC", name).casefold()
