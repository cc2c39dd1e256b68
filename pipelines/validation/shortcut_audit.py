"""The shortcut audit: performance of the same kind of model on confounders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from data.errors import DataError
from models.errors import ModelError

from .cross_validate import (
    balanced_accuracy,
    cross_validate_once,
    figure_means,
    pooled_figures,
    single_protocol,
)
from .pixel_audit import CROSS_VALIDATIONS, audit_pixels

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from models.evaluation.evaluate import Figure
    from models.evaluation.shortcuts import Shortcut

    from ..training.training_table import TrainingTable
    from .cross_validate import Fitted
    from .fit_progress import FitProgress
    from .protocol import Protocol
    from .remeasure import PixelAuditSettings

SLIDE = "Metadata_Slide"
BACKGROUND = "background pixels only"
_RANDOM = "at random, cell by cell"

_SUSPECT = "It may recognise how a picture was taken and not the cell."
_SUBJECT_OF_SENTENCE = {"without colour": "columns without colour"}
_MEANING = {
    "shape and size only": "Outlines and sizes nearly suffice here: check that cells of all "
    "classes were photographed and cut out in the same way.",
    "mean colours only": "Mean colours nearly suffice here: they differ between slides as much as "
    "between classes, so try the model on another slide.",
    "without colour": "Colour is hardly needed.",
}
_NOT_REMEASURED = "Nothing was measured again from the images"
_NAME_THE_IMAGES = "Name their present place with --images."


@dataclass(frozen=True, eq=False)
class ShortcutAudit:
    """Performance of the same kind of model on shortcuts.

    Parameters
    ----------
    shortcuts : list of dict
        Of each shortcut: ``name``; ``suspicious``, whether success suggests a confounder;
        ``columns``; ``figures``; ``share_of_lead``, its share of the model's lead over chance
        (balanced accuracy); ``finding``, a sentence or None; ``warning``, whether the sentence is
        one. If the table has columns for it: ``interval`` of the balanced accuracy, and
        ``splits``, figures under other splits. If cells were measured again: ``sample``, with
        the number of ``cells`` and the ``figures`` of the unchanged images.
    note : str or None
        What could not be audited, why, and the remedy.
    """

    shortcuts: list[dict[str, Any]]
    note: str | None


@dataclass(frozen=True, eq=False)
class ShortcutTrial:
    """A shortcut to cross-validate.

    Parameters
    ----------
    shortcut : Shortcut
    splits : mapping of str to (n,) int64
        Groups of other splits under which it is cross-validated too.
    """

    shortcut: Shortcut
    splits: Mapping[str, NDArray[np.int64]]

    def fits(self, cells: TrainingTable, protocol: Protocol) -> int:
        """Return the number of models to fit."""
        data = cells.in_memory
        splits = [data.groups, *self.splits.values()]
        return sum(single_protocol(data, groups, protocol).fits for groups in splits)


def plan_shortcuts(cells: TrainingTable) -> list[ShortcutTrial]:
    """List the shortcuts that the table has columns for.

    Suspicious ones are also cross-validated under other splits.
    """
    from models.evaluation.shortcuts import shortcuts

    data = cells.in_memory
    rows = cells.frame.iloc[data.rows]
    splits = dict(_other_splits(cells, rows))
    return [
        ShortcutTrial(one, splits if one.suspicious else {})
        for one in shortcuts(rows, data.features, data.columns, cells.columns)
    ]


def audit_shortcuts(
    trials: Sequence[ShortcutTrial],
    cells: TrainingTable,
    protocol: Protocol,
    figures: Sequence[Figure],
    pixel_audit: PixelAuditSettings,
    progress: FitProgress,
) -> ShortcutAudit:
    """Cross-validate the same kind of model on each shortcut, once, on the same first folds.

    Parameters
    ----------
    trials : sequence of ShortcutTrial
        See `plan_shortcuts`.
    cells : TrainingTable
    protocol : Protocol
    figures : sequence of Figure
        Performance of the model itself.
    pixel_audit : PixelAuditSettings
    progress : FitProgress
    """
    model = balanced_accuracy(figures)
    records = []
    for trial in trials:
        name = trial.shortcut.name
        with progress.stage(f"shortcut: {name}", trial.fits(cells, protocol)) as fitted:
            records.append(_shortcut_record(trial, cells, protocol, model, fitted))
    notes = [_background_note(cells, trials)]
    if pixel_audit.cells == 0:
        notes.append(f"{_NOT_REMEASURED}: it was not asked for.")
    else:
        with progress.stage(
            "shortcuts: cells measured again from the images", pixel_audit_fits(cells, protocol)
        ) as fitted:
            pixel_records, note = _pixel_records(cells, protocol, pixel_audit, fitted)
        records += pixel_records
        notes.append(note)
    return ShortcutAudit(records, " ".join(note for note in notes if note) or None)


def pixel_audit_fits(cells: TrainingTable, protocol: Protocol) -> int:
    """Return the number of models that the audit of the pixels fits."""
    data = cells.in_memory
    return CROSS_VALIDATIONS * single_protocol(data, data.groups, protocol).fits


def _pixel_records(
    cells: TrainingTable, protocol: Protocol, pixel_audit: PixelAuditSettings, fitted: Fitted
) -> tuple[list[dict[str, Any]], str | None]:
    """Audit the pixels; no records, and the reason, if the images cannot be used."""
    from features.errors import CellError

    try:
        return audit_pixels(cells, protocol, pixel_audit, fitted)
    except DataError as error:
        return [], f"{_NOT_REMEASURED}: {error}. {_NAME_THE_IMAGES}"
    except (CellError, ModelError) as error:
        return [], f"{_NOT_REMEASURED}: {error}."


def _background_note(cells: TrainingTable, trials: Sequence[ShortcutTrial]) -> str | None:
    """Return the reason why the background was not audited; None if it was."""
    if any(trial.shortcut.name == BACKGROUND for trial in trials):
        return None
    if any(str(name).startswith("Background_") for name in cells.frame.columns):
        return "The background is the same in all images: it holds no information."
    return "The table has no columns on the background: extract it again with this installation."


def _shortcut_record(
    trial: ShortcutTrial,
    cells: TrainingTable,
    protocol: Protocol,
    model: Figure,
    fitted: Fitted,
) -> dict[str, Any]:
    """Cross-validate on a shortcut and compare with the model."""
    from models.evaluation.shortcuts import NEAR, share_of_lead

    data, shortcut = cells.in_memory, trial.shortcut
    folds = cross_validate_once(
        cells.estimator, shortcut.features, data, data.groups, protocol, fitted
    )
    resampled = data.groups if shortcut.suspicious else None
    figures = pooled_figures(folds, data, resampled, protocol.seed)
    reached = balanced_accuracy(figures)
    share = share_of_lead(reached.mean, model.mean, model.baseline)
    splits = {
        name: _figures_under_split(shortcut, cells, groups, protocol, fitted)
        for name, groups in trial.splits.items()
    }
    return {
        "name": shortcut.name,
        "suspicious": shortcut.suspicious,
        "columns": shortcut.features.shape[1],
        "figures": figure_means(figures),
        "interval": [reached.low, reached.high],
        "share_of_lead": share,
        "finding": _sentence(shortcut, share, reached, model, splits),
        "warning": shortcut.suspicious and share >= NEAR,
        "splits": splits,
    }


def _sentence(
    shortcut: Shortcut,
    share: float,
    reached: Figure,
    model: Figure,
    splits: Mapping[str, Mapping[str, Any]],
) -> str | None:
    """Return a sentence on a shortcut; None if there is nothing to say."""
    from models.evaluation.shortcuts import NEAR

    if share >= 1:  # also of a model that is no better than chance
        amount = f"at least as much as the model does (balanced accuracy {reached.mean:.3f})"
    else:
        amount = f"{share:.0%} of what the model reaches beyond chance"
    if shortcut.suspicious:
        if reached.low <= reached.baseline:
            return None
        return f"{shortcut.name} reach {amount}. {_SUSPECT}{_splits_sentence(splits)}"
    if share < NEAR or model.mean <= model.baseline:
        return None
    name = _SUBJECT_OF_SENTENCE.get(shortcut.name, shortcut.name)
    return f"{name} reach {amount}. {_MEANING[shortcut.name]}"


def _splits_sentence(splits: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a sentence with the balanced accuracy under other splits."""
    reached = [
        f"{one['balanced accuracy']:.2f} split {name}"
        for name, one in splits.items()
        if "balanced accuracy" in one
    ]
    return f" Balanced accuracy {', '.join(reached)}." if reached else ""


def _other_splits(
    cells: TrainingTable, rows: pd.DataFrame
) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Yield groups of other splits: single cells, and slides if all are known."""
    import numpy as np

    from models.learning.splitting import largest_folds

    data = cells.in_memory
    if data.group_names:
        yield _RANDOM, np.arange(len(data.target))
    if SLIDE in rows.columns and rows[SLIDE].notna().all():
        slides = np.unique(rows[SLIDE].astype(str).to_numpy(dtype=str), return_inverse=True)[1]
        if largest_folds(data.target, slides.astype(np.int64)) > 1:
            yield f"by {SLIDE}", slides.astype(np.int64)


def _figures_under_split(
    shortcut: Shortcut,
    cells: TrainingTable,
    groups: NDArray[np.int64],
    protocol: Protocol,
    fitted: Fitted,
) -> dict[str, Any]:
    """Return the figures under another split, or the reason for none."""
    data = cells.in_memory
    try:
        folds = cross_validate_once(
            cells.estimator, shortcut.features, data, groups, protocol, fitted
        )
    except ModelError as error:
        return {"reason": str(error)}
    return figure_means(pooled_figures(folds, data))
