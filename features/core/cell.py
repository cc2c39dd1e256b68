"""One cell: its pixels, its two masks, and cached intermediate results that features share."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import CellError
from ..primitives import channels as colour
from ..primitives.arrays import Bytes, Floats, Mask
from ..primitives.kernels import compartment_histograms
from ..primitives.masks import erode_bits

Value = TypeVar("Value")

COMPARTMENTS = ("Cells", "Nuclei", "Cytoplasm")
COMPARTMENT_BITS = {name: np.uint8(1 << place) for place, name in enumerate(COMPARTMENTS)}


_HISTOGRAM_OF: dict[str, Callable[[NDArray[np.int64]], NDArray[np.int64]]] = {
    "Cells": lambda counts: counts[0] + counts[1],
    "Nuclei": lambda counts: counts[1],
    "Cytoplasm": lambda counts: counts[0],
}


@dataclass(frozen=True, eq=False)
class Cell:
    """A cropped cell with the masks of its nucleus and of the whole cell.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
        The crop, sRGB.
    nucleus, cell : (rows, cols) bool
        Masks of the nucleus, which may be empty, and of the whole cell, which may not. The
        nucleus is inside the cell.
    origin : (int, int)
        Row and column of the crop's first pixel in the source image.
    pixel_size : float or None
        Micrometres per pixel if known; features are in pixels in any case.

    Raises
    ------
    CellError
        If a shape or dtype is wrong, the cell is empty, or the nucleus is not inside it.
    """

    rgb: Bytes
    nucleus: Mask
    cell: Mask
    origin: tuple[int, int] = (0, 0)
    pixel_size: float | None = None

    def __post_init__(self) -> None:
        if self.rgb.ndim != 3 or self.rgb.shape[2] != 3 or self.rgb.dtype != np.uint8:
            raise CellError(
                f"the pixels are {self.rgb.dtype} of shape {self.rgb.shape}",
                "give uint8 of shape (rows, cols, 3)",
            )
        for name, mask in (("nucleus", self.nucleus), ("cell", self.cell)):
            if mask.dtype != np.bool_ or mask.shape != self.rgb.shape[:2]:
                raise CellError(
                    f"the {name} mask is {mask.dtype} of shape {mask.shape}",
                    f"give bool of shape {self.rgb.shape[:2]}",
                )
        if not self.cell.any():
            raise CellError("the cell mask is empty", "give a mask with at least one pixel")
        if bool(np.greater(self.nucleus, self.cell).any()):
            outside = int((self.nucleus & ~self.cell).sum())
            raise CellError(
                f"{outside} pixels of the nucleus are outside the cell",
                "give a nucleus inside its cell",
            )
        if self.pixel_size is not None and not (
            np.isfinite(self.pixel_size) and self.pixel_size > 0
        ):
            raise CellError(
                f"the pixel size is {self.pixel_size}", "give micrometres per pixel above 0"
            )

    @cached_property
    def cytoplasm(self) -> Mask:
        """The cell without its nucleus: (rows, cols) bool."""
        return self.cell & ~self.nucleus

    def trimmed(self, margin: int = 1) -> Cell:
        """Return the cell cropped to its bounding box and `margin` more pixels inside the image."""
        col, row, width, height = cv2.boundingRect(self.cell.view(np.uint8))
        top, left = max(row - margin, 0), max(col - margin, 0)
        box = np.s_[top : row + height + margin, left : col + width + margin]
        return Cell(
            np.ascontiguousarray(self.rgb[box]),
            np.ascontiguousarray(self.nucleus[box]),
            np.ascontiguousarray(self.cell[box]),
            (self.origin[0] + top, self.origin[1] + left),
            self.pixel_size,
        )

    def mask(self, compartment: str) -> Mask:
        """Return the (rows, cols) bool mask of one of `COMPARTMENTS`."""
        return {"Cells": self.cell, "Nuclei": self.nucleus, "Cytoplasm": self.cytoplasm}[
            compartment
        ]

    def eroded(self, side: int) -> Bytes:
        """Erode each compartment with a square of `side` pixels, an odd number.

        Returns (rows, cols) uint8 with one bit for each compartment, see `COMPARTMENT_BITS`.
        """
        if side == 1:
            nucleus, cell = self.nucleus.view(np.uint8), self.cell.view(np.uint8)
            return (COMPARTMENT_BITS["Cells"] | COMPARTMENT_BITS["Cytoplasm"]) * cell - (
                COMPARTMENT_BITS["Cytoplasm"] - COMPARTMENT_BITS["Nuclei"]
            ) * nucleus
        return self.cached(("eroded", side), lambda: erode_bits(self.eroded(side - 2)))

    @cached_property
    def compartment_labels(self) -> Bytes:
        """Labels: 0 background, 1 cytoplasm, 2 nucleus; (rows, cols) uint8."""
        return self.cell.view(np.uint8) + self.nucleus.view(np.uint8)

    @cached_property
    def _planes(self) -> tuple[Bytes, set[str]]:
        """All planes (channels, rows, cols), and the channels that are computed so far."""
        return np.empty((len(colour.CHANNELS), *self.cell.shape), np.uint8), set()

    def _computed_planes(self, channels: tuple[str, ...]) -> Bytes:
        """Return all planes, of which at least `channels` are computed."""
        planes, ready = self._planes
        for channel in channels:
            if channel not in ready:
                group = next(group for group in colour.CHANNEL_GROUPS if channel in group)
                first = colour.CHANNELS.index(group[0])
                colour.compute_planes(group, self.rgb, planes[first : first + len(group)])
                ready.update(group)
        return planes

    def plane(self, channel: str) -> Bytes:
        """Return one of `primitives.channels.CHANNELS`: (rows, cols) uint8."""
        plane: Bytes = self._computed_planes((channel,))[colour.CHANNELS.index(channel)]
        return plane

    def planes(self, channels: tuple[str, ...]) -> Bytes:
        """Return a stack of channels: (channels, rows, cols) uint8."""
        planes = self._computed_planes(channels)
        if channels == colour.CHANNELS:
            return planes
        return planes[[colour.CHANNELS.index(channel) for channel in channels]]

    @cached_property
    def _cache(self) -> dict[Hashable, Any]:
        """The results that `cached` keeps."""
        return {}

    def cached(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Return the result of `make` for a key; it is computed at the first call."""
        if key not in self._cache:
            self._cache[key] = make()
        return cast(Value, self._cache[key])

    @cached_property
    def _counts(self) -> tuple[NDArray[np.int64], set[str]]:
        """Histograms (channels, 2, 256), and the channels that are counted so far."""
        return np.zeros((len(colour.CHANNELS), 2, 256), np.int64), set()

    def histograms(self, compartments: tuple[str, ...], channels: tuple[str, ...]) -> Floats:
        """Return the histograms of channels in compartments: (compartments, channels, 256)."""
        counts, ready = self._counts
        places = [colour.CHANNELS.index(channel) for channel in channels]
        missing = [place for place in places if colour.CHANNELS[place] not in ready]
        if missing:
            # All channels in between too: a slice of the planes needs no copy.
            span = slice(min(missing), max(missing) + 1)
            between = colour.CHANNELS[span]
            counts[span] = compartment_histograms(
                self._computed_planes(between)[span], self.compartment_labels
            )
            ready.update(between)
        by_label = counts[places].swapaxes(0, 1)
        return np.array([_HISTOGRAM_OF[word](by_label) for word in compartments], dtype=np.float64)
