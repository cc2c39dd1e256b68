"""Quality flags of a cell, by which later stages can filter."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

import cv2
import numpy as np

from ..primitives.arrays import Bytes
from ..primitives.masks import equivalent_diameter
from .edge_slope import nucleus_densities_and_saturation, slope_at_outline
from .regions import find_components, solidity

_SIMILAR_AREA = 0.5  # ratio of the areas of two nuclei of one cell, at least
_MISSING = 0.03  # share of the cell, below which a compartment is missing
_BLURRED = 5.0  # nuclear diameter over the width of the outline, below which it is blurred
_SATURATED = 0.1  # share of the cell's pixels with a channel at 0 or 255
# Solidity of a smudge cell, at most: with intact cells to compare with, and without.
_SOLIDITY, _SOLIDITY_ALONE = 0.955, 0.93
# Blueness of a smudge cell, at most: relative to intact cells, and absolute without them.
_BLUENESS, _BLUENESS_ALONE = 0.92, 0.38
_TRADE_OFF = 0.6  # increase of the limit of blueness per unit of missing solidity


@dataclass(frozen=True, eq=False)
class CellOutline:
    """The masks of one cell in a window of the image.

    Parameters
    ----------
    box : (slice, slice)
        Rows and columns of the window in the image.
    density : (rows, cols, 3) uint8
        Optical density in the window, see `features.primitives.optical_density`.
    nucleus, cell : (rows, cols) uint8, 0 or 1
        The nucleus, which may be empty, and the whole cell.
    """

    box: tuple[slice, slice]
    density: Bytes
    nucleus: Bytes
    cell: Bytes


@dataclass(frozen=True)
class Quality:
    """Quality flags of a cell: True means doubtful.

    Parameters
    ----------
    touches_border : bool
        The cell touches the border of the image and may be incomplete.
    two_nuclei : bool
        The nucleus has two round components of similar size that fill the cell: perhaps two cells.
    no_cytoplasm, no_nucleus : bool
        The compartment has less than 3 % of the cell's pixels.
    out_of_focus : bool
        The outline of the nucleus is wider than a fifth of its diameter.
    saturated : bool
        More than a tenth of the cell's pixels have a channel at 0 or 255.
    smudge : bool
        A crushed cell: low solidity, and chromatin less blue than that of intact cells.
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
    """Measurements that separate smudge cells (crushed) from intact ones.

    Parameters
    ----------
    blueness : float
        Mean red density of the nucleus over its mean green density.
    solidity : float
        Area of the cell over the area of its convex hull.
    """

    blueness: float
    solidity: float


def has_two_nuclei(nucleus: Bytes, cell_area: int) -> bool:
    """Whether a nucleus has two round components of similar size that fill half of the cell."""
    if cv2.countNonZero(nucleus) < 0.5 * cell_area:
        return False
    components = find_components(nucleus)
    if components.areas.size < 3:
        return False
    first, second = np.argsort(components.areas)[::-1][:2]
    if components.areas[second] < _SIMILAR_AREA * components.areas[first]:
        return False
    return all(solidity(components.mask(int(number))) > 0.9 for number in (first, second))


def assess(
    outline: CellOutline, rgb: Bytes, shape: tuple[int, int]
) -> tuple[Quality, SmudgeEvidence]:
    """Set the quality flags of one cell, except `smudge`: `find_smudges` compares all cells.

    Parameters
    ----------
    outline : CellOutline
    rgb : (rows, cols, 3) uint8
        Pixels of the window.
    shape : (int, int)
        Rows and columns of the source image.

    Returns
    -------
    quality : Quality
    evidence : SmudgeEvidence
    """
    left, top, width, height = cv2.boundingRect(outline.cell)
    inner = (slice(top, top + height), slice(left, left + width))
    nucleus, whole, density, pixels = (
        np.ascontiguousarray(plane[inner])
        for plane in (outline.nucleus, outline.cell, outline.density, rgb)
    )
    top, left = top + outline.box[0].start, left + outline.box[1].start
    touches_border = min(top, left) <= 0 or top + height >= shape[0] or left + width >= shape[1]
    nuclear, area = cv2.countNonZero(nucleus), cv2.countNonZero(whole)
    red, green, contrast, saturated = nucleus_densities_and_saturation(
        pixels, density, nucleus, whole
    )
    # Nuclear diameter over the width in which the chromatin falls off: about 15 in focus.
    slope = slope_at_outline(density, nucleus) / 8
    focus = slope / max(contrast, 1.0) * equivalent_diameter(nucleus) if nuclear else np.inf
    quality = Quality(
        touches_border=touches_border,
        two_nuclei=has_two_nuclei(nucleus, area),
        no_cytoplasm=area - nuclear < _MISSING * area,
        no_nucleus=nuclear < _MISSING * area,
        out_of_focus=focus < _BLURRED,
        saturated=saturated > _SATURATED * area,
    )
    return quality, SmudgeEvidence(red / max(green, 1.0), solidity(whole))


def find_smudges(evidence: list[SmudgeEvidence]) -> list[bool]:
    """Decide for each cell of an image whether it is a smudge cell.

    Cells with a solidity above 0.955 are intact. If there are at least two, a smudge cell has a
    blueness below ``0.92 + 0.6 (0.955 - solidity)`` times their median blueness. If there are
    fewer, it has a solidity below 0.93 and a blueness below 0.38.

    Parameters
    ----------
    evidence : list of SmudgeEvidence

    Returns
    -------
    list of bool
    """
    intact = [cell.blueness for cell in evidence if cell.solidity > _SOLIDITY]
    if len(intact) < 2:
        return [
            cell.solidity < _SOLIDITY_ALONE and cell.blueness < _BLUENESS_ALONE for cell in evidence
        ]
    median_blueness = median(intact)
    # The lower the solidity, the less the blueness must be reduced.
    return [
        cell.solidity <= _SOLIDITY
        and cell.blueness < (_BLUENESS + _TRADE_OFF * (_SOLIDITY - cell.solidity)) * median_blueness
        for cell in evidence
    ]
