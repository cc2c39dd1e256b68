"""Arrays to named numbers: segmentation, the registry, and every feature's definition."""

from . import (  # noqa: F401  (these declare the features)
    chromatin,
    contours,
    cooccurrence,
    distribution,
    gradient,
    granularity,
    haematology,
    haralick,
    hull,
    inclusions,
    intensity,
    laws,
    lbp,
    lobes,
    multiscale,
    neighbourhood,
    runlength,
    segments,
    shape,
    tamura,
    zernike,
    zones,
)
from .cell import COMPARTMENTS, Cell
from .errors import CellError
from .recipe import Recipe, parse_column, preset_columns
from .registry import FAMILIES, FEATURES, PRESETS

__all__ = [
    "COMPARTMENTS",
    "FAMILIES",
    "FEATURES",
    "PRESETS",
    "Cell",
    "CellError",
    "Recipe",
    "parse_column",
    "preset_columns",
]
