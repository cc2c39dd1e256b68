"""A few training cells with their predictions: they show whether a model still works as stored."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import ModelError

FILE = "stored_predictions.parquet"
CELLS = 5
# Largest difference between a stored probability and the one computed here: libraries and
# processors sum in different orders, boosted trees in 32 bits.
TOLERANCE = 1e-4
_PROBABILITY = "Probability_"

Floats = NDArray[np.float64]


def spread_rows(probabilities: Floats) -> NDArray[np.int64]:
    """Choose at most five rows from the lowest to the highest probability of the last class.

    Parameters
    ----------
    probabilities : (n, classes) float64

    Examples
    --------
    >>> spread_rows(np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])).tolist()
    [0, 2, 1]
    """
    order = np.argsort(probabilities[:, -1], kind="stable")
    places = np.linspace(0, len(order) - 1, min(CELLS, len(order))).round()
    return order[places.astype(np.int64)].astype(np.int64)


def to_bytes(cells: pd.DataFrame, probabilities: Floats) -> bytes:
    """Return a Parquet file with the features of cells and their probabilities."""
    predicted = pd.DataFrame(
        probabilities, columns=[f"{_PROBABILITY}{at}" for at in range(probabilities.shape[1])]
    )
    stream = io.BytesIO()
    pd.concat([cells.reset_index(drop=True), predicted], axis=1).to_parquet(stream, index=False)
    return stream.getvalue()


def read_stored_predictions(folder: Path, classes: int) -> tuple[pd.DataFrame, Floats]:
    """Read the features of the stored cells, and their probabilities, (cells, classes) float64.

    Raises
    ------
    ModelError
        If the file is missing or damaged.
    """
    path = folder / FILE
    again = "train the model again with this installation"
    try:
        table = pd.read_parquet(path)
        predicted = [f"{_PROBABILITY}{at}" for at in range(classes)]
        return table.drop(columns=predicted), table[predicted].to_numpy(dtype=np.float64)
    except (OSError, ValueError, KeyError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelError(f"{path} cannot be read: {reason}", again) from error
