"""One normal form of names, by which subjects, labels, slides and columns are compared.

A name is shown as it was given. Its normal form has no case, no spaces or separators but between
numbers, no leading zeros, one Unicode form, and Latin letters for those of other scripts that look
the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import pandas as pd

# Words that programs and people write for a missing value, in lower case.
MISSING_WORDS = frozenset(
    (
        "", "nan", "+nan", "-nan", "na", "n/a", "n.a.", "n.a", "none", "null", "nil", "nat", "<na>",
        "#n/a", "#na", "<nan>", "<null>", "<none>", "1.#qnan", "1.#ind", "(null)", "(none)",
    )
)  # fmt: skip

_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
_SEPARATOR = r"[\s_./\\-]+"
_TOKEN = re.compile(rf"\d+|{_SEPARATOR}|[^\d\s_./\\-]+")
# Small letters of Cyrillic and Greek whose small or capital form looks like a Latin letter.
_SAME_SHAPE = str.maketrans("авекмнорстухіјѕһԁԛԝαβεικνορτυχ", "abekmhopctyxijshdqwabeiknoptux")
# Characters that look the same in many fonts, before case is removed.
_SAME_STROKE = str.maketrans("I1|0O", "lllOo")
# Shorter names, such as M0 and MO, differ on purpose.
_LEAST_LOOKALIKE = 4
_VARIANTS = range(0xFE00, 0xFE10)  # invisible signs that choose a form of a character


@lru_cache(maxsize=100_000)
def normal_form(name: str) -> str:
    """Return the form by which a name is compared.

    Examples
    --------
    >>> normal_form(" Patient_007 ") == normal_form("patient 7") == "patient7"
    True
    >>> normal_form("7.0"), normal_form("1-12"), normal_form("11-2")
    ('7', '1-12', '11-2')
    """
    text = _plain(name).casefold()
    text = unicodedata.normalize("NFKC", text).translate(_SAME_SHAPE)
    if _NUMBER.fullmatch(text):
        return _plain_number(text)
    tokens = _TOKEN.findall(text)
    kept = [
        _token(token, tokens[at - 1] if at else "", tokens[at + 1] if at + 1 < len(tokens) else "")
        for at, token in enumerate(tokens)
    ]
    return "".join(kept) or text


def is_missing(name: str) -> bool:
    """Whether a text is a word for a missing value: nan, NA, None and the like."""
    return _plain(name).casefold() in MISSING_WORDS


def look_alike(one: str, other: str) -> bool:
    """Whether two names look the same in many fonts, as ``blast`` and ``bIast`` do."""
    if min(len(one), len(other)) < _LEAST_LOOKALIKE:
        return False
    forms = {normal_form(name.translate(_SAME_STROKE)) for name in (one, other)}
    return len(forms) == 1


@dataclass(frozen=True, eq=False)
class Spellings:
    """Names of rows with one spelling each.

    Parameters
    ----------
    names : Series
        Text, or None where there is no name; the index of the given values.
    joined : tuple of tuple of str
        Names that were written in several ways: all spellings, the one that is used first.
    missing : tuple of (str, int)
        Words for a missing value, and how often each occurs.
    """

    names: pd.Series[Any]
    joined: tuple[tuple[str, ...], ...]
    missing: tuple[tuple[str, int], ...]


def one_spelling(values: pd.Series[Any]) -> Spellings:
    """Give the names of a column one spelling each: the most frequent, then the first in order."""
    text = [
        None if missing else str(value)
        for value, missing in zip(values, values.isna(), strict=True)
    ]
    counts = Counter(name for name in text if name is not None)
    ordered = sorted((-count, name) for name, count in counts.items())
    missing = tuple(
        (name, -count) for count, name in ordered if is_missing(name) and _plain(name) != ""
    )
    forms: dict[str, list[str]] = {}
    for _, name in ordered:
        if not is_missing(name):
            forms.setdefault(normal_form(name), []).append(name)
    used = {name: names[0] for names in forms.values() for name in names}
    joined = tuple(tuple(names) for names in forms.values() if len(names) > 1)
    names = [None if name is None else used.get(name) for name in text]
    return Spellings(pd.Series(names, index=values.index, dtype=object), joined, missing)


def quoted(name: str) -> str:
    """Return a name in quotes, with codes for characters that look like others."""
    return repr(name) if name.isascii() else f"{name!r} ({name!a})"


def shown_spellings(joined: Iterable[Iterable[str]], most: int = 5) -> str:
    """Return the spellings of some names, as in ``'P1' = 'p1'; 'P2' = 'P02'``."""
    every = [" = ".join(map(quoted, names)) for names in joined]
    return "; ".join(every[:most]) + ("; …" if len(every) > most else "")


def _plain(name: str) -> str:
    """Return a name in one Unicode form, without invisible characters, with plain dashes."""
    text = unicodedata.normalize("NFKC", name)
    kept = (
        "-" if unicodedata.category(char) == "Pd" or char == "\u2212" else char
        for char in text
        if unicodedata.category(char) != "Cf" and ord(char) not in _VARIANTS
    )
    return "".join(kept).strip()


def _plain_number(text: str) -> str:
    """Return a number without leading zeros and without zeros after its point."""
    value = Decimal(text.replace(",", "."))
    return f"{value.normalize():f}" if value else "0"


def _token(token: str, before: str, after: str) -> str:
    """Return what a name's normal form keeps of a number, a separator or a word in it."""
    if token[0].isdigit():
        return str(int(token)) if token.isdecimal() else token
    if not re.fullmatch(_SEPARATOR, token):
        return token
    if before[-1:].isdigit() and after[:1].isdigit():
        return "-"
    return token.strip(" _./\\\t") if not before or not after else ""  # CD34- is not CD34
