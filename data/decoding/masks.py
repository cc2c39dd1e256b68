"""Decoding of given masks of nucleus and cell, in the encodings of public data sets."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..limits import MAX_PIXELS
from .label_images import is_label_image, renumber_labels
from .mask_background import MaskNumbers, count_from_background
from .mask_pixels import CODE, read_mask_pixels
from .mask_plausibility import check_background, check_flat, check_plausible
from .mask_values import Nested, distinct_values, nesting

_FORMS = "0/128/255 or 0/1/2 (background/cytoplasm/nucleus), or white/blue/cyan"
# Largest difference of a pixel from its class's colour (JPEG, soft edges).
_COLOUR_TOLERANCE = 96
_MAX_STRAY = 0.05
_GREY_TOLERANCE = 16

# A mask, or a label image.
_Given: TypeAlias = NDArray[np.bool_] | NDArray[np.int32]
_MaskIs: TypeAlias = Literal["nucleus", "cell"] | None


def decode_mask(
    content: bytes,
    shape: tuple[int, int],
    *,
    mask_is: _MaskIs,
    max_pixels: int = MAX_PIXELS,
) -> tuple[_Given | None, _Given | None]:
    """Decode a mask image to nucleus and cell.

    The file is read as numbers (`data.decoding.mask_pixels`), counted from the background
    (`data.decoding.mask_background`).

    - Three numbers are background, cytoplasm and nucleus, such as 0/128/255, 0/1/2 or 1/2/3, if
      the highest is inside the middle one. In colour, white is background, blue cytoplasm, cyan
      nucleus (ALL-IDB2, L. Putzu).
    - Two numbers are background and foreground; `mask_is` states what the foreground shows.
    - Other whole numbers are those of cells; `mask_is` states what each shows.
    - Levels of a soft or compressed mask count as the nearest of 0, 128 and 255. But if fewer than
      half of the middle-level pixels are within 16 of 128, they are the soft edge of a two-valued
      mask.

    Parameters
    ----------
    content : bytes
        A file that `decode_rgb` can decode, of the image's size.
    shape : (rows, cols)
        Size of the image.
    mask_is : "nucleus", "cell" or None
        Meaning of the foreground of a two-valued mask, or of the labels of a label image.
    max_pixels : int
        Masks with a larger declared size are refused before decoding.

    Returns
    -------
    nucleus, cell : arrays of `shape`, or None
        Bool, with the nucleus inside the cell; for a label image int32: 0 outside, 1, 2, … for
        the cells.

    Raises
    ------
    DataError
        For an unreadable or blank mask, another shape, other colours, a two-valued mask or label
        image without `mask_is`, or cells that cover the picture.
    """
    try:
        pixels = read_mask_pixels(content, max_pixels)
    except DataError as error:
        raise DataError(f"the mask: {error.reason}", error.remedy) from error
    rows, cols = pixels.values.shape[:2]
    if (rows, cols) != tuple(shape):
        raise DataError(
            f"the mask has {cols} x {rows} pixels, its image {shape[1]} x {shape[0]}",
            "give a mask of the image's own size",
        )
    if pixels.values.ndim == 3:
        nucleus, cytoplasm = _from_colours(pixels.values, pixels.transparent)
        masks: tuple[_Given | None, _Given | None] = nucleus, nucleus | cytoplasm
        read = "white background, blue cytoplasm, cyan nucleus"
    else:
        masks, read = _from_numbers(count_from_background(pixels), mask_is)
    check_plausible(*masks, read)
    return masks


def _from_colours(
    rgb: NDArray[np.uint8], transparent: NDArray[np.bool_] | None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    if transparent is not None:
        rgb = np.where(transparent[..., None], CODE[0], rgb)
    background = rgb[..., 0] >= 128
    nucleus = ~background & (rgb[..., 1] >= 128)
    cytoplasm = ~background & ~nucleus
    meant = CODE[np.select([background, cytoplasm], [0, 1], 2)]
    stray = (np.abs(meant.astype(np.int16) - rgb).max(axis=2) > _COLOUR_TOLERANCE).mean()
    if stray > _MAX_STRAY:
        raise DataError(
            f"{stray:.0%} of the mask's pixels are neither white, blue nor cyan",
            f"give a mask with values {_FORMS}",
        )
    return nucleus, cytoplasm


def _from_numbers(
    mask: MaskNumbers, mask_is: _MaskIs
) -> tuple[tuple[_Given | None, _Given | None], str]:
    """Return nucleus and cell, and what was read, for messages."""
    back = f"{mask.stored(0)} background"
    values = distinct_values(mask)
    if values is None:
        if is_label_image(mask):
            return _instances(mask, mask_is), f"{back}, one other number for each {mask_is}"
        return _from_levels(mask.level, mask_is), f"{back}, levels near 128 and 255"
    if len(values) == 2:
        check_background(mask, values[1])
        found = mask.numbers > values[1] / 2
        return _two_valued(found, mask_is), f"{back}, {mask.stored(values[1])} {mask_is}"
    _, middle, high = values
    nested = nesting(mask, middle, high)
    if nested is Nested.REVERSED:
        raise DataError(
            f"the mask's number {mask.stored(middle)} is inside the number {mask.stored(high)}: "
            f"read as {back}, {mask.stored(middle)} cytoplasm, {mask.stored(high)} nucleus, the "
            "nucleus would surround the cytoplasm",
            "save background, cytoplasm and nucleus as 0, 128 and 255",
        )
    if nested is Nested.NO:
        return _instances(mask, mask_is), f"{back}, one other number for each {mask_is}"
    nucleus = mask.numbers > (middle + high) / 2
    cell = mask.numbers > middle / 2
    return (nucleus, cell), (
        f"{back}, {mask.stored(middle)} cytoplasm, {mask.stored(high)} nucleus"
    )


def _from_levels(level: NDArray[np.uint8], mask_is: _MaskIs) -> tuple[_Given | None, _Given | None]:
    """Return nucleus and cell of a soft or compressed mask."""
    check_flat(level)
    nucleus = level >= 192
    cytoplasm = (level >= 64) & ~nucleus
    if nucleus.any() and cytoplasm.any() and not _is_soft_edge(level[cytoplasm]):
        return nucleus, nucleus | cytoplasm
    return _two_valued(level >= 64 if not nucleus.any() else level >= 128, mask_is)


def _is_soft_edge(middle: NDArray[np.uint8]) -> bool:
    return bool((np.abs(middle.astype(np.int16) - 128) <= _GREY_TOLERANCE).mean() < 0.5)


def _instances(mask: MaskNumbers, mask_is: _MaskIs) -> tuple[_Given | None, _Given | None]:
    if mask_is is None:
        levels = np.unique(mask.numbers[mask.numbers > 0])
        first, last = sorted((levels[0], levels[-1]), key=lambda level: mask.sign * float(level))
        raise DataError(
            f"the mask looks like a label image of {levels.size} values, {mask.stored(first)} to "
            f"{mask.stored(last)}: each may be a nucleus or a whole cell",
            f"say which with --mask-is nucleus or --mask-is cell, or give a mask with values "
            f"{_FORMS}",
        )
    ids = renumber_labels(mask.numbers)
    return (ids, None) if mask_is == "nucleus" else (None, ids)


def _two_valued(
    foreground: NDArray[np.bool_], mask_is: _MaskIs
) -> tuple[_Given | None, _Given | None]:
    if not foreground.any():
        raise DataError(
            "the mask is blank: no pixel reaches the level of cytoplasm",
            f"give a mask with values {_FORMS}",
        )
    if mask_is is None:
        raise DataError(
            "the mask has two values: it may show the nucleus or the whole cell",
            "say which with --mask-is nucleus or --mask-is cell",
        )
    return (foreground, None) if mask_is == "nucleus" else (None, foreground)
