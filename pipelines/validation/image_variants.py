"""Images without colour, without arrangement of pixels, or with another stain.

The outlines are always those of the unchanged image.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from features.segmentation.segment import Segmentation

Bytes = NDArray[np.uint8]

# Largest factor on the optical density of a channel; the smallest one is its inverse.
JITTER = 1.25


def to_grey(rgb: Bytes, _found: Segmentation, _rng: np.random.Generator) -> Bytes:
    """Return the image with the BT.601 luma in each channel.

    Parameters
    ----------
    rgb : (rows, columns, 3) uint8
    """
    import cv2

    return np.asarray(cv2.cvtColor(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB))


def shuffle_pixels(rgb: Bytes, found: Segmentation, rng: np.random.Generator) -> Bytes:
    """Return the image with the pixels of each nucleus and of each cytoplasm in random order.

    Parameters
    ----------
    rgb : (rows, columns, 3) uint8
    found : Segmentation
    rng : Generator
    """
    mixed = rgb.copy()
    for one in found.cells:
        (top, left), (rows, cols) = one.cell.origin, one.cell.cell.shape
        window = mixed[top : top + rows, left : left + cols]
        for mask in (one.cell.nucleus, one.cell.cytoplasm):
            window[mask] = rng.permutation(window[mask])
    return mixed


def jitter_stain(rgb: Bytes, _found: Segmentation, rng: np.random.Generator) -> Bytes:
    """Return the image with the optical density of each channel multiplied by a random factor.

    The factor is uniform on a logarithmic scale between 1 / `JITTER` and `JITTER`. The colour of
    the empty slide does not change.

    Parameters
    ----------
    rgb : (rows, columns, 3) uint8
    rng : Generator
    """
    import cv2

    from features.colour.standardisation import background_colour

    gain = np.exp(rng.uniform(-np.log(JITTER), np.log(JITTER), 3))
    slide = background_colour(rgb) + 1
    level = slide * (np.arange(1.0, 257.0)[:, None] / slide) ** gain - 1
    table = np.clip(np.rint(level), 0, 255).astype(np.uint8).reshape(1, 256, 3)
    return np.asarray(cv2.LUT(rgb, table), dtype=np.uint8)


Variant = Callable[[Bytes, "Segmentation", np.random.Generator], Bytes]
VARIANTS: Mapping[str, Variant] = {
    "grey": to_grey,
    "shuffled": shuffle_pixels,
    "jittered": jitter_stain,
}
