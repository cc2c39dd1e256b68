"""Tables, thumbnails, masks and sidecars: written whole, read back.

May import `pipelines.measurement`, `pipelines.workers`, `data`, `features`, `models.dataset`,
`models.errors`, `models.metrics`, `pipelines.program_version`.
"""
