"""Train on a Dask cluster: xgboost learns from a table that no one machine holds.

Who learns from which cells, and what is made of the scores, is settled here from the metadata
alone, by the same code as for a table in memory. The workers read the features, learn and score.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from models.errors import ModelError

from ..training.training_table import TrainingTable, TrainingTarget, near_duplicate_rows
from ..validation.protocol import Sample
from ..workers.dask_cluster import connect, count_threads
from .boosting import distributed_estimator, stop_trackers
from .remote_rows import RemoteRows, first_line, part_column_ranges, read_part

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from models.dataset.training_set import TrainingSet

# Cells whose features come into memory, for what looks at single features.
MAX_CELLS_IN_MEMORY = 20_000
# Kept out of learning, but read: who a cell is, and what the audit needs.
METADATA_PREFIXES = ("Metadata_", "Background_")
NOT_REPRODUCIBLE = (
    "trained on a cluster: each worker draws rows and bins values of its own, so that a second run"
    " differs about as much as with another seed"
)


def check_cluster_settings(table: Path, goal: TrainingTarget) -> None:
    """Refuse what cannot be learnt on a cluster.

    Raises
    ------
    ModelError
        If the estimator is another than xgboost, features are to be selected, or the table is no
        folder of Parquet files.
    """
    if goal.estimator != "xgboost":
        raise ModelError(
            f"--scheduler trains xgboost, not {goal.estimator}",
            "leave out --scheduler or --estimator",
        )
    if goal.select is not None:
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
    address: str,
    table: Path,
    dictionary: Mapping[str, Mapping[str, Any]],
    goal: TrainingTarget,
    seed: int,
) -> Iterator[TrainingTable]:
    """Give a source whose features stay with the workers, while the scheduler is connected.

    Parameters
    ----------
    address : str
        Of the scheduler.
    table : Path
        Folder of Parquet files, at the same path for every worker.
    dictionary : mapping
        Column dictionary.
    goal : TrainingTarget
    seed : int
        Of the sample that is looked into.

    Raises
    ------
    DataError
        If no scheduler answers, it has no workers, or they cannot read the table.
    ModelError
        If the table does not serve.
    """
    client = connect(address)
    try:
        count_threads(client, address)
        yield _read_cluster_table(client, table, dictionary, goal, seed)
    finally:
        stop_trackers(client)
        client.close(timeout=2)


def _read_cluster_table(
    client: Any,  # noqa: ANN401
    table: Path,
    dictionary: Mapping[str, Mapping[str, Any]],
    goal: TrainingTarget,
    seed: int,
) -> TrainingTable:
    import numpy as np
    import pandas as pd
    import pyarrow.parquet as pq

    from models.dataset.targets import read_targets
    from models.dataset.training_set import ColumnRanges, TrainingSet, feature_columns
    from models.learning.estimators import ESTIMATORS

    files = tuple(sorted(path.absolute() for path in table.glob("*.parquet")))
    if not files:
        raise ModelError(f"{table} holds no Parquet files", "give the folder that extract wrote")
    try:
        names = pq.read_schema(files[0]).names
        shown = [name for name in names if name.startswith(METADATA_PREFIXES)]
        frames = [pd.read_parquet(path, columns=shown) for path in files]
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{table} cannot be read: {first_line(error)}", "give the folder that extract wrote"
        ) from error
    columns = tuple(feature_columns(pd.DataFrame(columns=names), dictionary))
    frame = pd.concat(frames, ignore_index=True)
    copies, notes = near_duplicate_rows(frame)
    found = read_targets(
        frame, label=goal.label, group=goal.group, positive=goal.positive, copies=copies
    )
    starts = np.concatenate([[0], np.cumsum([len(one) for one in frames])])
    features = RemoteRows(client, files, starts, columns, found.rows)
    kept, dropped = reduce(
        ColumnRanges.joined, features.map_parts(part_column_ranges)
    ).informative()
    features = replace(
        features, columns=tuple(name for name, keep in zip(columns, kept, strict=True) if keep)
    )
    # It has what learning uses of an array: a shape, and rows by places or mask.
    learnt_from = cast("NDArray[np.float64]", features)
    data = TrainingSet.of(found, learnt_from, features.columns, dropped)
    places = stratified_sample(data.target, data.groups, MAX_CELLS_IN_MEMORY, seed)
    if len(places) < len(data.target):
        notes.append(
            f"importances, glass box, shortcuts and worst cells are those of {len(places)} of"
            f" {len(data.target)} cells, some of every subject"
        )
    return TrainingTable(
        frame,
        data,
        distributed_estimator(ESTIMATORS[goal.estimator]),
        Sample(_load_sample(data, features, places), places),
        [*notes, NOT_REPRODUCIBLE],
    )


def stratified_sample(
    target: NDArray[np.int64], groups: NDArray[np.int64], most: int, seed: int
) -> NDArray[np.int64]:
    """Places of about `most` cells, ascending: of every class of every group its share, at least 1.

    Parameters
    ----------
    target, groups : (n,) int64
    most : int
    seed : int
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


def _load_sample(data: TrainingSet, features: RemoteRows, places: NDArray[np.int64]) -> TrainingSet:
    import numpy as np

    return replace(
        data,
        features=np.concatenate(features[places].map_parts(read_part)),
        target=data.target[places],
        groups=data.groups[places],
        rows=data.rows[places],
    )
