"""Decoding of single-image TIFF files to RGB, with the decoder that is right for their kind."""

from __future__ import annotations

import io
import logging
import struct
from typing import Any, TypeVar

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray

from ..errors import DataError
from .bit_depth import JoinOpacity, channels_to_rgb
from .decoders import (
    COPY_AGAIN,
    check_size,
    decode_opencv,
    decode_pillow,
    decode_unchanged,
)
from .tiff_pages import (
    MIN_IS_BLACK,
    RGB,
    UNCOMPRESSED,
    UNSIGNED,
    Page,
    check_single_image,
    read_directory,
    read_page,
)

# Without a handler, tifffile's log messages would be written to stderr.
logging.getLogger("tifffile").addHandler(logging.NullHandler())

_TIFFFILE_ERRORS = (
    tifffile.TiffFileError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    struct.error,
)

_Sample = TypeVar("_Sample", bound=np.generic)

_MIN_IS_WHITE = 0
_ASSOCIATED, _UNASSOCIATED = 1, 2
_FILL_ORDER = 266
_STRIP_OFFSETS, _STRIP_BYTES, _TILE_OFFSETS, _TILE_BYTES = 273, 279, 324, 325


def _read_contiguous_strips(page: Page, content: bytes) -> NDArray[np.uint8] | None:
    """Return the pixels of a plain page with contiguous strips (OpenCV would copy them 3 times)."""
    starts, sizes = page.tags.get(_STRIP_OFFSETS, ()), page.tags.get(_STRIP_BYTES, ())
    size = page.rows * page.cols * 3
    if not starts or len(starts) != len(sizes) or sum(sizes) != size:
        return None
    if page.first_value(_FILL_ORDER, 1) != 1 or any(
        start + length != after
        for start, length, after in zip(starts, sizes, starts[1:], strict=False)
    ):
        return None
    samples = np.frombuffer(content, np.uint8, size, starts[0])
    return samples.reshape(page.rows, page.cols, 3).copy()


def _check_complete(page: Page, content: bytes) -> None:
    offsets = page.tags.get(_STRIP_OFFSETS) or page.tags.get(_TILE_OFFSETS) or ()
    sizes = page.tags.get(_STRIP_BYTES) or page.tags.get(_TILE_BYTES) or ()
    end = max((start + size for start, size in zip(offsets, sizes, strict=False)), default=0)
    if end > len(content):
        raise DataError(
            f"truncated TIFF: pixels up to byte {end} of a file of {len(content)}", COPY_AGAIN
        )


def decode_tiff(content: bytes, max_pixels: int, join: JoinOpacity) -> NDArray[np.uint8]:
    """Decode the single image of a TIFF to upright RGB uint8, (rows, cols, 3).

    `join` joins RGB and opacity. Further pages are refused, unless they are marked as reduced
    copies or opacity masks.
    """
    page, following = read_directory(content, None)
    check_size(page.rows, page.cols, max_pixels)
    _check_complete(page, content)
    check_single_image(content, page, following)
    if page.is_plain_rgb:
        samples = _read_contiguous_strips(page, content)
        if samples is not None:
            return samples
        return np.asarray(decode_opencv(content, cv2.IMREAD_COLOR_RGB), np.uint8)
    if max(page.bits) <= 8 and page.number_type == UNSIGNED:
        return decode_pillow(content, "TIFF", max_pixels, join)
    max_channels = {_MIN_IS_WHITE: 3, MIN_IS_BLACK: 3, RGB: 4}.get(page.photometric, 0)
    if page.channels > max_channels:
        raise DataError(
            f"a TIFF of {page.channels} channels of {page.bits[0]} bits in colour space "
            f"{page.photometric}, expected grey or RGB",
            "export the picture as RGB",
        )
    samples = _drop_unspecified(_deep_samples(content, page), page)
    rgb = channels_to_rgb(
        samples,
        page.full_bits,
        premultiplied=page.first_value(338, 0) == _ASSOCIATED,
        join=join,
    )
    if page.photometric == _MIN_IS_WHITE:
        rgb[..., :3] = 255 - rgb[..., :3]
    return apply_orientation(rgb, page.orientation)


def deep_samples_of_tiff(content: bytes) -> NDArray[Any] | None:
    """Return the upright samples (rows, cols[, channels]) of more than 8 bits, or None.

    `content` is a file that `decode_tiff` has decoded.
    """
    page = read_page(content)
    if page.bits[0] <= 8:
        return None
    samples = _drop_unspecified(_deep_samples(content, page), page)
    return apply_orientation(samples, page.orientation)


def _deep_samples(content: bytes, page: Page) -> NDArray[Any]:
    """Return samples (rows, cols) or (rows, cols, channels) of more than 8 bits.

    OpenCV misreads separate planes; tifffile supports few compressions and has no size limit in
    decompression. Separate compressed planes are therefore refused.
    """
    if page.compression == UNCOMPRESSED and set(page.bits) <= {16, 32, 64}:
        try:
            with tifffile.TiffFile(io.BytesIO(content)) as file:
                samples = file.pages.first.asarray()
        except _TIFFFILE_ERRORS as error:
            raise DataError(f"damaged TIFF: {str(error)[:160]}", COPY_AGAIN) from error
        return np.moveaxis(samples, 0, -1) if page.planar and samples.ndim == 3 else samples
    if page.planar and page.channels > 1:
        raise DataError(
            f"a TIFF of separate, compressed {page.bits[0]}-bit planes",
            "save it uncompressed, or with interleaved channels",
        )
    return decode_unchanged(content)


def _drop_unspecified(samples: NDArray[Any], page: Page) -> NDArray[Any]:
    """Drop the last of 2 or 4 channels if the file does not declare it as opacity."""
    extra = page.first_value(338, 0) not in (_ASSOCIATED, _UNASSOCIATED)
    return samples[..., :-1] if extra and page.channels in (2, 4) and samples.ndim == 3 else samples


def apply_orientation(rgb: NDArray[_Sample], orientation: int) -> NDArray[_Sample]:
    """Return the image (rows, cols[, 3]) with its EXIF orientation (1 to 8) applied."""
    if orientation in (5, 6, 7, 8):
        rgb = rgb.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        rgb = rgb[:, ::-1]
    if orientation in (3, 4, 7, 8):
        rgb = rgb[::-1]
    return np.ascontiguousarray(rgb)
