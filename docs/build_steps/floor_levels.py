"""The floors of a graph without cycles, and the arrows that are not implied by a longer path."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import TopologicalSorter

Arrows = Mapping[str, set[str]]


def levels(arrows: Arrows) -> dict[str, int]:
    """Return the floor of every node: 0 imports none of the others, else one above the highest.

    Raises
    ------
    CycleError
        If the arrows form a cycle.
    """
    found: dict[str, int] = {}
    for node in TopologicalSorter(arrows).static_order():
        found[node] = max((found[one] + 1 for one in arrows[node]), default=0)
    return found


def reduced(arrows: Arrows) -> dict[str, set[str]]:
    """Return the arrows without those that a longer path implies."""

    def reached(node: str) -> set[str]:
        return arrows[node].union(*(reached(one) for one in arrows[node]))

    return {
        node: {one for one in below if not any(one in reached(other) for other in below)}
        for node, below in arrows.items()
    }
