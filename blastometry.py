"""The commands for Python: ``from blastometry import extract, train, predict, segment, explain``.

The name works in the folder of a clone and after the installation of a wheel. Inside the program,
imports begin with ``data``, ``features``, ``models`` and ``pipelines``; this module makes them
known.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

_HERE = Path(__file__).resolve().parent
# In a wheel, the rooms are in a folder next to this file; in a clone, they are its neighbours.
_ROOT = _HERE / "blastometry" if (_HERE / "blastometry" / "cli.py").is_file() else _HERE
__path__ = [str(_ROOT)]
if str(_ROOT) not in sys.path:
    sys.path.insert(0, str(_ROOT))

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from features import Cell, Recipe
    from features.segmentation.segment import Segmentation
    from pipelines.explain import Explanation
    from pipelines.training.summary import TrainingReport

__all__ = ["Cell", "Recipe", "explain", "extract", "predict", "segment", "train"]
_ROOMS = ("data", "features", "models", "pipelines")
_FROM_FEATURES = ("Cell", "Recipe")


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Import the classes of `features` when they are used first, since that takes a second."""
    if name not in _FROM_FEATURES:
        raise AttributeError(f"module 'blastometry' has no attribute {name!r}")
    _refuse_modules_of_the_user()
    import features

    return getattr(features, name)


def extract(images: Path | str, out: Path | str | None = None, **options: Any) -> pd.DataFrame:  # noqa: ANN401
    """Measure the cells of images.

    Parameters
    ----------
    images : path or str
        A folder (class sub-folders give labels), a CSV manifest, one image, or a folder's URL.
    out : path, optional
        Table to write, with its JSON file: `train` needs both. Without it, nothing is kept.
    **options
        Fields of `pipelines.extract.ExtractSettings`, such as ``preset="full"``.

    Returns
    -------
    DataFrame
        One row for each cell; the columns are named in the catalogue.

    Warns
    -----
    UserWarning
        If images failed.

    Raises
    ------
    ValueError
        If the input or an option cannot be used; the message says what to do.
    """
    _refuse_modules_of_the_user()
    from pipelines.extract import ExtractSettings
    from pipelines.extract import extract as run
    from pipelines.outputs.read_table import read_table

    with tempfile.TemporaryDirectory() as temporary:
        table = Path(temporary) / "cells.parquet" if out is None else Path(out)
        done = run(_source(images), table, ExtractSettings(**options))
        _warn_of_failures(done.errors, done.failed)
        return read_table(done.table)


def train(table: Path | str, out: Path | str, **options: Any) -> TrainingReport:  # noqa: ANN401
    """Validate a model by cross-validation and store it, fitted on all cells.

    Parameters
    ----------
    table : path
        Feature table that `extract` wrote, with its JSON file.
    out : path
        Folder of the model.
    **options
        Fields of `pipelines.training.training_settings.TrainingSettings`, such as
        ``estimator="svm"``.

    Returns
    -------
    TrainingReport
        The figures of the validation, as objects and data frames.

    Raises
    ------
    ValueError
        If the table or an option cannot be used; the message says what to do.
    """
    _refuse_modules_of_the_user()
    from pipelines.train import train as run
    from pipelines.training.training_settings import TrainingSettings

    return run(Path(table), Path(out), TrainingSettings(**options))


def predict(
    model: Path | str,
    source: Path | str,
    out: Path | str | None = None,
    **options: Any,  # noqa: ANN401
) -> pd.DataFrame:
    """Predict class and probability of the cells of images or of a feature table.

    Parameters
    ----------
    model : path
        Folder that `train` wrote.
    source : path or str
        Images as for `extract`, or a feature table that it wrote.
    out : path, optional
        CSV to write, with its summaries. Without it, nothing is kept.
    **options
        Fields of `pipelines.predict.PredictSettings`, such as ``pixel_size=0.1``.

    Returns
    -------
    DataFrame
        One row for each cell, as in the CSV.

    Warns
    -----
    UserWarning
        If images failed, or the cells as a set are unlike the training cells.

    Raises
    ------
    ValueError
        If the model, the input or an option cannot be used; the message says what to do.
    """
    _refuse_modules_of_the_user()
    from pipelines.outputs.read_table import read_table
    from pipelines.predict import PredictSettings
    from pipelines.predict import predict as run

    with tempfile.TemporaryDirectory() as temporary:
        table = Path(temporary) / "predictions.csv" if out is None else Path(out)
        done = run(Path(model), _source(source), table, PredictSettings(**options))
        _warn_of_failures(done.files.errors, done.failed)
        for text in done.warnings:
            warnings.warn(text, stacklevel=2)
        return read_table(done.files.table)


def segment(image: NDArray[np.uint8] | Path | str, **options: Any) -> Segmentation:  # noqa: ANN401
    """Find the cells of an image.

    Parameters
    ----------
    image : (rows, cols, 3) uint8 RGB, or path of a file
    **options
        ``source``: "auto", "crop" or "field"; ``pixel_size``: micrometres per pixel.

    Returns
    -------
    Segmentation
        Its `cells` have a `Cell`, a centroid and quality flags each.

    Raises
    ------
    ValueError
        If the file cannot be decoded, or no cell is found.
    """
    _refuse_modules_of_the_user()
    from data.decoding.images import decode_rgb, read_bytes
    from features.segmentation.segment import segment as run

    rgb = decode_rgb(read_bytes(Path(image))) if isinstance(image, Path | str) else image
    return run(rgb, **options)


def explain(
    model: Path | str,
    image: Path | str,
    out: Path | str = "sheet.html",
    **options: Any,  # noqa: ANN401
) -> Explanation:
    """Write a page that shows why a model gives the cells of an image their probabilities.

    Parameters
    ----------
    model : path
        Folder that `train` wrote.
    image : path
    out : path
        The page.
    **options
        Fields of `pipelines.explain.ExplainSettings`, such as ``cell=3``.

    Returns
    -------
    Explanation
        Its `cells` have probabilities, reasons and nearest training cells.

    Raises
    ------
    ValueError
        If the model, the image or an option cannot be used; the message says what to do.
    """
    _refuse_modules_of_the_user()
    from pipelines.explain import ExplainSettings
    from pipelines.explain import explain as run

    return run(Path(model), Path(image), Path(out), ExplainSettings(**options))


def _source(images: Path | str) -> Path | str:
    """Return a path, or a URL as it is."""
    return images if "://" in str(images) else Path(images)


def _warn_of_failures(errors: Path, failed: int) -> None:
    import csv

    if failed:
        with errors.open(encoding="utf-8", newline="") as file:
            first = next(csv.DictReader(file))
        warnings.warn(
            f"{failed} images failed; the first is {first['image']}: {first['reason']}",
            stacklevel=3,
        )


def _refuse_modules_of_the_user() -> None:
    """Refuse modules of the user with the name of a room: one of the two would be taken for both.

    Raises
    ------
    ImportError
        If there is such a module; a folder without ``__init__.py`` is none.
    """
    for name in _ROOMS:
        loaded = sys.modules.get(name)
        places = [getattr(loaded, "__file__", None)] if loaded else _places(name)
        for place in places:
            if place is not None and not Path(place).resolve().is_relative_to(_ROOT):
                raise ImportError(
                    f"{place} has the name of a part of blastometry, {name!r}; rename it"
                )


def _places(name: str) -> list[str | None]:
    """Return where a module would be imported from with and without this program on the path."""
    others = [entry for entry in sys.path if Path(entry or ".").resolve() != _ROOT]
    before, sys.path = sys.path, others
    try:
        elsewhere = find_spec(name)
    finally:
        sys.path = before
    return [None if elsewhere is None else elsewhere.origin]
