"""The background of a mask: its smallest number, or the number along its border."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .bit_depth import to_uint8
from .mask_pixels import MaskPixels, border

# Share of the border with the highest numbers: above it they are the background, or may be.
_INVERTED, _DOUBTFUL = 0.9, 0.5
_HIGH = 0.75  # of the range of the numbers


@dataclass(frozen=True, eq=False)
class MaskNumbers:
    """The numbers of a grey mask, counted from its background.

    Parameters
    ----------
    numbers : (rows, cols)
        0 in the background; integers, or floats where the file has fractions.
    level : (rows, cols) uint8
        The same at 8 bits, as `data.decoding.bit_depth.to_uint8` scales them.
    background : float
        The stored number of the background.
    sign : 1 or -1
        A stored number is ``background + sign * number``.
    is_lossy : bool
        Whether the file format may change levels.
    """

    numbers: NDArray[Any]
    level: NDArray[np.uint8]
    background: float
    sign: int
    is_lossy: bool

    def stored(self, number: float) -> str:
        """Return a number as the file has it, as text."""
        return f"{self.background + self.sign * float(number):g}"


def count_from_background(pixels: MaskPixels) -> MaskNumbers:
    """Find the background of a grey mask.

    It is what is transparent; without opacity, the smallest number, or the largest if more than
    nine tenths of the border have it (or numbers near to it).

    Raises
    ------
    DataError
        For a mask of one number, or one with the highest numbers along half of its border.
    """
    values = _with_transparent_background(pixels)
    lowest, highest = values.min(), values.max()
    if lowest == highest:
        raise DataError(
            f"the mask is blank: every pixel is {lowest:g}",
            "give a mask in which the cells have another number than the background",
        )
    level = to_uint8(values)
    if pixels.transparent is None and _is_inverted(values, float(lowest), float(highest)):
        inverted = np.asarray(255 - level, np.uint8)
        return MaskNumbers(highest - values, inverted, float(highest), -1, pixels.is_lossy)
    return MaskNumbers(values - lowest, level, float(lowest), 1, pixels.is_lossy)


def _with_transparent_background(pixels: MaskPixels) -> NDArray[Any]:
    """Return the values, with the smallest in the transparent background."""
    values, hidden = pixels.values, pixels.transparent
    if values.dtype.kind == "i" or (values.dtype.kind == "u" and hidden is not None):
        values = values.astype(np.int64)  # differences of small types would overflow
    if hidden is None:
        return values
    lowest = values[~hidden].min()
    if (values[hidden] == lowest).all():
        return values
    return np.where(hidden, 0 if lowest > 0 else lowest - 1, values)


def _is_inverted(values: NDArray[Any], lowest: float, highest: float) -> bool:
    edge = values[border(values.shape)]
    share = float((edge >= lowest + _HIGH * (highest - lowest)).mean())
    if _DOUBTFUL < share <= _INVERTED:
        raise DataError(
            f"{share:.0%} of the mask's border have the highest numbers (up to {highest:g}): they "
            "may be the background, or a cell",
            "give a mask with 0 in the background, of an image that shows whole cells",
        )
    return share > _INVERTED
