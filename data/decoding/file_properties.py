"""File properties of an image: format, bit depth, and JPEG encoder settings."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from .tiff_pages import read_page

_NAN = float("nan")
# Sum of the luminance quantisation table at quality 50 (ITU-T T.81, table K.1).
_SUM_AT_50 = 3_688
_QUANTISATION = 0xDB
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_START_OF_SCAN = 0xDA


class FileProperties(NamedTuple):
    """How an image is stored.

    Attributes
    ----------
    format : str
        ``PNG``, ``JPEG``, ``BMP``, ``TIFF`` or ``WebP``.
    bits : float
        Declared bits per sample; for BMP and palettes, bits per pixel.
    jpeg_quality : float
        Quality on the scale of the Independent JPEG Group (1 to 100), from the sum of the
        luminance table; NaN for other formats.
    jpeg_subsampling : float
        Luminance pixels per chrominance pixel (1, 2 or 4); NaN for other formats and for grey.
    """

    format: str
    bits: float
    jpeg_quality: float = _NAN
    jpeg_subsampling: float = _NAN


def file_properties(content: bytes) -> FileProperties:
    """Return the properties of a file that `decode_rgb` can decode.

    Parameters
    ----------
    content : bytes
        The whole file.
    """
    if content.startswith(b"\x89PNG"):
        return FileProperties("PNG", float(content[24]))
    if content.startswith(b"\xff\xd8"):
        return _jpeg(content)
    if content.startswith(b"BM"):
        return FileProperties("BMP", float(struct.unpack_from("<H", content, 28)[0]))
    if content.startswith(b"RIFF"):
        return FileProperties("WebP", 8.0)
    return FileProperties("TIFF", float(read_page(content).bits[0]))


def _jpeg(content: bytes) -> FileProperties:
    bits, quality, subsampling = _NAN, _NAN, _NAN
    for marker, body in _segments(content):
        if marker == _QUANTISATION:
            found = _luminance_sum(body)
            quality = quality if found is None else _quality(found)
        elif marker in _FRAMES and len(body) > 5:
            bits = float(body[0])
            sampling = [body[place] for place in range(7, min(6 + 3 * body[5], len(body)), 3)]
            areas = [(one >> 4) * (one & 15) for one in sampling]
            if len(areas) >= 3 and areas[1]:
                subsampling = areas[0] / areas[1]
    return FileProperties("JPEG", bits, quality, subsampling)


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield marker and body of each JPEG segment before the pixels."""
    place = 2
    while place + 4 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker == 0xFF:  # fill byte
            place += 1
            continue
        if marker == _START_OF_SCAN:
            return
        (length,) = struct.unpack_from(">H", content, place + 2)
        yield marker, content[place + 4 : place + 2 + length]
        place += 2 + length


def _luminance_sum(body: bytes) -> int | None:
    """Return the sum of quantisation table 0, or None if the segment does not contain it."""
    place = 0
    while place < len(body):
        wide, number = body[place] >> 4, body[place] & 15
        size = 128 if wide else 64
        table = body[place + 1 : place + 1 + size]
        if number == 0 and len(table) == size:
            return sum(struct.unpack(">64H", table)) if wide else sum(table)
        place += 1 + size
    return None


def _quality(total: int) -> float:
    """Return the quality at which the scaled table K.1 has this sum."""
    scale = 100 * total / _SUM_AT_50
    return max(1.0, 5000 / scale if scale > 100 else 100 - scale / 2)
