"""Granularity spectrum: loss of intensity under morphological openings of growing size.

An opening with a square removes bright structures narrower than the square. Only pixels of the
compartment enter: squares are clipped at its edge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from ..core.cell import COMPARTMENTS, Cell
from ..core.registry import Axes, Family, feature
from ..primitives.arrays import Bytes, Floats, Mask, ratio
from ..primitives.channels import TEXTURE_CHANNELS

SIDES = (3, 5, 7, 9, 13, 17)


@dataclass(frozen=True, eq=False)
class Openings:
    """Sums of grey values after openings with growing squares.

    Parameters
    ----------
    bright, dark : (compartments, channels, 1 + sides) float64
        Sums above the lowest value, before the first and after each opening, of the plane
        (`bright`) and of its complement (`dark`).
    """

    bright: Floats
    dark: Floats


def openings(plane: Bytes, mask: Mask) -> Iterator[Bytes]:
    """Yield the openings of a plane by growing squares, 0 outside the mask.

    Erosion takes the minimum over the mask's pixels in the square, dilation the maximum of these
    minima over the squares centred on the mask's pixels.
    """
    lowest, previous_side = plane | -(~mask).view(np.uint8), 1
    for side in SIDES:
        # The minimum over a larger square is the minimum of the minima over smaller ones.
        step = side - previous_side + 1
        lowest = np.asarray(cv2.erode(lowest, np.ones((step, step), np.uint8)), np.uint8)
        highest = cv2.dilate(lowest * mask, np.ones((side, side), np.uint8))
        yield np.asarray(highest, dtype=np.uint8) * mask
        previous_side = side


def _sums(plane: Bytes, mask: Mask) -> list[float]:
    """Return the sums above the lowest value, before and after the openings."""
    if not mask.any():
        return [0.0] * (len(SIDES) + 1)
    lowest = int(plane[mask].min())
    base = lowest * cv2.countNonZero(mask.view(np.uint8))
    return [cv2.sumElems(each)[0] - base for each in (plane * mask, *openings(plane, mask))]


def _view(cell: Cell, axes: Axes) -> Openings:
    planes = [cell.plane(channel) for channel in axes.channels]
    masks = [cell.mask(word) for word in axes.compartments]
    bounds = [cv2.boundingRect(mask.view(np.uint8)) for mask in masks]
    boxes = [np.s_[y : y + rows, x : x + cols] for x, y, cols, rows in bounds]
    inside = [np.ascontiguousarray(mask[box]) for mask, box in zip(masks, boxes, strict=True)]
    both = [
        [[_sums(each[box], mask) for each in (plane, np.invert(plane))] for plane in planes]
        for mask, box in zip(inside, boxes, strict=True)
    ]
    bright, dark = np.moveaxis(np.array(both), 2, 0)
    return Openings(bright, dark)


GRANULARITY = Family(
    name="Granularity",
    title="Granularity spectrum: share of structures of each size",
    compartments=COMPARTMENTS,
    view=_view,
    channels=TEXTURE_CHANNELS,
    membership=lambda channel, _: "full" if channel == "Gray" else "named",
)

granularity_feature = partial(
    feature,
    GRANULARITY,
    unit="1",
    range="(-1, 1], below 0 at ragged edges only",
    components=tuple(f"{side:02d}" for side in SIDES),
    nan="empty compartment, or a single level in it",
    reference="pattern spectrum; Maragos 1989, doi:10.1109/34.192465; squares, sides in px",
    vetted="by hand; scipy",
)


def _spectrum(sums: Floats) -> Floats:
    lost = sums[..., :-1] - sums[..., 1:]
    return ratio(lost, np.broadcast_to(sums[..., :1], lost.shape))


@granularity_feature(
    plain="share of bright structures of each size",
    vetted="by hand; formula in scipy; scikit-image",
)
def bright_spectrum(view: Openings) -> Floats:
    """Share of the sum of (grey value - lowest) that opening by each larger square removes."""
    return _spectrum(view.bright)


@granularity_feature(
    plain="share of dark structures of each size", vetted="by hand; formula in scipy; scikit-image"
)
def dark_spectrum(view: Openings) -> Floats:
    """Share of the sum of (highest - grey value) that closing by each larger square removes."""
    return _spectrum(view.dark)
