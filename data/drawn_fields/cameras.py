"""Named cameras, each with one difficulty, and random ones."""

from __future__ import annotations

import numpy as np

from .camera import Camera, Colour, Stain

CAMERAS: dict[str, Camera] = {
    "good microscope": Camera(),
    "eyepiece disc": Camera(disc=0.96, vignette=(0.25, 0.27, 0.30)),
    "phone vignette": Camera(
        light=(0.52, 0.55, 0.54),
        stain=Stain(haemoglobin=(0.18, 0.27, 0.24), strength=0.8),
        vignette=(-0.45, 0.15, 0.0),
        gradient=(0.05, -0.08),
        haze=0.3,
        halo=0.8,
        noise=3.0,
        jpeg=80,
    ),
    "lamp glare": Camera(light=(0.62, 0.66, 0.56), glare=0.5, fringe=0.5),
    "pale": Camera(stain=Stain(strength=0.45), haze=0.1),
    "dark": Camera(light=(0.32, 0.31, 0.30), stain=Stain(strength=1.2), noise=2.0),
    "green": Camera(light=(0.62, 0.88, 0.55)),
    "pink": Camera(light=(0.95, 0.72, 0.78)),
    "blurred": Camera(blur=0.08),
    "uneven light": Camera(light=(0.74, 0.71, 0.72), gradient=(0.30, -0.35)),
    "dusty": Camera(dust=15),
    "small scale": Camera(red_cell=16.0),
    "large scale": Camera(red_cell=100.0),
    "strongly compressed": Camera(jpeg=25, noise=2.5),
    "grey red cells": Camera(
        light=(0.70, 0.74, 0.62), stain=Stain(haemoglobin=(0.30, 0.34, 0.33)), fringe=0.7
    ),
}
"""Cameras for tests and the demonstration, by their difficulty."""

# Red cells from brownish to pink, grey and bluish: density in R, G, B.
_HAEMOGLOBINS = np.array(
    [(0.10, 0.27, 0.22), (0.05, 0.55, 0.28), (0.28, 0.31, 0.30), (0.35, 0.45, 0.22)]
)
# Chromatin from blue to purple and magenta.
_CHROMATINS = np.array(
    [(1.05, 1.05, 0.22), (0.70, 1.10, 0.08), (0.82, 1.15, 0.42), (0.60, 1.40, 0.42)]
)


def random_camera(rng: np.random.Generator, *, red_cell: float | None = None) -> Camera:
    """Return a random camera, for training and tests; few difficulties at a time.

    Parameters
    ----------
    rng : Generator
    red_cell : float, optional
        Pixels per diameter of a red cell; default: random, 14..130.
    """

    def now_and_then(chance: float, low: float, high: float) -> float:
        value = float(rng.uniform(low, high))
        return value if rng.random() < chance else 0.0

    brightness = float(rng.uniform(0.45, 0.97))
    return Camera(
        red_cell=red_cell or float(np.exp(rng.uniform(np.log(14), np.log(130)))),
        stain=_random_stain(rng),
        light=_colour(brightness * rng.uniform(0.72, 1.0, 3)),
        gradient=(now_and_then(0.3, -0.3, 0.3), now_and_then(0.3, -0.3, 0.3)),
        vignette=_colour(
            now_and_then(0.35, 0.0, 0.45) + now_and_then(0.15, 0.5, 1.0) * rng.normal(0, 0.2, 3)
        ),
        glare=now_and_then(0.12, 0.2, 0.6),
        glare_colour=_colour(rng.uniform(0.6, 1.0, 3)),
        glare_place=(float(rng.uniform(0.1, 0.9)), float(rng.uniform(0.1, 0.9))),
        glare_size=float(rng.uniform(0.04, 0.15)),
        haze=now_and_then(0.3, 0.0, 0.4),
        halo=now_and_then(0.35, 0.2, 1.6),
        blur=float(0.012 * rng.lognormal(0, 0.7)),
        fringe=now_and_then(0.2, -1.0, 1.0),
        noise=float(rng.lognormal(0.6, 0.5)),
        jpeg=int(rng.integers(35, 96)) if rng.random() < 0.6 else None,
        dust=int(rng.integers(1, 12)) if rng.random() < 0.2 else 0,
        disc=float(rng.uniform(0.85, 1.2)) if rng.random() < 0.08 else None,
    )


def _random_stain(rng: np.random.Generator) -> Stain:
    """Return a stain between the known tints, each channel changed a little more."""
    haemoglobin = rng.dirichlet(np.full(len(_HAEMOGLOBINS), 0.7)) @ _HAEMOGLOBINS
    chromatin = rng.dirichlet(np.full(len(_CHROMATINS), 0.7)) @ _CHROMATINS
    eosin = np.array(Stain.eosin) * rng.uniform(0.8, 1.3)
    azure = np.array(Stain.azure) * rng.uniform(0.7, 1.3)
    return Stain(
        haemoglobin=_colour(haemoglobin * rng.lognormal(0, 0.3) * rng.lognormal(0, 0.1, 3)),
        eosin=_colour(eosin * rng.lognormal(0, 0.1, 3)),
        azure=_colour(azure * rng.lognormal(0, 0.1, 3)),
        chromatin=_colour(chromatin * rng.lognormal(-0.1, 0.2) * rng.lognormal(0, 0.1, 3)),
        strength=float(np.clip(rng.lognormal(-0.1, 0.3), 0.45, 1.6)),
    )


def _colour(values: np.ndarray) -> Colour:
    red, green, blue = np.asarray(values, np.float64).tolist()
    return red, green, blue
