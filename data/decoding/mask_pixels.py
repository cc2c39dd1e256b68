"""A mask file as numbers: its colours and its opacity are codes, and no photograph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .images import decode_with_opacity, deep_samples, stored_palette_indices

_LOSSY = (b"\xff\xd8\xff", b"RIFF")  # JPEG, WebP
_HALF_OPAQUE = 128
_MOST = 0.5
_DRAWN = 0.01  # share of a mask's pixels that have a colour on purpose
# Largest difference between the channels of a grey pixel; more in files with lossy compression.
_GREY, _GREY_IF_LOSSY = 16, 96
# The colours of ALL-IDB2's masks: background, cytoplasm, nucleus.
CODE = np.array([[255, 255, 255], [0, 0, 255], [0, 255, 255]], np.uint8)
_CODE_TOLERANCE = 32


@dataclass(frozen=True, eq=False)
class MaskPixels:
    """The pixels of a mask file.

    Parameters
    ----------
    values : (rows, cols) of integers or floats, or (rows, cols, 3) uint8
        Stored grey levels, palette indices, or opacities where only these differ; RGB of a mask in
        colour.
    is_lossy : bool
        Whether the file format may change levels.
    transparent : (rows, cols) bool or None
        Pixels on which nothing was drawn; None without opacity, or where it says nothing.
    """

    values: NDArray[Any]
    is_lossy: bool
    transparent: NDArray[np.bool_] | None


def read_mask_pixels(content: bytes, max_pixels: int) -> MaskPixels:
    """Decode a mask file without the conversions that suit a photograph.

    Levels keep their stored depth. A palette stands for its indices, unless its colours are
    different greys or those of ALL-IDB2's masks. Opacity is no colour: it marks the background
    where most of the border is transparent, is the mask where the colour is the same everywhere,
    and is dropped elsewhere.

    Raises
    ------
    DataError
        For a file that `data.decoding.images.decode_rgb` refuses.
    """
    pixels = decode_with_opacity(content, max_pixels=max_pixels)
    colours = pixels[..., :3]
    is_lossy = content.startswith(_LOSSY)
    transparent = None
    if pixels.shape[2] == 4:
        opacity = np.ascontiguousarray(pixels[..., 3])
        if opacity.min() != opacity.max() and _is_uniform(colours):
            return MaskPixels(opacity, is_lossy, None)
        transparent = _background(colours, opacity < _HALF_OPAQUE)
    if transparent is not None:
        if _is_uniform(colours[~transparent]):
            return MaskPixels((~transparent).astype(np.uint8), is_lossy, None)
        # Whatever colour is hidden there, it does not make the mask coloured.
        colours = np.where(transparent[..., None], colours[..., 1:2], colours)
    indices = stored_palette_indices(content, max_pixels)
    if indices is not None and not _palette_has_levels(colours, indices):
        values = indices
    else:
        deep = _deep_grey(content, colours.shape[:2])
        values = deep if deep is not None else _grey_or_colours(colours, is_lossy)
    return MaskPixels(values, is_lossy, transparent)


def _is_uniform(colours: NDArray[np.uint8]) -> bool:
    pixels = colours.reshape(-1, 3)
    return bool((pixels == pixels[0]).all())


def _background(
    colours: NDArray[np.uint8], transparent: NDArray[np.bool_]
) -> NDArray[np.bool_] | None:
    """Return the transparent pixels if they are the background: most, not all, of the border.

    Raises
    ------
    DataError
        If a mask seems to be drawn under the transparency: two or three colours.
    """
    if transparent.all() or transparent[border(transparent.shape)].mean() <= _MOST:
        return None
    hidden = np.unique(colours[transparent], axis=0, return_counts=True)[1]
    if len(hidden) in (2, 3) and hidden.min() > _DRAWN * transparent.size:
        raise DataError(
            f"{transparent.mean():.0%} of its pixels are transparent and have {len(hidden)} colours"
            ": it cannot be seen whether they are background",
            "save it without its opacity channel (alpha)",
        )
    return transparent


def border(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return the mask (rows, cols) of the outermost pixels."""
    edge = np.ones(shape[:2], np.bool_)
    edge[1:-1, 1:-1] = False
    return edge


def _palette_has_levels(colours: NDArray[np.uint8], indices: NDArray[np.uint8]) -> bool:
    """Whether the palette's used colours are different greys, or those of ALL-IDB2's masks."""
    used, places = np.unique(indices, return_index=True)
    shown = colours.reshape(-1, 3)[places].astype(np.int16)
    if len(np.unique(shown, axis=0)) < len(used):
        return False
    distances = np.abs(shown[:, None] - CODE.astype(np.int16)).max(axis=2)
    is_code = (distances.min(axis=1) <= _CODE_TOLERANCE).all()
    return bool(np.ptp(shown, axis=1).max() == 0 or is_code)


def _deep_grey(content: bytes, shape: tuple[int, ...]) -> NDArray[Any] | None:
    """Return the samples of a grey file of more than 8 bits, also one with three equal channels."""
    samples = deep_samples(content)
    if samples is None or samples.shape[:2] != shape:
        return None
    if samples.ndim == 2:
        return samples
    channels = samples.shape[2]
    colours = samples[..., : {2: 1, 4: 3}.get(channels, channels)]
    same = (colours == colours[..., :1]).all()
    return np.ascontiguousarray(colours[..., 0]) if same else None


def _grey_or_colours(colours: NDArray[np.uint8], is_lossy: bool) -> NDArray[np.uint8]:
    """Return one channel where all are equal, but for the noise of a lossy compression."""
    spread = colours.max(axis=2).astype(np.int16) - colours.min(axis=2)
    is_grey = spread.max() <= (_GREY_IF_LOSSY if is_lossy else _GREY)
    return np.ascontiguousarray(colours[..., 1] if is_grey else colours)
