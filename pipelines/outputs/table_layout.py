"""The columns of a feature table, and the rows that one image gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..measurement.cell_labels import cell_labels
from ..measurement.image_extras import FILE_COLUMNS

if TYPE_CHECKING:
    import pyarrow as pa

    from data.files.entries import Entry

    from ..measurement.image_record import ImageRecord

# Metadata values, then numbers, in the order of the columns.
Row: TypeAlias = tuple[list[Any], NDArray[np.float64]]

_TEXT = "text"
_NUMBER = "number"
_WHOLE = "whole"
_FLAG = "flag"

_IDENTITY = {
    "Metadata_Image": _TEXT,
    "Metadata_Cell": _WHOLE,
    "Metadata_Label": _TEXT,
    "Metadata_OriginalLabel": _TEXT,
    "Metadata_ImageLabel": _TEXT,
    "Metadata_Subject": _TEXT,
    "Metadata_Slide": _TEXT,
    "Metadata_Camera": _TEXT,
    "Metadata_SHA256": _TEXT,
    "Metadata_PHash": _TEXT,
    "Metadata_Signature": _TEXT,
    "Metadata_Source": _TEXT,
    "Metadata_Object": _TEXT,
    "Metadata_ObjectProbability": _NUMBER,
    "Metadata_CentroidRow": _NUMBER,
    "Metadata_CentroidCol": _NUMBER,
}


@dataclass(frozen=True)
class TableLayout:
    """The columns of a feature table.

    Parameters
    ----------
    flags : tuple of str
        Names of the quality flags, as fields of `Quality`.
    extra : tuple of str
        Names of further metadata from the manifest or the data set.
    numbers : tuple of str
        Names of the numeric columns: background, then features.
    """

    flags: tuple[str, ...]
    extra: tuple[str, ...]
    numbers: tuple[str, ...]

    @property
    def metadata(self) -> dict[str, str]:
        """Kind of each metadata column, in order."""
        files = {name: column.kind for name, column in FILE_COLUMNS.items()}
        flags = {f"Metadata_Quality_{name.title().replace('_', '')}": _FLAG for name in self.flags}
        return _IDENTITY | files | flags | {f"Metadata_{name}": _TEXT for name in self.extra}

    def schema(self) -> pa.Schema:
        """Types of all columns, fixed before the first row is known."""
        import pyarrow as pa

        types = {_TEXT: pa.string(), _NUMBER: pa.float64(), _WHOLE: pa.int64(), _FLAG: pa.bool_()}
        fields = [(name, types[kind]) for name, kind in self.metadata.items()]
        return pa.schema(fields + [(name, pa.float64()) for name in self.numbers])

    def rows(self, entry: Entry, record: ImageRecord) -> Iterator[Row]:
        """Yield the row of each cell of an image.

        The label of an image that shows several cells is not that of each of them, see
        `pipelines.measurement.cell_labels`.

        Raises
        ------
        ValueError
            If the record has no extras: it was not measured with `keep_extras`.
        """
        extras = record.extras
        if extras is None:
            raise ValueError(f"the record of {entry.name} has no extras")
        labels = cell_labels(entry, record)
        for index in range(record.cells):
            row, col = record.centroids[index]
            yield (
                [
                    entry.name,
                    index + 1,
                    labels.labels[index],
                    labels.originals[index],
                    entry.label,
                    entry.subject,
                    entry.slide,
                    entry.camera,
                    record.sha256,
                    record.phash,
                    extras.signatures[index],
                    record.source,
                    record.kinds[index],
                    round(record.probabilities[index], 4),
                    row,
                    col,
                    *extras.file,
                    *(record.quality[index][name] for name in self.flags),
                    *(entry.extra.get(name) for name in self.extra),
                ],
                np.concatenate((extras.background, record.values[index])),
            )
