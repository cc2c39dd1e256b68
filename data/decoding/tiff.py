"""Decoding of single-image TIFF files to RGB, with the decoder that is right for their kind."""

from __future__ import annotations

import io
import logging
import struct
from dataclasses import dataclass
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
    multiple_images_error,
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

# Struct codes of the integer TIFF types: BYTE, SHORT, LONG, IFD, LONG8, IFD8.
_WHOLE_NUMBERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_MAX_TAGS = 4096
_MAX_PAGES = 10_000

_Sample = TypeVar("_Sample", bound=np.generic)

_UNCOMPRESSED = 1
_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB = 0, 1, 2
_UNSIGNED, _FLOAT = 1, 3
_ASSOCIATED, _UNASSOCIATED = 1, 2
_NEW_SUBFILE, _SUBFILE = 254, 255
_REDUCED, _OPACITY = 1, 4  # bits of NewSubfileType: not a separate image
_OLD_REDUCED = 2
_FILL_ORDER = 266
_STRIP_OFFSETS, _STRIP_BYTES, _TILE_OFFSETS, _TILE_BYTES = 273, 279, 324, 325


@dataclass(frozen=True)
class Page:
    """The integer tags of a TIFF directory."""

    tags: dict[int, tuple[int, ...]]

    def first_value(self, tag: int, default: int) -> int:
        """Return the first value of a tag, or `default` if the tag is missing."""
        return self.tags.get(tag, (default,))[0]

    @property
    def rows(self) -> int:
        """Height in pixels."""
        return self.first_value(257, 0)

    @property
    def cols(self) -> int:
        """Width in pixels."""
        return self.first_value(256, 0)

    @property
    def bits(self) -> tuple[int, ...]:
        """Bits of each channel."""
        return self.tags.get(258, (1,))

    @property
    def compression(self) -> int:
        """TIFF code of the compression."""
        return self.first_value(259, _UNCOMPRESSED)

    @property
    def photometric(self) -> int:
        """TIFF code of the colour space."""
        return self.first_value(262, _MIN_IS_BLACK)

    @property
    def orientation(self) -> int:
        """EXIF orientation, 1 for upright."""
        return self.first_value(274, 1)

    @property
    def channels(self) -> int:
        """Number of channels, including opacity and other extra channels."""
        return self.first_value(277, 1)

    @property
    def planar(self) -> bool:
        """Whether the channels are stored as separate planes."""
        return self.first_value(284, 1) != 1

    @property
    def number_type(self) -> int:
        """1 unsigned, 2 signed, 3 floating point."""
        return self.first_value(339, _UNSIGNED)

    @property
    def full_bits(self) -> int | None:
        """Number of used bits, if the tags state it: an unusual depth, or MaxSampleValue."""
        if self.bits[0] not in (8, 16, 32, 64):
            return self.bits[0]
        highest = self.first_value(281, 0)
        return highest.bit_length() if highest else None

    @property
    def is_plain_rgb(self) -> bool:
        """Whether it is upright, uncompressed 8-bit RGB without further channels.

        OpenCV returns damaged compressed strips partly decoded.
        """
        return (
            self.bits == (8, 8, 8)
            and self.channels == 3
            and self.photometric == _RGB
            and self.compression == _UNCOMPRESSED
            and self.number_type == _UNSIGNED
            and self.orientation == 1
            and not self.planar
        )


def read_page(content: bytes) -> Page:
    """Return the integer tags of the first directory of a classic TIFF or BigTIFF."""
    return _read_directory(content, None)[0]


def _read_directory(content: bytes, start: int | None) -> tuple[Page, int]:
    """Return a directory (None: the first) and the position of the next, 0 after the last."""
    order = "<" if content[:2] == b"II" else ">"
    try:
        big = struct.unpack_from(order + "H", content, 2)[0] == 43
        count_code, size_code = ("Q", "Q") if big else ("H", "I")
        entry = struct.Struct(f"{order}HH{size_code}")
        inline = struct.calcsize(size_code)
        if start is None:
            (start,) = struct.unpack_from(order + size_code, content, 8 if big else 4)
        (count,) = struct.unpack_from(order + count_code, content, start)
        start += struct.calcsize(order + count_code)
        if count > _MAX_TAGS:
            raise DataError(f"a TIFF directory of {count} tags", COPY_AGAIN)
        tags: dict[int, tuple[int, ...]] = {}
        read = 0
        for number in range(count):
            place = start + number * (entry.size + inline)
            tag, kind, length = entry.unpack_from(content, place)
            if kind not in _WHOLE_NUMBERS or not 0 < length <= len(content):
                continue
            values = struct.Struct(f"{order}{length}{_WHOLE_NUMBERS[kind]}")
            read += values.size
            if read > len(content):
                raise DataError("damaged TIFF: its tags overlap", COPY_AGAIN)
            place += entry.size
            if values.size > inline:
                (place,) = struct.unpack_from(order + size_code, content, place)
            tags[tag] = values.unpack_from(content, place)
    except (struct.error, OverflowError) as error:
        raise DataError("damaged TIFF: its directory reaches past the end", COPY_AGAIN) from error
    end = start + count * (entry.size + inline)
    following = content[end : end + inline]
    return Page(tags), int.from_bytes(following, "little" if order == "<" else "big")


def _check_single_image(content: bytes, place: int) -> None:
    """Refuse a file with several images, not counting reduced copies and opacity masks.

    `place` is the position of the second directory. An invalid directory ends the search, since
    many programs write an invalid link.
    """
    pages, seen = 1, {0}
    while place not in seen and len(seen) < _MAX_PAGES:
        seen.add(place)
        try:
            page, place = _read_directory(content, place)
        except DataError:
            break
        kind = page.first_value(_NEW_SUBFILE, 0)
        copy = kind & (_REDUCED | _OPACITY) or page.first_value(_SUBFILE, 0) == _OLD_REDUCED
        pages += not copy and page.rows > 0 and page.cols > 0
    if pages > 1:
        raise multiple_images_error(pages, "TIFF", "pages")


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
    page, following = _read_directory(content, None)
    check_size(page.rows, page.cols, max_pixels)
    _check_complete(page, content)
    _check_single_image(content, following)
    if page.is_plain_rgb:
        samples = _read_contiguous_strips(page, content)
        if samples is not None:
            return samples
        return np.asarray(decode_opencv(content, cv2.IMREAD_COLOR_RGB), np.uint8)
    if max(page.bits) <= 8 and page.number_type == _UNSIGNED:
        return decode_pillow(content, "TIFF", max_pixels, join)
    max_channels = {_MIN_IS_WHITE: 3, _MIN_IS_BLACK: 3, _RGB: 4}.get(page.photometric, 0)
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
    if page.compression == _UNCOMPRESSED and set(page.bits) <= {16, 32, 64}:
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
