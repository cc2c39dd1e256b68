"""The scale of an image: the diameter of its red cells in pixels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ...primitives.arrays import Bytes, Floats
from ...primitives.kernels import compiled
from .background import Background, densities

RED_CELL_MICROMETRES = 7.5  # mean diameter of a red cell on a dried smear
_SHORT_SIDE = 480  # pixels of the shorter side of the image on which red cells are measured
_CROP_SIDE = 400  # pixels; smaller images are halved, unless red cells have fewer than 14 pixels
_LEAST_DIAMETER = 14.0
_FRAME = 40  # pixels by which the image is extended: cells at its border continue there
_LEAST_RADIUS, _LARGEST_RADIUS = 3.0, 127.0  # pixels
_RADII = np.geomspace(3, 300, 200)
_BANDWIDTH = 0.12  # of the density of the logarithm of the radius
_LARGEST_HOLE = 0.02  # of the image; the pale centre of a red cell is smaller
_STEPS = 200.0  # levels for each unit of optical density
_SHIFT = 50  # levels, which hold negative densities


def stained_pixels(mean: NDArray[np.float32]) -> Bytes:
    """Return the pixels that are darker than the empty slide: (rows, cols) uint8, 0 or 1.

    Otsu's threshold separates dark pixels from light ones; the limit is 45 % of the median of the
    pixels above Otsu's threshold of the light ones.

    Parameters
    ----------
    mean : (rows, cols) float32
        Mean optical density of the channels.
    """
    # Blurred before negative densities are cut off: noise must not look like stain.
    blurred = cv2.GaussianBlur(_levels(mean, _STEPS, _SHIFT), (7, 7), 1.0)
    smooth = np.asarray(cv2.subtract(blurred, np.array([float(_SHIFT)])), np.uint8)
    upper, _ = cv2.threshold(smooth, 0, 1, cv2.THRESH_OTSU)
    counts = np.bincount(smooth.ravel(), minlength=256)
    light = np.ascontiguousarray(smooth[smooth <= upper][:, None])
    lower, _ = cv2.threshold(light, 0, 1, cv2.THRESH_OTSU)
    above = np.cumsum(counts[int(lower) + 1 :])
    if above.size == 0 or above[-1] == 0:
        return np.zeros_like(smooth)
    median = int(lower) + 1 + int(np.searchsorted(above, above[-1] / 2))
    limit = max(4.0, min(upper, 0.45 * median))
    return np.asarray(cv2.threshold(smooth, limit, 1, cv2.THRESH_BINARY)[1], np.uint8)


@compiled
def _levels(plane: NDArray[np.float32], steps: float, shift: int) -> Bytes:
    """Round a plane in steps to bytes, 0 to the level `shift`."""
    rows, cols = plane.shape
    levels = np.empty((rows, cols), np.uint8)
    for row in range(rows):
        for col in range(cols):
            levels[row, col] = np.uint8(min(max(plane[row, col] * steps + shift + 0.5, 0.0), 255.0))
    return levels


def _fill_pale_centres(stained: Bytes) -> Bytes:
    """Fill the round holes of a mask that do not touch the border of the image."""
    rows, cols = stained.shape
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(1 - stained, connectivity=4)
    left, top, width, height, area = boxes.T
    chosen = (area < _LARGEST_HOLE * stained.size) & (left > 0) & (top > 0)
    chosen &= (left + width < cols) & (top + height < rows)
    chosen &= area > 0.55 * width * height
    chosen &= np.minimum(width, height) > 0.6 * np.maximum(width, height)
    chosen[0] = True  # the stained pixels themselves
    return np.asarray(chosen[labels], np.uint8)


def _inscribed_radii(mask: Bytes) -> Floats:
    """Return the radii of the discs inscribed at the local maxima of the distance: (n,)."""
    framed = cv2.copyMakeBorder(mask, _FRAME, _FRAME, _FRAME, _FRAME, cv2.BORDER_REPLICATE)
    depth = cv2.distanceTransform(framed, cv2.DIST_L2, 5)[_FRAME:-_FRAME, _FRAME:-_FRAME]
    # Whole numbers of 1/512 of a pixel: their blur is exact on every machine, and ridges of
    # equal depth have few maxima.
    parts = np.asarray(np.minimum(depth, _LARGEST_RADIUS) * 512, np.uint16)
    smooth = cv2.GaussianBlur(parts, (9, 9), 1.5)
    around = cv2.dilate(smooth, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9)))
    peaks = (smooth >= around) & (smooth > 512 * _LEAST_RADIUS)
    return np.asarray(depth[peaks], np.float64)


def red_cell_diameter(rgb: Bytes, background: Background) -> float | None:
    """Return the diameter of the red cells in pixels: twice the commonest radius, by area.

    The radii are those of the discs inscribed in the stained pixels, weighted by their areas. The
    diameter is the mode of their density on a logarithmic scale.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
    background : Background
        Of this image, see `features.segmentation.detection.background.fit_background`.

    Returns
    -------
    float or None
        None if nothing in the image is stained, or all of it. In a crop that hardly shows red
        cells it is the diameter of the white cell.
    """
    side = min(rgb.shape[:2])
    if side < _CROP_SIDE:
        diameter = _diameter(rgb, background, 0.5)
        if diameter is not None and diameter >= 2 * _LEAST_DIAMETER:
            return diameter
    return _diameter(rgb, background, min(1.0, _SHORT_SIDE / side))


def _diameter(rgb: Bytes, background: Background, factor: float) -> float | None:
    """Measure the red cells on an image that is reduced by a factor."""
    if factor < 1:
        size = (round(rgb.shape[1] * factor), round(rgb.shape[0] * factor))
        rgb = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    planes = densities(rgb, background)
    mask = _fill_pale_centres(stained_pixels((planes[0] + planes[1] + planes[2]) / 3))
    partly = 0 < np.count_nonzero(mask) < mask.size
    radii = _inscribed_radii(mask) if partly else np.zeros(0)
    if radii.size == 0:
        return None
    offsets = (np.log(_RADII)[:, None] - np.log(radii)) / _BANDWIDTH
    mode = int(np.argmax((radii**2 * np.exp(-(offsets**2) / 2)).sum(axis=1).round(6)))
    return float(2 * _RADII[mode] / factor)
