"""Training on a Dask cluster (`train --scheduler`): rows distributed over Parquet files.

May import `pipelines.training`, `pipelines.outputs`, `pipelines.workers`, `data`, `features`,
`models`.
"""
