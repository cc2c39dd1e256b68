"""The page that explains cells: pictures, probability, reasons, the nearest training cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import isnan
from typing import TYPE_CHECKING, Any

from ..html.markup import (
    breaking,
    figure,
    heading,
    image,
    note,
    page,
    paragraph,
    raw_table,
    side_by_side,
)
from .shortcut_section import warnings

if TYPE_CHECKING:
    from features.segmentation.segment import FoundCell, Segmentation
    from models.storage.bundle import Bundle

    from .cell_sheet import CellSheet, Reason

# Pixels of the longer side of a cell's picture and of the field's.
SIDE, FIELD = 400, 1100
MARGIN = 0.2
NUCLEUS, CELL = (0, 220, 255), (255, 210, 0)


def sheet(
    name: str,
    rgb: Any,  # noqa: ANN401
    found: Segmentation,
    cells: Sequence[CellSheet],
    bundle: Bundle,
    evaluation: Mapping[str, Any],
) -> str:
    """Return the page.

    Parameters
    ----------
    name : str
        Of the image.
    rgb : (rows, cols, 3) uint8
    found : Segmentation
        All its cells.
    cells : sequence of CellSheet
        Those that are explained.
    bundle : Bundle
    evaluation : mapping
        What the model is worth.
    """
    return page(f"blastometry: {name}", _parts(name, rgb, found, cells, bundle, evaluation))


def _parts(
    name: str,
    rgb: Any,  # noqa: ANN401
    found: Segmentation,
    cells: Sequence[CellSheet],
    bundle: Bundle,
    evaluation: Mapping[str, Any],
) -> Iterator[str]:
    yield heading(name, 1)
    count = len(found.cells)
    yield paragraph(
        f"{len(cells)} of {count} cells" if count > 1 else "One cell",
        "lead",
    )
    yield note(
        "This sheet assists a qualified reader: it says what a model goes by, and makes no "
        "diagnosis. The model knows cells that were sampled, stained and photographed as those "
        "that it was trained on."
    )
    for text in warnings(evaluation):
        yield note(f"The model's report warns of a shortcut: {text}", warning=True)
    if count > 1:
        yield figure(
            image(_field(rgb, found), "the field with its cells numbered"),
            "The whole image; cells are numbered from top to bottom.",
        )
    for one in cells:
        yield from _cell(rgb, one, bundle, several=count > 1)
    yield from _how(cells[0])


def _cell(
    rgb: Any,  # noqa: ANN401
    one: CellSheet,
    bundle: Bundle,
    *,
    several: bool,
) -> Iterator[str]:
    title = f"Cell {one.number}: called {one.decided}" if several else f"Called {one.decided}"
    yield heading(title, name=f"cell-{one.number}")
    for text in one.warnings:
        yield note(text, warning=True)
    shares = [
        [breaking(name), _bar(share), f"{share:.3f}"]
        for name, share in zip(bundle.classes, one.probabilities, strict=True)
    ]
    threshold = (
        f"Called {bundle.positive} from {bundle.threshold:.2f} on. "
        if bundle.positive is not None and len(bundle.classes) == 2
        else ""
    )
    yield side_by_side(
        figure(
            image(_portrait(rgb, one.found, outlined=True), "the cell with outlines"),
            "Outlines: cell yellow, nucleus blue.",
        ),
        figure(
            image(_portrait(rgb, one.found, outlined=False), "the cell"),
            "As photographed.",
        ),
    )
    yield (
        raw_table(["class", "", "probability"], shares, numbers=[2])
        + paragraph(threshold + one.calibration)
        + paragraph(
            "Probabilities hold where the classes are as common as in the training data.", "small"
        )
    )
    yield from _reasons(one)
    yield from _nearest(one)


def _reasons(one: CellSheet) -> Iterator[str]:
    yield heading(f"What speaks for {one.of} and what for {one.against}", 3)
    largest = max((abs(reason.contribution) for reason in one.reasons), default=1.0)
    rows = [
        [
            escape(reason.words) + _column(reason),
            _arrow(reason.contribution / largest),
            f"{reason.contribution:+.2f}",
            f'<span class="whole">{escape(one.of if reason.contribution > 0 else one.against)}'
            "</span>",
        ]
        for reason in one.reasons
    ]
    if not isnan(one.explained.base):
        plain = [
            ("all other features together", one.rest),
            ("start, before a look at the cell", one.explained.base),
            (f"log odds of {one.of} against {one.against}", one.explained.log_odds),
        ]
        rows += [[escape(words), "", f"{value:+.2f}", ""] for words, value in plain]
    yield raw_table(["measured", "", "log odds", "speaks for"], rows, numbers=[2])


def _column(reason: Reason) -> str:
    """Return a small second line: the column behind the words, and how many go with it."""
    if not reason.feature:
        return ""
    others = f" and {reason.others} correlated" if reason.others else ""
    return f'<br><span class="small">{breaking(reason.feature)}{others}</span>'


def _nearest(one: CellSheet) -> Iterator[str]:
    yield heading("Nearest training cells", 3)
    near = one.nearest
    same = sum(other.label == one.decided for other in near)
    yield paragraph(
        f"{same} of the {len(near)} nearest are {one.decided}. Distances are in the leading "
        "principal components of all features; 1 is the distance that 99 of 100 training cells "
        "have at most from cells of other groups, and this cell's own mean is "
        f"{one.strange.distance:.2f}."
    )
    rows = []
    for other in near:
        picture = one.pictures.get((other.image, other.cell))
        words = [other.label, other.image, str(other.cell), other.subject or "-"]
        rows.append(
            [
                "no picture" if picture is None else image(picture, f"training cell, {words[0]}"),
                *(breaking(text) for text in words),
                f"{other.distance / one.usual:.2f}",
            ]
        )
    head = ["", "label", "image", "cell", "subject", "distance"]
    yield raw_table(head, rows, numbers=[3, 5])


def _how(one: CellSheet) -> Iterator[str]:
    yield heading("How to read this", name="how")
    yield paragraph(
        f"Contributions are {one.explained.measure}. The log odds are 0 where both classes are "
        "equally probable; +2.2 is 9 to 1. Features that correlate are taken together and named "
        "by the one of them that contributes most. Percentiles are those of the training cells of "
        "each class. A contribution says what the model goes by, not what causes the cell to look "
        "so."
    )


def _bar(share: float) -> str:
    """Return a bar of that length of 120 pixels."""
    return (
        '<svg width="120" height="12"><rect width="120" height="12" fill="#eceff1"/>'
        f'<rect width="{120 * share:.1f}" height="12" fill="#0072b2"/></svg>'
    )


def _arrow(part: float) -> str:
    """Return a bar to the right (for) or to the left (against) of the middle of 160 pixels."""
    length = 78 * abs(part)
    start, colour = (80.0, "#d55e00") if part > 0 else (80 - length, "#0072b2")
    return (
        '<svg width="160" height="12"><line x1="80" x2="80" y1="0" y2="12" stroke="#888"/>'
        f'<rect x="{start:.1f}" y="1" width="{length:.1f}" height="10" fill="{colour}"/></svg>'
    )


def _portrait(rgb: Any, found: FoundCell, *, outlined: bool) -> bytes:  # noqa: ANN401
    """Enlarge a cell with a margin around it."""
    import cv2
    import numpy as np

    cell = found.cell
    rows, cols = cell.cell.shape
    margin = round(MARGIN * max(rows, cols))
    top, left = (max(place - margin, 0) for place in cell.origin)
    low = min(cell.origin[0] + rows + margin, rgb.shape[0])
    right = min(cell.origin[1] + cols + margin, rgb.shape[1])
    scale = SIDE / max(low - top, right - left)
    size = (max(1, round((right - left) * scale)), max(1, round((low - top) * scale)))
    picture = cv2.resize(
        np.ascontiguousarray(rgb[top:low, left:right]),
        size,
        interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA,
    )
    if outlined:
        for mask, colour in ((cell.cell, CELL), (cell.nucleus, NUCLEUS)):
            whole = np.zeros((low - top, right - left), dtype=np.uint8)
            down, across = cell.origin[0] - top, cell.origin[1] - left
            whole[down : down + rows, across : across + cols] = mask
            # The grey edge of the enlarged mask, cut in its middle, is a smooth outline.
            large = cv2.resize(255 * whole, size, interpolation=cv2.INTER_LINEAR)
            inside = np.asarray(large > 127, dtype=np.uint8)
            lines, _ = cv2.findContours(inside, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
            cv2.drawContours(picture, lines, -1, colour, 2, cv2.LINE_AA)
    return _jpeg(picture)


def _field(rgb: Any, found: Segmentation) -> bytes:  # noqa: ANN401
    """Make a field small, and box and number its cells."""
    import cv2

    scale = min(1.0, FIELD / max(rgb.shape[:2]))
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    picture = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    for number, one in enumerate(found.cells, start=1):
        (top, left), (rows, cols) = one.cell.origin, one.cell.cell.shape
        first = (round(left * scale), round(top * scale))
        last = (round((left + cols) * scale), round((top + rows) * scale))
        cv2.rectangle(picture, first, last, (0, 0, 0), 2)
        place = (first[0] + 3, max(first[1] - 5, 18))
        for colour, width in (((255, 255, 255), 5), ((0, 0, 0), 2)):
            font = cv2.FONT_HERSHEY_SIMPLEX
            cv2.putText(picture, str(number), place, font, 0.7, colour, width, cv2.LINE_AA)
    return _jpeg(picture)


def _jpeg(rgb: Any) -> bytes:  # noqa: ANN401
    import cv2

    picture = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    _, content = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, 88))
    return bytes(content.tobytes())
