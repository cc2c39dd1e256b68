"""Colour channels of an image: twelve 8-bit planes, each with its scale and unit."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from .arrays import Bytes, Floats
from .kernels import separate_stains

CHANNELS: tuple[str, ...] = (
    "Gray",
    "Red",
    "Green",
    "Blue",
    "Lstar",
    "astar",
    "bstar",
    "Hue",
    "Saturation",
    "Value",
    "Azure",
    "Eosin",
)
TEXTURE_CHANNELS = tuple(name for name in CHANNELS if name != "Hue")


# Slope, offset and unit of each channel: value = slope * level + offset.
CHANNEL_SCALES: dict[str, tuple[float, float, str]] = {
    "Gray": (1.0, 0.0, "8-bit level"),
    "Red": (1.0, 0.0, "8-bit level"),
    "Green": (1.0, 0.0, "8-bit level"),
    "Blue": (1.0, 0.0, "8-bit level"),
    "Lstar": (100 / 255, 0.0, "CIELAB unit"),
    "astar": (1.0, -128.0, "CIELAB unit"),
    "bstar": (1.0, -128.0, "CIELAB unit"),
    "Hue": (360 / 256, 0.0, "degree"),
    "Saturation": (1 / 255, 0.0, "1"),
    "Value": (1 / 255, 0.0, "1"),
    "Azure": (2 / 255, 0.0, "optical density"),
    "Eosin": (2 / 255, 0.0, "optical density"),
}

# Absorbance of methylene blue (the azures) and of eosin in red, green and blue: the "Giemsa"
# vectors of G. Landini's Colour Deconvolution plugin for ImageJ (Ruifrok and Johnston 2001).
_AZURE = (0.834750233, 0.513556283, 0.196330403)
_EOSIN = (0.092789, 0.954111, 0.283111)


def _unmixing_matrix() -> Floats:
    """Return the (2, 3) matrix that converts optical densities to amounts of azure and eosin."""
    azure = np.array(_AZURE) / np.linalg.norm(_AZURE)
    eosin = np.array(_EOSIN) / np.linalg.norm(_EOSIN)
    rest = np.cross(azure, eosin)
    mixing = np.stack([azure, eosin, rest / np.linalg.norm(rest)], axis=1)
    return np.linalg.inv(mixing)[:2]


def _stain_tables() -> NDArray[np.int32]:
    """Return (2, 3, 256) int32: the term of each level of red, green and blue for each stain.

    Fixed point with 16 fractional bits: sums of integers are equal on every machine.
    """
    density = -np.log10((np.arange(256) + 1) / 256)
    levels = _unmixing_matrix()[:, :, None] * density / CHANNEL_SCALES["Azure"][0]
    return np.rint(levels * 65536).astype(np.int32)


_STAIN_TABLES = _stain_tables()

# Channels that one conversion computes together.
CHANNEL_GROUPS = (CHANNELS[:1], CHANNELS[1:4], CHANNELS[4:7], CHANNELS[7:10], CHANNELS[10:])


def compute_planes(group: tuple[str, ...], rgb: Bytes, planes: Bytes) -> None:
    """Write the planes of one group of channels.

    ``Gray`` is the BT.601 luma; ``Lstar``, ``astar`` and ``bstar`` are CIELAB of sRGB under D65;
    ``Hue`` has 256 levels for 360 degrees. Rounding is OpenCV's. ``Azure`` and ``Eosin`` are
    colour deconvolution (Ruifrok and Johnston 2001) against a white of 255.

    Parameters
    ----------
    group : tuple of str
        One of `CHANNEL_GROUPS`.
    rgb : (rows, cols, 3) uint8
    planes : (channels of the group, rows, cols) uint8
        Overwritten.
    """
    first = group[0]
    if first == "Gray":
        cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY, dst=planes[0])
    elif first == "Azure":
        planes[:] = separate_stains(rgb, _STAIN_TABLES)
    else:
        code = _CONVERSIONS.get(first)
        cv2.split(rgb if code is None else cv2.cvtColor(rgb, code), list(planes))


_CONVERSIONS = {"Lstar": cv2.COLOR_RGB2LAB, "Hue": cv2.COLOR_RGB2HSV_FULL}


@cache
def level_values(channels: tuple[str, ...]) -> Floats:
    """Return the value of each of the 256 levels in the channel's unit: (channels, 256)."""
    slopes = np.array([CHANNEL_SCALES[name][:2] for name in channels])
    values: Floats = slopes[:, :1] * np.arange(256.0) + slopes[:, 1:]
    values.flags.writeable = False
    return values
