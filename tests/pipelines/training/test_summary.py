"""The printed summary of train: figures, then the groups of features that lead, titles first."""

from __future__ import annotations

from math import nan
from pathlib import Path
from types import SimpleNamespace

import pandas as pd

from models.evaluation.evaluate import Figure
from pipelines.training.summary import TrainingReport, training_summary

GROUPS = pd.DataFrame(
    [
        ("cluster", "Nuclei_AreaShape_Area", "Area, nucleus", "size of the nucleus", 40, 0.5, 0.25),
        *(("cluster", f"c{i}", f"Title {i}", f"gloss {i}", 1, 0.25, 0.0) for i in range(5)),
        ("family", "AreaShape", "AreaShape", "AreaShape", 41, 1.5, 0.125),
        ("compartment", "Nuclei", "Nuclei", "Nuclei", 45, 2.0, 0.5),
    ],
    columns=["level", "name", "title", "plain", "members", "shap_mean", "shap_sd"],
).assign(gain_mean=0.0, gain_sd=0.0)


def report(random: list[Figure] | None) -> TrainingReport:
    return TrainingReport(
        out=Path("model"),
        estimator="logistic regression",
        cells=30,
        columns=45,
        groups=6,
        class_counts={"blast": 20, "normal": 10},
        positive="blast",
        evaluation=SimpleNamespace(figures=[Figure("AUROC", 0.9, nan, 0.5, 0.8, 1.0)]),
        random=random,
        group_importances=GROUPS,
        notes=["two cells were left out"],
        seconds=61.4,
    )


def test_groups_lead_with_their_titles_and_single_features_are_named_elsewhere():
    assert training_summary(report(None)).splitlines() == [
        "logistic regression: 30 cells (20 blast, 10 normal), 6 groups, 45 features, 61 s",
        "",
        "figure                             mean   95 % interval  spread  trivial",
        "AUROC                             0.900  0.800 to 1.000       -    0.500",
        "",
        "leading clusters of correlated features [number of features], SHAP, mean +- standard"
        " deviation over folds:",
        "   0.5000 +-0.2500  Area, nucleus [40]: size of the nucleus",
        *(f"   0.2500 +-0.0000  Title {i} [1]: gloss {i}" for i in range(4)),
        "",
        "leading families [number of features], SHAP, mean +- standard deviation over folds:",
        "   1.5000 +-0.1250  AreaShape [41]",
        "",
        "note: two cells were left out",
        "",
        "model and report: model",
        "other measures and single features: importances model",
    ]


def test_a_random_split_is_a_separate_column():
    head, auroc = training_summary(report([Figure("AUROC", 0.95, nan, 0.5, 0.9, 1.0)])).split("\n")[
        2:4
    ]
    assert head.endswith("trivial  random split")
    assert auroc.endswith("   0.500         0.950")
