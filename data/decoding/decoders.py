"""Pillow and OpenCV as decoders that refuse what they cannot read, and stay quiet."""

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
from .bit_depth import channels_to_rgb, on_white

COPY_AGAIN = "copy the file again from its source, or export it again"

# What Pillow's readers and libraries below them raise on damaged files.
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
    """Refuse a declared picture size before anything is allocated for it."""
    if rows <= 0 or cols <= 0:
        raise DataError(f"the file declares {cols} x {rows} pixels", COPY_AGAIN)
    if rows * cols > max_pixels:
        raise DataError(
            f"the file declares {cols} x {rows} pixels, more than the limit of {max_pixels}",
            "crop the picture into smaller fields, or raise the pixel limit",
        )


def multiple_images_error(count: int, kind: str, what: str) -> DataError:
    """The refusal of a file that holds more pictures than the one that would be measured."""
    return DataError(
        f"a {kind} of {count} {what}, expected one picture",
        f"save each of its {what} as a file of its own",
    )


@contextmanager
def _quiet_pillow() -> Iterator[None]:
    """Pillow without its own pixel limit (ours is checked) and its complaints about tags."""
    limit = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def decode_pillow(content: bytes, kind: str, max_pixels: int) -> NDArray[np.uint8]:
    """The first frame of a PNG, JPEG, BMP, TIFF or WebP of at most 8 bits, by Pillow.

    `kind` is Pillow's name of the format, which alone is tried.
    """
    with _quiet_pillow():
        try:
            with Image.open(io.BytesIO(content), formats=[kind]) as image:
                check_size(image.height, image.width, max_pixels)
                image.load()
                return _pillow_rgb(_upright(image))
        except DataError:
            raise
        except _PILLOW_ERRORS as error:
            raise DataError(
                f"damaged or unsupported {kind}: {_one_line(error)}", COPY_AGAIN
            ) from error


def _upright(image: Image.Image) -> Image.Image:
    """The picture turned as its EXIF orientation says; EXIF that cannot be read says nothing."""
    try:
        orientation = image.getexif().get(0x0112, 1)
    except _PILLOW_ERRORS:
        return image
    return ImageOps.exif_transpose(image) if orientation in range(2, 9) else image


def _pillow_rgb(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode == "RGB" and "transparency" not in image.info:
        return np.array(image)
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return channels_to_rgb(np.asarray(image))
    if image.has_transparency_data:
        rgba = np.asarray(image.convert("RGBA"))
        return on_white(rgba[..., :3], rgba[..., 3])
    return np.array(image.convert("RGB"))


def decode_opencv(content: bytes, flags: int) -> NDArray[Any]:
    """The samples that OpenCV decodes under `flags`, its messages on stderr turned off."""
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
    """Samples of their own depth, channels in the order RGB or RGBA."""
    samples = decode_opencv(content, cv2.IMREAD_UNCHANGED)
    if samples.ndim == 3 and samples.shape[2] in (3, 4):
        return samples[..., [2, 1, 0, 3][: samples.shape[2]]]
    return samples


def _one_line(error: BaseException) -> str:
    """The start of a library's message, without the object addresses and paths it may hold."""
    text = " ".join(str(error).split()).split(" <_io.BytesIO")[0]
    return text[:160] or type(error).__name__
