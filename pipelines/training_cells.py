"""What a model's folder keeps of the cells that it learnt from: where they lie, and pictures."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import ModelError

if TYPE_CHECKING:
    import pandas as pd

    from models.table import TrainingSet
    from models.worst import Miss

FILE = "thumbnails.parquet"
COLUMNS = ("Metadata_Image", "Metadata_Cell", "JPEG")
# Training cells whose pictures a model keeps beside those of the worst: some 3 MB.
MOST_KEPT = 1_000

Pictures = Mapping[tuple[str, int], bytes]


def training_cells(
    table: Path,
    frame: pd.DataFrame,
    data: TrainingSet,
    group: str,
    misses: Sequence[Miss],
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
    misses : sequence of Miss
    seed : int

    Returns
    -------
    (files, worst)
        Contents by name; ``image, cell, label, subject, decided, probability`` of each miss.
    """
    from models.neighbours import make_neighbours
    from models.reference import FILE as REFERENCE
    from models.reference import make_reference

    who = identities(frame, data, group)
    worst = [
        {
            **{name: who[name][miss.row] for name in who},
            "decided": data.classes[miss.decided],
            "probability": miss.probability,
        }
        for miss in misses
    ]
    reference = make_reference(data.features, data.target, data.columns, data.classes)
    near = make_neighbours(data.features, data.target, data.groups, data.columns, who, seed=seed)
    pictures = read_pictures(table.with_suffix(f".{FILE}"))
    files = {REFERENCE: reference.to_bytes(), **near.files()}
    return files | kept_pictures(pictures, who, data, worst, seed), worst


def identities(frame: pd.DataFrame, data: TrainingSet, group: str) -> dict[str, list[Any]]:
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


def read_pictures(path: Path) -> dict[tuple[str, int], bytes]:
    """Read small pictures of cells, JPEG by image and number; none where there is no file.

    Raises
    ------
    ModelError
        If the file is damaged or holds something else.
    """
    import pandas as pd

    if not path.is_file():
        return {}
    remedy = "extract the table again, or put the file aside"
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        reason = (str(error).splitlines() or ["no reason given"])[0]
        raise ModelError(f"{path} cannot be read: {reason}", remedy) from error
    if not set(COLUMNS) <= set(table.columns):
        raise ModelError(f"{path} holds no thumbnails", remedy)
    whole = zip(*(table[name] for name in COLUMNS), strict=True)
    return {(str(image), int(cell)): bytes(jpeg) for image, cell, jpeg in whole}


def kept_pictures(
    pictures: Pictures,
    who: Mapping[str, Sequence[Any]],
    data: TrainingSet,
    worst: Sequence[Mapping[str, Any]],
    seed: int,
) -> dict[str, bytes]:
    """Return the file of a model's folder with the worst cells and a sample of the others.

    Empty where there are no pictures.
    """
    import numpy as np
    import pandas as pd

    from models.neighbours import stratified

    sample = stratified(data.target, MOST_KEPT, np.random.default_rng(seed))
    wanted = [(one["image"], one["cell"]) for one in worst]
    wanted += [(who["image"][row], who["cell"][row]) for row in sample]
    kept = [(*cell, pictures[cell]) for cell in dict.fromkeys(wanted) if cell in pictures]
    if not kept:
        return {}
    stream = io.BytesIO()
    pd.DataFrame(kept, columns=list(COLUMNS)).to_parquet(stream, index=False)
    return {FILE: stream.getvalue()}
