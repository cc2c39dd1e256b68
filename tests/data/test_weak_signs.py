"""What the user said wins over weak signs: drawn folders with names like those of public sets."""

from __future__ import annotations

import numpy as np
import pytest

from data.files.tree import Tree, TreeFile
from data.listing.folder_levels import is_split_name, read_levels
from data.listing.list_images import list_images

PNG = b"\x89PNG\r\n\x1a\n"
CLASSES = (
    "neutrophil", "lymphocyte", "monocyte", "eosinophil", "basophil", "platelet", "erythroblast",
    "ig", "blast", "normal", "Lymphocyte", "Neutrophil", "ALL", "healthy", "promyelocyte", "L1",
    "Hairy Cell", "0", "1", "sain", "кл1", "smudge",
)  # fmt: skip
# How laboratories call crops and photographs; several look like those of ALL-IDB, C-NMC or PBC.
STYLES = (
    "im{field:03d}_{k}.png",
    "Im{cell:03d}_1.tif",
    "{cell:03d}.bmp",
    "{field:03d}.{pair}",
    "{cell}.bmp",
    "{field}_{k}_all.bmp",
    "UID_{field}_{k}.bmp",
    "BA_x{cell}.jpg",
    "synthetic_{field}_{k}.png",
    "cell {field} ({k}).jpeg",
)
SPLITS = tuple(
    names.split("-")
    for names in (
        "train-test",
        "Train-Test-Val",
        "TRAIN-TEST-TEST_SIMPLE",
        "A-B",
        "training-validation",
        "training_data-testing_data",
        "fold_0-fold_1-fold_2",
        "Train-TestA-TestB",
        "train set-test_set",
        "dev-eval",
        "cv1-cv2",
        "Oslo-Bergen",
        "hospital_1-hospital_2",
        "trainset-hold_out",
        "split1-split2",
        "internal_train-external_test",
        "1st fold-2nd fold-kfold3",
        "trainval-hold out set",
    )
)


def draw_tree(rng, root, outer):
    """Write two images for each of some classes below each outer folder; return their labels."""
    classes = {name.casefold(): name for name in rng.choice(CLASSES, rng.integers(2, 7), False)}
    if len(classes) < 2:
        classes = {"blast": "blast", "normal": "normal"}
    style = str(rng.choice(STYLES))
    labels = {}
    for number, folder in enumerate(outer):
        for place, label in enumerate(classes.values()):
            field = 20 * number + place + 1
            for k, pair in enumerate(("bmp", "png")):
                file = style.format(field=field, k=k, cell=2 * field + k, pair=pair)
                name = "/".join(filter(None, (folder, label, file)))
                labels[name] = label
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_bytes(PNG)
    return labels


@pytest.mark.parametrize("seed", range(100))
def test_class_folders_keep_their_labels_whatever_the_names(tmp_path, seed):
    rng = np.random.default_rng(seed)
    root = tmp_path / rng.choice(("cells", "my_C-NMC_work", "ALL_IDB2", "PBC", "archive"))
    labels = draw_tree(rng, root, ("",))
    listing = list_images(root)
    assert {entry.name: entry.label for entry in listing.entries} == labels
    assert listing.layout == "class folders"


@pytest.mark.parametrize("wrapper", ["", "images", "dataset2-master/images"])
@pytest.mark.parametrize("splits", SPLITS, ids="-".join)
def test_the_class_is_below_the_splits(tmp_path, splits, wrapper):
    rng = np.random.default_rng(len("".join(splits)))
    outer = ["/".join(filter(None, (wrapper, split))) for split in splits]
    labels = draw_tree(rng, tmp_path, outer)
    listing = list_images(tmp_path)
    assert {entry.name: entry.label for entry in listing.entries} == labels
    assert {entry.extra["Split"] for entry in listing.entries} == set(splits)
    assert any(", ".join(sorted(splits)) in note for note in listing.notes)


def levels(*paths):
    read = read_levels([tuple(path.split("/")[:-1]) for path in paths])
    return list(read.labels), list(read.notes)


@pytest.mark.parametrize(
    ("paths", "labels", "note"),
    [
        # Patients, slides, splits and masks below the classes.
        (("blast/p01/1", "blast/p02/2", "normal/p01/3", "normal/p02/4"), "bbnn", "are classes"),
        (("x/p01/1", "x/p02/2", "y/p01/3", "y/p02/4"), "xxyy", "are classes"),
        (("healthy/mono/1", "healthy/lymph/2", "sick/mono/3", "sick/lymph/4"), "hhss", "classes"),
        (("x/train/1", "x/test/2", "y/train/3", "y/test/4"), "xxyy", None),
        (("x/images/1", "x/masks/2", "y/images/3", "y/masks/4"), "xxyy", None),
        # A word of splits among classes.
        (("test/1", "control/2"), "tc", None),
        (("test/a/1", "control/b/2"), "tc", None),
        (("x/left/1", "x/up/2", "y/left/3", "z/down/4"), "xxyz", "hold a folder left"),
        # Patients around the classes; a class may be missing.
        (("p1/blast/1", "p1/normal/2", "p2/normal/3"), "bnn", "splits"),
        # One class.
        (("blast/train/1", "blast/test/2"), "bb", None),
        (("blast/deep/er/1",), "b", None),
        (("train/1", "test/2"), [None, None], "splits"),
        (("sain_test/1", "malade_test/2"), "sm", None),
        (("blast_test/x/1", "normal_test/y/2"), "bn", None),
        (("train/x/1", "train/y/2", "masks/x/1"), "xym", "splits"),
        (("masks/1",), "m", None),
    ],
)
def test_other_levels(paths, labels, note):
    found, notes = levels(*paths)
    assert [name and name[0] for name in found] == list(labels)
    assert bool(notes) == bool(note)
    if note:
        assert note in notes[0]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *((name, True) for splits in SPLITS for name in splits if name not in ("A", "B")),
        ("blast_test", False),
        ("attest", False),
        ("trainee", False),
        ("valine", False),
        ("contest", False),
        ("set", False),
        ("1", False),
        ("", False),
    ],
)
def test_split_names(name, expected):
    is_place = name in ("Oslo", "Bergen") or name.startswith(("hospital", "internal", "external"))
    assert is_split_name(name) == (expected and not is_place)


def test_folders_are_those_below_the_input(tmp_path):
    """They do not depend on how the input is typed."""
    image = TreeFile("1.png", "a/b/1.png")
    assert image.folders == ("a", "b")
    assert TreeFile(str(tmp_path / "1.png"), "1.png").folders == ()
    assert Tree(tmp_path, (image,)).images[0].folders == ("a", "b")
