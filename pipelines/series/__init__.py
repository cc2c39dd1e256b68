"""What the images of a folder share, decided once by a sample: crop or field, and the scale.

May import `pipelines.measurement`, `pipelines.workers`, `pipelines.progress`, `data`, `features`.
"""
