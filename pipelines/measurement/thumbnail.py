"""Draw one cell as a small JPEG with its outlines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from features.core.cell import Cell

# Raised whenever the same cell is drawn otherwise.
THUMBNAIL_VERSION = 1


SIDE = 96


_MARGIN = 0.15


_QUALITY = 80


_NUCLEUS = (255, 255, 0)


_CELL = (0, 220, 255)


def thumbnail(rgb: Any, cell: Cell) -> bytes:  # noqa: ANN401
    """Draw a cell and a margin around it as a JPEG, its nucleus outlined in cyan, itself in yellow.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
        The whole picture.
    cell : Cell
        Its place is `cell.origin`.

    Returns
    -------
    bytes
        Of a picture whose longer side has `SIDE` pixels.
    """
    import cv2
    import numpy as np

    rows, cols = cell.cell.shape
    margin = 1 + round(_MARGIN * max(rows, cols))
    top, left = (max(place - margin, 0) for place in cell.origin)
    low = min(cell.origin[0] + rows + margin, rgb.shape[0])
    right = min(cell.origin[1] + cols + margin, rgb.shape[1])
    longest = max(low - top, right - left)
    size = tuple(max(1, round(n * SIDE / longest)) for n in (right - left, low - top))
    pixels = rgb[top:low, left:right]
    times = min(longest // SIDE, *pixels.shape[:2])
    if times > 1:  # means of whole squares, then between them: a fifth of the time of areas
        fewer = (pixels.shape[1] // times, pixels.shape[0] // times)
        pixels = pixels[: fewer[1] * times, : fewer[0] * times]
        pixels = cv2.resize(pixels, fewer, interpolation=cv2.INTER_AREA)
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR)
    picture = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
    compartments = np.zeros((low - top, right - left), dtype=np.uint8)
    down, across = cell.origin[0] - top, cell.origin[1] - left
    compartments[down : down + rows, across : across + cols] = cell.compartment_labels
    shown = cv2.resize(compartments, size, interpolation=cv2.INTER_NEAREST)
    for level, colour in ((1, _CELL), (2, _NUCLEUS)):
        mask = np.asarray(shown >= level, dtype=np.uint8)
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(picture, outlines, -1, colour, 1)
    _, encoded = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))
    return encoded.tobytes()
