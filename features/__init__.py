"""Arrays to named numbers: segmentation, the registry, and every feature's definition."""

from .colour import intensity, radial_distribution
from .core.cell import COMPARTMENTS, Cell
from .core.recipe import Recipe, parse_column, preset_columns
from .core.registry import FAMILIES, FEATURES, PRESETS, sort_features
from .errors import CellError
from .haematology import chromatin, granules_vacuoles, lobes, nucleus_ratios, segments
from .shape import area_shape, contour, hull, zernike
from .texture import (
    gradient,
    granularity,
    laws_gabor,
    lbp,
    ngtdm_ngldm,
    run_length,
    tamura,
    wavelet_fractal,
    zones,
)
from .texture.cooccurrence import glcm_features, haralick

# Importing a module declares its features; the order of the columns is declared, not that of
# these imports.
DECLARING = (
    area_shape,
    chromatin,
    contour,
    glcm_features,
    gradient,
    granularity,
    granules_vacuoles,
    haralick,
    hull,
    intensity,
    laws_gabor,
    lbp,
    lobes,
    ngtdm_ngldm,
    nucleus_ratios,
    radial_distribution,
    run_length,
    segments,
    tamura,
    wavelet_fractal,
    zernike,
    zones,
)
sort_features()

__all__ = [
    "COMPARTMENTS",
    "DECLARING",
    "FAMILIES",
    "FEATURES",
    "PRESETS",
    "Cell",
    "CellError",
    "Recipe",
    "parse_column",
    "preset_columns",
]
