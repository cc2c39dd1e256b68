"""Doubts about a cell's masks, as flags that later stages can filter on."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

import cv2
import numpy as np

from ..primitives.arrays import Bytes
from .edge_slope import nucleus_densities, slope_at_outline
from .regions import equivalent_diameter, find_components, solidity

_ALIKE = 0.5  # two parts of a nucleus are of like size above this ratio of their areas
_SCANTY = 0.03  # share of the cell below which a compartment is missing
_BLURRED = 5.0  # nuclear diameters in the width of a blurred outline
_CLIPPED = 0.1  # share of the cell's pixels at an end of the scale
_RAGGED, _TATTERED = 0.955, 0.93  # solidity of the outline of a crushed cell, of a single one
_FADED, _PALE = 0.92, 0.38  # blueness of a crushed nucleus: against intact ones, on its own
_TRADE = 0.6  # how much of blueness a lack of solidity outweighs


@dataclass(frozen=True, eq=False)
class CellOutline:
    """One cell in its window of the image.

    Parameters
    ----------
    box : (slice, slice)
        Rows and columns of the window in the image.
    optical : (rows, cols, 3) uint8
        Optical density in the window, see `features.primitives.optical_density.density`.
    nucleus, cell : (rows, cols) uint8, 0 or 1
        The nucleus, perhaps empty, inside the cell.
    """

    box: tuple[slice, slice]
    optical: Bytes
    nucleus: Bytes
    cell: Bytes


@dataclass(frozen=True)
class Quality:
    """What is doubtful about a found cell.

    Parameters
    ----------
    touches_border : bool
        The cell reaches the edge of the image: it may be cut off.
    two_nuclei : bool
        The nucleus has two round parts of like size that fill the cell: perhaps two cells.
    no_cytoplasm, no_nucleus : bool
        The compartment has less than 3 % of the cell's pixels.
    out_of_focus : bool
        The outline of the nucleus is wider than a fifth of its diameter.
    saturated : bool
        More than a tenth of the cell's pixels have a channel at 0 or 255.
    smudge : bool
        A crushed cell: ragged, its chromatin less blue than that of intact cells.
    """

    touches_border: bool = False
    two_nuclei: bool = False
    no_cytoplasm: bool = False
    no_nucleus: bool = False
    out_of_focus: bool = False
    saturated: bool = False
    smudge: bool = False


@dataclass(frozen=True)
class SmudgeEvidence:
    """What tells a crushed cell from an intact one.

    Parameters
    ----------
    blueness : float
        Red density of the nucleus as a part of the green one.
    compact : float
        Solidity of the cell's outline: its area as a part of its convex hull's.
    """

    blueness: float
    compact: float


def has_two_nuclei(nucleus: Bytes, cell_area: int) -> bool:
    """Whether a nucleus has two round parts of like size that fill most of the cell."""
    if cv2.countNonZero(nucleus) < 0.5 * cell_area:
        return False
    found = find_components(nucleus)
    if found.areas.size < 3:
        return False
    first, second = np.argsort(found.areas)[::-1][:2]
    if found.areas[second] < _ALIKE * found.areas[first]:
        return False
    return all(solidity(found.mask(int(part))) > 0.9 for part in (first, second))


def assess(
    outlined: CellOutline, rgb: Bytes, shape: tuple[int, int]
) -> tuple[Quality, SmudgeEvidence]:
    """Look for doubts about one cell; whether it is crushed is for `smudged` to say.

    Parameters
    ----------
    outlined : Outlined
    rgb : (rows, cols, 3) uint8
        Pixels of its window.
    shape : (int, int)
        Rows and columns of the source image.

    Returns
    -------
    Quality, Signs
    """
    left, top, width, height = cv2.boundingRect(outlined.cell)
    inner = (slice(top, top + height), slice(left, left + width))
    nucleus, whole, optical, pixels = (
        np.ascontiguousarray(plane[inner])
        for plane in (outlined.nucleus, outlined.cell, outlined.optical, rgb)
    )
    top, left = top + outlined.box[0].start, left + outlined.box[1].start
    cut = min(top, left) <= 0 or top + height >= shape[0] or left + width >= shape[1]
    nuclear, area = cv2.countNonZero(nucleus), cv2.countNonZero(whole)
    red, green, contrast, clipped = nucleus_densities(pixels, optical, nucleus, whole)
    # Nuclear diameters in the width over which the chromatin falls off: about 15 in focus.
    slope = slope_at_outline(optical, nucleus) / 8
    sharp = slope / max(contrast, 1.0) * equivalent_diameter(nucleus) if nuclear else np.inf
    quality = Quality(
        touches_border=cut,
        two_nuclei=has_two_nuclei(nucleus, area),
        no_cytoplasm=area - nuclear < _SCANTY * area,
        no_nucleus=nuclear < _SCANTY * area,
        out_of_focus=sharp < _BLURRED,
        saturated=clipped > _CLIPPED * area,
    )
    return quality, SmudgeEvidence(red / max(green, 1.0), solidity(whole))


def find_smudges(signs: list[SmudgeEvidence]) -> list[bool]:
    """Tell which cells of an image are crushed.

    Parameters
    ----------
    signs : list of Signs

    Returns
    -------
    list of bool
    """
    intact = [sign.blueness for sign in signs if sign.compact > _RAGGED]
    if len(intact) < 2:
        return [sign.compact < _TATTERED and sign.blueness < _PALE for sign in signs]
    usual = median(intact)
    # The more ragged the outline, the less its blueness must have faded.
    return [
        sign.compact <= _RAGGED
        and sign.blueness < (_FADED + _TRADE * (_RAGGED - sign.compact)) * usual
        for sign in signs
    ]
