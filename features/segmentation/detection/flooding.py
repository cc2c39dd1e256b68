"""Flood a height map from its peaks down, and record which peaks meet at which height.

The records form a binary tree (a component tree of the superlevel sets): each leaf is a peak with
the pixels that drain to it, each inner node joins the two nodes that meet at a saddle.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...primitives.kernels import compiled, inner


class Flooding(NamedTuple):
    """The tree of a flooded height map.

    Parameters
    ----------
    leaves : (rows, cols) int32
        The leaf of each pixel; -1 below the floor.
    children : (nodes, 2) int32
        The two nodes that a node joins, the higher peak first; -1 for a leaf. A child has a lower
        number than its parent.
    saddle : (nodes,) int32
        The height at which they meet; 0 for a leaf.
    peak : (nodes,) int32
        The greatest height of a node.
    roots : (n,) int32
        The nodes that meet nothing above the floor, in the order of their numbers. The nodes that
        cannot be reached from them were absorbed into others.
    """

    leaves: NDArray[np.int32]
    children: NDArray[np.int32]
    saddle: NDArray[np.int32]
    peak: NDArray[np.int32]
    roots: NDArray[np.int32]


@inner
def _find(owner: NDArray[np.int32], pixel: int) -> int:
    """Return the pixel that stands for the component of a pixel, and shorten the way to it."""
    top = pixel
    while owner[top] != top:
        top = owner[top]
    while owner[pixel] != top:
        owner[pixel], pixel = top, owner[pixel]
    return top


@inner
def _absorb(lower: int, higher: int, children: NDArray[np.int32], into: NDArray[np.int32]) -> None:
    """Give the pixels of all leaves of a node to the highest leaf of another one."""
    while children[higher, 0] >= 0:
        higher = children[higher, 0]
    # The leaves of a node are found by descending along a stack.
    stack = [lower]
    while len(stack) > 0:
        node = stack.pop()
        if children[node, 0] >= 0:
            stack.append(children[node, 0])
            stack.append(children[node, 1])
        else:
            into[node] = higher


@compiled
def _flood(
    heights: NDArray[np.int32],
    order: NDArray[np.int64],
    least_rise: int,
    least_area: int,
) -> tuple[
    NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]
]:
    """Flood the pixels in a given order, from the highest down; see `flood`."""
    rows, cols = heights.shape
    height = heights.ravel()
    size = height.size
    owner, leaf = np.full(size, -1, np.int32), np.full(size, -1, np.int32)
    node_of, area = np.full(size, -1, np.int32), np.zeros(size, np.int32)
    room = order.size + 1
    children, saddle = np.full((room, 2), -1, np.int32), np.zeros(room, np.int32)
    peak, into = np.zeros(room, np.int32), np.arange(room).astype(np.int32)
    count = 0
    for pixel in order:
        row, col = pixel // cols, pixel % cols
        level = height[pixel]
        highest = -1
        for near_row in range(max(row - 1, 0), min(row + 2, rows)):
            for near_col in range(max(col - 1, 0), min(col + 2, cols)):
                near = near_row * cols + near_col
                if owner[near] >= 0 and (highest < 0 or height[near] > height[highest]):
                    highest = near
        owner[pixel], area[pixel] = pixel, 1
        if highest < 0:
            node_of[pixel], leaf[pixel], peak[count] = count, count, level
            count += 1
            continue
        leaf[pixel] = leaf[highest]
        top = _find(owner, highest)
        owner[pixel] = top
        area[top] += 1
        for near_row in range(max(row - 1, 0), min(row + 2, rows)):
            for near_col in range(max(col - 1, 0), min(col + 2, cols)):
                near = near_row * cols + near_col
                if owner[near] < 0:
                    continue
                other = _find(owner, near)
                if other == top:
                    continue
                high, low = top, other
                if peak[node_of[low]] > peak[node_of[high]]:
                    high, low = low, high
                upper, lower = node_of[high], node_of[low]
                if area[low] < least_area or (
                    children[lower, 0] < 0 and peak[lower] - level < least_rise
                ):
                    _absorb(lower, upper, children, into)
                    joined = upper
                else:
                    children[count, 0], children[count, 1] = upper, lower
                    saddle[count], peak[count] = level, peak[upper]
                    joined = count
                    count += 1
                owner[low] = high
                area[high] += area[low]
                node_of[high] = joined
                top = high
    for pixel in order:
        while into[leaf[pixel]] != leaf[pixel]:
            leaf[pixel] = into[leaf[pixel]]
    tops = [node_of[pixel] for pixel in order if owner[pixel] == pixel]
    return (
        leaf.reshape(rows, cols),
        children[:count],
        saddle[:count],
        peak[:count],
        np.array(tops, np.int32),
    )


def flood(heights: NDArray[np.int32], floor: int, least_rise: int, least_area: int) -> Flooding:
    """Flood a height map down to a floor.

    Parameters
    ----------
    heights : (rows, cols) int32
    floor : int
        Pixels below it belong to no leaf.
    least_rise : int
        A peak that rises less above the saddle is absorbed by the one that it meets.
    least_area : int
        A node with fewer pixels at the saddle is absorbed likewise.

    Returns
    -------
    Flooding
    """
    flat = heights.ravel()
    above = np.flatnonzero(flat >= floor)
    order = above[np.argsort(-flat[above], kind="stable")]
    leaves, children, saddle, peak, roots = _flood(heights, order, least_rise, least_area)
    return Flooding(leaves, children, saddle, peak, np.sort(roots))
