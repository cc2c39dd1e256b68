"""Which rooms import which: read from the source with `ast`, lazy and type-only imports too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOMS = ("pipelines", "data", "features", "models")
Arrows = dict[str, set[str]]


def room_of(path: Path) -> str:
    """Return the folder of a file as a dotted name, as in ``features.shape``."""
    return ".".join(path.parent.parts)


def import_graph(root: Path) -> Arrows:
    """Return every sub-room with the sub-rooms that its files import from.

    The few files that lie in a room itself (errors, say) belong to no sub-room and are left out.

    Parameters
    ----------
    root : Path
        Of the repository.

    Returns
    -------
    dict of str to set of str
        Dotted folders, as in ``features.shape``, without arrows of a folder to itself.
    """
    arrows: Arrows = {}
    for path in sorted(path for room in ROOMS for path in (root / room).glob("*/**/*.py")):
        place = path.relative_to(root)
        mine = arrows.setdefault(room_of(place), set())
        mine |= {_folder(root, name) for name in _imported(root, place)} - {room_of(place)}
    return {room: {one for one in found if one in arrows} for room, found in arrows.items()}


def _imported(root: Path, place: Path) -> Iterator[tuple[str, ...]]:
    """Yield the parts of every module that a file imports; those of other packages too."""
    here = place.parent.parts
    for node in ast.walk(ast.parse((root / place).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else ()
            module = (*base, *(node.module.split(".") if node.module else ()))
            yield from ((*module, alias.name) for alias in node.names)


def _folder(root: Path, parts: tuple[str, ...]) -> str:
    """Return the deepest folder that the parts name: of a module, or of a name in it."""
    while parts and not (root / Path(*parts)).is_dir():
        parts = parts[:-1]
    return ".".join(parts)


def levels(arrows: Arrows) -> dict[str, int]:
    """Return the floor of every node: 0 imports none of the others, else one above the highest.

    Raises
    ------
    ValueError
        If the arrows form a cycle.

    Examples
    --------
    >>> levels({"a": {"b", "c"}, "b": {"c"}, "c": set()})
    {'c': 0, 'b': 1, 'a': 2}
    """
    found: dict[str, int] = {}
    while len(found) < len(arrows):
        ready = [
            node for node, below in arrows.items() if node not in found and below <= found.keys()
        ]
        if not ready:
            raise ValueError(f"a cycle among {sorted(set(arrows) - set(found))}, expected none")
        found |= {node: max((found[one] + 1 for one in arrows[node]), default=0) for node in ready}
    return found


def reduced(arrows: Arrows) -> Arrows:
    """Return the arrows without those that a longer path implies.

    Examples
    --------
    >>> reduced({"a": {"b", "c"}, "b": {"c"}, "c": set()})
    {'a': {'b'}, 'b': {'c'}, 'c': set()}
    """

    def reached(node: str) -> set[str]:
        return arrows[node].union(*(reached(one) for one in arrows[node]))

    return {
        node: {one for one in below if not any(one in reached(other) for other in below)}
        for node, below in arrows.items()
    }
