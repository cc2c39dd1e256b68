"""Boosted regression trees, read from JSON and evaluated by compiled loops.

The trees were trained by xgboost (see `tests/benchmarks/train_segmentation.py`); nothing here
imports it. Sums run in the order of the trees, so results are the same on every machine.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...primitives.arrays import Bytes, Floats
from ...primitives.kernels import compiled


class BoostedTrees(NamedTuple):
    """Trees as flat arrays of nodes.

    Parameters
    ----------
    roots : (trees,) int32
        Node at which each tree begins; the trees of `outputs` outputs take turns.
    feature : (nodes,) int32
        Column that a node reads; -1 for a leaf.
    split : (nodes,) float32
        A value below it goes to the left child; the value of a leaf.
    left : (nodes,) int32
        Left child; the right child is the next node.
    missing_left : (nodes,) bool
        Whether NaN goes to the left child.
    base : float
        Added to the sum of every output.
    outputs : int
    """

    roots: NDArray[np.int32]
    feature: NDArray[np.int32]
    split: NDArray[np.float32]
    left: NDArray[np.int32]
    missing_left: NDArray[np.bool_]
    base: float
    outputs: int


@cache
def read_trees(name: str) -> BoostedTrees:
    """Read the trees of a JSON file in this package's folder `trained`."""
    text = files(__package__).joinpath("trained", f"{name}.json").read_text("utf-8")
    return parse_trees(json.loads(text))


def parse_trees(stored: dict[str, object]) -> BoostedTrees:
    """Return the trees of a parsed JSON object: one list for each array."""
    return BoostedTrees(
        np.asarray(stored["roots"], np.int32),
        np.asarray(stored["feature"], np.int32),
        np.asarray(stored["split"], np.float32),
        np.asarray(stored["left"], np.int32),
        np.asarray(stored["missing_left"], np.bool_),
        float(str(stored["base"])),
        int(str(stored["outputs"])),
    )


class ByteTrees(NamedTuple):
    """Complete trees with one output that read bytes: the children of node n are 2n + 1, 2n + 2.

    Parameters
    ----------
    feature : (trees, 2^depth - 1) uint8
        Column that a node reads.
    split : (trees, 2^depth - 1) int16
        A level below it goes to the left child.
    leaf : (trees, 2^depth) float32
        Values of the leaves from left to right.
    """

    feature: Bytes
    split: NDArray[np.int16]
    leaf: NDArray[np.float32]


def complete_trees(trees: BoostedTrees) -> ByteTrees:
    """Fill trees with one output up to one depth, so that they are evaluated without branches."""

    def depth_of(node: int) -> int:
        if trees.feature[node] < 0:
            return 0
        left = int(trees.left[node])
        return 1 + max(depth_of(left), depth_of(left + 1))

    depth = max(depth_of(int(root)) for root in trees.roots)
    inner = 2**depth - 1
    feature = np.zeros((trees.roots.size, inner), np.uint8)
    split = np.zeros((trees.roots.size, inner), np.int16)
    leaf = np.zeros((trees.roots.size, inner + 1), np.float32)

    def fill(tree: int, place: int, node: int) -> None:
        is_leaf = trees.feature[node] < 0
        if place >= inner:
            leaf[tree, place - inner] = trees.split[node]
            return
        if not is_leaf:
            feature[tree, place] = trees.feature[node]
            split[tree, place] = ceil(trees.split[node])
        # Below a leaf both children repeat it.
        left = node if is_leaf else int(trees.left[node])
        fill(tree, 2 * place + 1, left)
        fill(tree, 2 * place + 2, node if is_leaf else left + 1)

    for tree, root in enumerate(trees.roots):
        fill(tree, 0, int(root))
    leaf[0] += np.float32(trees.base)
    return ByteTrees(feature, split, leaf)


@compiled
def _sum_of_levels(
    pixels: Bytes,
    feature: Bytes,
    split: NDArray[np.int16],
    leaf: NDArray[np.float32],
    early: int,
    least: float,
) -> NDArray[np.float32]:
    """Sum the leaves of each pixel; stop after `early` trees if the sum is below `least`."""
    count, _ = pixels.shape
    number, inner = feature.shape
    sums = np.empty(count, np.float32)
    for pixel in range(count):
        levels = pixels[pixel]
        total = np.float32(0)
        for tree in range(number):
            place = 0
            while place < inner:
                below = levels[feature[tree, place]] < split[tree, place]
                place = 2 * place + 2 - int(below)
            total += leaf[tree, place - inner]
            if tree + 1 == early and total < least:
                break
        sums[pixel] = total
    return sums


def sum_of_levels(trees: ByteTrees, pixels: Bytes, early: int, least: float) -> NDArray[np.float32]:
    """Evaluate trees on bytes.

    Parameters
    ----------
    trees : ByteTrees
    pixels : (n, features) uint8
    early, least : int, float
        A pixel whose sum of the first `early` trees is below `least` keeps that sum.

    Returns
    -------
    (n,) float32
    """
    return _sum_of_levels(pixels, trees.feature, trees.split, trees.leaf, early, least)


@compiled
def _sum_of_values(
    values: NDArray[np.float32],
    roots: NDArray[np.int32],
    feature: NDArray[np.int32],
    split: NDArray[np.float32],
    left: NDArray[np.int32],
    missing_left: NDArray[np.bool_],
    base: float,
    outputs: int,
) -> Floats:
    """Sum the leaves of each row for each output: (n, outputs)."""
    count, _ = values.shape
    sums = np.full((count, outputs), base)
    for row in range(count):
        for tree in range(roots.size):
            node = roots[tree]
            while feature[node] >= 0:
                value = values[row, feature[node]]
                if np.isnan(value):
                    node = left[node] + (not missing_left[node])
                else:
                    node = left[node] + (value >= split[node])
            sums[row, tree % outputs] += split[node]
    return sums


def probabilities(trees: BoostedTrees, values: NDArray[np.float32]) -> Floats:
    """Evaluate trees with several outputs, and turn the sums of a row into probabilities.

    Parameters
    ----------
    trees : BoostedTrees
    values : (n, features) float32
        May hold NaN.

    Returns
    -------
    (n, outputs) float64
        The softmax of the sums.
    """
    sums = _sum_of_values(
        values,
        trees.roots,
        trees.feature,
        trees.split,
        trees.left,
        trees.missing_left,
        trees.base,
        trees.outputs,
    )
    powers = np.exp(sums - sums.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
