"""Synthetic feature tables with named features, two embeddings and a known signal."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
from support.tables.synthetic_tables import column_dictionary, synthetic_table, write_table

WIDTH = 12
NETWORK = {"name": "tiny", "sha256": "0" * 64, "width": WIDTH}
QUICK = {"estimators": ("svm",), "folds": 3, "repeats": 1}


def embedding_columns(view: str) -> dict[str, dict[str, object]]:
    """Return the column dictionary of the embedding of a view, ``Cells`` or ``Image``."""
    return {
        f"{view}_Embedding_tiny_{index:04d}": {
            "compartment": view,
            "family": "Embedding",
            "feature": "tiny",
            "channel": "",
            "parameters": f"{index:04d}",
            "unit": "1",
            "definition": "",
            "title": f"Value {index}",
            "plain": f"value {index}",
            "version": 1,
        }
        for index in range(WIDTH)
    }


DICTIONARY = column_dictionary() | embedding_columns("Cells") | embedding_columns("Image")


def embedding_table(strength=2.0, cells=0.0, image=0.0, seed=0) -> pd.DataFrame:
    """Return a table with a signal in the named features (`strength`) or in an embedding.

    `cells` and `image` are the strengths in the embedding of the cell and of the image.
    """
    table = synthetic_table(subjects=16, strength=strength, seed=seed)
    rng = np.random.default_rng(seed + 1)
    code = (table["Metadata_Label"] == "normal").to_numpy()
    for view, view_strength in (("Cells", cells), ("Image", image)):
        mixed = rng.normal(size=(len(table), WIDTH)) + view_strength * code[:, None] * rng.normal(
            size=WIDTH
        )
        names = list(embedding_columns(view))
        table = pd.concat([table, pd.DataFrame(mixed, columns=names)], axis=1)
    return table


def write_embedding_table(folder, table, dictionary=DICTIONARY):
    """Write the table and a sidecar that names the network; return the table's path."""
    path = write_table(folder, table, dictionary)
    sidecar = json.loads(path.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(json.dumps(sidecar | {"embedding": NETWORK}))
    return path
