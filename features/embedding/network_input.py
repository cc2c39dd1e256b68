"""Preprocessing of an image for a network: size, colour order, levels; without cropping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import CellError
from ..primitives.arrays import Bytes
from .network import Network

KEYS = ("mean", "std", "size", "order", "fit", "output")


@dataclass(frozen=True)
class Preprocessing:
    """How an image becomes the input of a network, and which output is read.

    Parameters
    ----------
    rows, cols : int
        Size of the input, pixels.
    mean, std : (float, float, float)
        Of red, green and blue: subtracted from the levels as shares of 255, then their divisor.
    order : {"RGB", "BGR"}
        Order of the colour planes of the input.
    fit : {"pad", "squash"}
        How an image of another shape is resized; nothing is cropped.
    output : str
        Name of the network's output.
    """

    rows: int
    cols: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    order: Literal["RGB", "BGR"]
    fit: Literal["pad", "squash"]
    output: str

    @property
    def fill_level(self) -> tuple[int, int, int]:
        """Level of red, green and blue that is nearest to 0 in the input: it fills the padding."""
        red, green, blue = (round(255 * share) for share in self.mean)
        return red, green, blue

    @cached_property
    def _table(self) -> NDArray[np.float32]:
        """Input value of each level of each colour: (1, 256, 3)."""
        shares = np.arange(256)[None, :, None] / 255
        return np.asarray((shares - np.array(self.mean)) / np.array(self.std), dtype=np.float32)

    def apply(self, rgb: Bytes) -> NDArray[np.float32]:
        """Return the input of an image (rows, cols, 3) uint8: (3, rows, cols) float32, a view."""
        rows, cols = rgb.shape[:2]
        high, wide = self.rows, self.cols
        if self.fit == "pad":
            scale = min(self.rows / rows, self.cols / cols)
            high, wide = max(1, round(rows * scale)), max(1, round(cols * scale))
        shrinks = high * wide < rows * cols
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        sized = np.asarray(cv2.resize(rgb, (wide, high), interpolation=how), dtype=np.uint8)
        if (high, wide) != (self.rows, self.cols):
            whole = np.empty((self.rows, self.cols, 3), dtype=np.uint8)
            cv2.rectangle(whole, (0, 0), (self.cols, self.rows), self.fill_level, cv2.FILLED)
            top, left = (self.rows - high) // 2, (self.cols - wide) // 2
            whole[top : top + high, left : left + wide] = sized
            sized = whole
        values = np.asarray(cv2.LUT(sized, self._table), dtype=np.float32)
        planes = values if self.order == "RGB" else values[..., ::-1]
        return planes.transpose(2, 0, 1)


def read_preprocessing(network: Network, given: Mapping[str, str]) -> Preprocessing:
    """Read the preprocessing from what is given, then from the model's metadata.

    Parameters
    ----------
    network : Network
        Its ``metadata_props`` may have the keys `KEYS`.
    given : mapping of str to str
        The same keys: ``mean`` and ``std`` as ``0.485,0.456,0.406`` (shares of 255), ``size`` as
        ``224`` or ``224x192`` (rows by columns), ``order`` RGB or BGR (default RGB), ``fit``
        squash or pad (default pad), ``output``.

    Raises
    ------
    CellError
        If a property is missing or cannot be used.
    """
    for key in given:
        if key not in KEYS:
            raise CellError(f"{key!r} is no property of an embedding", f"give {', '.join(KEYS)}")
    known = {key: network.metadata[key] for key in KEYS if key in network.metadata} | dict(given)
    rows, cols = _size(network, known.get("size"))
    mean, std = (_triple(network.name, key, known.get(key)) for key in ("mean", "std"))
    if min(std) <= 0:
        raise CellError(f"{network.name} has std {std}", "give shares of 255 above 0")
    order, fit = known.get("order", "RGB").upper(), known.get("fit", "pad").lower()
    if order not in {"RGB", "BGR"} or fit not in {"pad", "squash"}:
        raise CellError(
            f"{network.name} has order={order} and fit={fit}",
            "give order=RGB or BGR, fit=pad or squash",
        )
    return Preprocessing(
        rows,
        cols,
        mean,
        std,
        cast(Literal["RGB", "BGR"], order),
        cast(Literal["pad", "squash"], fit),
        _output(network, known.get("output")),
    )


def _size(network: Network, text: str | None) -> tuple[int, int]:
    fixed = network.input.shape[2:]
    if text is None:
        if None in fixed:
            raise CellError(
                f"{network.name} does not say the size of its input", "give it, as in size=224"
            )
        return cast(tuple[int, int], fixed)
    words = text.lower().split("x")
    if not all(word.isdecimal() and int(word) for word in words) or len(words) > 2:
        raise CellError(f"{network.name} has size={text}", "give size=224 or size=224x192")
    rows, cols = int(words[0]), int(words[-1])
    if any(wanted not in {None, seen} for wanted, seen in zip(fixed, (rows, cols), strict=True)):
        raise CellError(
            f"{network.name} has size={text}, its input takes {fixed}", "leave size out"
        )
    return rows, cols


def _triple(name: str, key: str, text: str | None) -> tuple[float, float, float]:
    remedy = f"give three numbers between 0 and 1, shares of 255, as in {key}=0.485,0.456,0.406"
    if text is None:
        raise CellError(f"{name} does not say its {key}", remedy)
    try:
        red, green, blue = (float(word) for word in text.strip("[]() ").split(","))
    except ValueError as error:
        raise CellError(f"{name} has {key}={text}", remedy) from error
    if not all(0 <= value <= 1 for value in (red, green, blue)):
        raise CellError(f"{name} has {key}={text}", remedy)
    return red, green, blue


def _output(network: Network, name: str | None) -> str:
    names = [one.name for one in network.outputs]
    if name is None and len(names) == 1:
        return names[0]
    if name not in names:
        raise CellError(
            f"{network.name} has the outputs {', '.join(names)}, asked for: {name or 'none'}",
            "name one with output=NAME",
        )
    return name
