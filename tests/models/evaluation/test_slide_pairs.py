"""Pairs of slides held out: counted, separated by camera; a shift of colour is detected."""

import json

import numpy as np
import pytest
from support.html_pages import read
from support.tables.synthetic_tables import (
    SIGNAL,
    WEAK_SIGNAL,
    column_dictionary,
    synthetic_table,
    write_table,
)

from models.dataset.training_set import training_set
from models.evaluation.slide_pairs import (
    DIFFERENT,
    MAX_TRAINING_CELLS,
    MOST_OF_A_SLIDE,
    SAME,
    UNKNOWN,
    PairFigures,
    SlidePair,
    chosen_pairs,
    figures_by_kind,
    pair_aurocs,
    slide_pairs,
    split_of,
)
from models.learning.estimators import ESTIMATORS
from pipelines.train import train
from pipelines.training.training_settings import TrainingSettings
from pipelines.training.training_table import TrainingTable
from pipelines.validation.held_out_slides import evaluate_slide_pairs, plan_slide_pairs
from pipelines.validation.protocol import Protocol

QUICK = {"folds": 3, "repeats": 1, "estimator": "logistic"}


def listed(*cells: tuple[str, str, bool]) -> list[SlidePair]:
    slides, cameras, positive = zip(*cells, strict=True)
    return slide_pairs(np.array(slides), np.array(cameras), np.array(positive))


A, B = ("a", "Olympus", True), ("b", "Canon", True)
C, D = ("c", "Canon", False), ("d", "Canon", False)


def test_every_pair_of_classes_is_listed_with_its_cameras():
    assert listed(A, B, C, D, A, D) == [
        SlidePair("a", "c", DIFFERENT),
        SlidePair("a", "d", DIFFERENT),
        SlidePair("b", "c", SAME),
        SlidePair("b", "d", SAME),
    ]


@pytest.mark.parametrize(
    ("cells", "pairs"),
    [
        ((A, B, C, D, ("", "Canon", True), ("", "Canon", False)), 4),
        ((A, B, C, D, ("a", "Olympus", False)), 0),
        ((A, C, D), 0),
        ((A, B, C), 0),
    ],
    ids=["cells of no slide", "a slide of both classes", "one positive", "one other"],
)
def test_cells_that_form_no_pair(cells, pairs):
    assert len(listed(*cells)) == pairs


@pytest.mark.parametrize("more", [("b", "", True), ("b", "Nikon", True)], ids=["gap", "two"])
def test_an_ambiguous_camera_counts_as_not_known(more):
    kinds = {(one.positive, one.negative): one.kind for one in listed(A, B, C, D, more)}
    assert kinds["a", "c"] == DIFFERENT
    assert kinds["b", "c"] == kinds["b", "d"] == UNKNOWN


def test_pairs_are_bounded_by_kind():
    pairs = [SlidePair("a", str(i), SAME) for i in range(7)]
    pairs += [SlidePair("b", str(i), DIFFERENT) for i in range(2)]
    chosen = chosen_pairs(pairs, 3)
    assert [(one.positive, one.negative) for one in chosen] == [
        ("a", "0"),
        ("a", "3"),
        ("a", "6"),
        ("b", "0"),
        ("b", "1"),
    ]
    assert chosen_pairs(pairs) == pairs


def test_a_split_leaves_out_the_pair_its_groups_and_cells_of_no_slide():
    slides = np.array(["a", "b", "c", "d", "c", "", "d"])
    groups = np.array([0, 1, 2, 3, 0, 4, 3])  # the fifth cell, of c, is a copy of the first, of a
    train_rows, test_rows = split_of(SlidePair("a", "b", SAME), slides, groups)
    assert train_rows.tolist() == [2, 3, 6]
    assert test_rows.tolist() == [0, 1]


def test_a_split_is_bounded_and_the_small_slides_are_kept_whole():
    slides = np.repeat(["a", "b", "c", "d", "e"], [MOST_OF_A_SLIDE + 50, 9, 40, 2_000, 3_000])
    groups = np.arange(len(slides))
    pair = SlidePair("a", "b", SAME)
    train_rows, test_rows = split_of(pair, slides, groups, seed=1)
    assert np.unique(slides[test_rows], return_counts=True)[1].tolist() == [MOST_OF_A_SLIDE, 9]
    counts = dict(zip(*np.unique(slides[train_rows], return_counts=True), strict=True))
    assert counts == {"c": 40, "d": 480, "e": 480}
    assert sum(counts.values()) == MAX_TRAINING_CELLS
    again = split_of(pair, slides, groups, seed=1)
    assert all(map(np.array_equal, again, (train_rows, test_rows)))


def test_areas_of_pairs_by_hand():
    """The column is the class on the other slides; on the pair one of four is in order."""
    feature = np.array([0, 0, 1, 1, 0.2, 0.6, 0.4, 0.7])[:, None]
    positive = np.array([False, False, True, True, True, True, False, False])
    split = (np.arange(4), np.arange(4, 8))
    found = pair_aurocs(ESTIMATORS["logistic"], feature, positive, [split])
    assert found.tolist() == [0.25]
    flat = np.where(np.arange(8)[:, None] < 4, 1.0, feature)
    assert pair_aurocs(ESTIMATORS["logistic"], flat, positive, [split]).tolist() == [0.5]
    one_class = (np.arange(2), np.arange(4, 8))
    assert np.isnan(pair_aurocs(ESTIMATORS["logistic"], feature, positive, [one_class])).all()


def test_figures_are_of_one_kind_each():
    pairs = [SlidePair("a", "c", SAME)] * 2 + [SlidePair("a", "d", DIFFERENT)] * 3
    figures = figures_by_kind(pairs, np.array([0.5, 0.75, 1.0, np.nan, 0.0]))
    assert figures == {
        SAME: PairFigures(2, 0.625, 0.5, 0.75),
        DIFFERENT: PairFigures(2, 0.5, 0.0, 1.0),
    }


def on_slides(shift: float = 8.0):
    """Three blast slides of an Olympus, one of a Canon, and three normal ones of that Canon.

    Shape separates the classes on all slides. Colour is that of the camera: it separates the
    classes on all slides but that of the Canon's blasts.
    """
    table = synthetic_table(28, 5, strength=3.0, noise=2)
    subject = table["Metadata_Subject"].str[1:].astype(int).to_numpy()
    blast = (table["Metadata_Label"] == "blast").to_numpy()
    number = subject // 2 % np.where(blast, 4, 3)
    table["Metadata_Slide"] = np.where(blast, "p", "n") + number.astype(str).astype(object)
    canon = ~blast | (number == 3)
    table["Metadata_Camera"] = np.where(canon, "Canon", "Olympus")
    noise = np.random.default_rng(1).normal(size=len(table))
    # The Canon's blasts have slightly higher values than its normal cells, unlike other blasts.
    table[WEAK_SIGNAL] = noise + shift * canon + 2 * (blast & canon)
    return table


def held_out(table):
    """Plan and record of the pairs of slides, and the numbers of fits that were reported."""
    columns = column_dictionary(2)
    cells = TrainingTable(
        {"columns": columns}, table, training_set(table, columns), ESTIMATORS["svm"]
    )
    plan, fits = plan_slide_pairs(cells), []
    if plan is None:
        return None, None, fits
    protocol = Protocol(folds=3, repeats=1, seed=0, jobs=1)
    return plan, evaluate_slide_pairs(plan, cells, protocol, fits.append), fits


def test_colour_of_the_camera_fails_on_pairs_of_one_camera_and_shape_does_not():
    plan, found, fits = held_out(on_slides())
    assert (found["existing"], found["tried"]) == (12, 12)
    assert fits == [12] * 4
    assert plan.fits == sum(fits)
    by_name = {one["name"]: one for one in found["features"]}
    assert list(by_name) == ["all features", "AreaShape", "Intensity", "Texture"]
    assert [by_name[name]["columns"] for name in by_name] == [4, 1, 1, 2]
    colour, shape = by_name["Intensity"]["figures"], by_name["AreaShape"]["figures"]
    assert (colour[SAME]["pairs"], colour[DIFFERENT]["pairs"]) == (3, 9)
    assert colour[SAME]["mean"] < 0.2
    assert colour[DIFFERENT]["least"] > 0.99
    assert shape[SAME]["mean"] > 0.9
    assert shape[DIFFERENT]["mean"] > 0.9
    assert {(one["positive"], one["kind"]) for one in found["pairs"]} == {
        ("p0", DIFFERENT),
        ("p1", DIFFERENT),
        ("p2", DIFFERENT),
        ("p3", SAME),
    }


def test_nothing_is_recorded_without_slides_or_with_three_classes():
    table = on_slides()
    assert held_out(table.drop(columns="Metadata_Slide"))[0] is None
    table["Metadata_Label"] = np.where(table.index % 3 == 0, "other", table["Metadata_Label"])
    assert held_out(table)[0] is None


def test_without_cameras_the_kind_is_not_known():
    _, found, _ = held_out(on_slides().drop(columns="Metadata_Camera"))
    assert {one["kind"] for one in found["pairs"]} == {UNKNOWN}


def test_the_report_separates_the_kinds_of_pairs_and_gives_no_overall_mean(tmp_path):
    table = on_slides()
    table[SIGNAL] = np.random.default_rng(2).normal(size=len(table))
    done = train(
        write_table(tmp_path, table, column_dictionary(2)),
        tmp_path / "model",
        TrainingSettings(**QUICK),
    )
    found = json.loads((done.out / "evaluation.json").read_text())["slide_pairs"]
    whole = found["features"][0]["figures"]
    _, words = read(done.out / "report.html")
    # a family's name is never broken in two, however narrow the page
    assert '<th scope="row">AreaShape</th>' in (done.out / "report.html").read_text()
    assert "12 of 12 pairs (same camera: 3, different cameras: 9)" in words
    assert f"{whole[SAME]['mean']:.3f}; where it can help, {whole[DIFFERENT]['mean']:.3f}" in words
    every = np.mean([one["auroc"] for one in found["pairs"]])
    assert f"{every:.3f}" not in words[words.rindex("Unseen slides") :][:1500]
    assert "logistic regression" in found["estimators"].values()


def test_a_report_without_slides_has_no_such_section(tmp_path):
    done = train(
        write_table(tmp_path, synthetic_table()), tmp_path / "model", TrainingSettings(**QUICK)
    )
    assert "Unseen slides" not in read(done.out / "report.html")[1]
    assert json.loads((done.out / "evaluation.json").read_text())["slide_pairs"] is None
