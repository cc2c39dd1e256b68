"""Checksums of files and perceptual hashes of images, to find duplicates."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_GRID = 64
_MAX_FREQUENCY = 10  # highest frequency in the hash, in periods per image
_MEAN_RADIUS = 7  # radius of the local mean, in frequencies
_SIGMA = 2.5
_SIDE = 2 * _MAX_FREQUENCY + 1
# The grid is point-symmetric, so that one half has all information; the centre has none.
_HALF = _SIDE * _MAX_FREQUENCY + _MAX_FREQUENCY

# Measured on 2,627 images of ALL-IDB2, C-NMC, PBC and seg_wbc, 3.4 million pairs. The known
# duplicates (equal bytes or pixels, C-NMC's H2 = H6 and H10 = H3, crops of one cell shifted by up
# to 9 of 257 pixels) differ in 0 to 13 bits. All other pairs up to 31 bits show the same cell, by
# visual inspection: PBC BA_20201 = BA_809918; in two or three fields of ALL-IDB2, the cells
# Im025 = Im028 = Im031, Im134 = Im245, Im135 = Im244, Im138 = Im146, Im170 = Im209, and also
# Im171 = Im211; seg_wbc 157 = 158, 166 = 171, 167 = 169. Different cells differ in at least 38
# bits (1,750 PBC cells cut out on black: 45).
NEAR_DUPLICATE_BITS = 24


def sha256(content: bytes) -> str:
    """Return the SHA-256 of a file's bytes as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def perceptual_hash(rgb: NDArray[np.uint8]) -> str:
    """Return a hash of the image pattern that is equal for its 8 rotations and reflections.

    The grey image without a frame of one colour is reduced to 64 x 64 area means, minus their
    mean, times a cosine window. Each bit says whether the magnitude of the Fourier transform (which
    a small shift hardly changes) exceeds its local mean, for frequencies up to 10 periods. The
    hash is the smallest over the orientations. Integer arithmetic makes the 8 hashes exactly
    equal. An image of one colour has hash 0.

    Parameters
    ----------
    rgb : array (rows, cols, 3) or (rows, cols), uint8
        The image, or its BT.601 luma.

    Returns
    -------
    56 hexadecimal digits (220 bits, then 4 zeros)
    """
    grey = rgb if rgb.ndim == 2 else np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    root = _spectrum(_windowed_means(_without_frame(grey)))
    smooth = _smoothing()
    inner = root[_MEAN_RADIUS:-_MEAN_RADIUS, _MEAN_RADIUS:-_MEAN_RADIUS]
    exceeds = inner * smooth[0].sum() ** 2 > smooth @ root @ smooth.T
    orientations: list[bytes] = [
        one.tobytes() for one in _pack(np.stack(list(_orientations(exceeds))))
    ]
    return min(orientations).hex()


def hamming(a: str, b: str) -> int:
    """Return the number of different bits of two perceptual hashes, minimum over orientations.

    It is 0 for a rotated or reflected image, and about 95 of 220 for unrelated images.
    """
    one = _unpack([a])[0]
    return min(int((_half(one) != _half(form)).sum()) for form in _orientations(_unpack([b])[0]))


def near_duplicates(
    hashes: Sequence[str], *, bits: int = NEAR_DUPLICATE_BITS
) -> list[tuple[int, int]]:
    """Return sorted index pairs (i, j), i < j, of hashes that differ in at most `bits` bits."""
    if len(hashes) < 2:
        return []
    grids = _unpack(hashes)
    orientations = [_words(_pack(form)) for form in _orientations(grids)]
    pairs: list[tuple[int, int]] = []
    for i in range(len(hashes) - 1):
        fewest = np.min(
            [
                np.bitwise_count(form[:, i + 1 :] ^ orientations[0][:, i, None]).sum(axis=0)
                for form in orientations
            ],
            axis=0,
        )
        pairs.extend((i, i + 1 + int(j)) for j in np.flatnonzero(fewest <= bits))
    return pairs


def _windowed_means(grey: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return 64 x 64 area means in units of 1/4 grey level, minus their mean, windowed."""
    rows, cols = grey.shape
    # The integral image is interpolated linearly between rows and columns. In units of 1/64 by
    # 1/64 pixel its values are integers below 2**53.
    corners = _between(_between(cv2.integral(grey, sdepth=cv2.CV_64F), rows).T, cols).T
    sums = np.diff(np.diff(corners, axis=0), axis=1)
    means = np.floor(sums * 4 / (rows * cols))
    window, weight = _window()
    windowed: NDArray[np.float64] = (means - np.floor(np.vdot(means, window) / weight)) * window
    return windowed


def _between(sums: NDArray[Any], length: int) -> NDArray[np.float64]:
    """Return 64 times the rows of `sums` at 0, 1/64, …, 64/64 of their number: (65, …)."""
    place = np.arange(_GRID + 1) * length
    row, rest = place // _GRID, (place % _GRID).astype(np.float64)[:, None]
    before: NDArray[np.float64] = sums.take(row, axis=0)
    after = sums.take(np.minimum(row + 1, length), axis=0)
    after -= before
    after *= rest
    before *= _GRID
    before += after
    return before


def _without_frame(grey: NDArray[Any]) -> NDArray[Any]:
    """Return the image without a frame of one grey level, as around a cell cut out on black.

    With the frame, all small round cells on black would have the pattern of a disc.
    """
    level = grey[0, 0]
    if any((side != level).any() for side in (grey[0], grey[-1], grey[:, 0], grey[:, -1])):
        return grey
    rows = np.flatnonzero((grey != level).any(axis=1))
    cols = np.flatnonzero((grey != level).any(axis=0))
    if rows.size == 0:
        return grey
    return grey[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]


def _spectrum(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the eighth root of the power at frequencies -17..17: (35, 35), in units of 2**-16.

    The root compresses like a logarithm, but is rounded equally on every machine.
    """
    waves, turned = _waves()
    product = waves @ picture @ turned
    half = _MAX_FREQUENCY + _MEAN_RADIUS + 1
    both_even, mixed = product[:half, :half], product[:half, half:]
    other, both_odd = product[half:, :half], product[half:, half:]
    # Products of integers are exact; sums of squares are rounded, but equally in all orientations.
    along = (both_even - both_odd) ** 2 + (mixed + other) ** 2
    across = (both_even + both_odd) ** 2 + (other - mixed) ** 2
    root = np.sqrt(np.sqrt(np.sqrt(np.hstack([across[:, :0:-1], along]))))
    scaled = np.floor(root * 2**16)
    return np.vstack([scaled[:0:-1, ::-1], scaled])  # the power at (-f, -g) equals that at (f, g)


@cache
def _window() -> tuple[NDArray[np.float64], float]:
    """Return a cosine window (64, 64) of integers up to 4096, and its sum."""
    half = np.rint(np.cos(np.pi / 2 * _centred_half() / (_GRID / 2)) * 64)
    side = np.concatenate([half[::-1], half])
    window = np.asarray(side[:, None] * side, np.float64)
    return window, float(window.sum())


@cache
def _waves() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return cosines, then sines, of frequencies 0 to 17, times 1024: (36, 64); and the transpose.

    The cosines are exactly even, the sines exactly odd.
    """
    frequency = np.arange(_MAX_FREQUENCY + _MEAN_RADIUS + 1)[:, None]
    phase = 2 * np.pi * frequency * _centred_half() / _GRID
    cosine, sine = np.rint(np.cos(phase) * 1024), np.rint(np.sin(phase) * 1024)
    even = np.hstack([cosine[:, ::-1], cosine])
    odd = np.hstack([-sine[:, ::-1], sine])
    waves = np.vstack([even, odd])
    return waves, np.ascontiguousarray(waves.T)


def _centred_half() -> NDArray[np.float64]:
    half: NDArray[np.float64] = np.arange(_GRID // 2, dtype=np.float64) + 0.5
    return half


@cache
def _smoothing() -> NDArray[np.float64]:
    """Return integer Gaussian weights (21, 35) from frequencies -17..17 to -10..10.

    They are stored as floats, which multiply faster; all sums are below 2**53.
    """
    kernel = np.rint(
        256 * np.exp(-(np.arange(-_MEAN_RADIUS, _MEAN_RADIUS + 1) ** 2) / (2 * _SIGMA**2))
    )
    weights = np.zeros((_SIDE, _SIDE + 2 * _MEAN_RADIUS))
    for row in range(_SIDE):
        weights[row, row : row + kernel.size] = kernel
    return weights


def _orientations(grid: NDArray[np.bool_]) -> Iterator[NDArray[np.bool_]]:
    """Yield the 4 distinct orientations of point-symmetric grids (…, 21, 21)."""
    for form in (grid, grid.swapaxes(-1, -2)):
        yield form
        yield form[..., ::-1]


def _half(grid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the 220 independent bits (…, 220) of point-symmetric grids (…, 21, 21)."""
    return grid.reshape(*grid.shape[:-2], -1)[..., :_HALF]


def _pack(grid: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return np.packbits(_half(grid), axis=-1)


def _unpack(hashes: Sequence[str]) -> NDArray[np.bool_]:
    """Return the grids (n, 21, 21) of n hashes."""
    packed = np.frombuffer(bytes.fromhex("".join(hashes)), np.uint8)
    half = np.unpackbits(packed.reshape(len(hashes), -1), axis=1)[:, :_HALF].astype(bool)
    middle = np.zeros((len(hashes), 1), bool)
    return np.hstack([half, middle, half[:, ::-1]]).reshape(-1, _SIDE, _SIDE)


def _words(packed: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return packed bits (n, 28) as 64-bit words (4, n)."""
    padded = np.pad(packed, ((0, 0), (0, -packed.shape[1] % 8)))
    return np.ascontiguousarray(padded.view(np.uint64).T)
