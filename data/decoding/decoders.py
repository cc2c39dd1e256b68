"""Pillow and OpenCV as decoders that raise DataError and print nothing."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ..errors import DataError
from .bit_depth import JoinOpacity, channels_to_rgb

COPY_AGAIN = "copy the file again from its source, or export it again"

# Errors that Pillow and its libraries raise on damaged files.
_PILLOW_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    ArithmeticError,
    NotImplementedError,
    struct.error,
    zlib.error,
)


def check_size(rows: int, cols: int, max_pixels: int) -> None:
    """Refuse a declared image size before memory is allocated for it."""
    if rows <= 0 or cols <= 0:
        raise DataError(f"the file declares {cols} x {rows} pixels", COPY_AGAIN)
    if rows * cols > max_pixels:
        raise DataError(
            f"the file declares {cols} x {rows} pixels, more than the limit of {max_pixels}",
            "crop the picture into smaller fields, or raise the pixel limit",
        )


def multiple_images_error(count: int, kind: str, what: str) -> DataError:
    """Return the error for a file with more than one image."""
    return DataError(
        f"a {kind} of {count} {what}, expected one image",
        f"save each of its {what} as a separate file; if they are the channels of one picture, "
        "save it as RGB",
    )


@contextmanager
def _quiet_pillow() -> Iterator[None]:
    """Disable Pillow's pixel limit (`check_size` is used instead) and its warnings about tags."""
    limit = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


@contextmanager
def _opened_by_pillow(content: bytes, kind: str, max_pixels: int) -> Iterator[Image.Image]:
    """Open the first frame of a file upright; raise DataError for a damaged one."""
    with _quiet_pillow():
        try:
            with Image.open(io.BytesIO(content), formats=[kind]) as image:
                check_size(image.height, image.width, max_pixels)
                image.load()
                yield _upright(image)
        except DataError:
            raise
        except _PILLOW_ERRORS as error:
            raise DataError(
                f"damaged or unsupported {kind}: {_one_line(error)}", COPY_AGAIN
            ) from error


def decode_pillow(
    content: bytes, kind: str, max_pixels: int, join: JoinOpacity
) -> NDArray[np.uint8]:
    """Decode the first frame of a PNG, JPEG, BMP, TIFF or WebP of at most 8 bits with Pillow.

    `kind` is Pillow's name of the format; no other format is tried. `join` joins RGB and opacity.
    """
    with _opened_by_pillow(content, kind, max_pixels) as image:
        return _pillow_rgb(image, join)


def palette_indices(content: bytes, kind: str, max_pixels: int) -> NDArray[np.uint8] | None:
    """Return the indices (rows, cols) of an image with a palette, None for another image."""
    with _opened_by_pillow(content, kind, max_pixels) as image:
        return np.array(image) if image.mode == "P" else None


def _upright(image: Image.Image) -> Image.Image:
    """Return the image with its EXIF orientation applied; unreadable EXIF is ignored."""
    try:
        orientation = image.getexif().get(0x0112, 1)
    except _PILLOW_ERRORS:
        return image
    return ImageOps.exif_transpose(image) if orientation in range(2, 9) else image


def _pillow_rgb(image: Image.Image, join: JoinOpacity) -> NDArray[np.uint8]:
    if image.mode == "RGB" and "transparency" not in image.info:
        return np.array(image)
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return channels_to_rgb(np.asarray(image))
    if image.has_transparency_data:
        rgba = np.asarray(image.convert("RGBA"))
        return join(rgba[..., :3], rgba[..., 3])
    return np.array(image.convert("RGB"))


def decode_opencv(content: bytes, flags: int) -> NDArray[Any]:
    """Decode with OpenCV under `flags`, without its messages on stderr."""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        samples = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise MemoryError from error
        raise DataError(f"damaged or unsupported: {_one_line(error)}", COPY_AGAIN) from error
    finally:
        cv2.utils.logging.setLogLevel(level)
    if samples is None:
        raise DataError("damaged or unsupported: OpenCV cannot decode it", COPY_AGAIN)
    return samples


def decode_unchanged(content: bytes) -> NDArray[Any]:
    """Decode with OpenCV without conversion of depth; channels in the order RGB or RGBA."""
    samples = decode_opencv(content, cv2.IMREAD_UNCHANGED)
    if samples.ndim == 3 and samples.shape[2] in (3, 4):
        return samples[..., [2, 1, 0, 3][: samples.shape[2]]]
    return samples


def _one_line(error: BaseException) -> str:
    """Return the start of a library's message on one line, without object addresses."""
    text = " ".join(str(error).split()).split(" <_io.BytesIO")[0]
    return text[:160] or type(error).__name__
