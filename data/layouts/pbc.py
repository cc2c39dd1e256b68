"""PBC (Acevedo): normal white cells and platelets, the class in the folder's name.

Acevedo A. et al.: A dataset of microscopic peripheral blood cell images, Data in Brief 2020,
doi:10.1016/j.dib.2020.105474.
"""

from __future__ import annotations

import re
from collections import Counter

from ..files.entries import Entry
from ..files.tree import Tree, TreeFile
from .recognised import EVERY_FOLDER, Recognised

PBC = "PBC"

# The beginnings of the file names in each folder.
_PREFIXES = {
    "basophil": ("BA",),
    "eosinophil": ("EO",),
    "erythroblast": ("ERB",),
    "ig": ("IG", "MMY", "MY", "PMY"),
    "lymphocyte": ("LY",),
    "monocyte": ("MO",),
    "neutrophil": ("BNE", "NEUTROPHIL", "SNE"),
    "platelet": ("PLATELET",),
}
_FEWEST_CLASSES = 3
_NAME = re.compile(r"([A-Z]+)_\d+")


def read_pbc(tree: Tree) -> Recognised | None:
    """Return the layout of a PBC tree, or None; the class is the folder's name.

    Most images must have the names that they have in the folder of their class: the names of the
    classes alone are those of every laboratory. Other folders at the same depth are classes too.
    """
    own = [image for image in tree.images if _has_own_name(image)]
    classes = {image.folders[-1] for image in own}
    if len(classes) < _FEWEST_CLASSES or 2 * len(own) <= len(tree.images):
        return None
    depth = Counter(len(image.folders) for image in own).most_common(1)[0][0]
    entries = tuple(_entry(image, depth) for image in tree.images)
    notes = [f"{PBC} names no subjects: cells of one donor cannot be kept together"]
    others = len(entries) - len(own)
    if others:
        notes.append(f"{PBC}: {others} files have other names; their label is their folder")
    evidence = (
        f"the names of {len(own)} of {len(entries)} files in folders of {len(classes)} classes"
        f" ({own[0].folders[-1]}/{own[0].file})"
    )
    return Recognised(PBC, evidence, entries, tuple(notes), EVERY_FOLDER)


def _has_own_name(image: TreeFile) -> bool:
    """Whether an image has a name of its class in PBC."""
    match = _NAME.fullmatch(image.stem)
    return bool(match and image.folders and match[1] in _PREFIXES.get(image.folders[-1], ()))


def _entry(image: TreeFile, depth: int) -> Entry:
    own = _has_own_name(image)
    label = image.folders[-1] if own else next(iter(image.folders[depth - 1 : depth]), None)
    return Entry(
        image.place,
        image.name,
        label=label,
        original_label=label,
        source="crop" if own else None,
    )
