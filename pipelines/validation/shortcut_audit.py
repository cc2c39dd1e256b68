"""The shortcut audit: the same kind of model on what should not suffice to tell the classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from data.errors import DataError
from models.errors import ModelError

from .cross_validate import balanced_accuracy, cross_validate_once, figure_means, pooled_figures

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from models.dataset.training_set import TrainingSet
    from models.evaluation.evaluate import Figure
    from models.evaluation.shortcuts import Shortcut
    from models.learning.estimators import Estimator

    from .image_variants import PixelAuditSettings
    from .protocol import Protocol

SLIDE = "Metadata_Slide"
BACKGROUND = "background pixels only"
_RANDOM = "at random, cell by cell"

# What it means that a shortcut comes near the model, or that the model does without something.
_SUSPECT = "It may recognise how a picture was taken and not the cell."
_CALLED = {"without colour": "columns without colour"}
_MEANING = {
    "shape and size only": "Outlines and sizes nearly suffice here: see that cells of all classes "
    "were photographed and cut out alike.",
    "mean colours only": "Mean colours nearly suffice here: they differ between slides as much as "
    "between classes, so try the model on another slide.",
    "without colour": "Colour is hardly needed.",
}


@dataclass(frozen=True, eq=False)
class ShortcutAudit:
    """What a model's shortcuts reach.

    Parameters
    ----------
    shortcuts : list of mapping
        For each its ``name``; whether it is ``suspicious``; ``columns``; ``figures``; how ``near``
        it comes to the model (share of the lead over chance in balanced accuracy); ``says``, what
        that means in plain words, or None; whether that is a ``warning``. Of those with columns,
        ``interval`` (of the balanced accuracy) and ``splits`` (figures under other splits); of
        those measured again, ``sample``: its ``cells`` and the model's own ``figures`` on it.
    note : str or None
        What could not be tried and why, and what to do about it.
    """

    shortcuts: list[dict[str, Any]]
    note: str | None


def audit_shortcuts(
    data: TrainingSet,
    table: pd.DataFrame,
    kind: Estimator,
    dictionary: Mapping[str, Mapping[str, Any]],
    protocol: Protocol,
    model: Sequence[Figure],
    tell: Callable[[str], None],
    asked: PixelAuditSettings | None = None,
) -> ShortcutAudit:
    """Cross-validate the same kind of model on each shortcut, once, on the same first folds.

    Parameters
    ----------
    data : TrainingSet
    table : DataFrame
        What `data` was taken from, for the columns that are kept out of training.
    kind : Estimator
    dictionary : mapping
        Column dictionary.
    protocol : Protocol
    model : sequence of Figure
        What the model itself reaches.
    tell : callable
        Told of each step.
    asked : PixelAuditSettings, optional
        What to measure again from the pictures.
    """
    from models.evaluation.shortcuts import shortcuts

    rows = table.iloc[data.rows]
    found = []
    for one in shortcuts(rows, data.features, data.columns, dictionary):
        tell(f"shortcut: {one.name}")
        found.append(_audit_columns(data, rows, one, kind, protocol, balanced_accuracy(model)))
    lacking = _missing_background_note(rows, found)
    if asked is None or asked.cells == 0:
        return ShortcutAudit(found, _join_sentences(lacking, f"{_NOTHING}: it was not asked for."))
    tell("shortcuts: cells measured again from the pictures")
    from features.errors import CellError

    from .pixel_audit import audit_pixels

    try:
        again, note = audit_pixels(data, rows, kind, protocol, asked)
    except (DataError, CellError, ModelError) as error:
        return ShortcutAudit(found, _join_sentences(lacking, f"{_NOTHING}: {error}. {_HOW}"))
    return ShortcutAudit(found + again, _join_sentences(lacking, note))


_NOTHING = "Nothing was measured again from the pictures"
_HOW = "Where they lie now is told with --images."


def _missing_background_note(rows: pd.DataFrame, found: Sequence[Mapping[str, Any]]) -> str | None:
    """Say why the background was not tried, if it was not."""
    if any(one["name"] == BACKGROUND for one in found):
        return None
    if any(str(name).startswith("Background_") for name in rows.columns):
        return "The background is the same in all pictures: nothing can be learnt from it."
    return "The table has no columns on the background: extract it again with this installation."


def _join_sentences(*sentences: str | None) -> str | None:
    return " ".join(one for one in sentences if one) or None


def _audit_columns(
    data: TrainingSet,
    rows: pd.DataFrame,
    shortcut: Shortcut,
    kind: Estimator,
    protocol: Protocol,
    whole: Figure,
) -> dict[str, Any]:
    """Judge a shortcut that a table has columns for."""
    from models.evaluation.shortcuts import NEAR, share_of_lead

    suspicious = shortcut.suspicious
    done = cross_validate_once(kind, shortcut.features, data, data.groups, protocol)
    figures = pooled_figures(done, data, data.groups if suspicious else None, protocol.seed)
    reached = balanced_accuracy(figures)
    near = share_of_lead(reached.mean, whole.mean, whole.baseline)
    splits = {
        name: _figures_under_split(kind, shortcut.features, data, groups, protocol)
        for name, groups in (_other_splits(data, rows) if suspicious else ())
    }
    says = None
    if not suspicious and near >= NEAR and whole.mean > whole.baseline:
        what = _CALLED.get(shortcut.name, shortcut.name)
        says = f"{what} reach {_share(near, reached)}. {_MEANING[shortcut.name]}"
    elif suspicious and reached.low > reached.baseline:
        share, others = _share(near, reached), _other_splits_sentence(splits)
        says = f"{shortcut.name} reach {share}. {_SUSPECT}{others}"
    return {
        "name": shortcut.name,
        "suspicious": suspicious,
        "columns": shortcut.features.shape[1],
        "figures": figure_means(figures),
        "interval": [reached.low, reached.high],
        "near": near,
        "says": says,
        "warning": suspicious and near >= NEAR,
        "splits": splits,
    }


def _share(near: float, reached: Figure) -> str:
    """Say in words how near a shortcut comes."""
    if near >= 1:  # of a model that is no better than chance, too
        return f"at least as much as the model does (balanced accuracy {reached.mean:.3f})"
    return f"{near:.0%} of what the model reaches beyond chance"


def _other_splits_sentence(splits: Mapping[str, Mapping[str, Any]]) -> str:
    """Say what is left of a shortcut under other splits."""
    reached = [
        f"{one['balanced accuracy']:.2f} split {name}"
        for name, one in splits.items()
        if "balanced accuracy" in one
    ]
    return f" Balanced accuracy {', '.join(reached)}." if reached else ""


def _other_splits(data: TrainingSet, rows: pd.DataFrame) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Yield other ways to part the cells: at random, and by slide where that is known."""
    import numpy as np

    from models.learning.splitting import largest_folds

    if data.group_names:
        yield _RANDOM, np.arange(len(data.target))
    if SLIDE in rows.columns and rows[SLIDE].notna().all():
        slides = np.unique(rows[SLIDE].astype(str).to_numpy(dtype=str), return_inverse=True)[1]
        if largest_folds(data.target, slides.astype(np.int64)) > 1:
            yield f"by {SLIDE}", slides.astype(np.int64)


def _figures_under_split(
    kind: Estimator,
    features: NDArray[np.float64],
    data: TrainingSet,
    groups: NDArray[np.int64],
    protocol: Protocol,
) -> dict[str, Any]:
    """Return the figures under another split, or the reason why there is none."""
    try:
        return figure_means(
            pooled_figures(cross_validate_once(kind, features, data, groups, protocol), data)
        )
    except ModelError as error:
        return {"reason": str(error)}
