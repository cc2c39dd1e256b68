"""The tree of a flooded height map agrees with connected components of its thresholds."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from features.segmentation.detection.flooding import Flooding, flood


def random_heights(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rough = cv2.GaussianBlur(rng.normal(0, 1, (40, 50)), (0, 0), 2)
    return np.rint(1000 * (rough - rough.min())).astype(np.int32)


def members(tree: Flooding, node: int) -> list[int]:
    one, two = tree.children[node].tolist()
    return [node] if one < 0 else members(tree, one) + members(tree, two)


def reachable(tree: Flooding, node: int) -> list[int]:
    one, two = tree.children[node].tolist()
    return [node] if one < 0 else [node, *reachable(tree, one), *reachable(tree, two)]


@pytest.mark.parametrize("seed", range(6))
def test_components_of_every_threshold(seed: int) -> None:
    heights = random_heights(seed)
    tree = flood(heights, 0, 0, 1)
    nodes = [node for root in tree.roots for node in reachable(tree, int(root))]
    for level in np.quantile(heights, [0.3, 0.6, 0.9]).astype(int):
        count, _ = cv2.connectedComponents((heights > level).astype(np.uint8), connectivity=8)
        # A node is a component above a level if it rises above it and its parent's saddle does not.
        parent = {int(child): node for node in nodes for child in tree.children[node] if child >= 0}
        tops = [
            node
            for node in nodes
            if tree.peak[node] > level
            and (tree.children[node, 0] < 0 or tree.saddle[node] > level)
            and (node not in parent or tree.saddle[parent[node]] <= level)
        ]
        assert len(tops) == count - 1


@pytest.mark.parametrize("seed", range(3))
def test_every_pixel_above_the_floor_has_a_living_leaf(seed: int) -> None:
    heights = random_heights(seed)
    floor = int(np.median(heights))
    tree = flood(heights, floor, 40, 6)
    leaves = {leaf for root in tree.roots for leaf in members(tree, int(root))}
    assert set(np.unique(tree.leaves[heights >= floor]).tolist()) == leaves
    assert (tree.leaves[heights < floor] == -1).all()


def test_low_and_small_peaks_are_absorbed() -> None:
    heights = np.zeros((9, 30), np.int32)
    heights[4, 2:28] = 50
    heights[3:6, 3:9], heights[3:6, 14:20] = 100, 90
    heights[4, 24] = 95  # a single pixel
    tree = flood(heights, 10, 5, 4)
    assert len(np.unique(tree.leaves)) == 3  # two leaves and the background
    tree = flood(heights, 10, 45, 4)
    assert len(np.unique(tree.leaves)) == 2
