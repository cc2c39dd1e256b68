"""Speed compared with other packages: PYTHONPATH=.:tests python tests/benchmarks/peers.py

A synthetic cell of about 22,000 pixels in memory, with masks, on one core. The two sides of a
comparison alternate, each for at least 10 ms; the table shows the median processor time of a call.
requirements.txt lists the packages that are no dependencies of blastometry; the script names those
that are not installed and continues without them.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from itertools import chain

import cv2
import numpy as np
import straightforward
from skimage.feature import local_binary_pattern
from support.cells.example_cells import textured_cell
from support.files.synthetic_folders import png
from threadpoolctl import threadpool_limits

from data.decoding.images import decode_rgb
from data.fingerprints.perceptual_hash import perceptual_hash
from features import PRESETS, Cell, Recipe, preset_columns
from features.primitives.quantise import quantise
from features.texture.cooccurrence.glcm import aggregate, compute_glcm
from features.texture.cooccurrence.haralick import HARALICK_NAMES
from features.texture.lbp import CIRCLES, lbp_codes
from features.verification.mahotas_oracle import haralick

Work = Callable[[], object]


@dataclass(frozen=True)
class Comparison:
    """Two implementations of the same numbers, and the intended speed ratio."""

    name: str
    ours: Work
    theirs: Work
    goal: float | None = None
    columns: tuple[int, int] | None = None  # of ours and theirs, if the sets differ


def haralick_features(
    plane: np.ndarray, mask: np.ndarray, levels: int, distance: int = 1
) -> np.ndarray:
    """Return Haralick's 13 features of a masked plane, means over the four directions."""
    view = compute_glcm(
        quantise(plane[None], levels), mask.view(np.uint8), (distance,), levels, merged=False
    )
    return aggregate(np.array([f(view)[0, 0, 0] for f in HARALICK_NAMES.values()]), "mean")


def mahotas_features(plane: np.ndarray, mask: np.ndarray, levels: int) -> np.ndarray:
    image = np.where(mask, plane // (256 // levels) + 1, 0)
    return np.mean(list(haralick(image).values()), axis=1)


def skimage_patterns(plane: np.ndarray, points: int, radius: int) -> np.ndarray:
    return local_binary_pattern(plane, points, radius, "uniform")


def common_columns(cell: Cell) -> tuple[str, ...]:
    """Return the columns that `straightforward` computes too; check the exact ones for equality."""
    theirs = straightforward.everything(cell)
    columns = tuple(theirs)
    ours = Recipe(columns).measure(cell)
    exact = [name for name in columns if "_Intensity_" not in name or name.endswith("_Red")]
    exact = [name for name in exact if not ("_Entropy_" in name or "_Uniformity_" in name)]
    for name, value in zip(columns, ours, strict=True):
        if name in exact and not np.isclose(value, theirs[name], rtol=1e-6, atol=1e-9):
            raise AssertionError(f"{name} is {value} here and {theirs[name]} there")
    return columns


def component_comparisons(cell: Cell) -> Iterator[Comparison]:
    plane, mask = cell.plane("Gray"), cell.cell
    for levels, goal in ((256, 10), (32, 7)):
        if not np.allclose(
            haralick_features(plane, mask, levels), mahotas_features(plane, mask, levels)
        ):
            raise AssertionError(f"Haralick at {levels} levels differs from mahotas")
        yield Comparison(
            f"co-occurrence, 13 features, {levels} levels: mahotas",
            partial(haralick_features, plane, mask, levels),
            partial(mahotas_features, plane, mask, levels),
            goal,
        )
    for name, (points, radius) in CIRCLES.items():
        yield Comparison(
            f"LBP {name}: scikit-image",
            partial(lbp_codes, plane, name),
            partial(skimage_patterns, plane, points, radius),
            10,
        )
    yield Comparison(
        "fingerprint of an image: decoding its PNG file",
        partial(perceptual_hash, cell.rgb),
        partial(decode_rgb, png(cell.rgb)),
        1,
    )
    columns = common_columns(cell)
    recipe = Recipe(columns)
    yield Comparison(
        f"the same {len(columns)} columns, straightforward: scikit-image, mahotas, scipy",
        lambda: recipe.measure(uncached(cell)),
        lambda: straightforward.everything(uncached(cell)),
        20,
    )


def uncached(cell: Cell) -> Cell:
    """Return the same cell without cached values."""
    return Cell(cell.rgb, cell.nucleus, cell.cell)


def package_feature_sets(cell: Cell) -> Iterator[tuple[str, Work, int]]:
    """Yield each installed package with all its features, on Gray in cell and nucleus."""
    grey = cell.plane("Gray")
    labels = {"cell": cell.cell.astype(np.int32), "nucleus": cell.nucleus.astype(np.int32)}
    if find_spec("cp_measure"):
        import cp_measure
        from cp_measure.featurizer import featurize, make_featurizer_config

        cp_measure.set_accelerator("numba")
        image, masks = grey[None, None] / 255, np.stack(list(labels.values()))[None]
        names = make_featurizer_config(["grey"], objects=list(labels))
        whole = partial(featurize, image, masks, names)
        yield "cp_measure", whole, np.size(whole()[0])
    if find_spec("nyxus"):
        from nyxus import Nyxus

        engine = Nyxus(["*ALL*"], n_feature_calc_threads=1)
        each = [partial(engine.featurize, grey, mask) for mask in labels.values()]
        yield "Nyxus", lambda: [f() for f in each], sum(f().shape[1] - 3 for f in each)
    if find_spec("radiomics"):
        import logging

        import SimpleITK
        from radiomics.featureextractor import RadiomicsFeatureExtractor

        logging.getLogger("radiomics").setLevel(logging.ERROR)
        engine = RadiomicsFeatureExtractor(binWidth=8)
        engine.enableAllFeatures()
        pictures = [
            (SimpleITK.GetImageFromArray(grey), SimpleITK.GetImageFromArray(mask))
            for mask in labels.values()
        ]
        each = [partial(engine.execute, *pair) for pair in pictures]
        count = sum(not key.startswith("diagnostics") for f in each for key in f())
        yield "pyradiomics", lambda: [f() for f in each], count


def package_comparisons(cell: Cell) -> Iterator[Comparison]:
    plane, mask = cell.plane("Gray"), cell.cell
    if find_spec("cp_measure"):
        from cp_measure.core.numba.measuretexture import get_texture

        for levels in (256, 32):
            yield Comparison(
                f"co-occurrence, 13 features, {levels} levels: cp_measure with numba",
                partial(haralick_features, plane, mask, levels, 3),
                partial(get_texture, mask.astype(np.int32), plane / 255, 3, levels),
                4,
            )
    recipe = Recipe(preset_columns("standard"))
    for name, work, count in package_feature_sets(cell):
        yield Comparison(
            f"columns per second, sets differ: {name} with its full set",
            lambda: recipe.measure(uncached(cell)),
            work,
            columns=(len(recipe.columns), count),
        )


def timed(work: Work, duration: float = 0.01) -> float:
    """Return the mean processor time of a call, over at least `duration` seconds."""
    start, calls, spent = time.process_time(), 0, 0.0
    while spent < duration:
        work()
        calls, spent = calls + 1, time.process_time() - start
    return spent / calls


def table_row(comparison: Comparison, repeats: int) -> str:
    """Return one row of the table: medians in milliseconds."""
    comparison.ours()
    comparison.theirs()
    pairs = [(timed(comparison.ours), timed(comparison.theirs)) for _ in range(repeats)]
    ours, theirs = (statistics.median(side) * 1e3 for side in zip(*pairs, strict=True))
    ratio = theirs / ours
    if comparison.columns:
        here, there = comparison.columns[0] / ours * 1e3, comparison.columns[1] / theirs * 1e3
        rates = f"{here:,.0f} against {there:,.0f} columns/s ({comparison.columns[1]} columns)"
        return f"| {comparison.name} | {ours:.2f} | {theirs:.2f} | {here / there:.0f}x | {rates} |"
    goal = f"{comparison.goal:g}x: {'reached' if ratio >= comparison.goal else 'MISSED'}"
    return f"| {comparison.name} | {ours:.3f} | {theirs:.2f} | {ratio:.1f}x | {goal} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    cv2.setNumThreads(1)
    cell = textured_cell(rows=200, cols=210).trimmed()
    missing = [name for name in ("cp_measure", "nyxus", "radiomics") if not find_spec(name)]
    print(f"{int(cell.cell.sum()):,} pixels, one core, median processor time in ms")
    print(f"not installed: {', '.join(missing) or 'none'}\n")
    print("| comparison | blastometry | other | speed ratio | goal |\n|---|---|---|---|---|")
    for comparison in chain(component_comparisons(cell), package_comparisons(cell)):
        print(table_row(comparison, repeats), flush=True)
    for preset in PRESETS:
        recipe = Recipe(preset_columns(preset))
        recipe.measure(uncached(cell))
        took = [timed(lambda recipe=recipe: recipe.measure(uncached(cell))) for _ in range(repeats)]
        print(f"\n{preset}: {len(recipe.columns)} columns, {statistics.median(took) * 1e3:.2f} ms")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
