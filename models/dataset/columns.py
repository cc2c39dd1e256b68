"""Find a column of a table by any spelling of its name."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from ..errors import ModelError
from .spelling import normal_form

PREFIX = "Metadata_"
# Columns that describe the file or the cell; they are no labels and no groups.
_OTHERS = ("File_", "Quality_", "SHA256", "PHash", "Signature", "Centroid", "Cell", "Source")
_MOST_SHOWN = 12


def find_column(names: Iterable[str], wanted: str) -> str:
    """Return the column that is called `wanted`, in any spelling, with or without ``Metadata_``.

    Returns `wanted` itself where there is none.

    Raises
    ------
    ModelError
        If several columns are called so.

    Examples
    --------
    >>> find_column(["Metadata_patient id", "Metadata_Label"], "Patient_ID")
    'Metadata_patient id'
    """
    every = list(map(str, names))
    if wanted in every:
        return wanted
    found = [name for name in every if _form(name) == _form(wanted)]
    exact = [name for name in found if name == PREFIX + wanted]
    if len(found) > 1 and not exact:
        raise ModelError(
            f"{wanted} may be {' or '.join(map(repr, found))}", "write the name of one of them"
        )
    return (exact or found or [wanted])[0]


def offered_columns(names: Iterable[str], wanted: str) -> str:
    """Return the metadata columns to choose from, the most similar names first."""
    every = [
        name
        for name in map(str, names)
        if name.startswith(PREFIX) and not name.removeprefix(PREFIX).startswith(_OTHERS)
    ]
    forms = {_form(name): name for name in every}
    close = [forms[form] for form in get_close_matches(_form(wanted), list(forms), n=3)]
    ordered = [*close, *(name for name in every if name not in close)]
    if not ordered:
        return f"no column begins with {PREFIX}"
    more = ", …" if len(ordered) > _MOST_SHOWN else ""
    return "the table has " + ", ".join(map(repr, ordered[:_MOST_SHOWN])) + more


def _form(name: str) -> str:
    form = normal_form(name)
    return form.removeprefix(normal_form(PREFIX)) or form
