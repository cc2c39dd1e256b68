"""File properties, background statistics, thumbnails and signatures: not used for training.

The shortcut audit, the report and the search for copies need them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from features.segmentation.segment import Segmentation


class FileColumn(NamedTuple):
    """A column of the feature table that describes the file of an image.

    Parameters
    ----------
    kind : {"text", "number", "whole"}
    unit, definition : str
    """

    kind: str
    unit: str
    definition: str


FILE_COLUMNS: Mapping[str, FileColumn] = {
    "Metadata_File_Rows": FileColumn("whole", "pixel", "rows of the picture, upright"),
    "Metadata_File_Columns": FileColumn("whole", "pixel", "columns of the picture, upright"),
    "Metadata_File_Bytes": FileColumn("whole", "byte", "size of the file"),
    "Metadata_File_Format": FileColumn("text", "", "PNG, JPEG, BMP, TIFF or WebP, by content"),
    "Metadata_File_BitDepth": FileColumn(
        "number", "bit", "bits a sample as the file declares them; of a BMP, bits a pixel"
    ),
    "Metadata_File_JpegQuality": FileColumn(
        "number",
        "1",
        "quality (1 to 100, Independent JPEG Group) whose luminance quantisation table has the "
        "same sum; NaN for another format",
    ),
    "Metadata_File_JpegSubsampling": FileColumn(
        "number",
        "1",
        "pixels of brightness for each of colour, 1, 2 or 4; NaN for another format and for grey",
    ),
    "Metadata_File_Sharpness": FileColumn(
        "number",
        "squared 8-bit level",
        "variance of the Laplacian (3x3, 4 neighbours) of Gray over the whole picture",
    ),
}


@dataclass(frozen=True, eq=False)
class ImageExtras:
    """What is recorded of a picture in addition to its features.

    Parameters
    ----------
    file : tuple
        Values in the order of `FILE_COLUMNS`.
    background : (values,) float64
        Values in the order of `features.colour.background.BACKGROUND`.
    thumbnails : tuple of bytes
        A small JPEG of each cell.
    signatures : tuple of str
        See `data.fingerprints.cell_signature`; one of each cell.
    """

    file: tuple[Any, ...]
    background: NDArray[np.float64]
    thumbnails: tuple[bytes, ...]
    signatures: tuple[str, ...]


def collect_extras(
    content: bytes,
    rgb: Any,  # noqa: ANN401
    gray: Any,  # noqa: ANN401
    found: Segmentation,
    kept: Segmentation,
) -> ImageExtras:
    """Collect what audit, report and search for copies need from a picture, once for all cells.

    Parameters
    ----------
    content : bytes
        Of the file.
    rgb : (rows, cols, 3) uint8
    gray : (rows, cols) uint8
        BT.601 luma of `rgb`.
    found : Segmentation
        All objects: none of them is background.
    kept : Segmentation
        Those that get a thumbnail.
    """
    from data.decoding.file_properties import file_properties
    from data.fingerprints.cell_signature import cell_signature
    from features.colour.background import background_values, sharpness

    from .thumbnail import thumbnail

    outside = np.ones(rgb.shape[:2], dtype=np.uint8)
    for one in found.cells:
        (top, left), (rows, cols) = one.cell.origin, one.cell.cell.shape
        outside[top : top + rows, left : left + cols][one.cell.cell] = 0
    stored = file_properties(content)
    return ImageExtras(
        file=(*rgb.shape[:2], len(content), *stored, sharpness(gray)),
        background=background_values(rgb, gray, outside),
        thumbnails=tuple(thumbnail(rgb, one.cell) for one in kept.cells),
        signatures=tuple(
            cell_signature(rgb, one.cell.nucleus, one.cell.cell, one.cell.origin)
            for one in kept.cells
        ),
    )


def extras_versions() -> list[int]:
    """Return the versions of the definitions that `collect_extras` applies."""
    from data.fingerprints.cell_signature import SIGNATURE_VERSION
    from features.colour.background import BACKGROUND_VERSION

    from .thumbnail import THUMBNAIL_VERSION

    return [BACKGROUND_VERSION, THUMBNAIL_VERSION, SIGNATURE_VERSION]


def describe_extras() -> dict[str, dict[str, str]]:
    """Return unit and definition of the columns that are not used for training."""
    from features.colour.background import BACKGROUND

    files = {
        name: {"unit": one.unit, "definition": one.definition} for name, one in FILE_COLUMNS.items()
    }
    around = {
        name: {"unit": unit, "definition": definition}
        for name, (unit, definition) in BACKGROUND.items()
    }
    return files | around
