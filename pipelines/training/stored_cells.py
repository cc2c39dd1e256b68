"""Training cells that a model folder stores: where they come from, and thumbnails of some."""

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

    from .final_model import FinalModel
    from .training_settings import TrainingSettings

# Name of the thumbnails in a model folder, without the ending that `thumbnails_path` adds.
CELLS = "cells"
# Thumbnails that a model folder holds in addition to those of the hardest cells: about 3 MB.
MAX_KEPT_THUMBNAILS = 1_000


def training_cell_files(
    table: Path,
    frame: pd.DataFrame,
    final: FinalModel,
    hardest: Sequence[HardestCell],
    settings: TrainingSettings,
) -> tuple[dict[str, bytes], list[dict[str, Any]]]:
    """Return the files of a model folder about its training cells, and records of the hardest.

    Parameters
    ----------
    table : Path
        The feature table; ``<stem>.thumbnails.parquet`` may be next to it.
    frame : DataFrame
        Its rows.
    final : FinalModel
    hardest : sequence of HardestCell
    settings : TrainingSettings

    Returns
    -------
    files : dict
        Contents by file name.
    records : list of dict
        ``image, cell, label, subject, decided, probability`` of each hardest cell.
    """
    from models.explanation.nearest_cells import fit_nearest_cells
    from models.explanation.picture_reference import FILE as PICTURES
    from models.explanation.picture_reference import make_picture_reference
    from models.explanation.training_reference import FILE as REFERENCE
    from models.explanation.training_reference import make_reference

    data, seed = final.data, settings.seed
    identities = _cell_identities(frame, data, settings.group)
    records = [
        {
            **{name: values[cell.row] for name, values in identities.items()},
            "decided": data.classes[cell.decided],
            "probability": cell.probability,
        }
        for cell in hardest
    ]
    reference = make_reference(data.features, data.target, data.columns, data.classes)
    nearest = fit_nearest_cells(
        data.features, data.target, data.groups, data.columns, identities, seed=seed
    )
    pictures = make_picture_reference(frame.iloc[data.rows], data.target, data.classes)
    files = {REFERENCE: reference.to_bytes(), **nearest.files()}
    if pictures is not None:
        files[PICTURES] = pictures.to_bytes()
    return files | _thumbnails(table, identities, data, hardest, seed), records


def _cell_identities(frame: pd.DataFrame, data: TrainingSet, group: str) -> dict[str, list[Any]]:
    """Return ``image, cell, label, subject`` of each training cell, as far as the table has them.

    Without a column of images the row stands for the image; without numbers every cell is 1.
    """
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


def _thumbnails(
    table: Path,
    identities: Mapping[str, Sequence[Any]],
    data: TrainingSet,
    hardest: Sequence[HardestCell],
    seed: int,
) -> dict[str, bytes]:
    """Return a file with thumbnails of the hardest cells and of a sample of the others, by name.

    Empty if the table has no thumbnails.
    """
    import numpy as np
    import pandas as pd

    from models.explanation.nearest_cells import stratified

    sample = stratified(data.target, MAX_KEPT_THUMBNAILS, np.random.default_rng(seed))
    rows = dict.fromkeys([*(cell.row for cell in hardest), *(int(row) for row in sample)])
    wanted = [(identities["image"][row], identities["cell"][row]) for row in rows]
    thumbnails = read_thumbnails(table, wanted)
    if not thumbnails:
        return {}
    kept = pd.DataFrame(
        [(*cell, thumbnails[cell]) for cell in wanted if cell in thumbnails],
        columns=["Metadata_Image", "Metadata_Cell", "JPEG"],
    )
    stream = io.BytesIO()
    kept.to_parquet(stream, index=False)
    return {thumbnails_path(Path(CELLS)).name: stream.getvalue()}
