"""
From images to a table and a model
==================================

The commands are functions, too. This example draws a small synthetic smear, measures it, trains a
model with whole subjects held out, and reads what was stored.
"""

import json
import tempfile
from pathlib import Path

import cv2
import matplotlib.pyplot as plt
import pandas as pd

from data.layouts.synthetic_names import synthetic_name
from data.synthetic import synthetic_smear
from pipelines.extract import ExtractSettings, extract
from pipelines.predict import predict
from pipelines.train import train
from pipelines.training.training_settings import TrainingSettings

# %%
# Six synthetic people with eight cells each, as PNG files in a folder.

workspace = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
root = Path(workspace.name)
(root / "images").mkdir()
for number, cell in enumerate(synthetic_smear(0, subjects=6, cells_per_subject=8)):
    name = synthetic_name(number, cell)
    cv2.imwrite(str(root / "images" / name), cv2.cvtColor(cell.rgb, cv2.COLOR_RGB2BGR))

# %%
# ``extract`` writes one row for each cell, next to a JSON file that explains every column.

extraction = extract(root / "images", root / "cells.parquet", ExtractSettings(preset="minimal"))
table = pd.read_parquet(extraction.table)
print(f"{len(table)} cells, {extraction.columns} features")
print(table[["Metadata_Label", "Metadata_Subject"]].value_counts().sort_index())

# %%
# Two features that a haematologist would look at.

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
for label, part in table.groupby("Metadata_Label"):
    axes.scatter(
        part["Nuclei_AreaShape_Area"],
        part["Cells_Haematology_NucleusToCellAreaRatio"],
        label=label,
    )
axes.set(
    xlabel="area of the nucleus, pixels",
    ylabel="nucleus-to-cell area ratio",
    title=f"{len(table)} synthetic cells",
)
axes.legend()

# %%
# ``train`` holds out whole subjects in every fold.

settings = TrainingSettings(estimator="logistic", folds=3, repeats=1, audit_cells=0)
report = train(root / "cells.parquet", root / "model", settings)
print(f"{report.cells} cells of {report.groups} subjects")
evaluation = json.loads((root / "model" / "evaluation.json").read_text())
print(*sorted(evaluation), sep="\n")

# %%
# The importance of each feature is a table with its spread over the folds.

importance = pd.read_csv(root / "model" / "importances.csv")
print(importance.head(5).T)

# %%
# ``predict`` measures new images with the columns that the model needs.

prediction = predict(root / "model", root / "images", root / "predictions.csv")
print(pd.read_csv(prediction.files.table).iloc[:3].T)
workspace.cleanup()
