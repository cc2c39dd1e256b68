"""The steps of `train`: training source, external test, bundle, summary.

May import `pipelines.validation`, `pipelines.outputs`, `data`, `features`, `models`.
"""
