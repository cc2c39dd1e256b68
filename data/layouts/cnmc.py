"""C-NMC 2019: leukaemic blasts and normal precursors, with the subject in the file name.

Gupta A., Gupta R.: ALL Challenge dataset of ISBI 2019, The Cancer Imaging Archive,
doi:10.7937/tcia.2019.dc64i46r. Facts on duplicates: SHA-256 of the 15,114 official files.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from ..files.csv_tables import has_columns, read_table
from ..files.entries import Entry
from ..files.tree import Tree, TreeFile
from .recognised import Recognised, own_folders, user_folders

NAME = "C-NMC 2019"

_CELL = re.compile(r"(?:.*_)?UID_(H?\d+)_(\d+)_(\d+)_(all|hem)", re.IGNORECASE)
_TEST_PHASE = re.compile(r"\d+")
_TEST_FOLDER = re.compile(r"c-?nmc.*(test|phase)", re.IGNORECASE)
_FOLDERS = r".*c[-_ ]?nmc.*|all|hem"
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


def read_cnmc(tree: Tree) -> Recognised | None:
    """Return the layout of a C-NMC tree, or None if most images have other names."""
    official, described = _preliminary_phase(tree)
    entries = tuple(_entry(image, official.get(image.name)) for image in tree.images)
    unnamed = [
        image for image, entry in zip(tree.images, entries, strict=True) if entry.label is None
    ]
    others = [image for image in unnamed if not _is_test_phase(tree, image, described)]
    test_phase = len(unnamed) - len(others)
    named = len(entries) - len(unnamed)
    if 2 * (named + test_phase) <= len(entries):
        return None
    evidence = f"the names of {named} of {len(entries)} files (UID_1_1_1_all)"
    if official:
        evidence = f"the set's table of labels, which names {len(official)} of {len(entries)} files"
    if not named:
        evidence = "the name of the folder of a test phase, with numbers as file names"
    own = own_folders(
        "|".join([_FOLDERS, *(re.escape(part) for folder in described for part in folder)])
    )
    unknown = sum(not user_folders(image.folders, own) for image in others)
    notes = _notes(entries, test_phase, unknown)
    return Recognised(NAME, evidence, entries, tuple(notes), own)


def _is_test_phase(tree: Tree, image: TreeFile, described: AbstractSet[tuple[str, ...]]) -> bool:
    """Whether an image is called 1.bmp, 2.bmp, … in a folder of one of the test phases."""
    folder = image.folders[-1] if image.folders else tree.root.resolve().name
    of_phase = image.folders in described or _TEST_FOLDER.match(folder) is not None
    return of_phase and _TEST_PHASE.fullmatch(image.stem) is not None


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
        source="crop",
    )


def _preliminary_phase(tree: Tree) -> tuple[dict[str, str], set[tuple[str, ...]]]:
    """Return the official names of the preliminary phase's ``N.bmp``, and the folders with them.

    The archive has ``C-NMC_test_prelim_phase_data_labels.csv`` next to the folder
    ``C-NMC_test_prelim_phase_data``, or in it.
    """
    root = tree.root.resolve()
    names: dict[str, str] = {}
    described: set[tuple[str, ...]] = set()
    # The path of each table, and the folders that it may describe.
    tables = [
        (table.path, ((*table.folders, table.stem.removesuffix("_labels")), table.folders))
        for table in tree.tables
    ]
    tables.append((root.parent / f"{root.name}_labels.csv", ((), ())))
    for path, candidates in tables:
        if not has_columns(path, "Patient_ID", "new_names", "labels"):
            continue
        rows = {row["new_names"]: row["patient_id"] for row in read_table(path, "new_names")}
        for folder in candidates:
            here = [image for image in tree.images if image.folders == folder]
            if here:
                described.add(folder)
                names |= {image.name: rows[image.file] for image in here if image.file in rows}
                break
    return names, described


def _notes(entries: Sequence[Entry], test_phase: int, unknown: int) -> list[str]:
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
    if unknown:
        notes.append(f"{NAME}: {unknown} files have other names and no label")
    return notes
