"""Small encoded image files of every format, with their expected pixels or error message."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
import tifffile
from PIL import Image

ROW, COL = np.mgrid[:40, :60]
RGB = np.stack([COL * 4, ROW * 6, 255 - (ROW + COL) * 2], -1).astype(np.uint8)
GREY = RGB[..., 0]
GREY_RGB = np.repeat(GREY[..., None], 3, axis=2)
ALPHA = (COL * 4).astype(np.uint8)


def pillow(array, kind, mode=None, **options):
    image = array if isinstance(array, Image.Image) else Image.fromarray(array)
    file = io.BytesIO()
    (image.convert(mode) if mode else image).save(file, kind, **options)
    return file.getvalue()


def tiff(array, **options):
    file = io.BytesIO()
    tifffile.imwrite(file, array, **options)
    return file.getvalue()


def pages(first, *others, big=False, order="<"):
    """Return a TIFF of several pages; each further page comes with its NewSubfileType."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file, bigtiff=big, byteorder=order) as writer:
        for array, kind in ((first, 0), *others):
            writer.write(array, photometric="rgb", subfiletype=kind, metadata=None)
    return file.getvalue()


def unlinked(content):
    """Make the next-directory offset of a classic TIFF point past the end of the file."""
    (start,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, start)
    link = start + 2 + 12 * count
    return content[:link] + struct.pack("<I", len(content) + 100) + content[link + 4 :]


def opencv(extension, rgb, *options):
    channels = [2, 1, 0, 3][: rgb.shape[2]] if rgb.ndim == 3 else None
    stored = rgb if channels is None else np.ascontiguousarray(rgb[..., channels])
    done, content = cv2.imencode(extension, stored, list(options))
    assert done
    return content.tobytes()


def png(width, height, depth, colour, data, *chunks):
    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = b"".join(chunk(kind, content) for kind, content in chunks)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + body
        + chunk(b"IDAT", zlib.compress(data))
        + chunk(b"IEND", b"")
    )


def over_white(rgb, alpha):
    opacity = alpha[..., None] / 255
    return rgb * opacity + 255 * (1 - opacity)


RGBA = np.dstack([RGB, ALPHA])
WIDE = RGB.astype(np.uint16)
PALETTED = Image.fromarray(RGB).quantize(32)
PALETTE_RGB = np.asarray(PALETTED.convert("RGB"))
BLACK_AND_WHITE = np.repeat(((GREY > 100) * np.uint8(255))[..., None], 3, axis=2)
FRAMES = [Image.fromarray(255 - RGB)]
COPY, OPACITY = (struct.pack("<HHII", 254, 4, 1, kind) for kind in (1, 4))
LA16 = np.dstack([GREY.astype(">u2") * 257, ALPHA.astype(">u2") * 257]).astype(">u2")


# name: content, expected picture, largest difference allowed
PICTURES = {
    "PNG RGB": (pillow(RGB, "PNG"), RGB, 0),
    "PNG grey": (pillow(GREY, "PNG"), GREY_RGB, 0),
    "PNG palette": (pillow(PALETTED, "PNG"), PALETTE_RGB, 0),
    "PNG 1 bit": (pillow(GREY > 100, "PNG"), BLACK_AND_WHITE, 0),
    "PNG RGBA": (pillow(RGBA, "PNG"), over_white(RGB, ALPHA), 1),
    "PNG LA": (pillow(np.dstack([GREY, ALPHA]), "PNG"), over_white(GREY_RGB, ALPHA), 1),
    "PNG transparent colour": (
        pillow(RGB, "PNG", transparency=tuple(int(v) for v in RGB[7, 9])),
        np.where((RGB[7, 9] == RGB).all(axis=2, keepdims=True), 255, RGB),
        0,
    ),
    "PNG 16 bit": (opencv(".png", WIDE * 257), RGB, 0),
    "PNG 12 in 16 bit": (opencv(".png", WIDE * 16), RGB, 1),
    "PNG 16 bit grey": (opencv(".png", WIDE[..., 0] * 257), GREY_RGB, 0),
    "PNG 16 bit RGBA": (opencv(".png", RGBA.astype(np.uint16) * 257), over_white(RGB, ALPHA), 1),
    "PNG 16 bit LA": (
        png(60, 40, 16, 4, b"".join(b"\0" + row.tobytes() for row in LA16)),
        over_white(GREY_RGB, ALPHA),
        1,
    ),
    "JPEG": (pillow(RGB, "JPEG", quality=97), RGB, 12),
    "JPEG progressive": (pillow(RGB, "JPEG", quality=97, progressive=True), RGB, 12),
    "JPEG grey": (pillow(GREY, "JPEG", quality=97), GREY_RGB, 6),
    "JPEG CMYK": (pillow(RGB, "JPEG", "CMYK", quality=97), RGB, 12),
    "BMP": (pillow(RGB, "BMP"), RGB, 0),
    "BMP palette": (pillow(PALETTED, "BMP"), PALETTE_RGB, 0),
    "BMP grey": (pillow(GREY, "BMP"), GREY_RGB, 0),
    "BMP 1 bit": (pillow(GREY > 100, "BMP"), BLACK_AND_WHITE, 0),
    "WebP lossless": (pillow(RGB, "WEBP", lossless=True), RGB, 0),
    "WebP RGBA": (pillow(RGBA, "WEBP", lossless=True, exact=True), over_white(RGB, ALPHA), 1),
    "TIFF": (tiff(RGB, photometric="rgb"), RGB, 0),
    "TIFF big-endian": (tiff(RGB, photometric="rgb", byteorder=">"), RGB, 0),
    "TIFF big": (tiff(RGB, photometric="rgb", bigtiff=True), RGB, 0),
    "TIFF planes": (
        tiff(np.moveaxis(RGB, 2, 0).copy(), photometric="rgb", planarconfig="separate"),
        RGB,
        0,
    ),
    "TIFF LZW": (pillow(RGB, "TIFF", compression="tiff_lzw"), RGB, 0),
    "TIFF deflate": (pillow(RGB, "TIFF", compression="tiff_adobe_deflate"), RGB, 0),
    "TIFF packbits": (pillow(RGB, "TIFF", compression="packbits"), RGB, 0),
    "TIFF JPEG": (pillow(RGB, "TIFF", compression="jpeg", quality=97), RGB, 12),
    "TIFF CMYK": (pillow(RGB, "TIFF", "CMYK"), RGB, 1),
    "TIFF palette": (pillow(PALETTED, "TIFF"), PALETTE_RGB, 0),
    "TIFF grey": (tiff(GREY), GREY_RGB, 0),
    "TIFF white is zero": (tiff(GREY, photometric="miniswhite"), 255 - GREY_RGB.astype(int), 0),
    "TIFF 16 bit, white is zero": (
        tiff(GREY.astype(np.uint16) * 257, photometric="miniswhite"),
        255 - GREY_RGB.astype(int),
        0,
    ),
    "TIFF 1 bit": (tiff(GREY > 100, photometric="minisblack"), BLACK_AND_WHITE, 0),
    "TIFF fax": (pillow(GREY > 100, "TIFF", compression="group4"), BLACK_AND_WHITE, 0),
    "TIFF RGBA": (
        tiff(RGBA, photometric="rgb", extrasamples=["unassalpha"]),
        over_white(RGB, ALPHA),
        1,
    ),
    "TIFF 16 bit RGBA": (
        tiff(RGBA.astype(np.uint16) * 257, photometric="rgb", extrasamples=["unassalpha"]),
        over_white(RGB, ALPHA),
        1,
    ),
    "TIFF 16 bit, unnamed channel": (
        tiff(RGBA.astype(np.uint16) * 257, photometric="rgb", extrasamples=["unspecified"]),
        RGB,
        0,
    ),
    "TIFF 16 bit": (tiff(WIDE * 257, photometric="rgb"), RGB, 0),
    "TIFF 16 bit planes": (
        tiff(np.moveaxis(WIDE * 257, 2, 0).copy(), photometric="rgb", planarconfig="separate"),
        RGB,
        0,
    ),
    "TIFF 16 bit LZW": (opencv(".tiff", WIDE * 257), RGB, 0),
    "TIFF 16 bit deflate": (tiff(WIDE * 257, photometric="rgb", compression="zlib"), RGB, 0),
    "TIFF 12 in 16 bit": (tiff(WIDE * 16, photometric="rgb"), RGB, 1),
    "TIFF 12 in 16 bit, dark, by its tag": (
        tiff(WIDE, photometric="rgb", extratags=[(281, 3, 3, (4095,) * 3, True)]),
        RGB / 16,
        1,
    ),
    "TIFF signed 16 bit": (tiff((WIDE * 16).astype(np.int16), photometric="rgb"), RGB, 1),
    "TIFF 32 bit": (tiff(WIDE.astype(np.uint32) * 257, photometric="rgb"), RGB, 1),
    "TIFF float": (tiff((RGB / 255).astype(np.float32), photometric="rgb"), RGB, 0),
    "TIFF half float": (tiff((RGB / 255).astype(np.float16), photometric="rgb"), RGB, 1),
    "TIFF double 0..255": (tiff(RGB.astype(np.float64), photometric="rgb"), RGB, 0),
    "TIFF float elsewhere": (
        tiff((RGB.astype(np.float32) - RGB.min()) * 40 - 1000, photometric="rgb"),
        (RGB - RGB.min()) * (255 / (RGB.max() - RGB.min())),
        1,
    ),
    "TIFF with a thumbnail": (pages(RGB, (RGB[::4, ::4], 1)), RGB, 0),
    "TIFF with an opacity mask": (pages(RGB, (RGB, 1)).replace(COPY, OPACITY), RGB, 0),
    "TIFF pyramid, big": (pages(RGB, (RGB[::2, ::2], 1), (RGB[::4, ::4], 1), big=True), RGB, 0),
    "TIFF whose chain is broken": (unlinked(pages(RGB, (RGB, 0))), RGB, 0),
    "TIFF tiles": (tiff(WIDE * 257, photometric="rgb", tile=(16, 16)), RGB, 0),
}
JPEG = pillow(RGB, "JPEG")
PNG = pillow(RGB, "PNG")
WEBP = pillow(RGB, "WEBP")
BMP = pillow(RGB, "BMP")
TIFF = tiff(RGB, photometric="rgb")


def flipped(content, place):
    changed = bytearray(content)
    changed[place] ^= 0x10
    return bytes(changed)


def overwritten(content, start, length):
    return content[:start] + b"\xff" * length + content[start + length :]


BAD = {
    "empty": (b"", "empty"),
    "text": (b"not an image at all", "begins with b'not an image"),
    "GIF": (pillow(PALETTED, "GIF"), "a GIF"),
    "web page": (b"<!doctype html><title>404</title>", "web page"),
    "zip": (b"PK\x03\x04" + bytes(40), "zip"),
    "RIFF sound": (b"RIFF\x24\0\0\0WAVEfmt ", "RIFF"),
    "JPEG, half": (JPEG[: len(JPEG) // 2], "JPEG"),
    "JPEG without its last two bytes": (JPEG[:-2], "truncated JPEG"),
    "JPEG filled up with zeros": (JPEG[:-200] + bytes(200), "truncated JPEG"),
    "JPEG, header only": (JPEG[:30], "JPEG"),
    "PNG, half": (PNG[: len(PNG) // 2], "truncated PNG"),
    "PNG without IEND": (PNG[:-12], "truncated PNG"),
    "PNG, signature only": (PNG[:8], "damaged PNG"),
    "PNG, one bit wrong": (flipped(PNG, len(PNG) // 2), "checksum"),
    "PNG, too few rows": (png(60, 40, 8, 2, bytes(500)), "damaged"),
    "PNG of 20,000 x 20,000": (png(20_000, 20_000, 8, 2, bytes(10)), "20000 x 20000 pixels"),
    "PNG of 16 bits, 20,000 x 20,000": (png(20_000, 20_000, 16, 6, b""), "20000 x 20000 pixels"),
    "PNG of no size": (png(0, 5, 8, 2, b""), "0 x 5 pixels"),
    "WebP, half": (WEBP[: len(WEBP) // 2], "truncated WebP"),
    "WebP, signature only": (WEBP[:12], "WebP"),
    "BMP, half": (BMP[: len(BMP) // 2], "truncated BMP"),
    "BMP, header only": (BMP[:20], "truncated BMP"),
    "BMP of 60,000 x 60,000": (
        BMP[:18] + struct.pack("<ii", 60_000, 60_000) + BMP[26:],
        "60000 x 60000 pixels",
    ),
    "TIFF, half": (TIFF[: len(TIFF) // 2], "truncated TIFF"),
    "TIFF, signature only": (TIFF[:6], "damaged TIFF"),
    "TIFF, LZW damaged": (
        overwritten(pillow(RGB, "TIFF", compression="tiff_lzw"), 400, 200),
        "damaged or unsupported TIFF",
    ),
    "TIFF of five channels": (
        tiff(np.zeros((4, 4, 5), np.uint16), photometric="minisblack", planarconfig="contig"),
        "5 channels",
    ),
    "TIFF of three pages": (pages(RGB, (RGB, 0), (RGB[::4, ::4], 1), (RGB[:9], 0)), "3 pages"),
    "TIFF of two pages, big": (pages(RGB, (RGB, 0), big=True, order=">"), "2 pages"),
    "TIFF of a stack": (tiff(np.stack([RGB, 255 - RGB]), photometric="rgb"), "2 pages"),
    "TIFF of two pages, LZW": (
        pillow(RGB, "TIFF", compression="tiff_lzw", save_all=True, append_images=FRAMES),
        "2 pages",
    ),
    "PNG animated": (pillow(RGB, "PNG", save_all=True, append_images=FRAMES), "2 frames"),
    "WebP animated": (
        pillow(RGB, "WEBP", lossless=True, save_all=True, append_images=FRAMES),
        "2 frames",
    ),
    "TIFF with NaN": (tiff(np.full((4, 4), np.nan, np.float32)), "NaN"),
    "TIFF with infinity": (tiff(np.array([[0, np.inf]], np.float32)), "NaN or infinite"),
}
