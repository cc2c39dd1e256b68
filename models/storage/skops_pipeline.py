"""Store a fitted Pipeline with skops; the trusted types are a literal list."""

from __future__ import annotations

import warnings
from zipfile import BadZipFile

import skops.io
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import Pipeline

from ..errors import ModelError
from .content_hash import content_hash

# Types that our Pipelines hold beyond skops' own list. A file can never extend it.
TRUSTED = ("numpy.dtype", "xgboost.core.Booster", "xgboost.sklearn.XGBClassifier")


def dump_pipeline(pipeline: Pipeline) -> tuple[bytes, str]:
    """Return the file's bytes and the hash of their content."""
    stored: bytes = skops.io.dumps(pipeline)
    return stored, content_hash(stored)


def load_pipeline(stored: bytes, *, content_sha256: str, columns: int, name: str) -> Pipeline:
    """Check types, content and shape, in this order, then build the Pipeline.

    Parameters
    ----------
    stored : bytes
    content_sha256 : str
        What the content's hash should be.
    columns : int
        How many columns the Pipeline should take.
    name : str
        The file's name, for error lines.

    Raises
    ------
    ModelError
        If a type is not trusted, or the content differs from the record.
    """
    remedy = "get the model from where it was trained, or train it again"
    try:
        foreign = sorted(set(skops.io.get_untrusted_types(data=stored)) - set(TRUSTED))
        seen = content_hash(stored)
    except (BadZipFile, KeyError, ValueError, TypeError, AttributeError) as error:
        raise ModelError(f"{name} is damaged: {error}", remedy) from error
    if foreign:
        raise ModelError(
            f"{name} holds the type {', '.join(foreign)}, which is not trusted", remedy
        )
    if seen != content_sha256:
        raise ModelError(
            f"{name} has content hash {seen[:12]}…, its record says {content_sha256[:12]}…", remedy
        )
    with warnings.catch_warnings():
        # `load_bundle` compares the versions and the predictions itself.
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        try:
            pipeline = skops.io.loads(stored, trusted=list(TRUSTED))
        except (ImportError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"{name} cannot be built with the libraries of this installation: {error!r}", remedy
            ) from error
    if not isinstance(pipeline, Pipeline) or pipeline.n_features_in_ != columns:
        raise ModelError(f"{name} holds no Pipeline of {columns} columns", remedy)
    return pipeline
