"""Versions of the libraries and features of a stored model, compared with those of here."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from sklearn.pipeline import Pipeline

from ..errors import ModelError

LIBRARIES: Mapping[str, str] = {"scikit-learn": "sklearn", "skops": "skops", "xgboost": "xgboost"}
# Reads every stored Pipeline.
_READER = "skops"


def library_versions() -> dict[str, str]:
    """Versions of the libraries that a stored model may depend on."""
    return {name: str(import_module(module).__version__) for name, module in LIBRARIES.items()}


def other_versions(pipeline: Pipeline, trained_with: Mapping[str, str]) -> list[str]:
    """Name the libraries of which a Pipeline uses another version than in training.

    Parameters
    ----------
    pipeline : Pipeline
    trained_with : mapping of str to str
        Version of each library in training.

    Returns
    -------
    list of str
        Such as "scikit-learn 1.7.0 (here 1.9.1)".
    """
    parts = (pipeline, *(step for _, step in pipeline.steps))
    used = {type(part).__module__.partition(".")[0] for part in parts}
    return [
        f"{name} {trained_with.get(name, 'of an unknown version')} (here {here})"
        for name, here in library_versions().items()
        if (LIBRARIES[name] in used or name == _READER) and trained_with.get(name) != here
    ]


def check_feature_versions(
    folder: Path, columns: Mapping[str, int], computed: Mapping[str, int], remedy: str
) -> None:
    """Raise ModelError if a column is not computed here, or by another definition.

    Parameters
    ----------
    folder : Path
        The model, for the error.
    columns, computed : mapping of str to int
        Version of each column of the model, and of all that this installation computes.
    remedy : str
    """
    for name, version in columns.items():
        if name not in computed:
            raise ModelError(
                f"{folder} needs column {name}, which this installation does not compute", remedy
            )
        if computed[name] != version:
            raise ModelError(
                f"{folder} needs version {version} of column {name}, "
                f"this installation computes version {computed[name]}",
                remedy,
            )
