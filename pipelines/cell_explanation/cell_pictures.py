"""Pictures of cells and fields for the page of an explanation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import cv2
    import numpy as np
    from numpy.typing import NDArray

    from features.segmentation.segment import FoundCell, Segmentation

    UInt8 = NDArray[np.uint8]

# Pixels of the longer side of a cell's picture and of the field's.
SIDE, FIELD = 400, 1100
MARGIN = 0.2
NUCLEUS, CELL = (0, 220, 255), (255, 210, 0)


def portrait(rgb: UInt8, found: FoundCell, *, outlined: bool) -> bytes:
    """Return a cell enlarged, with a margin, as JPEG.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
        The image.
    found : FoundCell
    outlined : bool
        Draw the outlines of cell and nucleus.
    """
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


def numbered_field(rgb: UInt8, found: Segmentation) -> bytes:
    """Return an image made small, its cells in numbered boxes, as JPEG.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
    found : Segmentation
    """
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


def _jpeg(rgb: cv2.typing.MatLike) -> bytes:
    import cv2

    picture = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    _, content = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, 88))
    return bytes(content.tobytes())
