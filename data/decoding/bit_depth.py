"""Conversion of samples of any bit depth to 8 bits, and of opacity to what a caller needs."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError

# Bit depths of cameras; the file's depth is often larger than that of the data.
_CAMERA_BITS = (8, 10, 12, 14, 16, 24, 32, 64)
_LEAST_OPACITY = 128  # of the most opaque pixel of a picture


class JoinOpacity(Protocol):
    """Joins RGB (rows, cols, 3) and opacity (rows, cols), 0 to 255, to one uint8 array."""

    def __call__(
        self, rgb: NDArray[np.uint8], alpha: NDArray[np.uint8], *, premultiplied: bool = False
    ) -> NDArray[np.uint8]:
        """Return the joined array."""


def to_uint8(samples: NDArray[Any], bits: int | None = None) -> NDArray[np.uint8]:
    """Return samples of any numeric type as 8-bit intensities, rounded to nearest.

    The full scale is, for

    - booleans: 0 and 1 become 0 and 255;
    - 8-bit unsigned samples: unchanged, unless `bits` is less than 8;
    - deeper integers without negative values: ``2**bits - 1``. If the file does not state the
      number of bits, it is the smallest of 8, 10, 12, 14, 16, 24, 32 and 64 bits that holds
      the largest sample, so 12-bit data in a 16-bit file keep their brightness;
    - floats within 0..1: 1; floats within 0..255: 255;
    - other floats, and integers with negative values: the range from the smallest to the
      largest sample over all channels (a constant image is then black).

    Parameters
    ----------
    samples : array of any shape, numeric
        Grey levels or colour channels, without transparency.
    bits : int, optional
        Number of used bits, if the file states it.

    Raises
    ------
    DataError
        For NaN, infinite or complex samples, or a sample larger than `bits` allows.
    """
    if samples.dtype == np.bool_:
        return samples.astype(np.uint8) * np.uint8(255)
    if samples.dtype == np.uint8 and bits in (None, 8):
        return samples.astype(np.uint8, copy=False)
    if samples.dtype.kind not in "uif":
        raise DataError(
            f"samples of type {samples.dtype}, expected integers or floats",
            "save the picture with 8 or 16 bits per channel",
        )
    low, high = samples.min(), samples.max()
    if samples.dtype.kind == "f":
        return _float_to_uint8(samples, float(low), float(high))
    if low < 0:
        return _stretch(samples, float(low), float(high))
    if bits is None:
        bits = next(depth for depth in _CAMERA_BITS if int(high) < 2**depth)
    full = 2**bits - 1
    if int(high) > full:
        raise DataError(
            f"a sample of {int(high)} in data declared as {bits}-bit (at most {full})",
            "correct the bit depth in the file's tags",
        )
    if bits > 16:
        return _rounded(samples * (255 / full))
    level = (np.arange(full + 1) * 255 + full // 2) // full
    scaled: NDArray[np.uint8] = level.astype(np.uint8)[samples]
    return scaled


def _rounded(intensities: NDArray[Any]) -> NDArray[np.uint8]:
    rounded: NDArray[np.uint8] = np.rint(intensities).astype(np.uint8)
    return rounded


def _float_to_uint8(samples: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    if not (np.isfinite(low) and np.isfinite(high)):
        raise DataError("NaN or infinite samples", "replace them before saving the picture")
    if low >= 0 and high <= 1:
        return _rounded(samples * 255.0)
    if low >= 0 and high <= 255:
        return _rounded(samples)
    return _stretch(samples, low, high)


def _stretch(samples: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    width = high - low
    if not np.isfinite(width):
        raise DataError(
            f"samples from {low:g} to {high:g}, a range too large for a float",
            "scale the picture to 0..1 before saving it",
        )
    if width == 0:
        return np.zeros(samples.shape, np.uint8)
    return _rounded((samples.astype(np.float64) - low) * (255 / width))


def on_white(
    rgb: NDArray[np.uint8], alpha: NDArray[np.uint8], *, premultiplied: bool = False
) -> NDArray[np.uint8]:
    """Return `rgb` (rows, cols, 3) on white, with the opacity `alpha` (rows, cols), 0 to 255.

    `premultiplied`: the colours are already multiplied by their opacity (TIFF: associated alpha).
    """
    opacity = alpha[..., None].astype(np.uint16)
    white = 255 - opacity
    laid = (
        np.minimum(rgb + white, 255)
        if premultiplied
        else (rgb * opacity + 255 * white + 127) // 255
    )
    return np.asarray(laid, np.uint8)


def visible_on_white(
    rgb: NDArray[np.uint8], alpha: NDArray[np.uint8], *, premultiplied: bool = False
) -> NDArray[np.uint8]:
    """Return `on_white` of a picture that can be seen.

    Raises
    ------
    DataError
        If no pixel is half opaque, or all are equally transparent: on white, the picture would be
        white or pale, which was not photographed.
    """
    highest = int(alpha.max())
    if highest < _LEAST_OPACITY or int(alpha.min()) == highest < 255:
        seen = "fully transparent" if highest == 0 else f"transparent (opacity at most {highest})"
        raise DataError(
            f"every pixel is {seen}, expected opacity 255",
            "save the picture without its opacity channel (alpha)",
        )
    return on_white(rgb, alpha, premultiplied=premultiplied)


def keep_opacity(
    rgb: NDArray[np.uint8],
    alpha: NDArray[np.uint8],
    *,
    premultiplied: bool = False,  # noqa: ARG001  (a mask has no colours to correct)
) -> NDArray[np.uint8]:
    """Return RGB and opacity as four channels, (rows, cols, 4) uint8."""
    return np.dstack([rgb, alpha])


def channels_to_rgb(
    samples: NDArray[Any],
    bits: int | None = None,
    *,
    premultiplied: bool = False,
    join: JoinOpacity = on_white,
) -> NDArray[np.uint8]:
    """Return grey (rows, cols) or 1 to 4 channels (rows, cols, n) of any depth as RGB uint8.

    Two channels are grey and opacity, four are RGB and opacity, which `join` joins; the bit depth
    of the opacity is determined separately.
    """
    planes = samples[..., None] if samples.ndim == 2 else samples
    count = planes.shape[-1]
    if planes.ndim != 3 or count not in (1, 2, 3, 4):
        raise DataError(
            f"samples of shape {samples.shape}, expected 1 (grey) or 3 (RGB) channels, or either "
            "with opacity",
            "export the picture as RGB",
        )
    has_alpha = count in (2, 4)
    colours = to_uint8(planes[..., :-1] if has_alpha else planes, bits)
    rgb = np.repeat(colours, 3, axis=2) if colours.shape[2] == 1 else colours
    if has_alpha:
        rgb = join(rgb, to_uint8(planes[..., -1]), premultiplied=premultiplied)
    return np.ascontiguousarray(rgb)
