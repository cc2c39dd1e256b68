"""Draw one cell as a small JPEG with its outlines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from features.core.cell import Cell

# Raise it whenever the same cell is drawn in another way.
THUMBNAIL_VERSION = 1

# Pixels of the longer side.
SIDE = 96
# Margin around the cell, as a share of its longer side.
_MARGIN = 0.15
# JPEG quality, 0 to 100.
_QUALITY = 80
# Colours of the outlines, blue, green, red.
_NUCLEUS = (255, 255, 0)
_CELL = (0, 220, 255)


def thumbnail(rgb: Any, cell: Cell) -> bytes:  # noqa: ANN401
    """Draw a cell with a margin as a JPEG; outline the nucleus in cyan and the cell in yellow.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
        The whole picture.
    cell : Cell
        It begins at `cell.origin` of the picture.

    Returns
    -------
    bytes
        A JPEG whose longer side has `SIDE` pixels.
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
    if times > 1:  # average whole squares, then interpolate: a fifth of the time of INTER_AREA
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
