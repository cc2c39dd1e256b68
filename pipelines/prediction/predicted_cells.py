"""Predicting cells in batches, and judging their set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..measurement.cell_labels import cell_labels
from ..measurement.image_extras import FILE_COLUMNS
from ..outputs.prediction_tables import CellFacts, PredictedCell
from ..outputs.write_tables import GROUP

if TYPE_CHECKING:
    import pandas as pd

    from data.files.entries import Entry
    from models.explanation.novelty import Novelty
    from models.explanation.set_judgement import SetJudgement
    from models.storage.bundle import Bundle

    from ..measurement.image_record import ImageRecord

# Largest number of cells of a set that is judged; of more, evenly spaced ones.
MOST_JUDGED = 5_000


@dataclass(frozen=True, eq=False)
class CellBatch:
    """Cells that are predicted together.

    Parameters
    ----------
    facts : sequence of n CellFacts
    features : DataFrame
        n rows, with the columns of the model.
    pictures : DataFrame
        n rows, with the columns that describe the picture of each cell.
    sources : sequence of n str
        ``crop`` or ``field``.
    """

    facts: Sequence[CellFacts]
    features: pd.DataFrame
    pictures: pd.DataFrame
    sources: Sequence[str]


def image_batches(
    images: Iterable[tuple[Entry, ImageRecord]], columns: Sequence[str]
) -> Iterator[CellBatch]:
    """Group the cells of images so that each call of the model gets many."""
    batch: list[tuple[Entry, ImageRecord]] = []
    for entry, record in images:
        batch.append((entry, record))
        if sum(one.cells for _, one in batch) >= GROUP:
            yield _image_batch(batch, columns)
            batch = []
    if batch:
        yield _image_batch(batch, columns)


def _image_batch(batch: Sequence[tuple[Entry, ImageRecord]], columns: Sequence[str]) -> CellBatch:
    import numpy as np
    import pandas as pd

    values = np.concatenate([record.values for _, record in batch])
    facts = [
        CellFacts(
            entry.name,
            index + 1,
            label,
            entry.label,
            entry.subject,
            record.centroids[index],
            " ".join(flag for flag, raised in record.quality[index].items() if raised),
            record.kinds[index],
        )
        for entry, record in batch
        for index, label in enumerate(cell_labels(entry, record).labels)
    ]
    return CellBatch(
        facts,
        pd.DataFrame(values, columns=list(columns)),
        pd.DataFrame([_picture(record) for _, record in batch for _ in range(record.cells)]),
        [record.source for _, record in batch for _ in range(record.cells)],
    )


def _picture(record: ImageRecord) -> dict[str, Any]:
    """Return the columns that describe the picture of a record; none without extras."""
    from features.colour.background import BACKGROUND

    if record.extras is None:
        return {}
    background = dict(zip(BACKGROUND, record.extras.background, strict=True))
    return background | dict(zip(FILE_COLUMNS, record.extras.file, strict=True))


def predict_cells(
    bundle: Bundle, novelty: Novelty, batches: Iterable[CellBatch], total: int
) -> tuple[list[PredictedCell], SetJudgement]:
    """Predict every cell, and judge the set.

    Parameters
    ----------
    bundle : Bundle
    novelty : Novelty
    batches : iterable of CellBatch
    total : int
        Number of all cells.
    """
    import pandas as pd

    from models.explanation.set_judgement import judge_set

    step = max(1, -(-total // MOST_JUDGED))
    cells: list[PredictedCell] = []
    features = [pd.DataFrame(columns=list(bundle.columns), dtype=float)]
    pictures: list[pd.DataFrame] = []
    for batch in batches:
        kept = slice(-len(cells) % step, None, step)
        features.append(batch.features[list(bundle.columns)].iloc[kept])
        if novelty.pictures is not None:
            pictures.append(novelty.pictures.comparable(batch.pictures, batch.sources).iloc[kept])
        cells += _predict_batch(bundle, novelty, batch)
    judgement = judge_set(
        novelty.reference,
        pd.concat(features[1:] or features, ignore_index=True),
        (novelty.pictures.reference, pd.concat(pictures, ignore_index=True))
        if novelty.pictures is not None and pictures
        else None,
        cells=len(cells),
        unlike=sum(cell.unlike for cell in cells),
    )
    return cells, judgement


def _predict_batch(bundle: Bundle, novelty: Novelty, batch: CellBatch) -> Iterator[PredictedCell]:
    from models.storage.bundle import predict_classes, predict_probabilities

    probabilities = predict_probabilities(bundle, batch.features)
    predicted = predict_classes(bundle, probabilities)
    scores = novelty.scores(batch.features)
    for facts, name, shares, new in zip(batch.facts, predicted, probabilities, scores, strict=True):
        yield PredictedCell(
            **vars(facts),
            unlike=new.unlike,
            share=new.share,
            distance=new.distance,
            predicted=name,
            probabilities=tuple(float(share) for share in shares),
        )
