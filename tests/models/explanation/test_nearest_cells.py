"""The nearest training cells, and cells that are unlike all training cells."""

import numpy as np
import pandas as pd
import pytest

from models.errors import ModelError
from models.explanation import nearest_cells as module
from models.explanation.nearest_cells import fit_nearest_cells, load_nearest_cells, stratified
from models.explanation.novelty import Novelty
from models.explanation.training_reference import make_reference

NAMES = [f"f{i}" for i in range(12)]


def fitted(cells=400, seed=0):
    """Fit on cells in a three-dimensional subspace of twelve columns, in groups of four."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(cells, 3))
    features = hidden @ rng.normal(size=(3, 12)) + 0.05 * rng.normal(size=(cells, 12))
    target = np.arange(cells) // 4 % 2
    who = {
        "image": [f"{i}.png" for i in range(cells)],
        "cell": [1 + i % 3 for i in range(cells)],
        "label": [("blast", "normal")[code] for code in target],
        "subject": [f"S{i // 4}" for i in range(cells)],
    }
    groups = np.arange(cells) // 4
    return fit_nearest_cells(features, target, groups, NAMES, who), features, target


def scored(near, features, target, table):
    reference = make_reference(features, target, NAMES, ("blast", "normal"))
    return Novelty(reference, near, None).scores(table)


def test_the_nearest_training_cell_of_a_training_cell_is_itself():
    near, features, _ = fitted()
    table = pd.DataFrame(features[:40], columns=NAMES)
    for row, found in enumerate(near.nearest(table[NAMES[::-1]])):
        assert (found[0].image, found[0].cell) == (f"{row}.png", 1 + row % 3)
        assert found[0].distance < 1e-3 * near.usual
        assert found[0].subject == f"S{row // 4}"
        distances = [one.distance for one in found]
        assert distances == sorted(distances)
        assert len(found) == module.NEAREST


def test_the_nearest_cells_are_those_of_an_exhaustive_search():
    near, features, _ = fitted(60)
    fresh = fitted(61, seed=0)[1][-1:]
    places = near.project(pd.DataFrame(np.vstack([features, fresh]), columns=NAMES))
    distances = np.linalg.norm(places[:-1] - places[-1], axis=1)
    (found,) = near.nearest(pd.DataFrame(fresh, columns=NAMES))
    expected = np.argsort(distances)[: module.NEAREST]
    assert [one.image for one in found] == [f"{row}.png" for row in expected]
    assert [one.distance for one in found] == pytest.approx(distances[expected], rel=1e-4)
    (mean,) = near.distance(pd.DataFrame(fresh, columns=NAMES))
    assert mean == pytest.approx(distances[expected].mean(), rel=1e-4)


def test_a_distant_cell_is_flagged_and_a_training_cell_is_not():
    near, features, target = fitted()
    table = pd.DataFrame(features, columns=NAMES)
    unlike = [one.unlike for one in scored(near, features, target, table)]
    assert np.mean(unlike) < 0.02
    for one in scored(near, features, target, table.iloc[:3] + 50):
        assert one.unlike
        assert one.share == 1
        assert one.distance > 1


def test_an_unseen_combination_is_flagged_though_every_value_is_in_range():
    near, features, target = fitted()
    reference = make_reference(features, target, NAMES, ("blast", "normal"))
    low, high = np.quantile(features, [0.03, 0.97], axis=0)
    mixed = pd.DataFrame([np.where(np.arange(12) % 2, low, high)], columns=NAMES)
    assert reference.out_of_range(mixed)[0] <= reference.usual
    (one,) = scored(near, features, target, mixed)
    assert one.distance > 1
    assert one.unlike


def test_a_cell_without_values_is_flagged():
    near, features, target = fitted()
    (one,) = scored(near, features, target, pd.DataFrame([[np.nan] * 12], columns=NAMES))
    assert one.unlike
    assert np.isnan(one.share)


def test_the_usual_distance_is_that_to_cells_of_other_groups():
    rng = np.random.default_rng(0)
    features = np.repeat(rng.normal(size=(40, 3)), 6, axis=0)  # six equal cells a group
    who = {"image": ["i"] * 240, "cell": [1] * 240, "label": ["a"] * 240, "subject": [None] * 240}
    target, groups = np.arange(240) // 6 % 2, np.repeat(np.arange(40), 6)
    near = fit_nearest_cells(features, target, groups, ["a", "b", "c"], who)
    apart = fit_nearest_cells(features, target, np.arange(240), ["a", "b", "c"], who)
    assert near.usual > 0.1
    assert apart.usual == pytest.approx(1e-9)  # each has five equal to it
    assert near.nearest(pd.DataFrame(features[:1], columns=["a", "b", "c"]))[0][0].subject is None


def test_a_large_table_is_sampled_in_proportion(monkeypatch):
    monkeypatch.setattr(module, "MOST_CELLS", 100)
    near, features, _ = fitted(800)
    assert len(near.cells) == 100
    assert near.cells["label"].value_counts().to_dict() == {"blast": 50, "normal": 50}
    assert np.isfinite(near.distance(pd.DataFrame(features, columns=NAMES))).all()
    target = np.array([0] * 990 + [1] * 9 + [2])
    kept = stratified(target, 100, np.random.default_rng(0))
    assert np.bincount(target[kept]).tolist() == [99, 1, 1]
    assert (np.diff(kept) > 0).all()


def test_it_is_stored_and_read_back(tmp_path):
    near, features, _ = fitted()
    for name, content in near.files().items():
        (tmp_path / name).write_bytes(content)
    table = pd.DataFrame(features, columns=NAMES)
    again = load_nearest_cells(tmp_path)
    assert again.distance(table) == pytest.approx(near.distance(table))
    for one, other in zip(again.nearest(table.head(3)), near.nearest(table.head(3)), strict=True):
        assert [near.image for near in one] == [near.image for near in other]
    assert fitted()[0].files() == near.files()  # equal cells give equal bytes
    (tmp_path / module.PROJECTION).write_bytes(b"no parquet")
    with pytest.raises(ModelError, match=r"projection\.parquet cannot be read"):
        load_nearest_cells(tmp_path)
    pd.DataFrame({"feature": ["x"]}).to_parquet(tmp_path / module.PROJECTION)
    with pytest.raises(ModelError, match="holds no training cells"):
        load_nearest_cells(tmp_path)
