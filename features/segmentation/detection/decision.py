"""Choose the disjoint regions that are most probably cells, or the one in the middle of a crop."""

from __future__ import annotations

from math import inf, log

import numpy as np

from ...primitives.arrays import Floats
from .candidates import Candidates
from .pixel_features import PIXELS_PER_RED_CELL

# Of the second model: pieces of a cell, several cells and background; then the kinds of objects.
CLASSES = ("none", "white cell", "broken cell", "platelet")
_LEAST = 1e-6  # of a probability; its log odds stay finite
# Log odds that a second object costs: two improbable pieces are not better than one probable cell.
_SECOND_OBJECT = 2.0
_LEAST_OTHER = 0.3  # probability of a kind other than a white cell
_LARGEST_PLATELET = 0.5  # red-cell areas of nuclear pixels
# What log odds gain where a large nucleus would be left without an object.
_UNEXPLAINED = 1.5
_LEAST_CENTRAL = -7.0  # log odds of the cell of a crop
_DOUBTFUL = -1.0  # log odds, below which the model does not know the cell of a crop
_CENTRAL = 0.3  # of the shorter side; the cell of a crop is no farther from its middle


def log_odds(probability: float) -> float:
    """Natural logarithm of p / (1 - p), with p in [1e-6, 1 - 1e-6]."""
    bounded = min(max(probability, _LEAST), 1 - _LEAST)
    return log(bounded / (1 - bounded))


def _object_odds(tree: Candidates, probabilities: Floats) -> dict[int, float]:
    """Return the log odds of each region that it is an object of any kind."""
    return {
        node: log_odds(1 - float(row[0]))
        for node, row in zip(tree.nodes, probabilities, strict=True)
    }


def choose_regions(tree: Candidates, probabilities: Floats) -> list[int]:
    """Return disjoint regions that are probably objects: each region, or its parts.

    From the leaves up, a region is taken if it is an object rather than not, and its log odds are
    greater than the sum of those taken in its two parts; where both parts hold objects, that sum
    is lowered by 2. In what is left, regions with as much nucleus as a red cell has area are
    taken likewise down to log odds of -1.5: something is there, a cell among touching ones.

    Parameters
    ----------
    tree : Candidates
    probabilities : (nodes, len(CLASSES)) float64
        Of each node of the tree.

    Returns
    -------
    list of int
        Nodes, in ascending order.
    """
    odds = _object_odds(tree, probabilities)
    first = _choose(tree, odds)
    chosen = {one for root in tree.roots for one in first[root]}
    taken = {leaf for node in chosen for leaf in tree.members[node]}
    left = {
        node: value + _UNEXPLAINED
        if tree.nucleus_area(node) >= 1 and taken.isdisjoint(tree.members[node])
        else -inf
        for node, value in odds.items()
    }
    second = _choose(tree, left)
    return sorted(chosen | {one for root in tree.roots for one in second[root]})


def _choose(tree: Candidates, odds: dict[int, float]) -> dict[int, list[int]]:
    """Return the regions that are taken in each region, see `choose_regions`."""
    best: dict[int, float] = {}
    chosen: dict[int, list[int]] = {}
    for node in tree.nodes:
        parts = tree.children.get(node, ())
        below = [one for part in parts for one in chosen[part]]
        total = sum(best[part] for part in parts)
        if parts and all(chosen[part] for part in parts):
            total -= _SECOND_OBJECT
        if odds[node] > max(total, 0.0):
            best[node], chosen[node] = odds[node], [node]
        else:
            best[node], chosen[node] = max(total, 0.0), below
    return chosen


def choose_central_region(tree: Candidates, probabilities: Floats) -> int | None:
    """Return the region near the middle of a crop that is most probably an object.

    A crop shows one whole cell in its middle. Regions farther than 30 % of the shorter side from
    the middle, and those with log odds below -7, are left out; each radius of a red cell of
    distance costs three units of log odds. If the best has less than -1, the model does not know
    such cells: then the whole tree with the greatest sum of the map is taken.

    Parameters
    ----------
    tree, probabilities
        See `choose_regions`.

    Returns
    -------
    int or None
        None if no such region is near the middle.
    """
    rows, cols = tree.map.shape
    nearest, sums = _distances_and_sums(tree)
    odds = _object_odds(tree, probabilities)
    scores = {}
    for node in tree.nodes:
        distance = min(nearest[member] for member in tree.members[node])
        if distance <= _CENTRAL * min(rows, cols) and odds[node] > _LEAST_CENTRAL:
            scores[node] = odds[node] - 6 * distance / PIXELS_PER_RED_CELL
    if not scores:
        return None
    if max(scores.values()) > _DOUBTFUL:
        return max(scores, key=lambda node: (scores[node], node))
    near = [node for node in tree.roots if node in scores] or list(scores)
    return max(near, key=lambda node: (sums[tree.members[node]].sum(), node))


def _distances_and_sums(tree: Candidates) -> tuple[Floats, Floats]:
    """Return the distance of each leaf from the middle of the map, and its sum of the map."""
    rows, cols = tree.map.shape
    down, right = np.arange(rows) - (rows - 1) / 2, np.arange(cols) - (cols - 1) / 2
    apart = np.sqrt((down**2)[:, None] + right**2)
    count = int(tree.leaves.max(initial=-1)) + 1
    inside = tree.leaves >= 0
    nearest = np.full(count, np.inf)
    np.minimum.at(nearest, tree.leaves[inside], apart[inside])
    sums = np.bincount(tree.leaves[inside], weights=tree.map[inside], minlength=count)
    return nearest, sums.astype(np.float64)


def most_probable_kind(row: Floats, *, nucleus_area: float) -> tuple[str, float]:
    """Return the most probable kind of an object, and its probability among all classes.

    Parameters
    ----------
    row : (len(CLASSES),) float64
        Its probabilities. A kind other than a white cell needs 0.3: a cell that the model does not
        know is not called a platelet.
    nucleus_area : float
        Of its nuclear pixels, in red-cell areas. From 0.5, it is no platelet: where the scale is
        uncertain, a small blast must not be lost.
    """
    kinds = row[1:] if nucleus_area < _LARGEST_PLATELET else row[1:3]
    place = 1 + int(np.argmax(kinds))
    if row[place] < _LEAST_OTHER:
        place = 1
    return CLASSES[place], float(row[place])
