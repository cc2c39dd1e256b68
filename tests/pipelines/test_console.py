"""Labels and names that the console cannot show are printed as escapes, after the work is done."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from support.tables.synthetic_tables import column_dictionary, synthetic_table, write_table

from cli import main

LABELS = ("芽球", "Lymphozyt ä$\\alpha$", "淋巴细胞", "бласт", "🩸", "a\u0301", "\u200f")


@pytest.mark.parametrize("charset", ["ascii", "cp1252", "cp437"])
def test_a_table_of_any_script_is_trained_and_summarised(tmp_path, charset):
    table = synthetic_table(subjects=8, cells=2, classes=LABELS[:2], noise=1)
    table["Metadata_Subject"] += LABELS[3]
    path = write_table(tmp_path, table, column_dictionary(1))
    out = tmp_path / "model"
    options = ["--positive", LABELS[0], "--folds", "2", "--repeats", "1", "--audit-cells", "0"]
    result = CliRunner(charset=charset).invoke(
        main, ["train", str(path), "-o", str(out), "--estimator", "logistic", *options]
    )
    assert result.exit_code == 0, result.exception
    # click writes UTF-8 to a console that claims to know ASCII only
    assert charset == "ascii" or "\\u82bd\\u7403" in result.output
    assert (out / "report.html").read_text("utf-8").count(LABELS[0]) > 0


@pytest.mark.parametrize("charset", ["ascii", "cp1252", "cp437", "utf-8"])
@pytest.mark.parametrize("name", LABELS)
def test_an_error_line_names_what_the_console_cannot_show(tmp_path, charset, name):
    path = tmp_path / f"{name}.parquet"
    result = CliRunner(charset=charset).invoke(main, ["train", str(path)])
    assert result.exit_code == 2, result.exception
    assert "does not exist" in result.output


@pytest.mark.parametrize("command", [[], ["extract"], ["train"], ["features"]])
def test_help_is_shown_on_every_console(command):
    result = CliRunner(charset="ascii").invoke(main, [*command, "--help"])
    assert result.exit_code == 0, result.exception
