"""Outlines of the found objects over the picture, in a colour for each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from features.segmentation.segment import Segmentation

UInt8 = NDArray[np.uint8]

# Red, green, blue; they differ in lightness as well as in hue, for readers who are colour-blind.
NUCLEUS = (0, 255, 255)
COLOURS = {
    "white cell": (255, 220, 0),
    "broken cell": (213, 94, 0),
    "platelet": (0, 114, 178),
    "cut cell": (0, 0, 0),
}
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_ROW = 26  # pixels of a line of the legend


def overlay(rgb: UInt8, found: Segmentation) -> UInt8:
    """Draw the outlines of objects and nuclei over a picture.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
    found : Segmentation

    Returns
    -------
    (rows, cols, 3) uint8
        RGB. The outline of an object has the colour of its kind in `COLOURS`.
    """
    picture = rgb.copy()
    for kind, colour in COLOURS.items():
        labels = found.kept({kind}).labels()
        draw_outlines(picture, labels >= 128, colour)
    draw_outlines(picture, found.labels() == 255, NUCLEUS)
    return picture


def draw_outlines(
    picture: UInt8, mask: NDArray[np.bool_], colour: tuple[int, int, int], width: int = 1
) -> None:
    """Draw the outlines of a mask, (rows, cols) bool, into a picture."""
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(picture, outlines, -1, colour, width)


def with_legend(picture: UInt8, rows: dict[str, tuple[int, int, int]]) -> UInt8:
    """Return a picture with a white strip below it that names colours.

    Parameters
    ----------
    picture : (rows, cols, 3) uint8
    rows : dict of str to (int, int, int)
        A line of the legend for each text, with its colour.
    """
    width = max(picture.shape[1], 40 + 9 * max(map(len, rows), default=0))
    strip = np.full((10 + _ROW * len(rows), width, 3), 255, np.uint8)
    for place, (text, colour) in enumerate(rows.items()):
        top = 8 + _ROW * place
        cv2.rectangle(strip, (8, top), (28, top + 16), colour, -1)
        cv2.rectangle(strip, (8, top), (28, top + 16), (90, 90, 90), 1)
        cv2.putText(strip, text, (36, top + 14), _FONT, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    right = np.full((picture.shape[0], width - picture.shape[1], 3), 255, np.uint8)
    return np.concatenate([np.concatenate([picture, right], axis=1), strip])
