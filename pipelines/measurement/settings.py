"""What is measured in an image, and how; the digest of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from features.colour.standardisation import Stain

    from .network import ChosenNetwork

# Raised whenever the same pixels and options give other cells or another background.
MEASURING_VERSION = 4


# Libraries whose versions may move the numbers.
_COMPUTING = ("mahotas", "numpy", "opencv-python-headless", "pillow", "scikit-image", "scipy")


@dataclass(frozen=True)
class MeasurementSettings:
    """What is measured in an image, and how.

    Parameters
    ----------
    columns : tuple of str
        The features to measure.
    source : {"auto", "crop", "field"}
        Whether an image is one cell or a field of several.
    mask_is : {"nucleus", "cell"} or None
        What the second value of a two-valued mask stands for.
    pixel_size : float or None
        Micrometres per pixel.
    max_pixels, max_bytes : int
        Larger images are refused.
    network : ChosenNetwork or None
        Whose embedding to add.
    stain : {"none", "background", "standard"}
        Whose colours the features see; a network sees the photograph.
    keep_extras : bool
        Whether to keep what the audit and the report need: a table does, a prediction does not.
    """

    columns: tuple[str, ...]
    source: Literal["auto", "crop", "field"] = "auto"
    mask_is: Literal["nucleus", "cell"] | None = None
    pixel_size: float | None = None
    max_pixels: int = 100_000_000
    max_bytes: int = 1_000_000_000
    network: ChosenNetwork | None = None
    stain: Stain = "standard"
    keep_extras: bool = False

    @property
    def all_columns(self) -> tuple[str, ...]:
        """The features and then the embedding's columns."""
        return self.columns + (self.network.embedding.columns if self.network else ())

    def digest(self, *, masked: bool) -> str:
        """Return a SHA-256 over all that the numbers depend on, beside the files' bytes.

        Parameters
        ----------
        masked : bool
            Whether a mask is given: nothing is segmented then. Limits do not count: what was
            measured under a lower one is right under a higher one.
        """
        from features import parse_column
        from features.colour.standardisation import STANDARDISATION_VERSION

        from .image_extras import extras_versions

        record = {
            "measuring": MEASURING_VERSION,
            "columns": self.columns,
            "versions": [parse_column(name).feature.version for name in self.columns],
            "libraries": [version(name) for name in _COMPUTING],
            "cells": self.mask_is if masked else self.source,
            "pixel_size": self.pixel_size,
            "stain": [self.stain, STANDARDISATION_VERSION],
            "extras": extras_versions() if self.keep_extras else None,
            **(self.network.settings() if self.network else {}),
        }
        return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
