"""Arrays to named numbers: segmentation, the registry, and every feature's definition."""

from . import cooccurrence, haematology, intensity, lbp, shape  # noqa: F401  (these declare the features)
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
