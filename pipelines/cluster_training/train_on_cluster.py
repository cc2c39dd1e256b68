"""Opening a feature table on a Dask cluster, so that xgboost learns where the rows are read.

Folds, targets and figures are computed here, from the metadata, by the code for a table in memory.
The workers read the features, train and score.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from models.errors import ModelError

from ..outputs.sidecar import read_sidecar
from ..training.near_copies import near_copies
from ..training.one_spelling import with_one_spelling
from ..training.training_table import Sample, TrainingTable, repeated_cell_notes
from ..workers.dask_cluster import connect, count_threads
from .boosting import distributed_estimator, stop_trackers
from .remote_rows import RemoteRows, first_line, part_column_ranges, read_part

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from models.dataset.training_set import TrainingSet

    from ..training.training_settings import TrainingSettings

# Largest number of cells whose features are read into memory, for what inspects single features.
MAX_CELLS_IN_MEMORY = 20_000
# Columns that are read into memory: identity of the cells, and what the shortcut audit needs.
METADATA_PREFIXES = ("Metadata_", "Background_")
NOT_REPRODUCIBLE = (
    "trained on a cluster: each worker samples rows and bins values separately, so that a second"
    " run differs about as much as with another seed"
)


def check_cluster_settings(table: Path, settings: TrainingSettings) -> None:
    """Refuse settings that a cluster cannot train with.

    Raises
    ------
    ModelError
        If the estimator is not xgboost, features are to be selected, or the table is not a folder
        of Parquet files.
    """
    if settings.estimator != "xgboost":
        raise ModelError(
            f"--scheduler trains xgboost, not {settings.estimator}",
            "leave out --scheduler or --estimator",
        )
    if settings.select is not None:
        raise ModelError(
            "--select needs all features in one memory", "leave out --scheduler or --select"
        )
    if not table.is_dir():
        raise ModelError(
            f"{table} is no folder of Parquet files, which workers could share",
            "extract to a name without an ending (-o cells), or train without --scheduler",
        )


@contextmanager
def open_cluster_table(
    table: Path, address: str, settings: TrainingSettings
) -> Iterator[TrainingTable]:
    """Open a table whose features stay with the workers, while the scheduler is connected.

    Parameters
    ----------
    table : Path
        Folder of Parquet files, at the same path for every worker.
    address : str
        Of the scheduler.
    settings : TrainingSettings

    Raises
    ------
    DataError
        If no scheduler answers, it has no workers, or they cannot read the table.
    ModelError
        If the table cannot be used for training.
    """
    client = connect(address)
    try:
        count_threads(client, address)
        yield _read_cluster_table(client, table, settings)
    finally:
        stop_trackers(client)
        client.close(timeout=2)


def _read_cluster_table(
    client: Any,  # noqa: ANN401
    table: Path,
    settings: TrainingSettings,
) -> TrainingTable:
    import numpy as np
    import pandas as pd

    from models.dataset.targets import read_targets
    from models.dataset.training_set import TrainingSet, feature_columns
    from models.learning.estimators import ESTIMATORS

    sidecar = read_sidecar(table)
    files, names, frames = _read_metadata(table)
    columns = tuple(feature_columns(pd.DataFrame(columns=names), sidecar["columns"]))
    frame = pd.concat(frames, ignore_index=True)
    copies, notes = near_copies(frame)
    targets = read_targets(
        frame,
        label=settings.label,
        group=settings.group_column,
        positive=settings.positive,
        copies=copies,
    )
    frame, spelt = with_one_spelling(frame, settings.group_column)
    notes += spelt
    starts = np.concatenate([[0], np.cumsum([len(one) for one in frames])])
    features, dropped = _informative(RemoteRows(client, files, starts, columns, targets.rows))
    # RemoteRows has what learning uses of an array: a shape, and rows by positions or by a mask.
    as_array = cast("NDArray[np.float64]", features)
    data = TrainingSet.of(targets, as_array, features.columns, dropped)
    places = stratified_sample(data.target, data.groups, MAX_CELLS_IN_MEMORY, settings.seed)
    if len(places) < len(data.target):
        notes.append(
            f"importances, compact model, shortcuts and hardest cells are those of {len(places)} of"
            f" {len(data.target)} cells, some of every subject"
        )
    return TrainingTable(
        sidecar,
        frame,
        data,
        distributed_estimator(ESTIMATORS[settings.estimator]),
        Sample(_load_cells(data, features, places), places),
        [*repeated_cell_notes(frame), *notes, NOT_REPRODUCIBLE],
    )


def _read_metadata(table: Path) -> tuple[tuple[Path, ...], list[str], list[pd.DataFrame]]:
    """Return the files of a table, their column names, and the metadata columns of each."""
    import pandas as pd
    import pyarrow.parquet as pq

    remedy = "give the folder that extract wrote"
    files = tuple(sorted(path.absolute() for path in table.glob("*.parquet")))
    if not files:
        raise ModelError(f"{table} holds no Parquet files", remedy)
    try:
        names = pq.read_schema(files[0]).names
        metadata = [name for name in names if name.startswith(METADATA_PREFIXES)]
        return files, names, [pd.read_parquet(path, columns=metadata) for path in files]
    except (OSError, ValueError) as error:
        raise ModelError(f"{table} cannot be read: {first_line(error)}", remedy) from error


def _informative(features: RemoteRows) -> tuple[RemoteRows, list[str]]:
    """Drop the columns that do not vary; return notes on them too."""
    from models.dataset.training_set import ColumnRanges

    ranges = reduce(ColumnRanges.joined, features.map_parts(part_column_ranges))
    kept, dropped = ranges.informative()
    columns = tuple(name for name, keep in zip(features.columns, kept, strict=True) if keep)
    return replace(features, columns=columns), dropped


def stratified_sample(
    target: NDArray[np.int64], groups: NDArray[np.int64], most: int, seed: int
) -> NDArray[np.int64]:
    """Draw about `most` cells: of every class of every group its share, at least one cell.

    Parameters
    ----------
    target, groups : (n,) int64
    most : int
    seed : int

    Returns
    -------
    (m,) int64
        Positions, ascending.
    """
    import numpy as np

    cells = len(target)
    if cells <= most:
        return np.arange(cells)
    order = np.random.default_rng(seed).permutation(cells)
    keys = (groups * (int(target.max()) + 1) + target)[order]
    by_key = np.argsort(keys, kind="stable")
    _, first, counts = np.unique(keys[by_key], return_index=True, return_counts=True)
    rank = np.arange(cells) - np.repeat(first, counts)
    taken = rank < np.repeat(np.maximum(1, counts * most // cells), counts)
    return np.sort(order[by_key[taken]])


def _load_cells(data: TrainingSet, features: RemoteRows, places: NDArray[np.int64]) -> TrainingSet:
    """Read the features of some cells into memory."""
    import numpy as np

    return replace(
        data,
        features=np.concatenate(features[places].map_parts(read_part)),
        target=data.target[places],
        groups=data.groups[places],
        rows=data.rows[places],
    )
