"""Decoding of image files to RGB: format by content, checks before decoding, all or nothing."""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..limits import MAX_BYTES, MAX_PIXELS
from ..printable import printable
from .bit_depth import JoinOpacity, channels_to_rgb, keep_opacity, visible_on_white
from .decoders import (
    COPY_AGAIN,
    check_size,
    decode_opencv,
    decode_pillow,
    decode_unchanged,
    multiple_images_error,
    palette_indices,
)
from .tiff import decode_tiff, deep_samples_of_tiff
from .tiff_pages import read_page

EXTENSIONS = frozenset(
    (".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".tif", ".tiff", ".webp")
)
# Pictures that are listed, so that each is reported, but cannot be decoded.
OTHER_EXTENSIONS = frozenset(
    (".jp2", ".j2k", ".j2c", ".jpc", ".jpx", ".jpf", ".jls", ".jxl", ".jxr", ".gif", ".heic",
     ".heif", ".avif", ".tga", ".pcx", ".ppm", ".pgm", ".pbm", ".pnm", ".psd", ".exr", ".dcm",
     ".dicom", ".svs", ".ndpi", ".mrxs", ".scn", ".bif", ".czi", ".lif", ".nd2", ".vsi", ".oib",
     ".oir", ".lsm", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf")
)  # fmt: skip
_PNG_PALETTE, _PALETTE = 3, 3  # colour type of PNG, colour space of TIFF
_EXPORT = "export it as PNG, JPEG, BMP, TIFF or WebP"


def read_bytes(path: Path, *, max_bytes: int = MAX_BYTES) -> bytes:
    """Return the content of a regular file, for checksum and decoding.

    Raises
    ------
    DataError
        If it does not exist, is not readable, is empty, is larger than `max_bytes`, or is a
        folder, pipe or device.
    """
    name = printable(str(path))
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise DataError(f"{name} is not a regular file", "name an image file")
        if status.st_size > max_bytes:
            raise DataError(
                f"{name} has {status.st_size} bytes, more than the limit of {max_bytes}",
                "export smaller fields, or raise the byte limit",
            )
        with path.open("rb") as file:
            content = file.read(status.st_size)  # a limit given here would be allocated
    except FileNotFoundError as error:
        raise DataError(
            f"{name} does not exist", "correct the path, or restore the file"
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{name} cannot be read: {reason}", "check path and permissions") from error
    if not content:
        raise DataError(f"{name} is empty (0 bytes)", COPY_AGAIN)
    return content


def decode_rgb(content: bytes, *, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Decode a PNG, JPEG, BMP, TIFF or WebP file.

    The format is detected from the content. The bit depth is converted to 8 (`bit_depth.to_uint8`),
    transparency to a white background, CMYK and palettes to RGB; the EXIF orientation is applied,
    colour profiles are not. Reduced copies in a TIFF are ignored. A JPEG has no checksum: damage
    that keeps its structure is not detected.

    Returns
    -------
    array (rows, cols, 3), uint8, RGB

    Raises
    ------
    DataError
        For another format, a damaged or truncated file, several pages or frames, or a declared
        size of more than `max_pixels` (checked before decoding).
    """
    return _decode(content, max_pixels, visible_on_white)


def decode_with_opacity(content: bytes, *, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Decode as `decode_rgb`, but keep the opacity: (rows, cols, 3), or 4 where it is stored."""
    return _decode(content, max_pixels, keep_opacity)


def _decode(content: bytes, max_pixels: int, join: JoinOpacity) -> NDArray[np.uint8]:
    for signature, decode in _DECODERS:
        if content.startswith(signature):
            return decode(content, max_pixels, join)
    if not content:
        raise DataError("empty (0 bytes)", COPY_AGAIN)
    raise DataError(f"not an image that can be read here: {_looks_like(content)}", _EXPORT)


def deep_samples(content: bytes) -> NDArray[Any] | None:
    """Return the stored samples (rows, cols[, channels]) of a PNG or TIFF of more than 8 bits.

    None for another file. `content` is a file that `decode_rgb` has decoded.
    """
    if content.startswith(b"\x89PNG") and content[24] == 16:
        return decode_unchanged(content)
    return deep_samples_of_tiff(content) if content[:2] in (b"II", b"MM") else None


def stored_palette_indices(content: bytes, max_pixels: int) -> NDArray[np.uint8] | None:
    """Return the palette indices (rows, cols) of a PNG, BMP or TIFF with a palette, else None.

    `content` is a file that `decode_rgb` has decoded.
    """
    if content.startswith(b"\x89PNG"):
        kind, has_palette = "PNG", content[25] == _PNG_PALETTE
    elif content.startswith(b"BM"):
        kind, has_palette = "BMP", True
    else:
        kind = "TIFF"
        has_palette = content[:2] in (b"II", b"MM") and read_page(content).photometric == _PALETTE
    return palette_indices(content, kind, max_pixels) if has_palette else None


def is_image(start: bytes) -> bool:
    """Whether the first bytes (32 suffice) are the signature of a format of `decode_rgb`."""
    if start.startswith(b"BM"):  # two letters are ambiguous: the reserved bytes must be zero
        return len(start) >= 10 and start[6:10] == bytes(4)
    return any(start.startswith(signature) for signature, _ in _DECODERS)


def _looks_like(content: bytes) -> str:
    for offset, signature, name in _OTHER_FORMATS:
        if content[offset : offset + len(signature)] == signature:
            return name
    return f"it begins with {content[:12]!r}"


_OTHER_FORMATS = (
    (0, b"GIF8", "a GIF"),
    (128, b"DICM", "a DICOM file"),
    (4, b"ftyp", "a HEIF, AVIF or video file"),
    (4, b"jP  ", "a JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000"),
    (4, b"JXL ", "a JPEG XL"),
    (0, b"\xff\x0a", "a JPEG XL"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"%PDF", "a PDF"),
    (0, b"<svg", "an SVG drawing"),
    (0, b"<", "a web page or XML"),
)


def _decode_png(content: bytes, max_pixels: int, join: JoinOpacity) -> NDArray[np.uint8]:
    chunks = _png_chunks(content)
    cols, rows, depth, colour = struct.unpack_from(">IIBB", content, 16)
    check_size(rows, cols, max_pixels)
    frames = int.from_bytes(content[chunks[b"acTL"] :][:4], "big") if b"acTL" in chunks else 1
    if frames > 1:
        raise multiple_images_error(frames, "PNG", "frames")
    if depth == 16:
        if colour == 0:
            return decode_pillow(content, "PNG", max_pixels, join)
        return channels_to_rgb(decode_unchanged(content), join=join)
    if (depth, colour) == (8, 2) and chunks.keys().isdisjoint((b"tRNS", b"eXIf", b"acTL")):
        return np.asarray(decode_opencv(content, cv2.IMREAD_COLOR_RGB), np.uint8)
    return decode_pillow(content, "PNG", max_pixels, join)


def _png_chunks(content: bytes) -> dict[bytes, int]:
    """Check that a PNG is complete and its checksums are valid; return its chunks' positions."""
    if content[12:16] != b"IHDR":
        raise DataError("damaged PNG: no header", COPY_AGAIN)
    kinds: dict[bytes, int] = {}
    view = memoryview(content)
    place = 8
    while place + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        end = place + 8 + length
        if end + 4 > len(content):
            break
        kind = content[place + 4 : place + 8]
        if zlib.crc32(view[place + 4 : end]) != struct.unpack_from(">I", content, end)[0]:
            raise DataError(
                f"damaged PNG: the checksum of its chunk {kind!r} does not hold", COPY_AGAIN
            )
        kinds[kind] = place + 8
        if kind == b"IEND":
            return kinds
        place = end + 4
    raise DataError(f"truncated PNG: it ends after {len(content)} bytes without IEND", COPY_AGAIN)


def _decode_jpeg(content: bytes, max_pixels: int, join: JoinOpacity) -> NDArray[np.uint8]:
    # Pillow refuses a truncated JPEG and prints nothing to stderr, unlike OpenCV; the pixels are
    # equal and the speed is similar. Neither detects a missing end-of-image marker if an
    # interrupted transfer was padded with zeros.
    if content.rfind(b"\xff\xd9") < content.rfind(b"\xff\xda"):
        raise DataError("truncated JPEG: no end-of-image marker after its pixels", COPY_AGAIN)
    return decode_pillow(content, "JPEG", max_pixels, join)


def _decode_bmp(content: bytes, max_pixels: int, join: JoinOpacity) -> NDArray[np.uint8]:
    if len(content) < 54:
        raise DataError(f"truncated BMP: {len(content)} bytes", COPY_AGAIN)
    start, header_size, cols, rows, _, bits, compression = struct.unpack_from(
        "<IIiiHHI", content, 10
    )
    if header_size >= 40:
        check_size(abs(rows), cols, max_pixels)
        stride = -(-cols * bits // 32) * 4
        if compression == 0 and start + abs(rows) * stride > len(content):
            raise DataError(
                f"truncated BMP: {start + abs(rows) * stride} bytes expected, {len(content)} seen",
                COPY_AGAIN,
            )
        if (bits, compression) == (24, 0):
            return np.asarray(decode_opencv(content, cv2.IMREAD_COLOR_RGB), np.uint8)
    return decode_pillow(content, "BMP", max_pixels, join)


def _decode_webp(content: bytes, max_pixels: int, join: JoinOpacity) -> NDArray[np.uint8]:
    if content[8:12] != b"WEBP":
        raise DataError(f"not an image: a RIFF file of type {content[8:12]!r}", _EXPORT)
    (length,) = struct.unpack_from("<I", content, 4)
    if length + 8 > len(content):
        raise DataError(
            f"truncated WebP: {length + 8} bytes expected, {len(content)} seen", COPY_AGAIN
        )
    frames = _webp_frames(content)
    if frames > 1:
        raise multiple_images_error(frames, "WebP", "frames")
    return decode_pillow(content, "WEBP", max_pixels, join)


def _webp_frames(content: bytes) -> int:
    place, frames = 12, 0
    while place + 8 <= len(content):
        kind, length = struct.unpack_from("<4sI", content, place)
        frames += kind == b"ANMF"
        place += 8 + length + length % 2
    return frames


_DECODERS: tuple[tuple[bytes, Callable[[bytes, int, JoinOpacity], NDArray[np.uint8]]], ...] = (
    (b"\x89PNG\r\n\x1a\n", _decode_png),
    (b"\xff\xd8\xff", _decode_jpeg),
    (b"BM", _decode_bmp),
    (b"II*\0", decode_tiff),
    (b"MM\0*", decode_tiff),
    (b"II+\0", decode_tiff),
    (b"MM\0+", decode_tiff),
    (b"RIFF", _decode_webp),
)
