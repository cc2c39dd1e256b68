"""Named features compared with an embedding: planted signals are found in the right set."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from support.html_pages import read
from support.processes.recorded_progress import RecordedProgress
from support.tables.embedding_tables import (
    DICTIONARY,
    QUICK,
    WIDTH,
    embedding_columns,
    embedding_table,
    write_embedding_table,
)
from support.tables.synthetic_tables import column_dictionary

from models.dataset.training_set import training_set
from models.errors import ModelError
from models.evaluation.comparison import compare as compare_contenders
from models.evaluation.feature_sets import feature_sets, set_importances, with_reduction
from models.explanation.feature_groups import feature_groups
from models.learning.cross_validation import cross_validate
from models.learning.estimators import ESTIMATORS
from pipelines.compare import compare
from pipelines.comparison.comparison_settings import ComparisonSettings
from pipelines.comparison.page import summary


def gaps(record, estimator="svm"):
    return {
        (one["first"], one["second"]): one["figures"]["accuracy"]
        for one in record["differences"]
        if one["estimator"] == estimator
    }


def test_columns_of_the_whole_image_are_not_used_for_training():
    data = training_set(embedding_table(), DICTIONARY)
    assert not any(name.startswith("Image_") for name in data.columns)
    assert sum(name.startswith("Cells_Embedding") for name in data.columns) == WIDTH


def test_feature_sets_divide_the_columns():
    names = list(DICTIONARY)
    sets = {one.name: one for one in feature_sets(names, DICTIONARY)}
    assert list(sets)[:4] == ["handcrafted", "embedding", "both", "embedding with background"]
    named, embedded = set(sets["handcrafted"].columns), set(sets["embedding"].columns)
    assert not named & embedded
    assert named | embedded == set(sets["both"].columns)
    assert [names[i] for i in sets["both"].columns[sets["both"].embedded]] == list(
        embedding_columns("Cells")
    )
    families = [set(one.columns) for name, one in sets.items() if name in {"AreaShape", "Texture"}]
    assert set.union(*families) < named
    assert not set.intersection(*families)


@pytest.mark.parametrize(
    ("dictionary", "line"),
    [
        (column_dictionary(), "no embedding to compare with"),
        (embedding_columns("Cells"), "except the embedding"),
    ],
)
def test_a_table_with_only_one_kind_of_features_is_refused(tmp_path, dictionary, line):
    table = embedding_table()
    kept = [name for name in table if name.startswith("Metadata_") or name in dictionary]
    with pytest.raises(ModelError, match=line):
        compare(
            write_embedding_table(tmp_path, table[kept], dictionary),
            tmp_path / "out",
            ComparisonSettings(**QUICK),
        )
    assert not (tmp_path / "out").exists()


def test_components_are_fitted_on_the_training_cells_only():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(60, 20))
    target = np.arange(60) % 2
    groups = np.arange(60) // 4 * 2 + target
    estimator = with_reduction(ESTIMATORS["logistic"], np.arange(5, 20), most=3)
    settings = {"classes": ("a", "b"), "folds": 3, "repeats": 1}
    first = cross_validate(estimator, features, target, groups, **settings)[0]
    scaler = first.model.pipeline["reduce"].named_transformers_["embedding"]["scale"]
    assert np.allclose(scaler.mean_, features[first.train][:, 5:].mean(axis=0))
    changed = features.copy()
    changed[first.test] *= 100
    again = cross_validate(estimator, changed, target, groups, **settings)[0]
    assert np.array_equal(
        first.model.probabilities(features[:4]), again.model.probabilities(features[:4])
    )
    assert first.model.pipeline["reduce"].transform(features).shape == (60, 3 + 5)


def test_an_estimator_without_an_embedding_is_not_changed():
    assert with_reduction(ESTIMATORS["svm"], np.array([], dtype=int)) is ESTIMATORS["svm"]


def test_equal_contenders_do_not_differ_in_any_draw():
    rng = np.random.default_rng(0)
    target, groups = np.arange(90) % 3, np.arange(90) // 6
    chances = rng.dirichlet(np.ones(3), size=(2, 90))
    found = compare_contenders(
        target, {"a": chances, "b": chances.copy()}, groups, None, [("a", "b")], draws=50
    )
    for one in found.differences["a", "b"].values():
        assert (one.value, one.low, one.high) == (0.0, 0.0, 0.0)
    assert found.figures["a"]["accuracy"].low < found.figures["a"]["accuracy"].high


def test_the_interval_of_a_difference_uses_the_pairing():
    rng = np.random.default_rng(1)
    target = np.arange(400) % 2
    groups = np.arange(400) // 10
    hard = np.repeat(rng.random(40) < 0.4, 10)  # whole subjects that both get wrong
    right = np.where(hard, 1 - target, target)
    better = right.copy()
    worse = right.copy()
    worse[rng.choice(400, 8, replace=False)] ^= 1
    chances = {
        name: np.stack([1 - called, called], axis=1)[None].astype(float) * 0.8 + 0.1
        for name, called in (("better", better), ("worse", worse))
    }
    found = compare_contenders(target, chances, groups, 1, [("better", "worse")])
    gap = found.differences["better", "worse"]["accuracy"]
    expected = np.mean(better == target) - np.mean(worse == target)
    assert gap.value == pytest.approx(expected)
    single = found.figures["better"]["accuracy"]
    assert gap.high - gap.low < 0.4 * (single.high - single.low)


def test_the_signal_is_found_in_the_named_features(tmp_path):
    record = compare(
        write_embedding_table(tmp_path, embedding_table()),
        tmp_path / "out",
        ComparisonSettings(**QUICK),
    ).record
    found = gaps(record)
    assert found["embedding", "handcrafted"]["high"] < 0
    assert found["both", "embedding"]["low"] > 0
    rises = {one["set"]: one["mean"] for one in record["importances_of_both"]}
    assert rises["all named features"] > 5 * abs(rises["embedding"])
    assert rises["AreaShape"] > rises["Texture"]


def test_the_signal_is_found_in_the_embedding_and_in_the_background(tmp_path):
    path = write_embedding_table(tmp_path, embedding_table(strength=0.0, image=2.0))
    found = gaps(compare(path, tmp_path / "out", ComparisonSettings(**QUICK)).record)
    assert found["embedding with background", "embedding"]["low"] > 0
    path = write_embedding_table(tmp_path, embedding_table(strength=0.0, cells=2.0))
    record = compare(path, tmp_path / "out", ComparisonSettings(**QUICK)).record
    assert gaps(record)["embedding", "handcrafted"]["low"] > 0
    assert any("embedding minus handcrafted" in one and "better" in one for one in summary(record))
    rises = {one["set"]: one["mean"] for one in record["importances_of_both"]}
    assert rises["embedding"] > 5 * abs(rises["all named features"])


def test_the_page_and_the_json_hold_every_contender(tmp_path):
    out = tmp_path / "out"
    settings = QUICK | {"estimators": ("svm", "xgboost")}
    compared = compare(
        write_embedding_table(tmp_path, embedding_table()), out, ComparisonSettings(**settings)
    )
    stored = json.loads((out / "comparison.json").read_text())
    assert stored["cost"] is None  # the images are not there
    assert {one["set"] for one in stored["contenders"] if one["family"]} == {
        "AreaShape",
        "Intensity",
        "Texture",
    }
    kinds = [(one["set"], one["estimator"]) for one in stored["contenders"] if not one["family"]]
    assert len(kinds) == len(set(kinds)) == 8
    page = (out / "comparison.html").read_text()
    assert page.count("<img ") == 1
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    read(out / "comparison.html")
    for one in compared.record["contenders"]:
        assert f'<th scope="row">{one["set"]}</th><td>{one["estimator"]}</td>' in page
    assert (out / "comparison.png").read_bytes().startswith(b"\x89PNG")


def test_equal_tables_give_equal_comparisons(tmp_path):
    path = write_embedding_table(tmp_path, embedding_table())
    both = [
        compare(path, tmp_path / name, ComparisonSettings(jobs=jobs, **QUICK)).out
        for name, jobs in (("a", 1), ("b", 2))
    ]
    first, second = ((out / "comparison.json").read_bytes() for out in both)
    assert first.replace(b'"jobs": 1', b'"jobs": 2') == second


def test_a_folder_that_cannot_be_written_is_refused_before_the_work(tmp_path):
    (tmp_path / "out").write_text("a file")
    progress = RecordedProgress()
    with pytest.raises(ModelError, match="out cannot be written to"):
        compare(
            write_embedding_table(tmp_path, embedding_table()),
            tmp_path / "out",
            ComparisonSettings(**QUICK),
            progress,
        )
    assert progress.steps == []


def test_a_wrong_folder_of_images_is_refused(tmp_path):
    with pytest.raises(ModelError, match="none is no folder; name the folder of the images"):
        compare(
            write_embedding_table(tmp_path, embedding_table()),
            tmp_path / "out",
            ComparisonSettings(images=tmp_path / "none", **QUICK),
        )


def test_an_embedding_is_one_cluster_of_the_importances():
    data = training_set(embedding_table(), DICTIONARY)
    groups = feature_groups(data.features, data.columns, DICTIONARY)
    found = [one for one in groups if one.level == "cluster" and one.name == "Embedding"]
    assert [len(one.columns) for one in found] == [WIDTH]
    clustered = np.concatenate([one.columns for one in groups if one.level == "cluster"])
    assert sorted(clustered) == list(range(len(data.columns)))


def test_an_unused_set_has_no_importance():
    rng = np.random.default_rng(0)
    features = np.hstack([rng.normal(size=(80, 2)), np.full((80, 1), 3.0)])
    target = (features[:, 0] > 0).astype(int)
    done = cross_validate(
        ESTIMATORS["logistic"], features, target, np.arange(80), classes=("a", "b"), folds=2
    )
    rises = set_importances(done, features, target, {"x": np.array([0]), "still": np.array([2])})
    assert rises["still"] == pytest.approx((0.0, 0.0), abs=1e-12)
    assert rises["x"][0] > 0.1


def test_a_component_has_the_variance_of_any_other_column():
    features = np.random.default_rng(0).normal(size=(200, 80))
    estimator = with_reduction(ESTIMATORS["svm"], np.arange(50, 80), most=5)
    pipeline = estimator.fit(features, np.arange(200) % 2, 0)
    placed = pipeline[:-1].transform(features)
    assert placed.shape == (200, 55)
    assert placed.var(axis=0) == pytest.approx(1.0)
