"""The report, the model card and the explanation page.

May import `pipelines.training`, `pipelines.outputs`, `pipelines.measurement`, `pipelines.html`,
`data`, `features`, `models`.
"""
