"""Feature tables and manifests as people and their programs save them, drawn from a seed."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

FEATURES = ("Nuclei_AreaShape_FormFactor", "Cells_Intensity_Mean_Gray", "Cells_AreaShape_Area")
DICTIONARY = {
    name: {"compartment": name.split("_")[0], "family": name.split("_")[1]} for name in FEATURES
}
WORDS = (
    "blast", "normal", "Lymphozyt ä", "芽球", "NA", "nan", "None", "null", "007", "7", "7.0", "1e3",
    "TRUE", "a b", "a,b", "a;b", "a\tb", 'a"b', "a|b", "=1+1", "-", "+", "@home", "'quoted'", "é",
    "e\u0301", "x" * 300, "0,5", "#DIV/0!", "sep=;", "<b>", "$x$", "a\nb", "\u200b", "🩸", "1/2",
)  # fmt: skip
NO_NUMBERS = (
    "n/k",
    "#DIV/0!",
    "1.234,5",
    "12. Mai",
    "1 000",
    "\u2013",
    "0x10",
    "1_000",
    "True",
    "abc",
)
# The last index is of a table that was put together from two.
INDEXES = ("range", "repeated", "texts", "named", "levels", "descending", "floats", "dates")
DELIMITERS = (",", ";", "\t", "|")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1")


@dataclass(frozen=True, eq=False)
class DrawnFile:
    """A saved table, and what it holds.

    Parameters
    ----------
    path : Path
    form : str
        How it was saved.
    truth : DataFrame
        What was meant.
    damaged : bool
        Whether a value is no number, or bytes were changed: then `truth` need not be in the file.
    """

    path: Path
    form: str
    truth: pd.DataFrame
    damaged: bool


def draw_table(rng: np.random.Generator) -> pd.DataFrame:
    """Return a small feature table with odd words, and numbers of many sizes."""
    rows = int(rng.integers(2, 10))
    words = rng.choice(WORDS, size=(2, 3))
    table = pd.DataFrame(
        {
            "Metadata_Image": [f"{rng.choice(WORDS[:4])}/{row}.png" for row in range(rows)],
            "Metadata_Cell": 1,
            "Metadata_Label": rng.choice(words[0], size=rows),
            "Metadata_Subject": rng.choice(words[1], size=rows),
        }
    )
    for name in FEATURES:
        values = rng.normal(size=rows) * 10.0 ** rng.integers(-6, 7)
        values[rng.random(rows) < 0.1] = np.nan
        table[name] = np.rint(values) if rng.random() < 0.2 else values
    return table[rng.permutation(table.columns)] if rng.random() < 0.3 else table


def draw_file(rng: np.random.Generator, folder: Path) -> DrawnFile:
    """Draw a table and save it in a drawn form."""
    table = draw_table(rng)
    if rng.random() < 0.3:
        return _parquet(rng, table, folder)
    return _csv(rng, table, folder)


def _parquet(rng: np.random.Generator, table: pd.DataFrame, folder: Path) -> DrawnFile:
    index = str(rng.choice(INDEXES))
    saved = table.copy()
    count = len(table)
    saved.index = {
        "range": pd.RangeIndex(count),
        "repeated": pd.Index(np.arange(count) % max(1, count // 2)),
        "texts": pd.Index([f"row {row}" for row in range(count)]),
        "named": pd.Index(np.arange(count), name="index"),
        "levels": pd.MultiIndex.from_product([["A"], range(count)], names=[None, "level_1"]),
        "descending": pd.Index(np.arange(count)[::-1]),
        "floats": pd.Index(np.linspace(0, 1, count)),
        "dates": pd.date_range("2026-01-01", periods=count),
    }[index]
    damaged = rng.random() < 0.15
    if damaged:
        name = str(rng.choice(FEATURES))
        saved[name] = saved[name].astype(object).map(str)
        saved.iloc[int(rng.integers(count)), saved.columns.get_loc(name)] = rng.choice(NO_NUMBERS)
    path = folder / "t.parquet"
    saved.to_parquet(path)
    return DrawnFile(path, f"Parquet, index {index}", table, damaged)


def _csv(rng: np.random.Generator, table: pd.DataFrame, folder: Path) -> DrawnFile:
    delimiter, decimal = str(rng.choice(DELIMITERS)), str(rng.choice([".", ","]))
    encoding = str(rng.choice(ENCODINGS, p=[0.3, 0.3, 0.2, 0.1, 0.1]))
    ends, missing = str(rng.choice(["\n", "\r\n"])), str(rng.choice(["", "NaN", "nan", "NA"]))
    with_index, first_line = rng.random() < 0.2, rng.random() < 0.15
    saved = table.copy()
    for name in FEATURES:
        saved[name] = [
            missing if np.isnan(value) else repr(float(value)).replace(".", decimal)
            for value in table[name]
        ]
    damage = str(
        rng.choice(["none", "value", "bytes", "cut", "field"], p=[0.7, 0.1, 0.1, 0.05, 0.05])
    )
    if damage == "value":
        row, name = int(rng.integers(len(table))), str(rng.choice(FEATURES))
        saved.loc[row, name] = rng.choice(NO_NUMBERS)
    text = saved.to_csv(
        sep=delimiter,
        index=with_index,
        lineterminator=ends,
        quoting=int(rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
    )
    if damage == "field":
        text = text.replace(ends, f"{delimiter}1{ends}" if rng.random() < 0.5 else f"{ends}1{ends}")
    text = (f"sep={delimiter}{ends}" if first_line else "") + text + ends * int(rng.integers(0, 3))
    content = text.encode(encoding, "replace")
    lossless = content.decode(encoding) == text
    if damage == "bytes":
        place = int(rng.integers(len(content)))
        content = content[:place] + rng.bytes(2) + content[place + 2 :]
    elif damage == "cut":
        content = content[: int(rng.integers(len(content)))]
    path = folder / "t.csv"
    path.write_bytes(content)
    form = f"CSV {delimiter!r} {decimal!r} {encoding}, {damage}, index {with_index}, {first_line}"
    return DrawnFile(path, form, table, damage != "none" or not lossless)


def draw_manifest(rng: np.random.Generator, folder: Path) -> DrawnFile:
    """Draw a manifest of images with labels and subjects, and save it in a drawn form."""
    table = draw_table(rng)[["Metadata_Image", "Metadata_Label", "Metadata_Subject"]]
    table.columns = ["image", "label", "subject"]
    delimiter = str(rng.choice(DELIMITERS))
    encoding = str(rng.choice(ENCODINGS, p=[0.3, 0.3, 0.2, 0.1, 0.1]))
    change = rng.choice([str.upper, str.title, str, lambda name: f" {name} "])
    text = table.rename(columns=change).to_csv(
        sep=delimiter, index=False, lineterminator=str(rng.choice(["\n", "\r\n"]))
    )
    if rng.random() < 0.15:
        text = f"sep={delimiter}\n{text}"
    path = folder / "m.csv"
    content = text.encode(encoding, "replace")
    path.write_bytes(content)
    return DrawnFile(
        path, f"manifest {delimiter!r} {encoding}", table, content.decode(encoding) != text
    )
