"""The picture of the floors: rooms and sub-rooms, drawn from the imports that the files hold."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from support.import_graph import imports, room_of
from support.shared import ROOT

from .floor_levels import Arrows, levels, reduced

STEP, BOX, MARGIN, HEADING, GAP = 0.95, 0.46, 0.55, 0.75, 0.9
WIDTH = 15.0


class Place(NamedTuple):
    """Where a room is drawn: its left edge, its width and its colour (Okabe and Ito, lightened)."""

    left: float
    width: float
    colour: str


LOWER = {
    "data": Place(0.0, 3.0, "#cfe3f3"),
    "features": Place(3.5, 6.5, "#fbe3bd"),
    "models": Place(10.5, 4.5, "#cdebdf"),
}
UPPER = {"pipelines": Place(0.0, WIDTH, "#eed9e6")}


def draw_floors(out: Path) -> None:
    """Draw the rooms of the repository, a floor above what it imports, as SVG."""
    arrows: dict[str, set[str]] = defaultdict(set)
    for path, imported in imports().items():
        arrows[room_of(path)] |= {room_of(other) for other in imported} - {room_of(path)}
    inside = {package: _inside(arrows, package) for package in (*LOWER, *UPPER)}
    lower = max(_height(inside[package]) for package in LOWER)
    upper = _height(inside["pipelines"])
    cli = lower + upper + 2 * GAP + BOX / 2
    figure = Figure(figsize=(11, 11 * (cli + 1) / (WIDTH + 0.5)), layout="constrained")
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set(xlim=(-0.25, WIDTH + 0.25), ylim=(-0.25, cli + 0.5), aspect="equal")
    for package, place in LOWER.items():
        _draw_room(axes, f"{package}/", place, 0.0, lower, inside[package])
        middle = place.left + place.width / 2
        _arrow(axes, (middle, lower + GAP - 0.1), (middle, lower + 0.1), width=3)
    heading = "pipelines/: a module for each command, and what the commands share"
    _draw_room(axes, heading, UPPER["pipelines"], lower + GAP, upper, inside["pipelines"])
    _arrow(axes, (WIDTH / 2, cli - BOX / 2), (WIDTH / 2, cli - BOX / 2 - GAP + 0.1), width=3)
    _box(axes, WIDTH / 2, cli, 3.0, "cli.py", "#dddddd")
    figure.savefig(out, format="svg", metadata={"Date": None})


def _inside(arrows: Arrows, package: str) -> dict[str, set[str]]:
    """Return the arrows between the folders inside a package; its own few files are left out."""
    mine = {room for room in arrows if room.startswith(f"{package}/") and (ROOT / room).is_dir()}
    return {room: arrows[room] & mine for room in sorted(mine)}


def _height(arrows: Arrows) -> float:
    return MARGIN + STEP * max(levels(arrows).values()) + BOX / 2 + HEADING


def _draw_room(
    axes: Axes, heading: str, place: Place, bottom: float, height: float, arrows: Arrows
) -> None:
    """Draw a room: its sub-rooms in rows, each row above what it imports."""
    frame = FancyBboxPatch(
        (place.left, bottom), place.width, height, "round,pad=0.08", fc=place.colour, ec="none"
    )
    axes.add_patch(frame)
    axes.text(place.left + 0.1, bottom + height - 0.05, heading, va="top", weight="bold", size=11)
    rows: dict[int, list[str]] = defaultdict(list)
    for node, level in levels(arrows).items():
        rows[level].append(node)
    points: dict[str, tuple[float, float]] = {}
    for level in sorted(rows):
        below = {node: [points[one][0] for one in arrows[node]] for node in rows[level]}
        ordered = sorted(below, key=lambda node: sum(below[node]) / max(len(below[node]), 1))
        if level:
            ordered = _skipped_in_the_middle(ordered, arrows)
        for number, node in enumerate(ordered):
            column = place.left + place.width * (number + 0.5) / len(ordered)
            points[node] = (column, bottom + MARGIN + STEP * level)
    for node, below_it in reduced(arrows).items():
        for one in sorted(below_it):
            (x, y), (to_x, to_y) = points[node], points[one]
            _arrow(axes, (x, y - BOX / 2), (to_x, to_y + BOX / 2 + 0.06))
    width = min(2.4, place.width / max(len(row) for row in rows.values()) - 0.15)
    for node, (x, y) in points.items():
        _box(axes, x, y, width, PurePosixPath(node).name, "white")


def _skipped_in_the_middle(row: list[str], arrows: Arrows) -> list[str]:
    """Return a row with the targets of arrows that skip a floor in its middle.

    Such an arrow then runs between the boxes of the floor that it skips.
    """
    floor = levels(arrows)
    skipped = [
        one
        for one in row
        if any(
            one in below and floor[node] > floor[one] + 1 for node, below in reduced(arrows).items()
        )
    ]
    others = [one for one in row if one not in skipped]
    half = len(others) // 2
    return [*others[:half], *skipped, *others[half:]]


def _box(axes: Axes, x: float, y: float, width: float, text: str, colour: str) -> None:
    corner = (x - width / 2, y - BOX / 2)
    patch = FancyBboxPatch(corner, width, BOX, "round,pad=0.04", fc=colour, ec="0.3", zorder=3)
    axes.add_patch(patch)
    axes.text(x, y, text, ha="center", va="center", size=8.5, zorder=4)


def _arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], width: float = 0.9
) -> None:
    style = {"arrowstyle": "-|>", "lw": width, "color": "0.35", "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops=style)
