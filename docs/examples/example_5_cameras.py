"""
Draw fields as cameras see them
===============================

A drawn field comes with the truth of every object in it. A camera changes its pixels only, so the
truth stays valid, and the pictures can test a segmentation.
"""

import matplotlib.pyplot as plt
import numpy as np

from data.drawn_fields.cameras import CAMERAS, random_camera
from data.drawn_fields.content import FieldContent, random_content
from data.drawn_fields.draw import draw_field

# %%
# One field, photographed by the named cameras.

content = FieldContent(white_cells=5, clusters=(3,), smudges=1, clumps=1)
figure, panels = plt.subplots(4, 4, figsize=(10, 8.5), layout="constrained")
for axes in panels.flat:
    axes.set_axis_off()
for axes, (name, camera) in zip(panels.flat, CAMERAS.items(), strict=False):
    axes.imshow(draw_field(3, content=content, camera=camera).rgb)
    axes.set_title(name)

# %%
# The truth: a kind, a variety and a box of each object, and label images of the cells and of their
# nuclei. An object that the picture's border cuts is not complete.

field = draw_field(3, content=content)
for one in field.objects:
    print(f"{one.kind:11} {one.variety:13} box {one.box}  complete {one.complete}")

figure, panels = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
panels[0].imshow(field.rgb)
panels[0].contour(field.cells > 0, [0.5], colors="tab:blue", linewidths=1)
panels[0].contour(field.nuclei > 0, [0.5], colors="tab:orange", linewidths=1)
panels[1].imshow(np.ma.masked_equal(field.cells, 0), cmap="tab20")
for axes in panels:
    axes.set_axis_off()

# %%
# Random fields through random cameras, as the detection of cells learns from.

figure, panels = plt.subplots(2, 4, figsize=(10, 4), layout="constrained")
for seed, axes in enumerate(panels.flat):
    rng = np.random.default_rng(seed)
    camera = random_camera(rng)
    content = random_content(rng, (480, 640), camera.red_cell)
    axes.imshow(draw_field(seed, content=content, camera=camera).rgb)
    axes.set_axis_off()
