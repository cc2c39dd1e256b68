"""How a model is validated: cross-validation, shortcut audit, changed images, slides.

May import `pipelines.training`, `pipelines.measurement`, `pipelines.workers`, `pipelines.html`,
`pipelines.progress`, `data`, `features`, `models`.
"""
