"""Pictures of the steps by which the cells of an image were found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from features.segmentation.detection.background import Background, densities, fit_background
from features.segmentation.detection.decision import choose_regions, most_probable_kind
from features.segmentation.detection.detect import Detection, detect, resample

from .overlay import COLOURS, NUCLEUS, UInt8, draw_outlines, overlay, with_legend

if TYPE_CHECKING:
    from features.segmentation.segment import Segmentation

_LARGEST = 1400  # pixels of the longer side of a picture of a step
_OTHER = (70, 70, 70)
_SCALE = 3  # of the resampled image, so that numbers can be read
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_TEXT_WIDTH, _TEXT_HEIGHT = 56, 15  # pixels of a probability
_LEAST_SHOWN = 0.02  # probability of a candidate whose outline is drawn


def draw_steps(rgb: UInt8, found: Segmentation) -> dict[str, UInt8]:
    """Draw the steps of a segmentation.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
    found : Segmentation
        Of this image; all its objects.

    Returns
    -------
    dict of str to (rows, cols, 3) uint8
        RGB, by the name of the step. Only the outlines if the cells come from a mask or are cut out
        on black, since nothing was searched then.
    """
    outlines = with_legend(overlay(rgb, found), _kinds_legend(found))
    if found.evidence is None:
        return {"outlines": outlines}
    background = fit_background(rgb)
    detection = detect(rgb, background, found.evidence.red_cell)
    small = resample(rgb, detection.red_cell)
    return {
        "background": _light(rgb, background),
        "relative": _relative(rgb, background),
        "map": _map(detection),
        "candidates": _candidates(small, detection),
        "objects": _objects(small, detection, found),
        "outlines": outlines,
    }


def _reduced(rgb: UInt8) -> UInt8:
    factor = min(1.0, _LARGEST / max(rgb.shape[:2]))
    size = [max(1, round(side * factor)) for side in rgb.shape[1::-1]]
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _light(rgb: UInt8, background: Background) -> UInt8:
    """Draw the fitted light: the empty slide without any cell."""
    small = _reduced(rgb)
    black = densities(np.zeros_like(small), background)  # light minus log(1)
    light = np.exp(black) - 1
    return _levels(np.moveaxis(light, 0, -1))


def _relative(rgb: UInt8, background: Background) -> UInt8:
    """Draw the image divided by the light: the empty slide is white."""
    planes = densities(_reduced(rgb), background)
    return _levels(235 * np.moveaxis(np.exp(-planes), 0, -1))


def _levels(values: NDArray[np.float32]) -> UInt8:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _map(detection: Detection) -> UInt8:
    """Draw the map of white cells: dark elsewhere, cytoplasm, and bright nuclei."""
    enlarged = _enlarged(detection.tree.map)
    coloured = cv2.cvtColor(cv2.applyColorMap(enlarged, cv2.COLORMAP_CIVIDIS), cv2.COLOR_BGR2RGB)
    ends = {"elsewhere": 0, "cytoplasm": 128, "nucleus": 255}
    scale = cv2.applyColorMap(np.array([[*ends.values()]], np.uint8), cv2.COLORMAP_CIVIDIS)[0]
    legend = {
        name: (int(red), int(green), int(blue))
        for name, (blue, green, red) in zip(ends, scale.tolist(), strict=True)
    }
    return with_legend(np.asarray(coloured, np.uint8), legend)


def _enlarged(small: UInt8) -> UInt8:
    return np.asarray(
        cv2.resize(small, None, fx=_SCALE, fy=_SCALE, interpolation=cv2.INTER_NEAREST), np.uint8
    )


def _node_masks(detection: Detection, nodes: Sequence[int]) -> list[NDArray[np.bool_]]:
    """Return the enlarged mask of each node."""
    leaves = detection.tree.leaves
    return [
        _enlarged(np.isin(leaves, detection.tree.members[node]).view(np.uint8)) > 0
        for node in nodes
    ]


def _candidates(small: UInt8, detection: Detection) -> UInt8:
    """Draw the outline of every candidate region, with the kind and its probability."""
    picture = _enlarged(small)
    rows = dict(zip(detection.tree.nodes, detection.probabilities, strict=True))
    chosen = set(choose_regions(detection.tree, detection.probabilities))
    nodes = [node for node in detection.tree.nodes if 1 - rows[node][0] >= _LEAST_SHOWN]
    texts = []
    for node, mask in zip(nodes, _node_masks(detection, nodes), strict=True):
        kind, probability = most_probable_kind(
            rows[node], nucleus_area=detection.tree.nucleus_area(node)
        )
        colour = COLOURS[kind] if node in chosen else _OTHER
        draw_outlines(picture, mask, colour, 2 if node in chosen else 1)
        places = np.argwhere(mask)
        texts.append((places.mean(axis=0), places[:, 1].max(), f"{kind[0]} {probability:.2f}"))
    _write(picture, texts)
    legend = {f"chosen: {kind} ({kind[0]})": colour for kind, colour in _without_cut().items()}
    return with_legend(picture, legend | {"another candidate": _OTHER})


def _without_cut() -> dict[str, tuple[int, int, int]]:
    """Return the colours of the kinds that a region can have: whether one is cut is seen later."""
    return {kind: colour for kind, colour in COLOURS.items() if kind != "cut cell"}


def _write(picture: UInt8, texts: Sequence[tuple[NDArray[np.float64], int, str]]) -> None:
    """Write texts to the right of their regions, inside the picture, none over another one."""
    taken: list[tuple[int, int]] = []
    for (row, _), right, text in sorted(texts, key=lambda one: (one[0][0], one[0][1], one[2])):
        left = max(0, min(int(right) + 3, picture.shape[1] - _TEXT_WIDTH))
        line = int(row)
        while any(
            abs(line - low) < _TEXT_HEIGHT and abs(left - other) < _TEXT_WIDTH
            for low, other in taken
        ):
            line += _TEXT_HEIGHT
        taken.append((line, left))
        for colour, width in (((255, 255, 255), 4), ((0, 0, 0), 1)):
            cv2.putText(picture, text, (left, line), _FONT, 0.45, colour, width, cv2.LINE_AA)


def _objects(small: UInt8, detection: Detection, found: Segmentation) -> UInt8:
    """Draw the chosen objects as coloured areas."""
    picture = _enlarged(small)
    regions = detection.central_object() if found.source == "crop" else detection.all_objects()
    labels = np.repeat(np.repeat(regions.labels, _SCALE, axis=0), _SCALE, axis=1)
    for number, one in enumerate(regions.objects, start=1):
        area = labels == number
        mixed = 0.45 * np.array(COLOURS[one.kind]) + 0.55 * picture[area]
        picture[area] = np.rint(mixed).astype(np.uint8)
        draw_outlines(picture, area, COLOURS[one.kind], 2)
    return with_legend(picture, _without_cut())


def _kinds_legend(found: Segmentation) -> dict[str, tuple[int, int, int]]:
    """Name the kinds that an image shows, with their numbers."""
    kinds = [one.kind for one in found.cells]
    legend = {
        f"{kind}: {kinds.count(kind)}": colour for kind, colour in COLOURS.items() if kind in kinds
    }
    return legend | {"nucleus": NUCLEUS}
