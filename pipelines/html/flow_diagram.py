"""The way from image files to training cells, drawn."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

WIDTH, HEIGHT, GAP, ASIDE = 270, 40, 26, 330


def flow_diagram(flow: Mapping[str, Any], classes: Mapping[str, int]) -> str:
    """Return an SVG: boxes downwards, and beside each arrow what was left out there.

    Parameters
    ----------
    flow : mapping
        Counts as `provenance` gathers them; without images it begins at the cells.
    classes : mapping of str to int
        Cells of each class.
    """
    steps: list[tuple[str, list[str]]] = []
    if flow["images"] is not None:
        aside = [f"{flow['failed']} failed", f"{flow['excluded']} excluded"]
        steps.append((f"{flow['images']} images found", aside))
        steps.append((f"{flow['measured']} images measured", []))
    steps.append((f"{flow['cells']} cells measured", [f"{flow['unlabelled']} without a label"]))
    steps.append((f"{flow['learnt']} cells learnt from and tested on", []))
    parts = []
    for number, (text, left_out) in enumerate(steps):
        top = 2 + number * (HEIGHT + GAP)
        parts.append(_box(2, top, WIDTH, text))
        if number + 1 < len(steps):
            middle = WIDTH / 2
            parts.append(_line(middle, top + HEIGHT, middle, top + HEIGHT + GAP))
        if left_out:
            level = top + HEIGHT / 2
            parts.append(_line(WIDTH + 2, level, ASIDE, level))
            parts.append(_box(ASIDE, top, 230, ", ".join(left_out)))
    last = 2 + (len(steps) - 1) * (HEIGHT + GAP)
    counts = ", ".join(f"{count} {name}" for name, count in classes.items())
    parts.append(
        f'<text x="{WIDTH + 14}" y="{last + HEIGHT / 2 + 5}" font-size="14">{escape(counts)}</text>'
    )
    width = max(ASIDE + 234, WIDTH + 30 + 8 * len(counts))
    height = last + HEIGHT + 4
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'font-family="system-ui, sans-serif" role="img">'
        '<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z" fill="#4a545c"/></marker></defs>' + "".join(parts) + "</svg>"
    )


def _box(left: float, top: float, width: float, text: str) -> str:
    return (
        f'<rect x="{left}" y="{top}" width="{width}" height="{HEIGHT}" rx="4" fill="#f3f6f8" '
        f'stroke="#8a959d"/><text x="{left + width / 2}" y="{top + HEIGHT / 2 + 5}" '
        f'text-anchor="middle" font-size="14">{escape(text)}</text>'
    )


def _line(x: float, y: float, to_x: float, to_y: float) -> str:
    return (
        f'<line x1="{x}" y1="{y}" x2="{to_x}" y2="{to_y}" stroke="#4a545c" marker-end="url(#tip)"/>'
    )
