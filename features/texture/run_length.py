"""Grey-level run-length matrix, GLRLM (IBSI 3.7).

A run is a maximal sequence of consecutive pixels of equal grey level along one of four directions,
inside the compartment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..core.cell import COMPARTMENTS, Cell
from ..core.registry import FEATURES, Axes, Family, Membership
from ..primitives.arrays import Floats
from ..primitives.channels import TEXTURE_CHANNELS
from ..primitives.kernels import compiled, inner
from ..primitives.quantise import quantise
from .cooccurrence.glcm import aggregate
from .image_levels import quantise_image
from .size_matrix import SUM_COUNT, SizeMatrix, declare_features, sum_size_matrix


@inner
def _count_run_pixels(
    plane: NDArray[np.uint16],
    parts: NDArray[np.uint8],
    in_cell: NDArray[np.int32],
    in_part: NDArray[np.int32],
) -> None:
    """Count the pixels at each position of a run, by direction, grey level and position.

    A run of length n has one pixel at each position 1 to n. So the number of runs of length n is
    the number of pixels at position n minus the number at position n + 1.

    `in_cell` is (4, levels, positions); `in_part` is (cytoplasm, nucleus; 4, levels, positions).
    """
    rows, cols = plane.shape
    # A code is (grey level + 1, part) of a pixel, 0 outside. The lengths are those of the runs that
    # end at a pixel, by direction: rows 0 to 3 in the cell, 4 to 7 in the part. Each row is framed
    # by one background pixel on either side.
    codes_above = np.zeros(cols + 2, np.int32)
    codes = np.zeros(cols + 2, np.int32)
    lengths_above = np.zeros((8, cols + 2), np.int32)
    lengths = np.zeros((8, cols + 2), np.int32)
    for row in range(rows):
        for col in range(1, cols + 1):
            part = parts[row, col - 1]
            if part == 0:
                codes[col] = 0
                continue
            level = np.int32(plane[row, col - 1])
            code = (level + 1) << 2 | part
            codes[col] = code
            for direction in range(4):
                if direction == 0:
                    other, cell_run, part_run = (
                        codes[col - 1],
                        lengths[0, col - 1],
                        lengths[4, col - 1],
                    )
                else:
                    at = col + 2 - direction
                    other = codes_above[at]
                    cell_run, part_run = (
                        lengths_above[direction, at],
                        lengths_above[4 + direction, at],
                    )
                cell_run = cell_run + 1 if (other | 3) == (code | 3) else 1
                part_run = part_run + 1 if other == code else 1
                lengths[direction, col] = cell_run
                lengths[4 + direction, col] = part_run
                in_cell[direction, level, cell_run] += 1
                in_part[part - 1, direction, level, part_run] += 1
        codes_above, codes = codes, codes_above
        lengths_above, lengths = lengths, lengths_above


@inner
def _sum_directions(
    run_pixels: NDArray[np.int32], pixels: int, sizes: NDArray[np.int64], out: Floats
) -> None:
    """Write the sums of the four directions and of the merged matrix into `out`: (5, 16)."""
    levels = run_pixels.shape[1]
    runs = np.empty((levels, sizes.size), np.int64)
    merged = np.zeros((levels, sizes.size), np.int64)
    for direction in range(5):
        for level in range(levels):
            for index in range(sizes.size):
                if direction < 4:
                    longer = run_pixels[direction, level, index + 2]
                    runs[level, index] = run_pixels[direction, level, index + 1] - longer
                    merged[level, index] += runs[level, index]
                else:
                    runs[level, index] = merged[level, index]
        sum_size_matrix(runs, sizes, pixels if direction < 4 else 4 * pixels, out[direction])


@compiled
def run_length_sums(
    planes: NDArray[np.uint16], parts: NDArray[np.uint8], levels: int
) -> NDArray[Any]:
    """Return the sums over the run-length matrices of every plane.

    Parameters
    ----------
    planes : (channels, rows, cols) uint16
        Grey levels from 0 to ``levels - 1``.
    parts : (rows, cols) uint8
        0 outside, 1 cytoplasm, 2 nucleus.
    levels : int
        Number of grey levels.

    Returns
    -------
    (Cells, Nuclei, Cytoplasm; channels; 0, 45, 90, 135 degrees, merged; 16) float64
        In the order of `SizeMatrix`.
    """
    channels, rows, cols = planes.shape
    longest = max(rows, cols)
    sizes = np.empty(longest, np.int64)
    for index in range(longest):
        sizes[index] = index + 1
    pixels = np.zeros(3, np.int64)
    for row in range(rows):
        for col in range(cols):
            pixels[parts[row, col]] += 1
    out = np.empty((3, channels, 5, SUM_COUNT))
    for channel in range(channels):
        in_cell = np.zeros((4, levels, longest + 2), np.int32)
        in_part = np.zeros((2, 4, levels, longest + 2), np.int32)
        _count_run_pixels(planes[channel], parts, in_cell, in_part)
        _sum_directions(in_cell, pixels[1] + pixels[2], sizes, out[0, channel])
        _sum_directions(in_part[1], pixels[2], sizes, out[1, channel])
        _sum_directions(in_part[0], pixels[1], sizes, out[2, channel])
    return out


def _view(cell: Cell, axes: Axes) -> SizeMatrix:
    levels = int(axes.parameters[0].split("_")[0])
    sums = run_length_sums(
        quantise(cell.planes(axes.channels), levels), cell.compartment_labels, levels
    )
    return SizeMatrix.from_sums(sums[[COMPARTMENTS.index(word) for word in axes.compartments]])


def _finish(_view: Any, values: Any, axes: Axes) -> Floats:  # noqa: ANN401
    hows = (parameter.split("_")[1] for parameter in axes.parameters)
    return np.stack([aggregate(values, how) for how in hows], axis=-1)


def _membership(channel: str, parameter: str) -> Membership:
    return "full" if (channel, parameter) == ("Gray", "32_mean") else "named"


GLRLM = Family(
    name="GLRLM",
    title="Grey-level run-length matrix (GLRLM): straight runs of equal grey level",
    compartments=COMPARTMENTS,
    view=_view,
    channels=TEXTURE_CHANNELS,
    parameters=("32_mean", "32_merged"),
    finish=_finish,
    membership=_membership,
)

declare_features(
    GLRLM,
    (
        ("ShortRunsEmphasis", "22OV", "weight of short runs"),
        ("LongRunsEmphasis", "W4KF", "weight of long runs"),
        ("LowGreyLevelRunEmphasis", "V3SW", "weight of dark runs"),
        ("HighGreyLevelRunEmphasis", "G3QZ", "weight of bright runs"),
        ("ShortRunLowGreyLevelEmphasis", "HTZT", "weight of short dark runs"),
        ("ShortRunHighGreyLevelEmphasis", "GD3A", "weight of short bright runs"),
        ("LongRunLowGreyLevelEmphasis", "IVPO", "weight of long dark runs"),
        ("LongRunHighGreyLevelEmphasis", "3KUM", "weight of long bright runs"),
        (
            "GreyLevelNonUniformity",
            "R5YN",
            "uneven distribution of runs over grey levels, grows with size",
        ),
        (
            "NormalisedGreyLevelNonUniformity",
            "OVBL",
            "uneven distribution of runs over grey levels",
        ),
        (
            "RunLengthNonUniformity",
            "W92Y",
            "uneven distribution of runs over lengths, grows with size",
        ),
        ("NormalisedRunLengthNonUniformity", "IC23", "uneven distribution of runs over lengths"),
        ("RunPercentage", "9ZK5", "number of runs per pixel"),
        ("GreyLevelVariance", "8CE5", "spread of the grey level of runs"),
        ("RunLengthVariance", "SXLW", "spread of the length of runs"),
        ("RunEntropy", "HJ9O", "disorder of runs"),
    ),
    elements="runs",
    size="length",
    unit="px",
    reference="IBSI 3.7; Galloway 1975, doi:10.1016/S0146-664X(75)80008-6",
    vetted="IBSI digital phantom; MIRP",
)


def run_length_features(
    image: NDArray[np.integer[Any]],
    mask: NDArray[np.bool_],
    *,
    levels: int | None = 32,
    aggregation: Literal["mean", "range", "merged"] = "mean",
) -> Mapping[str, float]:
    """Return the 16 GLRLM features of one grey-scale image inside a mask.

    Parameters
    ----------
    image : (rows, cols) integer
        Grey values from 0 to 255 if `levels` is a number; grey levels from 1 if it is None.
    mask : (rows, cols) bool
        Pixels to measure.
    levels : {32, 256} or None
        Number of grey levels of equal width; None keeps the image's own levels.
    aggregation : {"mean", "range", "merged"}
        Mean or range of the features of the four directions, or features of the summed matrix.
        For one slice ``mean`` is IBSI's ``2D_avg`` and ``merged`` IBSI's ``2D_comb``.

    Returns
    -------
    mapping of str to float
        Values by feature name; NaN for an empty mask.

    Raises
    ------
    CellError
        If the image has a value outside the range that `levels` requires.
    """
    view = SizeMatrix.from_sums(run_length_sums(*quantise_image(image, mask, levels)))
    return {
        record.name: float(aggregate(record.function(view)[0, 0], aggregation))
        for record in FEATURES.values()
        if record.family is GLRLM
    }
