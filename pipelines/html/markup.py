"""Small pieces of a page: everything that is not markup is escaped here."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from html import escape
from math import floor, isfinite, log10
from typing import Any

STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; color: #1c2126;
  max-width: 62rem; margin: 2rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; }
h2 { font-size: 1.25rem; margin: 2.4rem 0 .6rem; padding-bottom: .2rem;
  border-bottom: 1px solid #d5dade; }
h3 { font-size: 1.02rem; }
p.lead { color: #4a545c; margin-top: 0; }
.note { background: #eef4f9; border-left: 4px solid #0072b2; padding: .5rem .9rem;
  margin: .7rem 0; }
.warn { background: #fdf0e6; border-left-color: #d55e00; }
table { border-collapse: collapse; margin: .6rem 0 1.2rem; font-size: .9rem; }
th, td { padding: .25rem .5rem; border-bottom: 1px solid #e4e8eb; text-align: left;
  vertical-align: top; }
td { overflow-wrap: break-word; }
th { background: #f3f6f8; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
td.n { white-space: nowrap; }
figure { margin: .8rem 0; }
svg, img { max-width: 100%; height: auto; }
figcaption { color: #4a545c; font-size: .88rem; }
figure img { display: block; }
.whole { white-space: nowrap; }
.small { color: #5a646c; font-size: .8rem; overflow-wrap: anywhere; }
nav { font-size: .88rem; columns: 3 14rem; margin: 1rem 0 0; }
nav a, td a { color: #0b5394; text-decoration: none; display: inline-block; }
nav a { display: block; padding: .1rem 0; }
.cells { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.6rem, 1fr)); gap: 1rem; }
.cells figure { margin: 0; }
.cells { align-items: end; }
.cells img { width: 100%; }
td svg { max-width: none; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f3f6f8; padding: .6rem .8rem; }
.cells figcaption { font-size: .78rem; line-height: 1.35; overflow-wrap: anywhere; }
.row { display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-start; }
details summary { cursor: pointer; color: #0b5394; }
@media print {
  html { font-size: 12px; }
  body { margin: 0; max-width: none; font-size: 1rem; }
  .row { flex-wrap: nowrap; }
  .row > div { min-width: 0; }
  nav { display: none; }
  thead { display: table-header-group; }
  details::details-content { content-visibility: visible; display: block; }
  h2, h3, summary { break-after: avoid; }
  figure, tr, .note { break-inside: avoid; }
}
"""


def page(title: str, parts: Iterable[str]) -> str:
    """Return a whole self-contained page."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


def heading(text: str, level: int = 2, *, name: str | None = None) -> str:
    """Return a heading; one of the second level can be linked to by its name or its words."""
    if name is None and level == 2:
        name = re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")
    place = f' id="{escape(name)}"' if name else ""
    return f"<h{level}{place}>{escape(text)}</h{level}>"


def headings(parts: Iterable[str]) -> dict[str, str]:
    """Return the headings of a page that can be linked to: name to words, as markup."""
    return dict(re.findall(r'<h[12] id="([^"]+)">(.*?)</h[12]>', "".join(parts)))


def contents(parts: Iterable[str]) -> str:
    """Return links to the headings of a page, but for its title."""
    (_, *found) = headings(parts).items()
    return "<nav>" + "".join(f'<a href="#{name}">{text}</a>' for name, text in found) + "</nav>"


def paragraph(text: str, kind: str = "") -> str:
    """Return a paragraph of plain text."""
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def note(text: str, *, warning: bool = False) -> str:
    """Return a box that stands out."""
    return f'<div class="note{" warn" if warning else ""}">{escape(text)}</div>'


def figure(svg: str, caption: str) -> str:
    """Return a picture (SVG text of our own) with its caption."""
    return f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], numbers: Sequence[int] = ()) -> str:
    """Return a table; numbers are shown to three places and set right, as are columns `numbers`."""
    body = [list(row) for row in rows]
    right = [
        at
        for at in range(len(head))
        if at in numbers or (body and all(isinstance(row[at], int | float | None) for row in body))
    ]
    return raw_table(head, [[breaking(shown(value)) for value in row] for row in body], right)


def breaking(text: str) -> str:
    """Escape a text for a table, and say where its names, hashes and paths may break.

    Behind an underline, before a capital, and in a longer run every twelve characters.

    Examples
    --------
    >>> breaking("Cells_AreaShape < 1")
    'Cells_<wbr>Area<wbr>Shape &lt; 1'
    >>> breaking("0123456789abcdef0123")
    '0123456789ab<wbr>cdef0123'
    """
    marked = re.sub("(?<=_)|(?<=[a-z])(?=[A-Z])", "\0", text)
    marked = re.sub(r"[^\s\0]{12}(?=[^\s\0]{8})", "\\g<0>\0", marked)
    return escape(marked).replace("\0", "<wbr>")


def raw_table(
    head: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = ()
) -> str:
    """Return a table whose cells are markup already; the columns of numbers are set right."""
    right = [at in numbers for at in range(len(head))]
    lines = [_row("td", row, right) for row in rows]
    named = _row("th", [escape(text) for text in head], right)
    return f"<table><thead>{named}</thead><tbody>{''.join(lines)}</tbody></table>"


def image(jpeg: bytes, says: str) -> str:
    """Return a picture that lies in the page itself."""
    coded = base64.b64encode(jpeg).decode("ascii")
    return f'<img alt="{escape(says)}" src="data:image/jpeg;base64,{coded}">'


def shown(value: object) -> str:
    """Text of a value: three decimals (four of a small one), a dash for what is unknown."""
    if value is None or (isinstance(value, float) and not isfinite(value)):
        return "-"
    if not isinstance(value, float):
        return str(value)
    return f"{value:.4f}" if 0 < abs(value) < 0.01 else f"{value:.3f}"


def significant(value: float, scale: float | None = None) -> str:
    """Text of a number to calculate with: six significant digits.

    Parameters
    ----------
    value : float
    scale : float, optional
        What differences to `value` are divided by: where it is the smaller, it is what has six.

    Examples
    --------
    >>> significant(-1.23456789e-6), significant(21874.123456), significant(21874.123456, 0.5)
    ('-1.23457e-06', '21874.1', '21874.123456')
    """
    digits = 6
    if scale and value:
        digits += max(0, floor(log10(abs(value))) - floor(log10(abs(scale))))
    return f"{value:.{digits}g}"


def interval(low: float | None, high: float | None) -> str:
    """Text of an interval."""
    return "-" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def folded(summary: str, content: str) -> str:
    """Return content that opens on a click, and is printed."""
    return f"<details><summary>{escape(summary)}</summary>{content}</details>"


def side_by_side(*parts: str) -> str:
    """Return parts in a row that breaks where the page is narrow."""
    return '<div class="row">' + "".join(f"<div>{part}</div>" for part in parts) + "</div>"


def _row(tag: str, cells: Sequence[str], right: Sequence[bool]) -> str:
    marks = [' class="n"' if number else "" for number in right]
    inside = "".join(
        f"<{tag}{mark}>{cell}</{tag}>" for mark, cell in zip(marks, cells, strict=True)
    )
    return f"<tr>{inside}</tr>"
