"""Whether decoded masks can be those of cells in a picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .mask_background import MaskNumbers
from .mask_pixels import border

# Largest share of the picture, and of its border, that cells cover.
_MAX_COVERED, _MAX_BORDER = 0.95, 0.9

_TOLERANCE = 16  # levels from 128 and 255
# Share of the dark pixels of a soft or compressed mask that have one level, at least.
_MIN_FLAT = 0.5


def check_background(mask: MaskNumbers, number: float) -> None:
    """Refuse a mask of the levels 128 and 255 only: cytoplasm and nucleus without a background."""
    low, high = (int(mask.level[mask.numbers == value][0]) for value in (0, number))
    if mask.sign > 0 and abs(low - 128) <= _TOLERANCE and high >= 255 - _TOLERANCE:
        raise DataError(
            f"the mask has the numbers {mask.stored(0)} and {mask.stored(number)}, without a "
            "background",
            "give a mask with 0 in the background",
        )


def check_flat(level: NDArray[np.uint8]) -> None:
    """Refuse levels (rows, cols) whose background is not flat, as that of a photograph."""
    counts = np.bincount(level[level < 64], minlength=1)
    share = counts.max() / max(1, counts.sum())
    if share < _MIN_FLAT:
        raise DataError(
            f"the mask's background has {np.count_nonzero(counts)} levels, and only {share:.0%} of "
            "it the most frequent one: it looks like a photograph",
            "give the folder of the masks, as PNG or TIFF",
        )


def check_plausible(nucleus: NDArray[Any] | None, cell: NDArray[Any] | None, read: str) -> None:
    """Refuse masks that cover the picture: another part of the file is the cell.

    Parameters
    ----------
    nucleus, cell : (rows, cols) bool or int32, or None
        Not both None.
    read : str
        What the numbers of the file were taken for.

    Raises
    ------
    DataError
        If they cover more than 95 % of the picture, or of 90 % of its border.
    """
    for name, mask in (("nuclei", nucleus), ("cells", cell)):
        if mask is None:
            continue
        front = mask > 0
        covered, edge = float(front.mean()), float(front[border(front.shape)].mean())
        if covered > _MAX_COVERED or edge > _MAX_BORDER:
            raise DataError(
                f"the mask's {name} cover {covered:.0%} of the picture and {edge:.0%} of its "
                f"border (read as {read})",
                "give a mask with 0 in the background, of an image that shows whole cells",
            )
