"""
Measure one cell
================

A cell is an array of pixels and two masks. A recipe is a list of columns. Together they give
numbers.
"""

import matplotlib.pyplot as plt
import numpy as np

from data.synthetic import synthetic_cell
from features import Cell, Recipe, preset_columns
from features.core.catalogue import describe_column

# %%
# A synthetic cell comes with its true masks. Yours come from a segmentation (next example) or
# from a file.

drawn = synthetic_cell(np.random.default_rng(3), label="blast")
cell = Cell(drawn.rgb, drawn.nucleus, drawn.cell)

figure, axes = plt.subplots(figsize=(4, 4), layout="constrained")
axes.imshow(cell.rgb)
axes.contour(cell.cell, [0.5], colors="tab:blue")
axes.contour(cell.nucleus, [0.5], colors="tab:orange")
axes.set_title("synthetic cell: nucleus and whole cell")
axes.set_axis_off()

# %%
# The preset ``minimal`` has the measurements that a haematologist would name first.

columns = preset_columns("minimal")
values = Recipe(columns).measure(cell)
for name, value in zip(columns, values, strict=True):
    print(f"{name:50} {value:10.4g}")

# %%
# A column's name says how it was computed, and the catalogue explains it.

for key, text in describe_column("Nuclei_Texture_Contrast_Gray_d1_32_mean").items():
    print(f"{key:12} {text}")

# %%
# Choose families of a preset, or columns by pattern. A recipe computes only what it needs.

chosen = preset_columns("full", ["Nuclei_AreaShape_*", "*_LBP_*_Gray_*"])
print(len(chosen), "columns;", "first:", chosen[0])
measured = Recipe(chosen).measure(cell)
print(f"{np.isfinite(measured).sum()} of {len(measured)} values are finite")
