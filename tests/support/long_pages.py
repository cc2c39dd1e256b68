"""Pages of every kind with contents that are hard to lay out: long names, many classes."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
from support.cells.drawn_cells import field_drawing
from support.tables.synthetic_tables import synthetic_table, write_table

from features.segmentation.segment import segment
from models.explanation.contributions import Contributions
from models.explanation.nearest_cells import NearestCell
from models.explanation.novelty import NoveltyScore
from models.learning.calibration import Calibration
from models.plots.comparison_plot import comparison_picture
from models.storage.bundle import Bundle
from pipelines.cell_explanation.cell_sheet import CellSheet, Reason
from pipelines.cell_explanation.explanation_page import explanation_page
from pipelines.comparison.page import comparison_page
from pipelines.report import report
from pipelines.train import train
from pipelines.training.training_settings import TrainingSettings

LONG = "promyelocyte_with_a_very_long_name_AndCapitals"
COLUMN = "Cytoplasm_IntensityDistribution_RingStandardDeviation_Saturation_4of4_256_merged"
QUICK = {"estimator": "logistic", "folds": 3, "repeats": 1}
INTERVAL = {"value": 0.02, "low": -0.01, "high": 0.05}
FIGURE = {"value": 0.9, "low": 0.85, "high": 0.95}
FIGURES = ("accuracy", "balanced accuracy", "macro F1", "AUROC", "Brier score")


def full_report(folder):
    """Two classes, subjects, a compact model of 12 terms, and every section that can be there."""
    table = write_table(folder, synthetic_table(classes=(LONG, "n")))
    settings = TrainingSettings(positive=LONG, **QUICK)
    model = train(table, folder / "a", settings).out
    found = json.loads((model / "evaluation.json").read_text())
    term = {
        "feature": COLUMN, "title": f"Intensity {'ring ' * 12}", "plain": "evenness " * 9,
        "unit": "level^2", "weight": -1.25, "centre": 12345.678901, "scale": 0.012345,
    }  # fmt: skip
    found["compact_model"]["formula"][0]["terms"] = [term] * 12
    every = dict.fromkeys(FIGURES, INTERVAL)
    chosen = {"svc__C": 12.5, "svc__gamma": 0.00012}
    figure = {"name": "accuracy", "mean": 0.9, "low": 0.8, "high": 0.95, "baseline": 0.5}
    of_class = {"class": LONG, "cells": 20, "sensitivity": 0.9, "specificity": 0.8, "F1": 0.85}
    point = {"threshold": 0.41, "sensitivity": [0.9, 0.8, 1.0], "specificity": [0.8, 0.7, 0.9]}
    found |= {
        "tuning": {
            "candidates": 20, "default": every, "difference": every, "final": chosen,
            "folds": [{"repeat": 0, "fold": fold, "settings": chosen} for fold in range(3)],
        },
        "selection": {
            "final": [COLUMN], "stability": 0.61, "features": [term | {"share": 0.8}] * 30,
        },
        "external": {
            "table": f"{LONG}.parquet", "cells": 40, "groups": 6, "classes": [of_class] * 2,
            "left_out": ["2 cells of unknown classes"], "figures": [figure], "stated": 0.95,
            "thresholds": {"stored": point, "stated": point},
            "calibrated": {"error": 0.06, "if_perfect": 0.04},
            "subject_figures": {**point, "positives": 3, "negatives": 3},
        },
        "slide_pairs": {
            "existing": 28, "tried": 28, "limits": [30, 200, 1000],
            "estimators": {"all features": LONG, "families": "logistic regression"},
            "pairs": [
                {"positive": LONG, "negative": "b", "kind": "same camera", "auroc": 0.87}
            ],
            "features": [
                {
                    "name": name, "columns": 1537,
                    "figures": {
                        kind: {"pairs": 4, "mean": 0.91, "least": 0.87}
                        for kind in ("same camera", "different cameras")
                    },
                }
                for name in ("all features", "IntensityDistribution")
            ],
        },
    }  # fmt: skip
    found["training"]["select"] = 3
    (model / "evaluation.json").write_text(json.dumps(found))
    groups = pd.read_csv(model / "importance_groups.csv", keep_default_na=False)
    groups["title"] = groups["title"] + " " + COLUMN
    groups.to_csv(model / "importance_groups.csv", index=False)
    return report(model)


def report_of_many_classes(folder):
    """Nine classes, and no subjects."""
    folder.mkdir()
    table = synthetic_table(27, 3, classes=tuple(f"{LONG}_{number}" for number in range(9)))
    settings = TrainingSettings(no_groups=True, **QUICK)
    return train(write_table(folder, table), folder / "b", settings).out / "report.html"


def comparison(folder):
    """A comparison of two estimators with long names of sets."""
    estimators = ("svm", "xgboost")
    figures = dict.fromkeys(FIGURES, FIGURE)
    sets = {"handcrafted": False, "embedding with background": False, "IntensityDistribution": True}
    record = {
        "table": f"{LONG}.parquet", "embedding": {"name": LONG}, "cells": 100, "groups": 10,
        "grouped_by": None, "classes": {f"{LONG}_{number}": 10 for number in range(9)},
        "folds": 5, "repeats": 3, "estimators": dict.fromkeys(estimators, "name"),
        "cost": {"handcrafted": 4.0, "embedding": 9.0, "finding": 6.0, "megabytes": 70.0},
        "contenders": [
            {
                "set": name, "family": family, "estimator": estimator, "columns": 1542,
                "calibration": {"error": 0.05, "if_perfect": 0.04}, "figures": figures,
            }
            for name, family in sets.items() for estimator in estimators
        ],
        "differences": [
            {
                "estimator": estimator, "first": "embedding with background",
                "second": "handcrafted", "figures": dict.fromkeys(FIGURES, INTERVAL),
            }
            for estimator in estimators
        ],
        "shortcuts": [
            {
                "estimator": "svm", "name": "background pixels only", "suspicious": True,
                "columns": 12, "figures": {"balanced accuracy": 0.8, "AUROC": 0.85},
                "share_of_lead": {"handcrafted": 0.9, "embedding": 1.7},
            }
        ],
        "importances_of_both": [
            {"estimator": "svm", "set": name, "columns": 12, "mean": 0.2, "sd": 0.3}
            for name in ("all named features", "embedding", "IntensityDistribution")
        ],
        "notes": ["24 constant columns left out"],
    }  # fmt: skip
    path = folder / "comparison.html"
    path.write_text(comparison_page(record, comparison_picture(record)), "utf-8")
    return path


def explanation(folder):
    """A field with two explained cells, with and without a sum of contributions."""
    rgb = field_drawing(1).photograph()
    found = segment(rgb, source="field")
    classes = (LONG, f"{LONG}_2", "c")
    bundle = Bundle(None, "svm", Calibration(1, (0,) * 3), (), {}, classes, None, 0.5)
    reasons = tuple(
        Reason(f"Intensity {'ring ' * 12}", f"evenness: {value}", COLUMN, 300, value)
        for value in (2.5, -1.25)
    )
    near = (NearestCell(f"folder/{LONG}/{'0123456789abcdef' * 4}.png", 1, LONG, LONG, 0.5),)
    sheets = [
        CellSheet(
            number=number, found=found.cells[number - 1], probabilities=(0.9, 0.08, 0.02),
            decided=LONG, of=LONG, against=f"{LONG}_2", calibration="Of the 12 training cells …",
            reasons=reasons, rest=0.5,
            explained=Contributions(0, 1, 2.25, base, np.zeros(1), np.zeros(1), "exact SHAP"),
            novelty=NoveltyScore(0.6, 3.0, unlike=True), usual=1.0, nearest=near,
            warnings=("This cell is unlike the training cells.",), pictures={},
        )
        for number, base in ((1, 0.5), (2, np.nan))
    ]  # fmt: skip
    evaluation = {"shortcuts": [{"finding": "background pixels only reach much.", "warning": True}]}
    path = folder / "explanation.html"
    page = explanation_page(f"{LONG}.png", rgb, found, sheets, bundle, evaluation)
    path.write_text(page, "utf-8")
    return path


def every_page(folder):
    """Name to path of each page; all are in one folder."""
    pages = folder / "pages"
    pages.mkdir()
    made = {
        "report": full_report(folder),
        "report of many classes": report_of_many_classes(folder / "many"),
        "comparison": comparison(pages),
        "explanation": explanation(pages),
    }
    return {
        name: _moved(path, pages / f"{name.replace(' ', '_')}.html") for name, path in made.items()
    }


def _moved(path, place):
    return path if path == place else shutil.copy(path, place)
