"""The steps of `compare`: contenders, shortcuts, costs, page.

May import `pipelines.validation`, `pipelines.measurement`, `data`, `features`, `models`.
"""
