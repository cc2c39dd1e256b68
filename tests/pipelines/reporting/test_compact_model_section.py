"""The printed formula is the compact model: its numbers give the same probabilities."""

import re
from html import unescape

import numpy as np
import pytest
from scipy.special import expit, softmax
from support.tables.synthetic_tables import (
    SIGNAL,
    WEAK_SIGNAL,
    column_dictionary,
    synthetic_table,
    write_table,
)

from models.dataset.training_set import training_set
from models.explanation.compact_model import fit_compact_model
from pipelines.train import train
from pipelines.training.training_settings import TrainingSettings


def printed(page):
    """Words of the section on the compact model, and its two tables as rows of texts."""
    section = page.partition('id="compact-model"')[2].partition("<h2")[0].replace("<wbr>", "")
    tables = [
        [
            [unescape(re.sub("<[^>]+>", "", cell)) for cell in re.findall("<t[dh].*?</t[dh]>", row)]
            for row in re.findall("<tr>.*?</tr>", table.replace("\n", ""))
        ]
        for table in re.findall("<table>.*?</table>", section, re.DOTALL)
    ]
    return section, *tables


def sums(table, formula, terms):
    """What a reader with a pocket calculator gets: (rows, sums)."""
    centre, scale = (np.array([float(row[at]) for row in terms[1:]]) for at in (2, 3))
    values = np.nan_to_num((table[columns_of(terms)].to_numpy() - centre) / scale)
    constant, *weights = ([float(text) for text in row[1:]] for row in formula[1:])
    return values @ np.array(weights) + np.array(constant)


def columns_of(terms):
    """The last word of a feature's name is its column."""
    return [row[1].split()[-1] for row in terms[1:]]


@pytest.mark.parametrize("classes", [("blast", "normal"), ("eosinophil", "lymphocyte", "monocyte")])
def test_the_printed_formula_gives_the_probabilities(tmp_path, classes):
    table = synthetic_table(18, classes=classes)
    table[SIGNAL] *= 1e-6
    table[WEAK_SIGNAL] = (
        1e5 + 1e-2 * table[WEAK_SIGNAL]
    )  # the mean needs more digits than it has by itself
    table["Cytoplasm_Texture_Noise0_Gray"] *= 1e9
    table.loc[::7, SIGNAL] = np.nan
    done = train(
        write_table(tmp_path, table),
        tmp_path / "model",
        TrainingSettings(estimator="logistic", folds=3, repeats=1),
    )
    section, formula, terms = printed((done.out / "report.html").read_text("utf-8"))
    assert {SIGNAL, WEAK_SIGNAL} <= set(columns_of(terms))
    assert [row[0] for row in formula[1:]] == ["constant", *(row[0] for row in terms[1:])]
    assert "A missing value counts as the mean" in section
    data = training_set(table, column_dictionary())
    expected = fit_compact_model(data.features, data.target).probabilities(data.features)
    reached = sums(table.iloc[data.rows], formula, terms)
    if len(classes) == 2:
        assert formula[0] == ["term", "log odds of blast"]
        assert "logistic function" in section
        np.testing.assert_allclose(expit(reached[:, 0]), expected[:, 0], atol=1e-4)
    else:
        assert formula[0] == ["term", *(f"score of {name}" for name in classes)]
        assert "softmax" in section
        np.testing.assert_allclose(softmax(reached, axis=1), expected, atol=1e-4)
    assert len(np.unique(expected.round(3))) > 20
