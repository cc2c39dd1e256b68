"""The report as a page: its sections in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..html.render import render
from .data_sections import data, hardest_cells
from .feature_sections import compact_model, feature_importance
from .guidelines import estimator_words, guidelines
from .model_card import card_section
from .model_sections import calibration, detection, subjects
from .performance_sections import classification, performance, splits
from .reproduction import reproduction
from .section import Section
from .shortcut_section import shortcut_audit
from .slide_section import unseen_slides
from .tuning_sections import external, selection, tuning

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class StoredModel:
    """What a report is made from.

    Parameters
    ----------
    folder : Path
        Of the model.
    evaluation, bundle : mapping
        As ``evaluation.json`` and ``bundle.json`` hold them.
    importances, importance_groups : DataFrame
        As the files of these names hold them.
    """

    folder: Path
    evaluation: Mapping[str, Any]
    bundle: Mapping[str, Any]
    importances: pd.DataFrame
    importance_groups: pd.DataFrame


def report_page(model: StoredModel) -> str:
    """Return the self-contained page."""
    found, bundle = model.evaluation, model.bundle
    sections = list(_sections(model))
    counts = found["training"]["class_counts"]
    return render(
        "report.html",
        estimator=estimator_words(bundle),
        training=found["training"],
        counts=", ".join(f"{count} {name}" for name, count in counts.items()),
        features=len(bundle["columns"]),
        sections=[*sections, guidelines(found, bundle, sections)],
    )


def _sections(model: StoredModel) -> Iterator[Section]:
    found, bundle = model.evaluation, model.bundle
    yield performance(found, bundle)
    yield data(found)
    yield splits(found)
    if found.get("tuning"):
        yield tuning(found)
    if found.get("selection"):
        yield selection(found)
    if found.get("external"):
        yield external(found)
    yield classification(found, bundle)
    if found["operating"]:
        yield detection(found, bundle)
    yield calibration(found, bundle)
    if found["subjects"]:
        yield subjects(found, bundle)
    yield hardest_cells(found, model.folder)
    yield feature_importance(model.importances, model.importance_groups)
    yield compact_model(found)
    if found["shortcuts"]:
        yield shortcut_audit(found)
    if found.get("slide_pairs"):
        yield unseen_slides(found["slide_pairs"])
    yield card_section(found, bundle)
    yield reproduction(found, bundle)
