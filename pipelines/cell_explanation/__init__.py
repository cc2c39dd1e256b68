"""The explanation of single cells: probability, evidence, warnings, nearest training cells, page.

May import `data`, `features`, `models`, `pipelines.measurement`, `pipelines.outputs`,
`pipelines.training`, `pipelines.reporting` and `pipelines.html`.
"""
