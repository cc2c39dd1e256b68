"""Decoding of given masks of nucleus and cell, in the encodings of public data sets."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..limits import MAX_PIXELS
from .images import decode_rgb
from .label_images import label_samples, renumber_labels

_FORMS = "0/128/255 or 0/1/2 (background/cytoplasm/nucleus), or white/blue/cyan"
# Largest difference of a pixel from its class's colour (JPEG, soft edges).
_COLOUR_TOLERANCE = 96
_MAX_STRAY = 0.05
_GREY_TOLERANCE = 16

# A mask, or a label image.
_Given: TypeAlias = NDArray[np.bool_] | NDArray[np.int32]


def decode_mask(
    content: bytes,
    shape: tuple[int, int],
    *,
    mask_is: Literal["nucleus", "cell"] | None,
    max_pixels: int = MAX_PIXELS,
) -> tuple[_Given | None, _Given | None]:
    """Decode a mask image to nucleus and cell.

    Three values: grey 0/128/255 or 0/1/2 are background, cytoplasm, nucleus; in colour, white
    is background, blue cytoplasm, cyan nucleus (ALL-IDB2, L. Putzu). Other levels count as the
    nearest of the three. But if fewer than half of the middle-level pixels are within 16 of 128,
    they are the soft edge of a two-valued mask. `mask_is` states what a two-valued mask or a label
    image shows; the other mask is then None. `data.decoding.label_images.label_samples` defines
    which images are label images.

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
        For an unreadable or blank mask, another shape, other colours, or a two-valued mask or
        label image without `mask_is`.
    """
    try:
        rgb = decode_rgb(content, max_pixels=max_pixels)
    except DataError as error:
        raise DataError(f"the mask: {error.reason}", error.remedy) from error
    if rgb.shape[:2] != tuple(shape):
        raise DataError(
            f"the mask has {rgb.shape[1]} x {rgb.shape[0]} pixels, its image {shape[1]} x "
            f"{shape[0]}",
            "give a mask of the image's own size",
        )
    if _is_coloured(rgb):
        nucleus, cytoplasm = _from_colours(rgb)
        return nucleus, nucleus | cytoplasm
    level = rgb[..., 1]
    darkest, brightest = int(level.min()), int(level.max())
    if darkest == brightest:
        raise DataError(
            f"the mask is blank: every pixel is {darkest}", f"give a mask with values {_FORMS}"
        )
    samples = label_samples(content, level)
    if samples is not None:
        return _instances(samples, mask_is)
    if brightest <= 2:
        level = np.array([0, 128, 255], np.uint8)[level]
    nucleus = level >= 192
    cytoplasm = (level >= 64) & ~nucleus
    if nucleus.any() and cytoplasm.any() and not _is_soft_edge(level[cytoplasm]):
        return nucleus, nucleus | cytoplasm
    return _two_valued(level >= 64 if not nucleus.any() else level >= 128, mask_is)


def _is_coloured(rgb: NDArray[np.uint8]) -> bool:
    return bool((rgb.max(axis=2).astype(np.int16) - rgb.min(axis=2) > _COLOUR_TOLERANCE).any())


def _from_colours(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    background = rgb[..., 0] >= 128
    nucleus = ~background & (rgb[..., 1] >= 128)
    cytoplasm = ~background & ~nucleus
    meant = np.stack(
        [background, background | nucleus, np.ones_like(background)], axis=-1
    ) * np.uint8(255)
    stray = (np.abs(meant.astype(np.int16) - rgb).max(axis=2) > _COLOUR_TOLERANCE).mean()
    if stray > _MAX_STRAY:
        raise DataError(
            f"{stray:.0%} of the mask's pixels are neither white, blue nor cyan",
            f"give a mask with values {_FORMS}",
        )
    return nucleus, cytoplasm


def _is_soft_edge(middle: NDArray[np.uint8]) -> bool:
    return bool((np.abs(middle.astype(np.int16) - 128) <= _GREY_TOLERANCE).mean() < 0.5)


def _instances(
    samples: NDArray[Any], mask_is: Literal["nucleus", "cell"] | None
) -> tuple[_Given | None, _Given | None]:
    if mask_is is None:
        levels = np.unique(samples[samples > 0])
        raise DataError(
            f"the mask looks like a label image of {levels.size} values, {levels[0]:.0f} to "
            f"{levels[-1]:.0f}: each may be a nucleus or a whole cell",
            f"say which with --mask-is nucleus or --mask-is cell, or give a mask with values "
            f"{_FORMS}",
        )
    ids = renumber_labels(samples)
    return (ids, None) if mask_is == "nucleus" else (None, ids)


def _two_valued(
    foreground: NDArray[np.bool_], mask_is: Literal["nucleus", "cell"] | None
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
