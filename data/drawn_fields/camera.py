"""Cameras: how a drawn field, given as optical density, becomes a photograph.

A camera changes pixels only. The true masks of the field are the same for every camera,
except that nothing is visible outside an eyepiece's disc.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .planes import Mask, Plane, noise

Colour = tuple[float, float, float]
"""Red, green, blue."""
Picture = NDArray[np.float32]


@dataclass(frozen=True)
class Stain:
    """Optical density of the coloured parts of cells, in R, G, B at unit strength.

    Attributes
    ----------
    haemoglobin : tuple of 3 floats
        Of a red cell's thick part.
    eosin : tuple of 3 floats
        Of eosinophil granules and pink cytoplasm.
    azure : tuple of 3 floats
        Of blue cytoplasm and platelets.
    chromatin : tuple of 3 floats
        Of nuclei and basophil granules.
    strength : float
        Factor on all of them.
    """

    haemoglobin: Colour = (0.06, 0.27, 0.22)
    eosin: Colour = (0.10, 0.48, 0.42)
    azure: Colour = (0.42, 0.31, 0.10)
    chromatin: Colour = (0.82, 1.15, 0.42)
    strength: float = 1.0

    def vectors(self) -> Picture:
        """Return the densities as an array (4 stains, 3 channels), strength included."""
        stains = (self.haemoglobin, self.eosin, self.azure, self.chromatin)
        return np.array(stains, np.float32) * np.float32(self.strength)


@dataclass(frozen=True)
class Camera:
    """A microscope with a camera.

    Attributes
    ----------
    red_cell : float
        Diameter of a red cell in pixels, at least 6: the scale.
    stain : Stain
    light : tuple of 3 floats
        Intensity of the empty field in R, G, B, 0..1: brightness and colour cast.
    gradient : tuple of 2 floats
        Relative change of the light from the top to the bottom and from the left to the right.
    vignette : tuple of 3 floats
        Share of the light in R, G, B that is lost in the corners; negative: gained.
    glare : float
        Light of the lamp's reflection, added in the middle of the spot, 0..1.
    glare_colour : tuple of 3 floats
    glare_place : tuple of 2 floats
        Row and column of the spot, as shares of the picture's height and width.
    glare_size : float
        Standard deviation of the spot, as a share of the picture's height.
    haze : float
        Share of stray light, which has not passed through the cells, 0..1: lowers the contrast.
    halo : float
        Sharpening: dark rims with bright halos, as from a narrow condenser or a telephone.
    blur : float
        Standard deviation of the blur, in diameters of a red cell.
    fringe : float
        Shift of red and blue against green, in pixels.
    noise : float
        Standard deviation of the sensor's noise, in grey levels.
    jpeg : int, optional
        Quality of the JPEG compression, 1..100; None: no compression.
    dust : int
        Number of soft dark specks on the glass.
    disc : float, optional
        Radius of the eyepiece's disc, as a share of half the picture's short side; outside it
        the picture is black. None: no disc.
    """

    red_cell: float = 36.0
    stain: Stain = Stain()
    light: Colour = (0.90, 0.865, 0.875)
    gradient: tuple[float, float] = (0.0, 0.0)
    vignette: Colour = (0.0, 0.0, 0.0)
    glare: float = 0.0
    glare_colour: Colour = (0.75, 1.0, 1.0)
    glare_place: tuple[float, float] = (0.6, 0.45)
    glare_size: float = 0.08
    haze: float = 0.0
    halo: float = 0.0
    blur: float = 0.015
    fringe: float = 0.0
    noise: float = 1.6
    jpeg: int | None = None
    dust: int = 0
    disc: float | None = None

    def visible(self, rows: int, cols: int) -> Mask:
        """Return the pixels that the eyepiece shows, (rows, cols) bool."""
        if self.disc is None:
            return np.ones((rows, cols), np.bool_)
        down, right = _from_centre(rows, cols)
        return down * down + right * right <= (self.disc * min(rows, cols) / 2) ** 2


def photograph(density: Picture, camera: Camera, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the photograph of a field.

    Parameters
    ----------
    density : (rows, cols, 3) float32
        Optical density in R, G, B, the stain's strength included.
    camera : Camera
    rng : Generator
        Source of the noise.

    Returns
    -------
    (rows, cols, 3) uint8
    """
    rows, cols = density.shape[:2]
    if camera.halo:
        density = _with_halos(density, camera)
    light = _light(camera, rng, rows, cols)
    _darken_dust(light, camera, rng)
    passed = np.exp(-density)
    picture = np.asarray(light * (passed + camera.haze * (1 - passed)), np.float32)
    if camera.glare:
        picture += _glare_spot(camera, rows, cols)[..., None] * _array(camera.glare_colour)
    sigma = camera.blur * camera.red_cell
    if sigma >= 0.2:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.float32)
    if camera.fringe:
        _shift(picture, 0, camera.fringe)
        _shift(picture, 2, -camera.fringe)
    if camera.disc is not None:
        visible = camera.visible(rows, cols).astype(np.float32)
        edge = cv2.GaussianBlur(visible, (0, 0), 1.5)
        picture *= (0.02 + 0.98 * edge)[..., None]
    return _develop(picture * np.float32(255), camera, rng)


def _with_halos(density: Picture, camera: Camera) -> Picture:
    """Return sharpened densities; red light spreads further than blue, so rims are coloured."""
    sharp = density.copy()
    for channel, spread in enumerate((0.075, 0.06, 0.045)):
        plane = np.ascontiguousarray(density[..., channel])
        wide = cv2.GaussianBlur(plane, (0, 0), max(spread * camera.red_cell, 0.5))
        sharp[..., channel] += camera.halo * (plane - wide)
    return sharp


def _develop(levels: Picture, camera: Camera, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return uint8 pixels with the sensor's noise and the traces of compression."""
    grain = rng.standard_normal(levels.shape, dtype=np.float32)
    levels = levels + np.float32(camera.noise) * grain
    rgb = np.asarray(np.rint(np.clip(levels, 0, 255)), np.uint8)
    if camera.jpeg is None:
        return rgb
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    _, coded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, camera.jpeg])
    # OpenCV has just written these bytes; the annotation of `cvtColor` does not allow None.
    decoded = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)


def _array(colour: Colour) -> Picture:
    return np.array(colour, np.float32)


def _from_centre(rows: int, cols: int) -> tuple[Plane, Plane]:
    """Return how far each row and column is from the middle, as (rows, 1) and (1, cols)."""
    down = np.arange(rows, dtype=np.float32)[:, None] - np.float32((rows - 1) / 2)
    right = np.arange(cols, dtype=np.float32)[None, :] - np.float32((cols - 1) / 2)
    return down, right


def _light(camera: Camera, rng: np.random.Generator, rows: int, cols: int) -> Picture:
    """Return the light of the empty field: cast, gradient, vignette and a faint mottle."""
    down, right = _from_centre(rows, cols)
    tilt = 1 + camera.gradient[0] * down / rows + camera.gradient[1] * right / cols
    field = tilt * (1 + np.float32(0.006) * noise(rng, rows, cols, 0.4 * camera.red_cell))
    corner = (rows / 2) ** 2 + (cols / 2) ** 2
    eccentricity = ((down * down + right * right) / np.float32(corner))[..., None]
    dimmed = 1 - _array(camera.vignette) * eccentricity
    return np.asarray(_array(camera.light) * field[..., None] * dimmed, np.float32)


def _darken_dust(light: Picture, camera: Camera, rng: np.random.Generator) -> None:
    """Darken the light where specks are out of focus, in place."""
    rows, cols = light.shape[:2]
    for _ in range(camera.dust):
        size = camera.red_cell * rng.uniform(0.06, 0.25)
        row, col, depth = rng.uniform(0, rows), rng.uniform(0, cols), rng.uniform(0.1, 0.5)
        reach = int(3 * size) + 1
        top, left = max(int(row) - reach, 0), max(int(col) - reach, 0)
        part = light[top : int(row) + reach, left : int(col) + reach]
        down, right = np.ogrid[: part.shape[0], : part.shape[1]]
        squared = (down + top - row) ** 2 + (right + left - col) ** 2
        part *= (1 - depth * np.exp(-squared / (2 * size * size))).astype(np.float32)[..., None]


def _glare_spot(camera: Camera, rows: int, cols: int) -> Plane:
    """Return the light of the lamp's reflection."""
    down, right = _from_centre(rows, cols)
    down = down - np.float32((camera.glare_place[0] - 0.5) * rows)
    right = right - np.float32((camera.glare_place[1] - 0.5) * cols)
    spread = np.float32(2 * (camera.glare_size * rows) ** 2)
    return np.asarray(camera.glare * np.exp(-(down * down + right * right) / spread), np.float32)


def _shift(picture: Picture, channel: int, pixels: float) -> None:
    """Move one channel to the right, in place."""
    move = np.array([[1, 0, pixels], [0, 1, 0]], np.float32)
    plane = np.ascontiguousarray(picture[..., channel])
    size = (plane.shape[1], plane.shape[0])
    picture[..., channel] = cv2.warpAffine(plane, move, size, borderMode=cv2.BORDER_REPLICATE)
