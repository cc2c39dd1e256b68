"""Groups that no split may separate: cells of one subject, and copies of one picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def merged_groups(
    subjects: NDArray[np.str_],
    identities: Mapping[str, NDArray[Any]],
    pairs: NDArray[np.int64] | None = None,
    *,
    unit: str = "subjects",
) -> tuple[NDArray[np.int64], list[str]]:
    """Join subjects that share a copied cell, so that no split separates the copies.

    Parameters
    ----------
    subjects : (n,) str
        The subject of each cell.
    identities : mapping of str to (n,) array
        Columns whose equal values mean the same picture (a checksum, a perceptual hash); an
        empty or missing value means nothing.
    pairs : (m, 2) int64, optional
        Further pairs of cells that are (nearly) copies.
    unit : str
        The word for a subject, for the notes.

    Returns
    -------
    groups : (n,) int64
        Numbers from 0; equal where two cells must stay together.
    notes : list of str
        What was merged.

    Examples
    --------
    >>> groups, notes = merged_groups(
    ...     np.array(["a", "b", "c"]), {"Metadata_SHA256": np.array(["x", "y", "x"])}
    ... )
    >>> groups.tolist(), notes
    ([0, 1, 0], ['2 subjects joined into 1 group, because they share copies of a picture: a = c'])
    """
    count = len(subjects)
    names, codes = np.unique(subjects, return_inverse=True)
    rows, nodes, used = [np.arange(count)], [codes.astype(np.int64)], len(names)
    for values in identities.values():
        series = pd.Series(values)
        known = (series.notna() & (series.astype(str).str.strip() != "")).to_numpy()
        keys, key_codes = np.unique(series[known].astype(str).to_numpy(), return_inverse=True)
        rows.append(np.flatnonzero(known))
        nodes.append(key_codes.astype(np.int64) + used)
        used += len(keys)
    if pairs is not None and len(pairs):
        links = np.arange(len(pairs)) + used
        rows += [pairs[:, 0], pairs[:, 1]]
        nodes += [links, links]
        used += len(pairs)
    row, node = np.concatenate(rows), np.concatenate(nodes) + count
    size = count + used
    graph = coo_array((np.ones(len(row), dtype=np.int8), (row, node)), shape=(size, size))
    component = connected_components(graph, directed=False)[1][:count]
    groups = np.unique(component, return_inverse=True)[1].astype(np.int64)
    return groups, _merge_note(names, groups[np.unique(codes, return_index=True)[1]], unit)


def group_names(subjects: NDArray[np.str_], groups: NDArray[np.int64]) -> tuple[str, ...]:
    """Name each group by its subjects.

    Examples
    --------
    >>> group_names(np.array(["b", "c", "a"]), np.array([0, 1, 0]))
    ('a = b', 'c')
    """
    pairs = pd.DataFrame({"group": groups, "subject": subjects}).drop_duplicates()
    joined = pairs.sort_values(["group", "subject"]).groupby("group")["subject"].agg(" = ".join)
    return tuple(joined)


def _merge_note(names: NDArray[np.str_], groups: NDArray[np.int64], unit: str) -> list[str]:
    """One sentence on the subjects that ended in one group."""
    number, counts = np.unique(groups, return_counts=True)
    joined = [names[groups == value] for value in number[counts > 1][:5]]
    if not joined:
        return []
    shown = "; ".join(" = ".join(members[:6]) for members in joined)
    merged, left = int(counts[counts > 1].sum()), int((counts > 1).sum())
    more = "; …" if left > len(joined) else ""
    plural = "groups" if left > 1 else "group"
    return [
        f"{merged} {unit} joined into {left} {plural}, because they share copies of a picture: "
        f"{shown}{more}"
    ]
