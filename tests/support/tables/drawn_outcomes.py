"""What reading a drawn file gives: as it was meant, refused, or something else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from support.tables.drawn_files import DICTIONARY, FEATURES, DrawnFile, draw_file, draw_manifest

from data.errors import DataError
from data.listing.manifest import read_manifest
from models.dataset.training_set import training_set
from models.errors import ModelError
from pipelines.outputs.read_table import read_table

READ, DAMAGED = "read as meant", "damaged, read"
REFUSED, REFUSED_INTACT = "damaged, refused", "refused"
NOT_TRAINED = "read as meant, not trained"


def outcome_of_seed(seed: int, folder: Path) -> tuple[str, str]:
    """Draw one file, read it, and return its form and the outcome.

    Raises
    ------
    AssertionError
        If something else was read than was meant.
    """
    rng = np.random.default_rng(seed)
    if rng.random() < 0.2:
        drawn = draw_manifest(rng, folder)
        return drawn.form, _manifest_outcome(drawn)
    drawn = draw_file(rng, folder)
    return drawn.form, _table_outcome(drawn)


def _table_outcome(drawn: DrawnFile) -> str:
    try:
        found = read_table(drawn.path)
    except (ModelError, DataError):
        return REFUSED if drawn.damaged else REFUSED_INTACT
    if not drawn.damaged:
        for name in ("Metadata_Label", "Metadata_Subject", "Metadata_Image"):
            assert found[name].tolist() == drawn.truth[name].tolist(), (drawn.form, name)
        assert found.index.equals(pd.RangeIndex(len(drawn.truth)))
    if "Metadata_Label" not in found:
        assert drawn.damaged, drawn.form
        return DAMAGED
    try:
        data = training_set(found, DICTIONARY, positive=str(found["Metadata_Label"].iloc[0]))
    except (ModelError, DataError):
        return REFUSED if drawn.damaged else NOT_TRAINED
    if drawn.damaged:
        return DAMAGED
    wanted = drawn.truth[list(data.columns)].to_numpy()
    assert np.array_equal(data.features, wanted[data.rows], equal_nan=True), drawn.form
    assert set(data.columns) <= set(FEATURES)
    return READ


def _manifest_outcome(drawn: DrawnFile) -> str:
    try:
        listing = read_manifest(drawn.path)
    except (ModelError, DataError):
        return REFUSED if drawn.damaged else REFUSED_INTACT
    if drawn.damaged:
        return DAMAGED
    wanted = drawn.truth.map(str.strip).replace({"": None})
    labels = dict(zip(wanted["image"], wanted["label"], strict=True))
    subjects = dict(zip(wanted["image"], wanted["subject"], strict=True))
    for entry in listing.entries:
        written = entry.name.encode("utf-8", "replace").decode()
        if written in labels:
            assert (entry.label or "") == (labels[written] or ""), drawn.form
            assert (entry.subject or "") == (subjects[written] or ""), drawn.form
    assert len(listing.entries) == len(wanted)
    return READ
