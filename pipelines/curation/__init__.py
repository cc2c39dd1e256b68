"""Work on whole tables before training: joining them.

May import `pipelines.measurement`, `pipelines.outputs`, `models.errors`.
"""
