"""The steps of `train`: settings, the opened table, the final model, the external test, the bundle.

May import `pipelines.outputs`, `pipelines.measurement`, `pipelines.html`, `data`, `features`,
`models`.
"""
