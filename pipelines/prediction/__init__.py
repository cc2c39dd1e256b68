"""The steps of `predict`: the opened model, the cells of images or of a table, their set.

May import `pipelines.measurement`, `pipelines.outputs`, `pipelines.workers`, `data`, `features`,
`models`.
"""
