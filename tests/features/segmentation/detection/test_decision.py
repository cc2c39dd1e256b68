"""The chosen regions are the best of all disjoint sets."""

from __future__ import annotations

import numpy as np
import pytest

from features.segmentation.detection.candidates import Candidates, find_candidates
from features.segmentation.detection.decision import (
    choose_central_region,
    choose_regions,
    log_odds,
    most_probable_kind,
)


def drawn_tree(seed: int) -> Candidates:
    """Return the candidates of a map with a few touching and separate discs."""
    rng = np.random.default_rng(seed)
    cells = np.zeros((90, 110), np.uint8)
    y, x = np.mgrid[:90, :110]
    for _ in range(4):
        row, col, radius = rng.uniform(15, 75), rng.uniform(15, 95), rng.uniform(5, 10)
        inside = (y - row) ** 2 + (x - col) ** 2
        cells[inside < (1.5 * radius) ** 2] = np.maximum(cells[inside < (1.5 * radius) ** 2], 128)
        cells[inside < radius**2] = 250
    return find_candidates(cells)


@pytest.mark.parametrize("seed", range(12))
def test_chosen_regions_are_disjoint_and_better_than_any_whole(seed: int) -> None:
    tree = drawn_tree(seed)
    probabilities = np.random.default_rng(seed).dirichlet(np.ones(4), len(tree.nodes))
    odds = {n: log_odds(1 - p[0]) for n, p in zip(tree.nodes, probabilities, strict=True)}
    chosen = choose_regions(tree, probabilities)
    leaves = [leaf for node in chosen for leaf in tree.members[node]]
    assert len(leaves) == len(set(leaves))
    # Below 0, only regions with a large nucleus in which nothing probable was found.
    assert all(odds[node] > -1.5 for node in chosen)
    for node in tree.nodes:
        below = [one for one in reach(tree, node) if one in chosen and one != node]
        if len(below) == 1 and odds[below[0]] > 0:
            # A single part is not worse than the region that contains it.
            assert odds[node] <= odds[below[0]] + 1e-9
        if not below and node not in chosen:
            above = [one for one in chosen if node in reach(tree, one)]
            assert above or odds[node] <= 0


@pytest.mark.parametrize(
    ("whole", "parts", "expected"),
    [(0.8, (0.6, 0.6), 1), (0.2, (0.9, 0.9), 2), (0.1, (0.9, 0.2), 1), (0.05, (0.1, 0.1), 0)],
)
def test_whole_or_parts(whole: float, parts: tuple[float, float], expected: int) -> None:
    cells = np.zeros((60, 80), np.uint8)
    y, x = np.mgrid[:60, :80]
    for col in (28, 46):
        cells[(y - 30) ** 2 + (x - col) ** 2 < 10**2] = 250
    tree = find_candidates(cells)
    assert len(tree.nodes) == 3
    shares = dict(zip(tree.nodes, (*parts, whole), strict=True))
    rows = [[1 - shares[node], shares[node], 0, 0] for node in tree.nodes]
    assert len(choose_regions(tree, np.array(rows))) == expected


def reach(tree: Candidates, node: int) -> list[int]:
    """Return a node and all nodes below it."""
    parts = tree.children.get(node, ())
    return [node, *(one for part in parts for one in reach(tree, part))]


def test_tree_is_consistent() -> None:
    for seed in range(6):
        tree = drawn_tree(seed)
        for node, (one, two) in tree.children.items():
            assert sorted(tree.members[node]) == sorted(tree.members[one] + tree.members[two])
            assert tree.parent[one] == tree.parent[two] == node
            assert tree.nodes.index(one) < tree.nodes.index(node)


def test_central_region_is_near_the_middle() -> None:
    cells = np.zeros((80, 80), np.uint8)
    y, x = np.mgrid[:80, :80]
    for row, col, radius in ((40, 42, 9), (12, 12, 11)):
        cells[(y - row) ** 2 + (x - col) ** 2 < radius**2] = 250
    tree = find_candidates(cells)
    # The cell in the corner is more probable; the one in the middle is meant.
    in_corner = {node for node in tree.nodes if tree.leaves[12, 12] in tree.members[node]}
    rows = [[0.1, 0.9, 0, 0] if node in in_corner else [0.9, 0.1, 0, 0] for node in tree.nodes]
    central = choose_central_region(tree, np.array(rows))
    assert central is not None
    assert tree.leaves[40, 42] in tree.members[central]
    empty = np.zeros((80, 80), np.uint8)
    empty[(y - 12) ** 2 + (x - 12) ** 2 < 81] = 250
    tree = find_candidates(empty)
    assert choose_central_region(tree, np.full((len(tree.nodes), 4), 0.25)) is None


@pytest.mark.parametrize(
    ("row", "area", "expected"),
    [
        ([0.1, 0.8, 0.05, 0.05], 2.0, ("white cell", 0.8)),
        ([0.1, 0.1, 0.1, 0.7], 0.1, ("platelet", 0.7)),
        ([0.1, 0.1, 0.1, 0.7], 0.6, ("white cell", 0.1)),
        ([0.8, 0.02, 0.02, 0.16], 0.1, ("white cell", 0.02)),
        ([0.1, 0.3, 0.5, 0.1], 2.0, ("broken cell", 0.5)),
    ],
)
def test_kinds(row: list[float], area: float, expected: tuple[str, float]) -> None:
    assert most_probable_kind(np.array(row), nucleus_area=area) == expected
