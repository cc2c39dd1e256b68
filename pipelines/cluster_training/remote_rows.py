"""Rows of a feature table that lie in many Parquet files, read by the workers of a Dask cluster."""

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
    """A matrix that nobody holds whole: which rows of which files, and which columns.

    Parameters
    ----------
    client : Client
        Of the scheduler.
    files : tuple of Path
        Within reach of the workers.
    starts : (files + 1,) int64
        Number of rows before each file, and of all.
    columns : tuple of str
    rows : (n,) int64
        Ascending.
    """

    client: Any
    files: tuple[Path, ...]
    starts: NDArray[np.int64]
    columns: tuple[str, ...]
    rows: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns, as an array has them."""
        return len(self.rows), len(self.columns)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, chosen: NDArray[Any]) -> RemoteRows:
        """Some of the rows, by their places (ascending) or by a mask."""
        return replace(self, rows=self.rows[chosen])

    def file_parts(self) -> list[tuple[Path, NDArray[np.int64]]]:
        """Files that hold some of the rows, and the rows' places in each."""
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
            If the scheduler goes away, a file kills its workers, or they lack this program.
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
                "the cluster's workers died again and again at the same file",
                "give them more memory (dask worker --memory-limit)",
            ) from error
        except (OSError, CancelledError) as error:
            raise DataError(
                f"the cluster went away or cannot read the table: {first_line(error)}",
                "see that the workers reach its folder by the same path, and run the command again",
            ) from error


@dataclass(frozen=True)
class _DeferredCall:
    """A call that happens when a worker unpacks it; the scheduler sees bytes only."""

    work: Callable[..., Any]
    arguments: tuple[object, ...]

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[object, ...]]:
        return self.work, self.arguments


def pack_call(work: Callable[..., Any], *arguments: object) -> bytes:
    """Return bytes that make the call where they are unpacked."""
    return pickle.dumps(_DeferredCall(work, arguments))


def read_part(
    path: Path, columns: Sequence[str], rows: NDArray[np.int64], dtype: str = "float64"
) -> NDArray[Any]:
    """Read rows of a file: (rows, columns)."""
    import pandas as pd

    from models.dataset.training_set import feature_matrix

    table = pd.read_parquet(path, columns=list(columns)).iloc[rows]
    return feature_matrix(table, columns).astype(dtype)


def part_column_ranges(path: Path, columns: Sequence[str], rows: NDArray[np.int64]) -> ColumnRanges:
    """Tell which columns vary, of the rows of a file."""
    from models.dataset.training_set import column_ranges

    return column_ranges(read_part(path, columns, rows))


def part_margins(
    path: Path, columns: Sequence[str], rows: NDArray[np.int64], booster: bytes
) -> NDArray[np.float32]:
    """Score rows of a file by a boosted model: (rows,) for two classes, else (rows, classes)."""
    from distributed import get_worker
    from xgboost import Booster, DMatrix

    model = Booster({"nthread": get_worker().state.nthreads})
    model.load_model(bytearray(booster))
    matrix = DMatrix(read_part(path, columns, rows, "float32"))
    margins: NDArray[np.float32] = model.predict(matrix, output_margin=True)
    return margins


def first_line(error: BaseException) -> str:
    """Return what an error says, in a line."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
