"""How a picture is brought to the input of a network: size, planes, levels; nothing is cut off."""

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
    """What is done to a picture before a network sees it, and what is taken from what it says.

    Parameters
    ----------
    rows, cols : int
        Size of the input in pixels.
    mean, std : (float, float, float)
        Subtracted from, then divided by, levels as shares of 255, red green blue.
    order : {"RGB", "BGR"}
        Order of the planes that the network expects.
    fit : {"pad", "squash"}
        How a picture that is not of that shape is brought to it; nothing is cut off.
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
    def nothing(self) -> tuple[int, int, int]:
        """The level of each plane that comes nearest to 0 in the input: what is put outside."""
        red, green, blue = (round(255 * share) for share in self.mean)
        return red, green, blue

    @cached_property
    def _levels(self) -> NDArray[np.float32]:
        """What each level of each plane becomes: (1, 256, 3)."""
        shares = np.arange(256)[None, :, None] / 255
        return np.asarray((shares - np.array(self.mean)) / np.array(self.std), dtype=np.float32)

    def prepared(self, rgb: Bytes) -> NDArray[np.float32]:
        """Bring (rows, cols, 3) uint8 to the input's (3, rows, cols) float32, a view."""
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
            cv2.rectangle(whole, (0, 0), (self.cols, self.rows), self.nothing, cv2.FILLED)
            top, left = (self.rows - high) // 2, (self.cols - wide) // 2
            whole[top : top + high, left : left + wide] = sized
            sized = whole
        values = np.asarray(cv2.LUT(sized, self._levels), dtype=np.float32)
        planes = values if self.order == "RGB" else values[..., ::-1]
        return planes.transpose(2, 0, 1)


def preprocessing(network: Network, given: Mapping[str, str]) -> Preprocessing:
    """Find out how pictures are prepared: from what is given, else from the model's own metadata.

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
        If something is missing or makes no sense.
    """
    for key in given:
        if key not in KEYS:
            raise CellError(f"{key!r} is no property of an embedding", f"give {', '.join(KEYS)}")
    known = {key: network.metadata[key] for key in KEYS if key in network.metadata} | dict(given)
    rows, cols = _size(network, known.get("size"))
    mean, std = (_three(network.name, key, known.get(key)) for key in ("mean", "std"))
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
                f"{network.name} does not say the size of its input", "give size=224, say"
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


def _three(name: str, key: str, text: str | None) -> tuple[float, float, float]:
    remedy = f"give {key}= three numbers between 0 and 1, shares of 255: 0.485,0.456,0.406, say"
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
