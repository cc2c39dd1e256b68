"""The report and the model card.

May import `pipelines.training`, `pipelines.outputs`, `pipelines.measurement`, `pipelines.html`,
`data`, `features`, `models`.
"""
