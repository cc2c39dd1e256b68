"""From one image to one record of measured cells, and the journals that keep records.

May import `pipelines.workers`, `pipelines.progress`, `data`, `features`, `models.errors`.
"""
