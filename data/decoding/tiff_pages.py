"""The directories (pages) of a TIFF file: their integer tags, and how many images they hold."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ..errors import DataError
from .decoders import COPY_AGAIN, multiple_images_error

# Struct codes of the integer TIFF types: BYTE, SHORT, LONG, IFD, LONG8, IFD8.
_WHOLE_NUMBERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_MAX_TAGS = 4096
_MAX_PAGES = 10_000

UNCOMPRESSED = 1
MIN_IS_BLACK, RGB = 1, 2
UNSIGNED = 1
_NEW_SUBFILE, _SUBFILE = 254, 255
_REDUCED, _OPACITY = 1, 4  # bits of NewSubfileType: not a separate image
_OLD_REDUCED = 2


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
        return self.first_value(259, UNCOMPRESSED)

    @property
    def photometric(self) -> int:
        """TIFF code of the colour space."""
        return self.first_value(262, MIN_IS_BLACK)

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
        return self.first_value(339, UNSIGNED)

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
            and self.photometric == RGB
            and self.compression == UNCOMPRESSED
            and self.number_type == UNSIGNED
            and self.orientation == 1
            and not self.planar
        )


def read_page(content: bytes) -> Page:
    """Return the integer tags of the first directory of a classic TIFF or BigTIFF."""
    return read_directory(content, None)[0]


def read_directory(content: bytes, start: int | None) -> tuple[Page, int]:
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


def check_single_image(content: bytes, first: Page, place: int) -> None:
    """Refuse a file with several images, not counting reduced copies and opacity masks.

    `place` is the position of the second directory. An invalid directory ends the search, since
    many programs write an invalid link.
    """
    pages, seen, planes = 1, {0}, first.channels == 1
    while place not in seen and len(seen) < _MAX_PAGES:
        seen.add(place)
        try:
            page, place = read_directory(content, place)
        except DataError:
            break
        kind = page.first_value(_NEW_SUBFILE, 0)
        copy = kind & (_REDUCED | _OPACITY) or page.first_value(_SUBFILE, 0) == _OLD_REDUCED
        if not copy and page.rows > 0 and page.cols > 0:
            pages += 1
            planes &= page.channels == 1 and (page.rows, page.cols) == (first.rows, first.cols)
    if planes and pages == 3:
        raise DataError(
            "a TIFF of three grey pages of one size, perhaps the planes of one RGB picture",
            "save the picture as RGB; if they are different pictures, save each as a separate file",
        )
    if pages > 1:
        raise multiple_images_error(pages, "TIFF", "pages")
