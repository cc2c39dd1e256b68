"""compare: shortcuts are compared with every contender."""

import json

import numpy as np
import pytest
from support.tables.embedding_tables import QUICK, embedding_table, write_embedding_table

from pipelines.compare import compare
from pipelines.comparison.comparison_settings import ComparisonSettings
from pipelines.comparison.contender_shortcuts import shortcut_sentences
from pipelines.comparison.page import shortcut_table, summary


@pytest.fixture(scope="module")
def tinted(tmp_path_factory):
    """A signal in named features and embeddings, and a background from which the label follows."""
    table = embedding_table(strength=3.0, cells=1.5, image=1.5)
    rng = np.random.default_rng(0)
    blast = (table["Metadata_Label"] == "blast").to_numpy()
    table["Background_Intensity_Mean_Gray"] = 3.0 * blast + rng.normal(size=len(table)) * 0.3
    folder = tmp_path_factory.mktemp("audit")
    estimators = ("svm", "logistic")
    return compare(
        write_embedding_table(folder, table),
        folder / "out",
        ComparisonSettings(**QUICK | {"estimators": estimators}),
    )


def of(compared, estimator="svm"):
    return {
        one["name"]: one for one in compared.record["shortcuts"] if one["estimator"] == estimator
    }


def test_a_background_that_gives_the_label_comes_near_every_contender(tinted):
    for estimator in ("svm", "logistic"):
        found = of(tinted, estimator)["background pixels only"]
        assert found["suspicious"]
        assert set(found["share_of_lead"]) == {"handcrafted", "embedding", "both"}
        assert min(found["share_of_lead"].values()) > 0.9
    lines = summary(tinted.record)
    assert any("svm: background pixels only reach" in line and "both" in line for line in lines)


def test_shares_are_of_the_lead_over_chance(tinted):
    reached = {
        one["set"]: one["figures"]["balanced accuracy"]["value"]
        for one in tinted.record["contenders"]
        if one["estimator"] == "svm"
    }
    for one in of(tinted).values():
        for name, share in one["share_of_lead"].items():
            lead = one["figures"]["balanced accuracy"] - 0.5
            assert share == pytest.approx(max(0.0, lead / (reached[name] - 0.5)))


def test_named_features_are_no_shortcuts_of_the_embedding(tinted):
    assert set(of(tinted)["shape and size only"]["share_of_lead"]) == {"handcrafted", "both"}


def test_the_unmasked_image_is_compared_with_the_masked_cell(tinted):
    found = of(tinted)["the embedding of the unmasked picture"]
    assert set(found["share_of_lead"]) == {"embedding"}
    page = (tinted.out / "comparison.html").read_text()
    assert '<th scope="row">the embedding of the unmasked picture</th><td>svm</td>' in page
    stored = json.loads((tinted.out / "comparison.json").read_text())
    assert len(stored["shortcuts"]) == len(tinted.record["shortcuts"])


def test_noise_in_the_background_is_not_suspicious(tmp_path):
    compared = compare(
        write_embedding_table(tmp_path, embedding_table(strength=3.0)),
        tmp_path / "out",
        ComparisonSettings(**QUICK),
    )
    assert of(compared)["background pixels only"]["share_of_lead"]["handcrafted"] < 0.4
    assert not any("background pixels only" in line for line in summary(compared.record))


def test_a_share_above_one_is_written_in_words():
    near = {"handcrafted": 0.93, "embedding": 1.0, "both": 42.0, "other": 0.1}
    (line,) = shortcut_sentences(
        [
            {
                "estimator": "svm",
                "name": "corner pixels only",
                "suspicious": True,
                "share_of_lead": near,
            }
        ]
    )
    assert line.startswith(
        "svm: corner pixels only reach 93% of what handcrafted reaches, at least what embedding"
        " reaches, at least what both reaches beyond chance"
    )


def test_the_page_limits_shares_of_a_small_lead():
    one = {
        "estimator": "svm",
        "name": "corner pixels only",
        "columns": 3,
        "figures": {"balanced accuracy": 1.0, "AUROC": 1.0},
        "share_of_lead": {"handcrafted": 19.67, "both": 0.4},
    }
    (row,) = shortcut_table({"shortcuts": [one]}).rows
    assert row[-3:] == ["over 100 %", "-", "40 %"]
