"""How a model is validated: cross-validation, shortcut audit, changed images, slides.

May import `pipelines.measurement`, `pipelines.workers`, `pipelines.html`, `data`, `features`,
`models`.
"""
