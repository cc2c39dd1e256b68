"""Rows of feature tables that show the same cell: changed copies of a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

HASH, SIGNATURE = "Metadata_PHash", "Metadata_Signature"
# Largest number of images, and of cells, that are compared in pairs.
MAX_COMPARED_IMAGES = 30_000
MAX_COMPARED_CELLS = 50_000


def near_copies(table: pd.DataFrame) -> tuple[list[tuple[int, int]], list[str]]:
    """Find pairs of rows whose pictures or cells are changed copies of each other.

    Pictures are compared by their perceptual hashes, cells by their signatures.

    Returns
    -------
    pairs : list of (int, int)
        Positions of rows. Rows with equal hashes are left out; of three or more copies, not every
        pair is returned, but all are linked.
    notes : list of str
        What was not searched.

    Raises
    ------
    ModelError
        If the table holds hashes or signatures of another kind.
    """
    from models.dataset.targets import picture_numbers

    pairs, notes = _by_hash(table)
    if not _has_values(table, SIGNATURE):
        return pairs, [*notes, _cannot_see(table)]
    signed, texts = _values(table, SIGNATURE)
    if len(texts) > MAX_COMPARED_CELLS:
        return pairs, [*notes, _too_many(len(texts), "cells", MAX_COMPARED_CELLS, "turned copies")]
    found = _copied(texts, picture_numbers(table, pairs)[signed])
    return [*pairs, *((int(signed[i]), int(signed[j])) for i, j in found)], notes


def copies_between(
    table: pd.DataFrame, training: pd.DataFrame
) -> tuple[NDArray[np.bool_], list[str]]:
    """Find the rows of a table that show a cell or a picture of the training table, changed.

    Returns
    -------
    copied : (rows,) bool
    notes : list of str
        What was not searched.

    Raises
    ------
    ModelError
        If the tables hold hashes or signatures of different kinds.
    """
    import numpy as np

    copied, notes = _hashes_between(table, training)
    lacking = next((one for one in (table, training) if not _has_values(one, SIGNATURE)), None)
    if lacking is not None:
        return copied, [*notes, _cannot_see(lacking)]
    _, known = _values(training, SIGNATURE)
    rows, texts = _values(table, SIGNATURE)
    cells = len(known) + len(texts)
    if cells > MAX_COMPARED_CELLS:
        return copied, [*notes, _too_many(cells, "cells", MAX_COMPARED_CELLS, "turned copies")]
    found = _copied([*known, *texts], np.arange(cells), known=len(known))
    copied[rows[[j - len(known) for _, j in found]]] = True
    return copied, notes


def _has_values(table: pd.DataFrame, column: str) -> bool:
    return column in table.columns and bool(table[column].notna().any())


def _values(table: pd.DataFrame, column: str) -> tuple[NDArray[np.int64], list[str]]:
    """Return positions and texts of the rows with a value."""
    import numpy as np

    values = table[column].fillna("").astype(str).to_numpy()
    rows = np.flatnonzero(values != "").astype(np.int64)
    return rows, values[rows].tolist()


def _cannot_see(table: pd.DataFrame) -> str:
    return (
        f"turned copies cannot be seen: the table of {len(table)} cells has no {SIGNATURE}; extract"
        " it again with this installation"
    )


def _too_many(count: int, what: str, limit: int, copies: str) -> str:
    return f"{copies} were not searched: {count} {what}, the limit is {limit}"


def _copied(
    texts: list[str], pictures: NDArray[np.int64], *, known: int = 0
) -> list[tuple[int, int]]:
    from data.fingerprints.cell_signature import read_signatures
    from data.fingerprints.copied_cells import copied_cells

    try:
        signatures = read_signatures(texts)
    except ValueError as error:
        raise ModelError(
            f"{SIGNATURE} holds another kind of text: {error}",
            "extract the table again with this installation",
        ) from error
    return copied_cells(signatures, pictures, known=known)


def _hash_pairs(hashes: list[str]) -> list[tuple[int, int]]:
    from data.fingerprints.perceptual_hash import near_duplicates

    try:
        return near_duplicates(hashes)
    except ValueError as error:
        raise ModelError(
            f"{HASH} holds hashes of another kind, such as {hashes[0]!r}",
            "extract the tables again with this installation",
        ) from error


def _by_hash(table: pd.DataFrame) -> tuple[list[tuple[int, int]], list[str]]:
    """Return pairs of rows with nearly equal hashes; one row of each hash."""
    import numpy as np

    if HASH not in table.columns:
        return [], []
    rows, texts = _values(table, HASH)
    hashes, first = np.unique(np.array(texts, dtype=object), return_index=True)
    if len(hashes) > MAX_COMPARED_IMAGES:
        return [], [
            f"near copies were not searched: the table has {len(hashes)} images, the limit is"
            f" {MAX_COMPARED_IMAGES}; only exact copies are known"
        ]
    order = np.sort(first)
    pairs = _hash_pairs([texts[place] for place in order])
    return [(int(rows[order[i]]), int(rows[order[j]])) for i, j in pairs], []


def _hashes_between(
    table: pd.DataFrame, training: pd.DataFrame
) -> tuple[NDArray[np.bool_], list[str]]:
    """Find the rows whose picture is that of a training row, or nearly."""
    import numpy as np

    if HASH not in table.columns or HASH not in training.columns:
        return np.zeros(len(table), dtype=bool), []
    known, hashes = (sorted(set(_values(one, HASH)[1])) for one in (training, table))
    column: Any = table[HASH].astype(str)
    images = len(known) + len(hashes)
    if images > MAX_COMPARED_IMAGES:
        return np.array(column.isin(known), dtype=bool), [
            f"near copies were not searched: both tables have {images} images,"
            f" the limit is {MAX_COMPARED_IMAGES}; only exact copies are known"
        ]
    pairs = _hash_pairs([*known, *hashes])
    near = {hashes[j - len(known)] for i, j in pairs if i < len(known) <= j}
    return np.array(column.isin({*known, *near}), dtype=bool), []
