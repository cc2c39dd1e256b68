"""
Stain: what the features see
============================

Before a cell is measured, its colours are brought to a common scale, so that a darker stain or a
warmer lamp does not look like another kind of cell.
"""

import matplotlib.pyplot as plt
import numpy as np

from data.synthetic import Slide, synthetic_cell
from features import Cell, Recipe
from features.colour.standardisation import background_colour, standardise

# %%
# The same synthetic cell on three slides: as usual, stained more strongly, and in warmer light.

slides = {
    "usual": Slide(),
    "strong stain": Slide(strength=1.4),
    "warm light": Slide(light=(0.97, 0.86, 0.78)),
}
column = "Nuclei_Intensity_Mean_Red"
recipe = Recipe((column,))
figure, panels = plt.subplots(2, 3, figsize=(9, 6), layout="constrained")
for place, (name, slide) in enumerate(slides.items()):
    drawn = synthetic_cell(np.random.default_rng(5), label="blast", slide=slide)
    cell = Cell(drawn.rgb, drawn.nucleus, drawn.cell)
    seen = standardise(cell, "standard", background_colour(drawn.rgb))
    for row, (stain, one) in enumerate({"none": cell, "standard": seen}.items()):
        axes = panels[row, place]
        axes.imshow(one.rgb)
        axes.set_title(f"{name}, stain {stain}")
        axes.set_axis_off()
        print(f"{name:13} stain {stain:9} {column} = {recipe.measure(one)[0]:.1f}")
figure.suptitle("one synthetic cell, three synthetic slides")
