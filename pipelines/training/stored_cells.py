"""What a model's folder keeps of the cells that it learnt from: where they lie, and pictures."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..outputs.thumbnails import read_thumbnails, thumbnails_path

if TYPE_CHECKING:
    import pandas as pd

    from models.dataset.training_set import TrainingSet
    from models.evaluation.hardest_cells import HardestCell

# Where the pictures lie in a model's folder, as `thumbnails` reads them.
CELLS = "cells"
# Training cells whose pictures a model keeps beside those of the worst: some 3 MB.
MAX_KEPT_THUMBNAILS = 1_000


def training_cell_files(
    table: Path,
    frame: pd.DataFrame,
    data: TrainingSet,
    group: str,
    misses: Sequence[HardestCell],
    seed: int,
) -> tuple[dict[str, bytes], list[dict[str, Any]]]:
    """Return the files of a model's folder about its training cells, and the worst of them.

    Parameters
    ----------
    table : Path
        The feature table; ``<stem>.thumbnails.parquet`` may lie beside it.
    frame : DataFrame
        Its rows.
    data : TrainingSet
        What was learnt from them.
    group : str
        Column of the subject.
    misses : sequence of HardestCell
    seed : int

    Returns
    -------
    (files, worst)
        Contents by name; ``image, cell, label, subject, decided, probability`` of each miss.
    """
    from models.explanation.nearest_cells import fit_nearest_cells
    from models.explanation.training_reference import FILE as REFERENCE
    from models.explanation.training_reference import make_reference

    who = cell_identities(frame, data, group)
    worst = [
        {
            **{name: who[name][miss.row] for name in who},
            "decided": data.classes[miss.decided],
            "probability": miss.probability,
        }
        for miss in misses
    ]
    reference = make_reference(data.features, data.target, data.columns, data.classes)
    near = fit_nearest_cells(data.features, data.target, data.groups, data.columns, who, seed=seed)
    files = {REFERENCE: reference.to_bytes(), **near.files()}
    return files | thumbnail_file(table, who, data, misses, seed), worst


def cell_identities(frame: pd.DataFrame, data: TrainingSet, group: str) -> dict[str, list[Any]]:
    """Say of each training cell its ``image, cell, label, subject``, as far as the table does."""
    import pandas as pd

    rows = frame.iloc[data.rows]
    images = rows.get("Metadata_Image", rows.index)
    numbers = rows.get("Metadata_Cell", pd.Series(1, index=rows.index))
    subjects = rows.get(group, pd.Series(None, index=rows.index, dtype=object))
    return {
        "image": [str(name) for name in images],
        "cell": [int(one) for one in pd.to_numeric(numbers, errors="coerce").fillna(1)],
        "label": [data.classes[code] for code in data.target],
        "subject": [None if pd.isna(name) else str(name) for name in subjects],
    }


def thumbnail_file(
    table: Path,
    who: Mapping[str, Sequence[Any]],
    data: TrainingSet,
    misses: Sequence[HardestCell],
    seed: int,
) -> dict[str, bytes]:
    """Return the file with pictures of the worst cells and of a sample of the others, by its name.

    Empty where the table came without pictures.
    """
    import numpy as np
    import pandas as pd

    from models.explanation.nearest_cells import stratified

    sample = stratified(data.target, MAX_KEPT_THUMBNAILS, np.random.default_rng(seed))
    rows = dict.fromkeys([*(miss.row for miss in misses), *(int(row) for row in sample)])
    wanted = [(who["image"][row], who["cell"][row]) for row in rows]
    pictures = read_thumbnails(table, wanted)
    if not pictures:
        return {}
    kept = pd.DataFrame(
        [(*cell, pictures[cell]) for cell in wanted if cell in pictures],
        columns=["Metadata_Image", "Metadata_Cell", "JPEG"],
    )
    stream = io.BytesIO()
    kept.to_parquet(stream, index=False)
    return {thumbnails_path(Path(CELLS)).name: stream.getvalue()}
