"""importances: what train stored is ranked by every measure, printed and drawn."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from click.testing import CliRunner
from support.tables.synthetic_tables import synthetic_table, write_table

from cli import main

LEVELS = ("cluster", "family", "compartment", "feature")


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def model(tmp_path):
    """A model's folder as far as the command reads it, with numbers that are easy to follow."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "bundle.json").write_text(json.dumps({"training": {}}))
    measured = {
        "shap_mean": [0.5, 0.25, 0.125],
        "shap_sd": [0.1, 0.2, 0.3],
        "permutation_mean": [0.01, -0.02, 0.03],
        "permutation_sd": [0.001, 0.002, 0.003],
    }
    names = {"title": ["Area, cell", "Solidity, cell", "NaN"], "plain": ["size", "bulges", "NaN"]}
    single = {"feature": ["a", "b", "c"], "family": ["AreaShape", "AreaShape", "LBP"]}
    pd.DataFrame(single | names | measured).to_csv(folder / "importances.csv", index=False)
    groups = [
        pd.DataFrame({"level": level, "name": list("abc"), "members": [7, 2, 1]} | names | measured)
        for level in ("cluster", "compartment")
    ]
    families = {"level": "family", "name": ["AreaShape", "Embedding"], "members": [9, 3]}
    few = {name: values[:2] for name, values in measured.items()}
    titles = {"title": ["AreaShape", "Embedding"], "plain": ["AreaShape", "Embedding"]}
    groups.append(pd.DataFrame(families | titles | few))
    pd.concat(groups).to_csv(folder / "importance_groups.csv", index=False)
    return folder


def test_clusters_lead_with_every_measure_its_spread_and_its_rank(model):
    result = run("importances", model)
    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == [
        "Clusters of correlated features [number of features], by SHAP",
        "Mean +- standard deviation over folds (rank) of:",
        "  SHAP: mean |SHAP value| (log-odds)",
        "  permutation: rise of log loss when shuffled (nats)",
        "",
        "Area, cell [7]: size",
        "    SHAP  0.5000 +-0.1000 (1)   permutation  0.0100 +-0.0010 (2)",
        "Solidity, cell [2]: bulges",
        "    SHAP  0.2500 +-0.2000 (2)   permutation -0.0200 +-0.0020 (3)",
        "NaN [1]",
        "    SHAP  0.1250 +-0.3000 (3)   permutation  0.0300 +-0.0030 (1)",
    ]


def test_single_features_have_their_columns_and_the_rest_is_counted(model):
    lines = run("importances", model, "--by", "feature", "--top", 2).output.splitlines()
    assert lines[0] == "Single features, by SHAP"
    assert lines[5:] == [
        "Area, cell: size",
        "    SHAP  0.5000 +-0.1000 (1)   permutation  0.0100 +-0.0010 (2)",
        "    a",
        "Solidity, cell: bulges",
        "    SHAP  0.2500 +-0.2000 (2)   permutation -0.0200 +-0.0020 (3)",
        "    b",
        "1 not shown: --top 3 shows all",
    ]


def test_a_family_has_a_description(model):
    lines = run("importances", model, "--by", "family").output.splitlines()
    assert lines[5] == "AreaShape [9]: Size and shape of the outline"
    assert lines[7] == "Embedding [3]"


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("ending", "start"),
    [(".png", b"\x89PNG\r\n"), (".SVG", b"<?xml"), (".pdf", b"%PDF")],
)
def test_the_ending_of_a_plot_says_its_format(model, tmp_path, level, ending, start):
    plots = [tmp_path / f"{name}{ending}" for name in ("one", "two")]
    for plot in plots:
        result = run("importances", model, "--by", level, "--plot", plot)
        assert result.exit_code == 0, result.output
        assert result.output.splitlines()[-1] == f"plot: {plot}"
    first, second = (plot.read_bytes() for plot in plots)
    assert first.startswith(start)
    assert first == second


def test_what_cannot_be_shown_is_one_line(model, tmp_path):
    for plot, words in (
        (tmp_path / "a.gif", "ends in '.gif'; give .png, .svg or .pdf"),
        (model / "bundle.json" / "a.png", "bundle.json"),
    ):
        result = run("importances", model, "--plot", plot)
        assert (result.exit_code, result.output.count("\n")) == (2, 1)
        assert words in result.output
    for name in ("importances.csv", "importance_groups.csv"):
        earlier = pd.read_csv(model / name).drop(columns="title")
        earlier.to_csv(model / name, index=False)
    for level in LEVELS:
        result = run("importances", model, "--by", level)
        assert (result.exit_code, result.output.count("\n")) == (2, 1)
        assert "was written by an earlier version and has no column 'title'" in result.output
    (model / "importances.csv").unlink()
    result = run("importances", model, "--by", "feature")
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert "importances.csv is missing; train the model again" in result.output
    result = run("importances", tmp_path)
    assert (result.exit_code, "is no model" in result.output) == (2, True)


def test_a_model_that_was_just_trained_is_ranked(tmp_path):
    table = write_table(tmp_path, synthetic_table())
    options = ("--estimator", "logistic", "--folds", 2, "--repeats", 1, "--audit-cells", 0, "-q")
    trained = run("train", table, "-o", tmp_path / "model", *options)
    assert trained.exit_code == 0, trained.output
    for level in LEVELS:
        result = run("importances", tmp_path / "model", "--by", level)
        assert result.exit_code == 0, result.output
        assert "  coefficient: mean |coefficient|, unit variance" in result.output.splitlines()
