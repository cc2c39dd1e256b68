"""Synthetic feature tables with a known signal, and their sidecar."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path

import numpy as np
import pandas as pd

from data.fingerprints.cell_signature import SIDE
from pipelines.outputs.sidecar import table_digest

SIGNAL = "Nuclei_AreaShape_FormFactor"
WEAK_SIGNAL = "Cells_Intensity_Mean_bstar"
CLASSES = ("blast", "normal")


def column_dictionary(noise: int = 6) -> dict[str, dict[str, object]]:
    """Return a column dictionary: two columns with a signal, and `noise` columns without."""
    names = [SIGNAL, WEAK_SIGNAL, *(f"Cytoplasm_Texture_Noise{i}_Gray" for i in range(noise))]
    return {
        name: {
            "compartment": name.split("_")[0],
            "family": name.split("_")[1],
            "feature": name.split("_")[2],
            "channel": name.split("_")[3] if name.count("_") > 2 else "",
            "parameters": "",
            "unit": "1",
            "definition": f"definition of {name}",
            "title": f"Title of {name}",
            "plain": f"plain {name.split('_')[2]}",
            "version": 1,
        }
        for name in names
    }


DICTIONARY_OF_EIGHT = column_dictionary()


def synthetic_table(
    subjects: int = 12,
    cells: int = 6,
    classes: tuple[str, ...] = CLASSES,
    strength: float = 2.0,
    noise: int = 6,
    seed: int = 0,
) -> pd.DataFrame:
    """Return a table of `cells` rows per subject; the subjects alternate between the classes."""
    rng = np.random.default_rng(seed)
    subject = np.repeat(np.arange(subjects), cells)
    code = subject % len(classes)
    count = len(subject)
    table = pd.DataFrame(
        {
            "Metadata_Image": [f"images/{i}.png" for i in range(count)],
            "Metadata_Cell": 1,
            "Metadata_Label": np.array(classes)[code],
            "Metadata_Subject": [f"S{i}" for i in subject],
            "Metadata_SHA256": [f"sha{i}" for i in range(count)],
            "Metadata_PHash": [rng.bytes(28).hex()[:-1] + "0" for _ in range(count)],
            "Metadata_Signature": _signatures(count, seed),
            "Background_Intensity_Mean_Gray": rng.normal(size=count),
        }
    )
    for name in column_dictionary(noise):
        table[name] = rng.normal(size=count)
    table[SIGNAL] += strength * code
    table[WEAK_SIGNAL] += 0.5 * strength * np.cos(code * np.pi)
    return table


def _signatures(count: int, seed: int) -> list[str]:
    """Return signatures of pictures of noise, none like another."""
    rng = np.random.default_rng(seed + 1000)
    return [b64encode(rng.bytes(3 + SIDE * SIDE)).decode() for _ in range(count)]


def write_table(
    folder: Path, table: pd.DataFrame, dictionary: dict[str, dict[str, object]] | None = None
) -> Path:
    """Write table and sidecar in the form of extract; return the table's path."""
    if dictionary is None:
        dictionary = column_dictionary(sum("Noise" in name for name in table.columns))
    path = folder / "cells.parquet"
    table.to_parquet(path)
    sidecar = {
        "format": 1,
        "versions": {"blastometry": "0"},
        "configuration": {},
        "columns": dictionary,
        "counts": {"rows": len(table)},
        "table": {"name": path.name, "sha256": table_digest(path)},
    }
    path.with_suffix(".json").write_text(json.dumps(sidecar))
    return path
