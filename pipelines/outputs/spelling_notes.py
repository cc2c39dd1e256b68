"""Notes on labels, subjects, slides and cameras that a listing writes in several ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from data.files.entries import Entry

_NAMED = ("label", "subject", "slide", "camera")


def spelling_notes(entries: Sequence[Entry]) -> list[str]:
    """Say which names are written in several ways, and which are words for a missing value.

    The table keeps them as they are; `train` refuses such labels and joins such subjects.
    """
    import pandas as pd

    from models.dataset.spelling import one_spelling, quoted, shown_spellings

    notes = []
    for kind in _NAMED:
        values = pd.Series([getattr(entry, kind) for entry in entries], dtype=object)
        spelt = one_spelling(values)
        if spelt.joined:
            notes.append(
                f"{kind}s that are written in several ways: {shown_spellings(spelt.joined)};"
                " write each in one way"
            )
        if spelt.missing:
            named = ", ".join(f"{quoted(word)} of {count} images" for word, count in spelt.missing)
            notes.append(f"{kind} {named}: train takes it for a missing value")
    return notes
