"""C-NMC 2019: leukaemic blasts and normal precursors, with the subject in the file name.

Gupta A., Gupta R.: ALL Challenge dataset of ISBI 2019, The Cancer Imaging Archive,
doi:10.7937/tcia.2019.dc64i46r. Facts on duplicates: SHA-256 of the 15,114 official files.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ..files.csv_tables import has_columns, read_table
from ..files.entries import Entry
from ..files.tree import Tree, TreeFile

NAME = "C-NMC 2019"

_CELL = re.compile(r"(?:.*_)?UID_(H?\d+)_(\d+)_(\d+)_(all|hem)", re.IGNORECASE)
_TEST_PHASE = re.compile(r"\d+")
_LABELS = {"all": "blast", "hem": "normal"}

# Subjects that share byte-identical cells in the official archive: 20 and 21 share 71, 51 and 78
# share 11, 51 and 75 share 10, H2 and H4 share 3, H2 and H5 2, H2 and H6 1, H3 and H10 1.
SAME_SUBJECTS = (
    ("20", "21"),
    ("51", "75", "78"),
    ("H2", "H4", "H5", "H6"),
    ("H3", "H10"),
)
_MERGED = {subject: "+".join(group) for group in SAME_SUBJECTS for subject in group}


def merged_subject(subject: str) -> str:
    """Return the group of a subject: ids with identical cells are merged, e.g. ``20+21``.

    Ids are case-insensitive: the archive writes ``h3`` for subject H3.
    """
    return _MERGED.get(subject.upper(), subject.upper())


def read_cnmc(tree: Tree) -> tuple[str, list[Entry], list[str]] | None:
    """Return the layout of a C-NMC tree, or None if most images have other names."""
    official = _preliminary_names(tree)
    entries = [_entry(image, official.get(image.name)) for image in tree.images]
    test_phase = [
        image
        for image, entry in zip(tree.images, entries, strict=True)
        if entry.label is None and _TEST_PHASE.fullmatch(image.stem)
    ]
    named = sum(entry.label is not None for entry in entries)
    if not named and "c-nmc" not in str(tree.root.resolve()).lower():
        return None
    if 2 * (named + len(test_phase)) <= len(entries):
        return None
    return NAME, entries, _notes(entries, len(test_phase))


def _entry(image: TreeFile, official: str | None) -> Entry:
    match = _CELL.fullmatch(Path(official).stem if official else image.stem)
    if not match:
        return Entry(image.place, image.name)
    label = match[4].lower()
    extra = {"OriginalSubject": match[1]}
    if official:
        extra["OriginalName"] = official
    return Entry(
        image.place,
        image.name,
        label=_LABELS[label],
        original_label=label,
        subject=merged_subject(match[1]),
        extra=extra,
    )


def _preliminary_names(tree: Tree) -> dict[str, str]:
    """Return the official names of the preliminary phase's ``N.bmp`` from its label table.

    The archive has ``C-NMC_test_prelim_phase_data_labels.csv`` next to the folder
    ``C-NMC_test_prelim_phase_data``, or in it.
    """
    label_table = tree.root.parent / f"{tree.root.name}_labels.csv"
    tables = [
        *tree.tables,
        *([TreeFile(str(label_table), f"../{label_table.name}")] if label_table.is_file() else []),
    ]
    names: dict[str, str] = {}
    for table in tables:
        if not has_columns(table.path, "Patient_ID", "new_names", "labels"):
            continue
        described = table.path.stem.removesuffix("_labels")
        rows = {row["new_names"]: row["patient_id"] for row in read_table(table.path, "new_names")}
        candidates = (table.path.parent / described, table.path.parent)
        for folder in candidates:
            here = [image for image in tree.images if image.path.parent == folder]
            if here:
                names |= {
                    image.name: rows[image.path.name] for image in here if image.path.name in rows
                }
                break
    return names


def _notes(entries: Sequence[Entry], test_phase: int) -> list[str]:
    subjects = Counter(entry.subject for entry in entries)
    notes = [
        f"{NAME}: subjects {', '.join(group[:-1])} and {group[-1]} hold the same cells: "
        f"merged as {'+'.join(group)}"
        for group in SAME_SUBJECTS
        if subjects["+".join(group)]
    ]
    if test_phase:
        notes.append(
            f"{NAME}: {test_phase} test-phase files (N.bmp) have neither label nor subject; the "
            "preliminary phase's are found in C-NMC_test_prelim_phase_data_labels.csv next to its "
            "folder"
        )
    unknown = len(entries) - test_phase - sum(entry.label is not None for entry in entries)
    if unknown:
        notes.append(f"{NAME}: {unknown} files have other names and no label")
    return notes
