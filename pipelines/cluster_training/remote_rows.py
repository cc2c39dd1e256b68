"""Rows distributed over Parquet files, read by the workers of a Dask cluster."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.errors import DataError

from ..workers.dask_cluster import missing_module_error

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from models.dataset.training_set import ColumnRanges


@dataclass(frozen=True, eq=False)
class RemoteRows:
    """A matrix of rows distributed over Parquet files.

    Parameters
    ----------
    client : Client
        Of the scheduler.
    files : tuple of Path
        At the same path for every worker.
    starts : (files + 1,) int64
        Number of rows before each file; the last is the number of all rows.
    columns : tuple of str
    rows : (n,) int64
        Numbers of the rows of the matrix, ascending.
    """

    client: Any
    files: tuple[Path, ...]
    starts: NDArray[np.int64]
    columns: tuple[str, ...]
    rows: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and of columns, as of an array."""
        return len(self.rows), len(self.columns)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, chosen: NDArray[Any]) -> RemoteRows:
        """Select rows by their positions (ascending) or by a mask."""
        return replace(self, rows=self.rows[chosen])

    def file_parts(self) -> list[tuple[Path, NDArray[np.int64]]]:
        """Return the files that hold some of the rows, with the positions of the rows in each."""
        import numpy as np

        bounds = np.searchsorted(self.rows, self.starts)
        return [
            (path, self.rows[first:last] - start)
            for path, start, first, last in zip(
                self.files, self.starts, bounds, bounds[1:], strict=False
            )
            if last > first
        ]

    def map_parts(self, work: Callable[..., Any], *options: object) -> list[Any]:
        """Call ``work(path, columns, rows, *options)`` for every part, on the workers, in order.

        Raises
        ------
        DataError
            If the scheduler stops, a file kills its workers, or they lack this program.
        """
        from distributed import KilledWorker

        parcels = [
            pack_call(work, path, self.columns, rows, *options) for path, rows in self.file_parts()
        ]
        try:
            futures = self.client.map(pickle.loads, parcels, pure=False)
            return list(self.client.gather(futures))
        except ModuleNotFoundError as error:
            raise missing_module_error(error) from error
        except KilledWorker as error:
            raise DataError(
                "the workers of the cluster died repeatedly at the same file",
                "give them more memory (dask worker --memory-limit)",
            ) from error
        except (OSError, CancelledError) as error:
            raise DataError(
                f"the cluster stopped or cannot read the table: {first_line(error)}",
                "check that the workers reach its folder by the same path, then run again",
            ) from error


@dataclass(frozen=True)
class _DeferredCall:
    """A call that is made when a worker unpickles it; the scheduler sees bytes only."""

    work: Callable[..., Any]
    arguments: tuple[object, ...]

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[object, ...]]:
        return self.work, self.arguments


def pack_call(work: Callable[..., Any], *arguments: object) -> bytes:
    """Return bytes that make the call when they are unpickled."""
    return pickle.dumps(_DeferredCall(work, arguments))


def read_part(
    path: Path, columns: Sequence[str], rows: NDArray[np.int64], dtype: str = "float64"
) -> NDArray[Any]:
    """Read some rows of a file, (rows, columns)."""
    import pandas as pd

    from models.dataset.training_set import feature_matrix

    table = pd.read_parquet(path, columns=list(columns)).iloc[rows]
    return feature_matrix(table, columns).astype(dtype)


def part_column_ranges(path: Path, columns: Sequence[str], rows: NDArray[np.int64]) -> ColumnRanges:
    """Return the ranges of the columns over some rows of a file."""
    from models.dataset.training_set import column_ranges

    return column_ranges(read_part(path, columns, rows))


def part_margins(
    path: Path, columns: Sequence[str], rows: NDArray[np.int64], booster: bytes
) -> NDArray[np.float32]:
    """Score rows of a file with a boosted model.

    Returns
    -------
    (rows,) or (rows, classes) float32
        One margin per row for two classes, one per class for more.
    """
    from distributed import get_worker
    from xgboost import Booster, DMatrix

    model = Booster({"nthread": get_worker().state.nthreads})
    model.load_model(bytearray(booster))
    matrix = DMatrix(read_part(path, columns, rows, "float32"))
    margins: NDArray[np.float32] = model.predict(matrix, output_margin=True)
    return margins


def first_line(error: BaseException) -> str:
    """Return the first line of an error, at most 200 characters."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
