"""Stored values of pyradiomics, mahotas and scikit-image, if the shared data are available.

`LEFT_OUT` lists the other stored values with the reason why they are not compared;
`test_vetting.py` checks that it is complete. Nyxus's values are in `rows_nyxus.py`.
"""

from __future__ import annotations

import json
from functools import cache, partial
from math import log

import numpy as np
from oracles.stored.rows_mirp import VECTORS, table
from oracles.vetting import Check, Function
from support.shared import SHARED

from features.core.cell import Cell
from features.core.registry import Axes
from features.texture.cooccurrence.glcm import compute_glcm
from features.texture.lbp import LBP

PYRADIOMICS, MAHOTAS, SKIMAGE = "pyradiomics", "mahotas", "scikit-image"

# Entries of mahotas/vectors.json and skimage/texture.json that are no values to compare.
ABOUT = {"source", "license", "haralick_notes"}
INPUTS = {"glcm_image", "lbp_image", "cooc_image", "zernike_image", "radius", "order_nl"}
LEFT_OUT = {
    "lbp_P8_R1_nri_uniform": "codes with a direction; ours are rotation-invariant",
    "glcm_counts_d1_90_symmetric": "sum of the compared counts at 90 degrees and their transpose",
    "degree": "12; ours go to 9",
}
COMPARED = {
    "zernike_com",  # moments of grey levels, computed with our polynomials
    "zernike_cm_8.9_12.4",
    "glcm_counts_d1_levels4_nonsymmetric",
    "props_d1_angle0_symmetric_normed",  # except std, the square root of the variance
    "lbp_P8_R1_uniform",
    "lbp_P8_R1_default",
    "lbp_P8_R1_ror",
    "cooc_right_nonsym",
    "cooc_down_right_nonsym",
}

# pyradiomics' names that differ from ours.
NAMES = {
    "MaximumProbability": "JointMaximum",
    "JointEnergy": "AngularSecondMoment",
    "SumSquares": "JointVariance",
    "Id": "InverseDifference",
    "Idn": "NormalisedInverseDifference",
    "Idm": "InverseDifferenceMoment",
    "Idmn": "NormalisedInverseDifferenceMoment",
    "Imc1": "InformationCorrelation1",
    "Imc2": "InformationCorrelation2",
}


def counts_of(shares: np.ndarray) -> np.ndarray:
    """Return the smallest symmetric integer counts that are proportional to a matrix of shares."""
    for total in range(2, 40_000, 2):
        counts = np.rint(shares * total).astype(int)
        if np.abs(counts - shares * total).max() < 1e-7 and not (np.diag(counts) % 2).any():
            return counts
    raise ValueError(
        "expected shares of fewer than 40,000 counts; got a matrix without such a total"
    )


def separate_pairs(counts: np.ndarray) -> np.ndarray:
    """Return an image of separate pairs of pixels along rows with these co-occurrence counts."""
    pairs = [
        (first + 1, second + 1)
        for first, second in np.argwhere(np.triu(counts))
        for _ in range(counts[first, second] // (2 if first == second else 1))
    ]
    wide = 100
    image = np.zeros((2 * (len(pairs) // wide + 1), 3 * wide), int)
    for number, pair in enumerate(pairs):
        row, col = 2 * (number // wide), 3 * (number % wide)
        image[row, col : col + 2] = pair
    return image


def along_rows(image: np.ndarray, levels: int, distance: int = 1):
    """Return the GLCM statistics of an image with levels from 1, 0 outside."""
    plane = np.maximum(image, 1).astype(np.uint16) - np.uint16(1)
    return compute_glcm(plane[None], (image > 0).astype(np.uint8), (distance,), levels)


@cache
def pyradiomics_views(case: str):
    shares = np.load(VECTORS / "pyradiomics" / "baseline" / f"{case}_glcm.npy")
    return [
        along_rows(separate_pairs(counts_of(shares[..., place])), len(shares))
        for place in range(shares.shape[2])
    ]


def over_directions(case: str, function: Function) -> float:
    return float(np.mean([function(view)[0, 0, 0, 0] for view in pyradiomics_views(case)]))


def pyradiomics_rows() -> list[Check]:
    """Two of its matrices, drawn as an image of pairs; for its MCC see `rows_cooccurrence.py`."""
    rows = []
    for line in table("pyradiomics/baseline/baseline_glcm.csv"):
        kind, _, name = line["featureName"].rpartition("_")
        if kind != "original_glcm" or name == "MCC":
            continue
        for case in ("brain1", "breast1"):
            got = partial(over_directions, case)
            key = f"Texture_{NAMES.get(name, name)}"
            rows.append(
                Check(key, PYRADIOMICS, True, float(line[case]), got, 1e-9, 1e-12, shared=True)
            )
    return rows


def counted_rows(oracle: str, image: np.ndarray, place: int, counts) -> list[Check]:
    """A published matrix of counts and the features that distinguish its entries."""
    both = np.array(counts) + np.transpose(counts)
    shares = both / both.sum()
    apart = np.abs(np.subtract.outer(np.arange(len(shares)), np.arange(len(shares))))
    level = np.arange(1, len(shares) + 1)
    expected = {
        "JointMaximum": shares.max(),
        "AngularSecondMoment": (shares**2).sum(),
        "Contrast": (shares * apart**2).sum(),
        "JointAverage": (shares.sum(axis=0) * level).sum(),
        "Autocorrelation": (shares * np.outer(level, level)).sum(),
    }
    view = along_rows(image + 1, len(shares))
    return [
        Check(
            f"Texture_{key}",
            oracle,
            True,
            value,
            lambda f: f(view)[0, 0, 0, place],
            1e-9,
            shared=True,
        )
        for key, value in expected.items()
    ]


def mahotas_rows() -> list[Check]:
    stored = json.loads((VECTORS / "mahotas" / "vectors.json").read_text())
    image = np.array(stored["cooc_image"])
    return counted_rows(MAHOTAS, image, 0, stored["cooc_right_nonsym"]) + counted_rows(
        MAHOTAS, image, 3, stored["cooc_down_right_nonsym"]
    )


def skimage_rows() -> list[Check]:
    stored = json.loads((VECTORS / "skimage" / "texture.json").read_text())
    image = np.array(stored["glcm_image"])
    counted = stored["glcm_counts_d1_levels4_nonsymmetric"]
    rows = []
    # 45 degrees of scikit-image point downwards: our 135 degrees.
    for angle, place in (("0", 0), ("45", 3), ("90", 2), ("135", 1)):
        rows += counted_rows(SKIMAGE, image, place, counted[angle])
    known = stored["props_d1_angle0_symmetric_normed"]
    # The first two were computed from a matrix rounded to 3 decimals.
    expected = {
        "Contrast": (known["contrast_round3"], 1, 0.002),
        "Dissimilarity": (known["dissimilarity_round3"], 1, 0.002),
        "InverseDifferenceMoment": (known["homogeneity"], 1, 1e-8),
        "AngularSecondMoment": (known["energy_sqrtASM"] ** 2, 1, 1e-8),
        "Correlation": (known["correlation"], 1, 1e-8),
        "JointAverage": (known["mean_zero_based"] + 1, 1, 1e-8),
        "JointVariance": (known["variance"], 1, 1e-8),
        "JointEntropy": (known["entropy_nats"] / log(2), 1, 2e-8),
    }
    rows += [
        prop_row(image, name, value, distance, close)
        for name, (value, distance, close) in expected.items()
    ]
    rows.append(prop_row(image, "Correlation", known["correlation_d2"], 2, 1e-7))
    return rows + [
        lbp_row(np.array(stored["lbp_image"]), np.array(stored[f"lbp_P8_R1_{kind}"]), kind)
        for kind in ("uniform", "default", "ror")
    ]


def prop_row(image: np.ndarray, name: str, value: float, distance: int, close: float) -> Check:
    view = along_rows(image + 1, 4, distance)
    return Check(
        f"Texture_{name}",
        SKIMAGE,
        True,
        value,
        lambda f: f(view)[0, 0, 0, 0],
        relative=0,
        absolute=close,
        shared=True,
    )


def in_one_run(code: int) -> int:
    """Return the number of set bits if they form one run on the circle of 8, else 9."""
    bits = [code >> place & 1 for place in range(8)]
    changes = sum(bits[place] != bits[place - 1] for place in range(8))
    return sum(bits) if changes <= 2 else 9


def lbp_row(image: np.ndarray, codes: np.ndarray, kind: str) -> Check:
    """Published codes, without the image border, where scikit-image extrapolates neighbours."""
    inner = codes[1:-1, 1:-1].ravel()
    if kind != "uniform":
        inner = np.array([in_one_run(int(code)) for code in inner])
    everywhere = np.ones(image.shape, bool)
    rgb = np.repeat(image.astype(np.uint8)[..., None], 3, axis=2)
    axes = Axes(("Cells",), ("Gray",), tuple(f"P8R1_{code:02d}" for code in range(10)))
    view = LBP.view(Cell(rgb, everywhere, everywhere), axes)
    return Check(
        "LBP_Frequency",
        SKIMAGE,
        True,
        np.bincount(inner, minlength=10) / inner.size,
        lambda f: f(view)[0, 0],
        shared=True,
    )


CHECKS = pyradiomics_rows() + mahotas_rows() + skimage_rows() if SHARED.is_dir() else []
