"""The steps of `compare`: contenders, shortcuts, costs, page.

May import `pipelines.html`, `pipelines.training`, `pipelines.validation`,
`pipelines.measurement`, `data`, `features`, `models`.
"""
