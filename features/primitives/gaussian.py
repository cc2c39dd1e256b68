"""Gaussian blur: the bytes of OpenCV's; large kernels take half of its time."""

from __future__ import annotations

from math import exp

import numpy as np
from numpy.typing import NDArray

from .arrays import Bytes
from .kernels import compiled, inner

Singles = NDArray[np.float32]

# Sum of the weights, which are integers: every machine rounds in the same way. All sums fit 24
# bits, so 32-bit floats are exact, and the compiler turns the loops over them into vector
# instructions.
_ONE = 256
_HALF = np.float32(_ONE * _ONE / 2)


def _integer_weights(sigma: float) -> Singles:
    """Return the integer weights of the kernel; each rounding error is added to the next weight."""
    reach = round(sigma * 6 + 1) // 2
    kernel = [exp(-((place / sigma) ** 2) / 2) for place in range(-reach, reach + 1)]
    total, error = sum(kernel), 0.0
    side = []
    for height in kernel[:reach]:
        exact = height / total * _ONE + error
        side.append(round(exact))
        error = exact - side[-1]
    return np.array([*side, _ONE - 2 * sum(side), *side[::-1]], dtype=np.float32)


@inner
def _reflect_index(place: int, size: int) -> int:
    """Reflect an index into an array of a size without repeating its ends (BORDER_REFLECT_101)."""
    while size > 1 and not 0 <= place < size:
        place = -place if place < 0 else 2 * (size - 1) - place
    return place if size > 1 else 0


@inner
def _blur_row(row: Bytes, weights: Singles, framed: Singles, sums: Singles) -> None:
    """Convolve one row with the weights."""
    size, reach = row.size, weights.size // 2
    middle = framed[reach : reach + size]
    for col in range(size):
        middle[col] = row[col]
    for place in range(1, reach + 1):
        framed[reach - place] = row[_reflect_index(-place, size)]
        framed[reach + size - 1 + place] = row[_reflect_index(size - 1 + place, size)]
    weight = weights[reach]
    for col in range(size):
        sums[col] = middle[col] * weight
    for place in range(reach):
        left, right = framed[place : place + size], framed[2 * reach - place :]
        weight = weights[place]
        for col in range(size):
            sums[col] += (left[col] + right[col]) * weight


@compiled
def _blur(plane: Bytes, weights: Singles) -> Bytes:
    """Convolve the rows, each once, and then the columns."""
    rows, cols = plane.shape
    reach = weights.size // 2
    across = np.empty((min(weights.size, rows), cols), np.float32)  # ring buffer of rows
    kept = across.shape[0]
    framed = np.empty(cols + 2 * reach, np.float32)
    sums = np.empty(cols, np.float32)
    blurred = np.empty((rows, cols), np.uint8)
    done = 0
    for row in range(rows):
        while done < min(row + reach + 1, rows):
            _blur_row(plane[done], weights, framed, across[done % kept])
            done += 1
        here, line = across[row % kept], blurred[row]
        weight = weights[reach]
        for col in range(cols):
            sums[col] = here[col] * weight + _HALF
        for place in range(reach):
            above = across[_reflect_index(row - reach + place, rows) % kept]
            below = across[_reflect_index(row + reach - place, rows) % kept]
            weight = weights[place]
            for col in range(cols):
                sums[col] += (above[col] + below[col]) * weight
        for col in range(cols):
            line[col] = np.int32(sums[col] * np.float32(1 / (_ONE * _ONE)))
    return blurred


def gaussian_blur(plane: Bytes, sigma: float) -> Bytes:
    """Blur a plane with a Gaussian kernel; its borders are reflected.

    Equal to OpenCV's ``GaussianBlur(plane, (0, 0), sigma)``.

    Parameters
    ----------
    plane : (rows, cols) uint8
    sigma : float
        Standard deviation in pixels, at least 1/3. The kernel ends at 3 standard deviations.

    Returns
    -------
    (rows, cols) uint8
    """
    return _blur(plane, _integer_weights(sigma))
