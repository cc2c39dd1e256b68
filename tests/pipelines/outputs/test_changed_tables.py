"""A table that was changed after extract is described as it is, in whatever form it was saved."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from support.tables.synthetic_tables import SIGNAL, synthetic_table, write_table

from pipelines.outputs.read_table import read_table
from pipelines.outputs.sidecar import changed_table_notes, read_sidecar
from pipelines.train import train
from pipelines.training.training_settings import TrainingSettings
from pipelines.training.training_table import repeated_cell_notes

DRAWS = 150


def copied_with_sidecar(source, target):
    shutil.copy(source.with_suffix(".json"), target.with_suffix(".json"))


# Each takes the table and a generator, and returns a table with other content.
EDITS = {
    "rows removed": lambda t, rng: t.sample(len(t) - 1 - rng.integers(9), random_state=1),
    "rows repeated": lambda t, rng: pd.concat([t, t.iloc[: 1 + rng.integers(9)]]),
    "rows in another order": lambda t, rng: t.iloc[rng.permutation(len(t))],
    "a label": lambda t, rng: t.assign(
        Metadata_Label=t["Metadata_Label"].where(t.index != rng.integers(len(t)), "other")
    ),
    "a subject": lambda t, rng: t.assign(
        Metadata_Subject=t["Metadata_Subject"].where(t.index != rng.integers(len(t)), "S99")
    ),
    "a value": lambda t, rng: t.assign(
        **{SIGNAL: t[SIGNAL].where(t.index != rng.integers(len(t)), 0.5)}
    ),
    "a column of the user": lambda t, rng: t.assign(Metadata_Age=rng.integers(99)),
    "columns in another order": lambda t, rng: t[list(rng.permutation(t.columns))],
}


def test_drawn_edits_are_noticed_and_the_counts_of_the_other_table_left_out(tmp_path):
    rng = np.random.default_rng(3)
    path = write_table(tmp_path, synthetic_table())
    assert read_sidecar(path)["table"]["unchanged"]
    whole = pd.read_parquet(path)
    for draw in range(DRAWS):
        name = list(EDITS)[draw % len(EDITS)]
        edited = EDITS[name](whole, rng)
        target = tmp_path / f"e{draw}{('.parquet', '.csv')[draw % 2]}"
        edited.to_parquet(target) if draw % 2 == 0 else edited.to_csv(target, index=False)
        copied_with_sidecar(path, target)
        sidecar = read_sidecar(target)
        assert not sidecar["table"]["unchanged"], name
        assert sidecar["table"]["name"] == target.name
        assert sidecar["counts"] == {}
        (note,) = changed_table_notes(sidecar)
        assert note.startswith(f"{target.name} (SHA-256 "), note
        assert "describes cells.parquet" in note
        repeated = len(edited) - len(whole)
        notes = repeated_cell_notes(read_table(target))
        if name == "rows repeated":
            assert notes[0].startswith(f"{repeated} of {len(edited)} rows name the same cell")
        else:
            assert notes == []


def test_a_renamed_table_with_its_sidecar_is_unchanged(tmp_path):
    path = write_table(tmp_path, synthetic_table())
    target = tmp_path / "other.parquet"
    shutil.copy(path, target)
    copied_with_sidecar(path, target)
    sidecar = read_sidecar(target)
    assert sidecar["table"]["name"] == "other.parquet"
    assert changed_table_notes(sidecar) == []


@pytest.mark.parametrize("record", [None, {"name": "cells.parquet"}])
def test_a_sidecar_without_a_digest_verifies_nothing(tmp_path, record):
    path = write_table(tmp_path, synthetic_table())
    sidecar = json.loads(path.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(json.dumps(sidecar | {"table": record}))
    (note,) = changed_table_notes(read_sidecar(path))
    assert "a table without a SHA-256" in note


def drawn_index(rng, rows):
    """Return an index as programs and users make them."""
    return [
        lambda: pd.RangeIndex(rows),
        lambda: pd.Index(rng.integers(0, rows, rows)),
        lambda: pd.Index(np.zeros(rows, dtype=int)),
        lambda: pd.Index(rng.normal(size=rows)),
        lambda: pd.Index([f"r{one}" for one in rng.integers(0, rows, rows)]),
        lambda: pd.date_range("2020-01-01", periods=rows),
        lambda: pd.MultiIndex.from_arrays([list("ab" * (rows // 2)), range(rows)]),
    ][rng.integers(7)]()


def test_tables_with_drawn_indices_are_read_as_without(tmp_path):
    rng = np.random.default_rng(5)
    plain = synthetic_table()
    for draw in range(DRAWS):
        table = plain.iloc[np.sort(rng.choice(len(plain), 40, replace=bool(draw % 3)))]
        expected = table.reset_index(drop=True)
        form = rng.integers(4)
        if form == 0:
            stored = table.set_index("Metadata_Image")
        elif form == 1:
            stored = table.set_index(["Metadata_Image", "Metadata_Cell"])
        elif form == 2:
            stored = table.reset_index()
        else:
            stored = table.set_index(drawn_index(rng, len(table)))
        path = tmp_path / f"t{('.parquet', '.csv')[draw % 2]}"
        stored.to_parquet(path) if draw % 2 == 0 else stored.to_csv(path)
        found = read_table(path)
        pd.testing.assert_frame_equal(found[list(expected.columns)], expected, check_dtype=False)
        assert set(found.columns) == set(expected.columns)


def test_report_and_card_describe_the_changed_table(tmp_path):
    path = write_table(tmp_path, synthetic_table())
    (tmp_path / "cells.errors.csv").write_text("image,stage,reason,remedy\nx.png,decode,no,none\n")
    shutil.copy(tmp_path / "cells.errors.csv", tmp_path / "edited.errors.csv")
    target = tmp_path / "edited.parquet"
    pd.concat([pd.read_parquet(path).iloc[:40], pd.read_parquet(path).iloc[40:70]]).to_parquet(
        target
    )
    copied_with_sidecar(path, target)
    done = train(
        target,
        tmp_path / "model",
        TrainingSettings(folds=2, repeats=1, estimator="logistic", audit_cells=0),
    )
    record = json.loads((done.out / "evaluation.json").read_text())["data"]
    assert record["failures"] == []
    assert record["flow"]["images"] is None
    assert (record["flow"]["cells"], record["flow"]["named_images"]) == (70, 70)
    assert record["table"]["name"] == "edited.parquet"
    card = (done.out / "card.md").read_text("utf-8")
    assert "edited.parquet (SHA-256 " in card
    assert "extract IMAGES -o cells.parquet" in card
    assert "# edited.parquet was changed after this command" in card
    assert "Its rows name 70 images" in card
