"""Labels of single cells: marks drawn around drawn cells, and tables and files of marks."""

from __future__ import annotations

import numpy as np
import pytest

from data.errors import DataError
from data.files.cell_marks import CellMark, CellMarks, mark_cells
from data.listing.cell_tables import with_cell_labels
from data.listing.list_images import list_images

SIDE = 50  # of the square of a grid that holds one cell, pixels


def draw_cells(rng):
    """Return boxes and centroids of cells that do not touch, in some squares of a grid."""
    boxes, centroids = [], []
    for row in range(4):
        for col in range(4):
            if rng.random() < 0.6:
                rows, cols = (int(size) for size in rng.integers(12, 40, 2))
                top = SIDE * row + int(rng.integers(1, SIDE - rows))
                left = SIDE * col + int(rng.integers(1, SIDE - cols))
                boxes.append((top, left, rows, cols))
                shift = rng.uniform(-0.1, 0.1, 2)
                centroids.append((top + rows * (0.5 + shift[0]), left + cols * (0.5 + shift[1])))
    return boxes, centroids


def draw_mark(rng, box, label, *, point):
    """Return a mark that a person could have drawn of a cell."""
    top, left, rows, cols = box
    row, col = top + rows * rng.uniform(0.35, 0.65), left + cols * rng.uniform(0.35, 0.65)
    if point:
        return CellMark(row, col, 0, 0, label)
    return CellMark(row, col, rows * rng.uniform(0.8, 1.3), cols * rng.uniform(0.8, 1.3), label)


@pytest.mark.parametrize("point", [True, False])
@pytest.mark.parametrize("seed", range(50))
def test_each_mark_labels_its_cell_and_no_other(seed, point):
    rng = np.random.default_rng(seed)
    boxes, centroids = draw_cells(rng)
    truth = [str(rng.choice(["blast", "lymphocyte", ""])) or None for _ in boxes]
    marks = [
        draw_mark(rng, box, label, point=point)
        for box, label in zip(boxes, truth, strict=True)
        if label
    ]
    rng.shuffle(marks)
    found = mark_cells(CellMarks(tuple(marks)), centroids, boxes)
    assert (list(found.labels), found.missed) == (truth, 0)
    others = mark_cells(CellMarks(tuple(marks), "normal"), centroids, boxes)
    assert list(others.labels) == [label or "normal" for label in truth]


def test_marks_of_two_labels_on_one_cell_give_none():
    marks = (CellMark(5, 5, 0, 0, "a"), CellMark(6, 6, 0, 0, "b"), CellMark(5, 6, 0, 0, "a"))
    assert mark_cells(CellMarks(marks, "c"), [(5, 5)], [(0, 0, 10, 10)]).labels == (None,)
    assert mark_cells(CellMarks(marks[::2], "c"), [(5, 5)], [(0, 0, 10, 10)]).labels == ("a",)


def test_a_mark_on_no_cell_leaves_the_cells_close_to_it_without_a_label():
    marks = CellMarks((CellMark(14, 5, 0, 0, "blast"),), "normal")
    boxes = [(0, 0, 10, 10), (0, 60, 10, 10)]
    found = mark_cells(marks, [(5, 5), (5, 65)], boxes)
    assert (found.labels, found.missed) == ((None, "normal"), 1)


def test_a_box_around_several_cells_labels_the_one_in_its_middle_only():
    mark = CellMark(10, 15, 20, 60, "blast")
    found = mark_cells(CellMarks((mark,)), [(10, 14), (10, 40)], [(0, 5, 20, 20), (0, 30, 20, 20)])
    assert found.labels == ("blast", None)


FORMS = (
    ("image,label,x,y", "{x},{y}", (0, 0)),
    ("image;Class;Row;Col", "{y};{x}", (0, 0)),
    ("image,label,x0,y0,x1,y1", "{left},{top},{right},{bottom}", (8, 6)),
    ("image,class,xmin,ymin,xmax,ymax", "{left},{top},{right},{bottom}", (8, 6)),
    ("image\tlabel\tx\ty\twidth\theight", "{left}\t{top}\t6\t8", (8, 6)),
)


@pytest.fixture
def fields(tmp_path):
    for name in ("in/blast/f.jpg", "in/normal/g.jpg", "in/normal/h.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"\xff\xd8\xff")
    return list_images(tmp_path / "in")


@pytest.mark.parametrize(("head", "place", "size"), FORMS)
@pytest.mark.parametrize(
    "name",
    ["blast/f.jpg", "f.jpg", "f", "./blast\\f.jpg", "/data/in/blast/f.jpg", "../in/blast/f.jpg"],
)
def test_tables_of_marks(fields, tmp_path, head, place, size, name):
    separator = next(one for one in "\t;," if one in head)
    line = place.format(x=40.5, y=30, left=37.5, right=43.5, top=26, bottom=34)
    rows = [f"{name}{separator}lymphocyte{separator}{line}"]
    rows += [f"unknown.jpg{separator}x{separator}{line}"]
    path = tmp_path / "cells.csv"
    path.write_text("\n".join([head, *rows]), "utf-8")
    listing = with_cell_labels(fields, path)
    mark = CellMark(30, 40.5, *size, "lymphocyte")
    assert [one.marks for one in listing.entries] == [CellMarks((mark,)), None, None]
    assert listing.notes[-2:] == (
        "cells.csv labels 1 cells in 1 images",
        "cells.csv: 1 rows name no image, or several",
    )


def test_files_of_centres_have_the_label_of_their_image(fields, tmp_path):
    (tmp_path / "xyc/blast").mkdir(parents=True)
    (tmp_path / "xyc/blast/f.xyc").write_text("12\t34\n\n5 6.5\n", "utf-8")
    (tmp_path / "xyc/g.xyc").write_text("", "utf-8")
    listing = with_cell_labels(fields, tmp_path / "xyc")
    marks = (CellMark(34, 12, 0, 0, "blast"), CellMark(6.5, 5, 0, 0, "blast"))
    assert [one.marks for one in listing.entries] == [CellMarks(marks), CellMarks(()), None]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("image,x,y\nf.jpg,1,2\n", "has no column 'label'"),
        ("image,label\nf.jpg,a\n", "row 2 has no place of a cell"),
        ("image,label,x,y\nf.jpg,a,1,\n", "row 2 has no place of a cell"),
        ("image,label,x,y\nf.jpg,a,1,left\n", "row 2: 'left' is not a number of pixels"),
        ("image,label,x0,y0,x1,y1\nf.jpg,a,9,9,1,1\n", r"a box from \(9, 9\) to \(1, 1\)"),
        ("image,label,x,y\nz.jpg,a,1,2\n", "names none of the 3 images"),
    ],
)
def test_tables_that_are_refused(fields, tmp_path, text, reason):
    path = tmp_path / "cells.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(DataError, match=reason):
        with_cell_labels(fields, path)


def test_a_file_name_of_several_images_is_not_guessed(tmp_path):
    for name in ("a/1.png", "b/1.png"):
        (tmp_path / "in" / name).parent.mkdir(parents=True)
        (tmp_path / "in" / name).write_bytes(b"\x89PNG\r\n\x1a\n")
    path = tmp_path / "cells.csv"
    path.write_text("image,label,x,y\n1.png,x,1,2\nin/b/1.png,y,1,2\n", "utf-8")
    listing = with_cell_labels(list_images(tmp_path / "in"), path)
    mark = CellMark(2, 1, 0, 0, "y")
    assert [one.marks for one in listing.entries] == [None, CellMarks((mark,))]
    assert listing.notes[-1] == "cells.csv: 1 rows name no image, or several"


@pytest.mark.parametrize("line", ["1", "1 2 3", "a b"])
def test_files_of_centres_that_are_refused(fields, tmp_path, line):
    (tmp_path / "f.xyc").write_text(f"1 2\n{line}\n", "utf-8")
    with pytest.raises(DataError, match=r"f\.xyc, row 2: "):
        with_cell_labels(fields, tmp_path)
