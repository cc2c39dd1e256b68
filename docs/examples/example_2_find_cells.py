"""
Find the cells of an image
==========================

``segment`` finds the nucleus and the whole cell, and marks what is doubtful.
"""

import matplotlib.pyplot as plt
import numpy as np

from data.synthetic import synthetic_smear
from features.segmentation.segment import segment

# %%
# Four synthetic images, from two synthetic people.

drawn = list(synthetic_smear(1, subjects=2, cells_per_subject=2))
found = [segment(one.rgb) for one in drawn]

figure, panels = plt.subplots(1, 4, figsize=(10, 3), layout="constrained")
for axes, one, image in zip(panels, drawn, found, strict=True):
    labels = image.labels()
    axes.imshow(one.rgb)
    axes.contour(labels > 0, [0.5], colors="tab:blue", linewidths=1)
    axes.contour(labels == 255, [0.5], colors="tab:orange", linewidths=1)
    axes.set_title(f"synthetic {one.label}")
    axes.set_axis_off()

# %%
# The true masks of synthetic cells are known, so the result can be compared with them. Dice is
# twice the common area over the sum of both areas.


def dice(one: np.ndarray, other: np.ndarray) -> float:
    """Return the overlap of two masks: 1 for equal ones."""
    return 2 * (one & other).sum() / (one.sum() + other.sum())


for one, image in zip(drawn, found, strict=True):
    labels = image.labels()
    print(
        f"{one.label:7} nucleus {dice(one.nucleus, labels == 255):.3f}"
        f"  cell {dice(one.cell, labels > 0):.3f}"
    )

# %%
# Each cell comes with its place in the image and with flags for doubtful outlines.

first = found[0].cells[0]
print("centre of the nucleus (row, column):", tuple(round(place, 1) for place in first.centroid))
print(first.quality)
