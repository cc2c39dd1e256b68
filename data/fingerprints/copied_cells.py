"""Search for cells that are turned, mirrored, zoomed, cropped or recoloured copies of others.

The pattern of a cell along circles around its centre has, as a Fourier series, amplitudes that no
turn changes. They give the few cells that may be copies. The phases then give the angle, and the
pictures are laid on each other and compared.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import DisjointSet

from .cell_signature import REACH, SIDE, Signatures
from .registration import likeness, starting_transform

# Likeness from which two pictures show the same cell. Measured by tests/benchmarks/copies.py.
SAME_CELL = 0.93

_RINGS, _ANGLES, _WAVES = 16, 64, 16
_TURNS = 128  # angles of which the best is taken
_MIDDLE = (SIDE - 1) / 2
# The two discs that are described: the cell with its surroundings, and the nucleus. One of them
# is nearly the same in a copy even if the mask of the other is not.
_CELL_DISC = (_MIDDLE, _MIDDLE, 1.2 * SIDE / (2 * REACH))
_LEAST_RADIUS = 1.5
# Cells with the most similar amplitudes, and how many of them are laid on each other.
_NEIGHBOURS, _ALIGNED = 16, 4
# Correlation of the patterns in each of the two discs, at the best angle, of a possible copy.
_POSSIBLE = (0.8, 0.74)
# Largest difference between the two ways to lay one cell on another.
_DIFFERENCE = 0.1


@dataclass(frozen=True, eq=False)
class _Patterns:
    """Fourier series of the patterns in one kind of disc.

    Parameters
    ----------
    discs : (n, 3) float32
        Column, row and radius.
    series : (n, rings, waves) complex64
        Of length 1.
    """

    discs: NDArray[np.float32]
    series: NDArray[np.complex64]

    @property
    def amplitudes(self) -> NDArray[np.float32]:
        """The part that no turn changes, (n, rings * waves) float32 of length 1."""
        return np.abs(self.series).reshape(len(self.series), -1)


def copied_cells(
    signatures: Signatures, pictures: NDArray[np.int64], *, known: int = 0
) -> list[tuple[int, int]]:
    """Return pairs of cells of which one is a changed copy of the other.

    Not every pair of three or more copies is returned, but all of them are linked.

    Parameters
    ----------
    signatures : Signatures
        Of n cells.
    pictures : (n,) int64
        Cells with equal numbers are linked already and are not compared.
    known : int
        If not 0, only pairs of one of the first `known` cells and one of the others are searched.

    Returns
    -------
    list of (int, int)
        Positions, ascending in each pair, sorted.
    """
    if len(signatures) - known < (1 if known else 2):
        return []
    kinds = _both_patterns(signatures)
    candidates = _candidates(kinds, pictures, known)
    linked = DisjointSet(range(int(pictures.max()) + 1))
    pairs: list[tuple[int, int]] = []
    for kind, i, j in candidates:
        if not known and linked.connected(int(pictures[i]), int(pictures[j])):
            continue
        if _are_copies(signatures, kinds[kind], i, j):
            linked.merge(int(pictures[i]), int(pictures[j]))
            pairs.append((min(i, j), max(i, j)))
    return sorted(pairs)


def _both_patterns(signatures: Signatures) -> tuple[_Patterns, _Patterns]:
    whole = np.tile(np.array(_CELL_DISC, np.float32), (len(signatures), 1))
    nuclei = signatures.nuclei
    inner = np.where(nuclei[:, 2:] < _LEAST_RADIUS, whole, nuclei)
    return _patterns(signatures, whole), _patterns(signatures, inner)


def _patterns(signatures: Signatures, discs: NDArray[np.float32]) -> _Patterns:
    """Describe one disc of each cell."""
    series = np.empty((len(signatures), _RINGS, _WAVES), np.complex64)
    weights = _weights()
    area = (np.arange(_RINGS) + 0.5)[:, None]
    for place, (picture, (col, row, radius)) in enumerate(
        zip(signatures.pictures, discs, strict=True)
    ):
        smooth = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 0.7)
        polar = cv2.warpPolar(
            smooth,
            (_RINGS, _ANGLES),
            (float(col), float(row)),
            float(radius),
            cv2.INTER_LINEAR | cv2.WARP_FILL_OUTLIERS,
        ).T
        level = float((polar * area).sum() / (area.sum() * _ANGLES))
        one = np.fft.rfft(polar - level, axis=1)[:, :_WAVES] * weights
        length = np.linalg.norm(one)
        series[place] = one / length if length else 0
    return _Patterns(discs, series)


def _weights() -> NDArray[np.float64]:
    """Return weights of the series, (rings, waves): fine patterns tell cells apart better."""
    rings, waves = np.arange(_RINGS)[:, None], np.arange(_WAVES)
    weights = (1.0 + waves) ** 1.1 * (rings + 1.0) ** -0.3
    weights[:, 0] *= 0.4  # all cells are dark inside and bright outside
    weights[0, 1:] = 0  # the centre is one pixel
    return weights


def _candidates(
    kinds: tuple[_Patterns, _Patterns], pictures: NDArray[np.int64], known: int
) -> list[tuple[int, int, int]]:
    """Return kind of disc and the two cells of each possible pair, the most similar first."""
    best: dict[tuple[int, int], tuple[float, int]] = {}
    for kind, (patterns, least) in enumerate(zip(kinds, _POSSIBLE, strict=True)):
        i, j = _neighbours(patterns.amplitudes, known)
        apart = pictures[i] != pictures[j]
        i, j = i[apart], j[apart]
        scores = _correlations(patterns.series, i, j) - least
        for one, other, score in zip(i.tolist(), j.tolist(), scores.tolist(), strict=True):
            if score >= 0:
                pair = (one, other)
                best[pair] = max(best.get(pair, (score, kind)), (score, kind))
    order = sorted(best.items(), key=lambda item: (-item[1][0], item[0]))
    used: dict[int, int] = {}
    kept = []
    for (one, other), (_, kind) in order:
        if used.get(one, 0) < _ALIGNED:
            used[one] = used.get(one, 0) + 1
            kept.append((kind, one, other))
    return kept


def _neighbours(
    amplitudes: NDArray[np.float32], known: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs of a cell and one of the cells with the most similar amplitudes."""
    from sklearn.neighbors import NearestNeighbors

    among = amplitudes[:known] if known else amplitudes
    asked = amplitudes[known:]
    count = min(_NEIGHBOURS + (0 if known else 1), len(among))
    index = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(among)
    found = index.kneighbors(asked, return_distance=False)
    i = np.repeat(np.arange(len(asked)) + known, count)
    j = found.ravel().astype(np.int64)
    return i[i != j], j[i != j]


def _correlations(
    series: NDArray[np.complex64], i: NDArray[np.int64], j: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the correlation of each pair at its best angle, mirrored or not: (pairs,) float64."""
    found = np.empty(len(i))
    for start in range(0, len(i), 4096):
        part = np.s_[start : start + 4096]
        one, other = series[i[part]], series[j[part]]
        found[part] = np.max([_turns(one, form).max(axis=1) for form in (other, other.conj())], 0)
    return found


def _turns(one: NDArray[np.complex64], other: NDArray[np.complex64]) -> NDArray[np.float64]:
    """Return the correlation of n pairs at each angle: (n, _TURNS) float64."""
    spectrum = (one * other.conj()).sum(axis=1)
    spectrum[:, 1:] /= 2
    return np.asarray(np.fft.irfft(spectrum, _TURNS, axis=1) * _TURNS, np.float64)


def _are_copies(signatures: Signatures, patterns: _Patterns, i: int, j: int) -> bool:
    """Whether two cells are alike, each laid on the other.

    First on the one that is larger in its picture, since the other shows all of that one's
    surroundings.
    """
    larger, smaller = sorted((i, j), key=lambda place: (-patterns.discs[place, 2], place))
    found = _likeness(signatures, patterns, larger, smaller)
    if SAME_CELL - _DIFFERENCE <= found < SAME_CELL:
        found = max(found, _likeness(signatures, patterns, smaller, larger))
    return found >= SAME_CELL


def _likeness(signatures: Signatures, patterns: _Patterns, i: int, j: int) -> float:
    """Lay two cells on each other at their best angle and return how alike they are."""
    series, discs = patterns.series, patterns.discs
    one, other = (signatures.pictures[place].astype(np.float32) for place in (i, j))
    straight = _turns(series[i][None], series[j][None])[0]
    mirrored = _turns(series[i][None], series[j][None].conj())[0]
    col, row, radius = discs[j].tolist()
    turns = straight
    if mirrored.max() > straight.max():
        turns, row, other = mirrored, SIDE - 1 - row, np.ascontiguousarray(other[::-1])
    angle = -2 * np.pi * int(turns.argmax()) / _TURNS
    first = discs[i].tolist()
    return likeness(
        one, other, starting_transform((first[0], first[1], first[2]), (col, row, radius), angle)
    )
