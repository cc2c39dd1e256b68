"""Granularity spectrum: how much of the picture is made of grains of each size.

Openings take away what is narrower than a square; those of the compartment's own pixels only
(squares are cut off at its edge).
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
    """Sums of the levels after openings with growing squares.

    Parameters
    ----------
    bright, dark : (compartments, channels, 1 + sides) float64
        Of the plane and of its complement, above the lowest level, before the first opening and
        after each.
    """

    bright: Floats
    dark: Floats


def openings(plane: Bytes, mask: Mask) -> Iterator[Bytes]:
    """Yield the openings of a plane by growing squares, 0 outside the mask.

    The lowest level of each square is taken over the mask's pixels only, and the highest of
    these lowest over the squares about the mask's pixels.
    """
    lowest, before = plane | -(~mask).view(np.uint8), 1
    for side in SIDES:
        # The lowest level of a larger square is the lowest of those of smaller ones.
        growth = side - before + 1
        lowest = np.asarray(cv2.erode(lowest, np.ones((growth, growth), np.uint8)), np.uint8)
        highest = cv2.dilate(lowest * mask, np.ones((side, side), np.uint8))
        yield np.asarray(highest, dtype=np.uint8) * mask
        before = side


def _sums(plane: Bytes, mask: Mask) -> list[float]:
    """Sums above the lowest level before and after the openings."""
    if not mask.any():
        return [0.0] * (len(SIDES) + 1)
    lowest = int(plane[mask].min())
    ground = lowest * cv2.countNonZero(mask.view(np.uint8))
    return [cv2.sumElems(each)[0] - ground for each in (plane * mask, *openings(plane, mask))]


def _view(cell: Cell, axes: Axes) -> Openings:
    planes = [cell.plane(channel) for channel in axes.channels]
    masks = [cell.mask(word) for word in axes.compartments]
    boxes = [cv2.boundingRect(mask.view(np.uint8)) for mask in masks]
    places = [np.s_[y : y + rows, x : x + cols] for x, y, cols, rows in boxes]
    inside = [np.ascontiguousarray(mask[place]) for mask, place in zip(masks, places, strict=True)]
    both = [
        [[_sums(each[place], mask) for each in (plane, np.invert(plane))] for plane in planes]
        for mask, place in zip(inside, places, strict=True)
    ]
    bright, dark = np.moveaxis(np.array(both), 2, 0)
    return Openings(bright, dark)


GRANULARITY = Family(
    name="Granularity",
    title="Granularity spectrum: how much of the picture is made of grains of each size",
    compartments=COMPARTMENTS,
    view=_view,
    channels=TEXTURE_CHANNELS,
    membership=lambda channel, _: "full" if channel == "Gray" else "named",
)

grain = partial(
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


@grain(
    plain="share of bright grains of each size", vetted="by hand; formula in scipy; scikit-image"
)
def bright_spectrum(view: Openings) -> Floats:
    """Share of the levels above the lowest that openings with growing squares take away."""
    return _spectrum(view.bright)


@grain(plain="share of dark grains of each size", vetted="by hand; formula in scipy; scikit-image")
def dark_spectrum(view: Openings) -> Floats:
    """Share of the levels below the highest that closings with growing squares take away."""
    return _spectrum(view.dark)
