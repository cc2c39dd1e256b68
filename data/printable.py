"""File names as printable text."""

from __future__ import annotations

import re

# Undecodable bytes (surrogates), control characters and line separators.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def printable(name: str) -> str:
    r"""Return a file name that every table and terminal accepts.

    Bytes that are not UTF-8, control characters and line breaks are escaped.

    >>> printable("Zelle 1 ä.png"), printable("a\nb"), printable("\udcff.png")
    ('Zelle 1 ä.png', 'a\\x0ab', '\\xff.png')
    """
    return _UNPRINTABLE.sub(_escape, name)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a name that is not UTF-8 (PEP 383)
        code -= 0xDC00
    elif code >= 0x80:
        return f"\\u{code:04x}"
    return f"\\x{code:02x}"
