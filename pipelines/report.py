"""Report: the page and the card about a model, from the files that train stored."""

from __future__ import annotations

import json
from pathlib import Path

from models.errors import ModelError

from .outputs.atomic import whole_file
from .reporting.model_card import FILE as CARD
from .reporting.model_card import card
from .reporting.report_page import StoredModel, report_page

REPORT = "report.html"
# Records that models of earlier versions of the program lack.
_NEEDED = {"compact_model", "data", "hardest_cells"}


def report(model: Path) -> Path:
    """Write ``report.html`` and ``card.md`` into a model's folder, in place of earlier ones.

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    ModelError
        If the folder is no model or a file of it cannot be read.
    DataError
        If a file cannot be written.
    """
    import pandas as pd

    remedy = "name the folder that train wrote, or train the model again"
    if not model.is_dir():
        raise ModelError(f"{model} is no folder", "name the folder that train wrote")
    try:
        stored = StoredModel(
            model,
            evaluation=json.loads((model / "evaluation.json").read_bytes()),
            bundle=json.loads((model / "bundle.json").read_bytes()),
            importances=pd.read_csv(model / "importances.csv", keep_default_na=False),
            importance_groups=pd.read_csv(model / "importance_groups.csv", keep_default_na=False),
        )
    except (OSError, ValueError) as error:
        raise ModelError(f"{model} cannot be read as a model: {error}", remedy) from error
    lacking = _NEEDED - set(stored.evaluation)
    if lacking:
        raise ModelError(f"{model} holds no record of {' and '.join(sorted(lacking))}", remedy)
    for name, text in {
        CARD: card(stored.evaluation, stored.bundle),
        REPORT: report_page(stored),
    }.items():
        with whole_file(model / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return model / REPORT
