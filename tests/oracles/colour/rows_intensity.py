"""First-order statistics against the IBSI phantom, numpy and scipy."""

from __future__ import annotations

import numpy as np
from oracles.vetting import Check
from scipy import stats
from support.cells.example_cells import textured_cell

from features.colour.histogram import INTENSITY, Histogram
from features.core.cell import COMPARTMENTS
from features.core.registry import FEATURES
from features.primitives.channels import CHANNELS, level_values
from features.verification.ibsi_phantom import LEVELS, PHANTOM, REFERENCE


def counted(levels: np.ndarray, count: int) -> Histogram:
    """Return the histogram of levels from 1."""
    counts = np.bincount(levels, minlength=count + 1)[1:].astype(float)
    return Histogram(counts[None, None], np.arange(1.0, count + 1)[None])


def phantom_rows() -> list[Check]:
    view = counted(PHANTOM[PHANTOM > 0], LEVELS)
    return [
        Check(
            record.key,
            "IBSI digital phantom",
            True,
            REFERENCE[record.ibsi],
            lambda function: function(view)[0],
            digits=3,
        )
        for record in FEATURES.values()
        if record.family is INTENSITY and record.ibsi
    ]


def _deviation(centre):
    return lambda pixels: np.abs(pixels - centre(pixels)).mean()


def _middle(pixels: np.ndarray) -> float:
    low, high = np.percentile(pixels, [10, 90])
    return _deviation(np.mean)(pixels[(pixels >= low) & (pixels <= high)])


def _shares(pixels: np.ndarray) -> np.ndarray:
    return np.unique(pixels, return_counts=True)[1] / pixels.size


NUMPY = "numpy"
SCIPY = "scipy"
PEERS = {
    "Mean": (NUMPY, np.mean),
    "Variance": (NUMPY, np.var),
    "StandardDeviation": (NUMPY, np.std),
    "Skewness": (SCIPY, stats.skew),
    "Kurtosis": (SCIPY, stats.kurtosis),
    "Median": (NUMPY, np.median),
    "Minimum": (NUMPY, np.min),
    "Percentile10": (NUMPY, lambda pixels: np.percentile(pixels, 10)),
    "Percentile25": (NUMPY, lambda pixels: np.percentile(pixels, 25)),
    "Percentile75": (NUMPY, lambda pixels: np.percentile(pixels, 75)),
    "Percentile90": (NUMPY, lambda pixels: np.percentile(pixels, 90)),
    "Maximum": (NUMPY, np.max),
    "InterquartileRange": (SCIPY, stats.iqr),
    "ValueRange": (NUMPY, np.ptp),
    "MeanAbsoluteDeviation": (NUMPY, _deviation(np.mean)),
    "RobustMeanAbsoluteDeviation": (NUMPY, _middle),
    "MedianAbsoluteDeviation": (NUMPY, _deviation(np.median)),
    "MAD": (SCIPY, stats.median_abs_deviation),
    "CoefficientOfVariation": (SCIPY, stats.variation),
    "Energy": (NUMPY, lambda pixels: pixels @ pixels),
    "RootMeanSquare": (NUMPY, lambda pixels: np.sqrt(np.mean(pixels**2))),
    "Entropy": (SCIPY, lambda pixels: stats.entropy(_shares(pixels), base=2)),
    "Uniformity": (NUMPY, lambda pixels: (_shares(pixels) ** 2).sum()),
    "CircularMean": (SCIPY, lambda pixels: stats.circmean(pixels, high=360)),
    "CircularVariance": (SCIPY, lambda pixels: stats.circvar(pixels, high=360)),
}


def pixel_rows() -> list[Check]:
    """Every compartment and channel of a cell, from its pixels instead of a histogram."""
    cell = textured_cell()
    hues = (CHANNELS.index("Hue"),)
    view = Histogram(cell.histograms(COMPARTMENTS, CHANNELS), level_values(CHANNELS), hues)
    values = {name: level_values((name,))[0][cell.plane(name)] for name in CHANNELS}
    rows = []
    for name, (oracle, peer) in PEERS.items():
        record = FEATURES[f"Intensity_{name}"]
        channels = [CHANNELS.index(channel) for channel in record.channels]
        expected = [
            [peer(values[channel][cell.mask(word)]) for channel in record.channels]
            for word in COMPARTMENTS
        ]
        rows.append(
            Check(
                record.key,
                oracle,
                True,
                expected,
                lambda function, channels=channels: function(view)[:, channels],
                1e-9,
            )
        )
    return rows


# By hand: the pixels 0 0 0 3 5. Quartiles 0 and 3.
HAND = Histogram(np.array([[[3.0, 0, 0, 1, 0, 1]]]), np.arange(6.0)[None])


def hand_rows() -> list[Check]:
    worked = {
        "QuartileCoefficientOfDispersion": 1.0,
        "Percentile25": 0.0,
        "Percentile75": 3.0,
        "MAD": 0.0,
    }
    return [
        Check(
            f"Intensity_{name}",
            "by hand",
            False,
            value,
            lambda function: function(HAND)[0, 0],
        )
        for name, value in worked.items()
    ]


def hue_rows() -> list[Check]:
    """Hues of 256: as far above 0 as below, where rounding reaches 360; opposite ones; none."""
    counts = np.zeros((4, 1, 256))
    counts[0, 0, [1, 255]] = 1
    counts[1, 0, [0, 128]] = 5
    counts[2, 0, [64, 96]] = 2
    view = Histogram(counts, level_values(("Hue",)), (0,))
    expected = [[0.0], [np.nan], [112.5], [np.nan]]
    return [
        Check(
            "Intensity_CircularMean",
            "by hand",
            False,
            expected,
            lambda function: function(view),
            absolute=1e-9,
        )
    ]


CHECKS = phantom_rows() + pixel_rows() + hand_rows() + hue_rows()
