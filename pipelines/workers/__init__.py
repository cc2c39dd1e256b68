"""Worker processes and their limits, on this machine or a Dask cluster.

May import `data`, `pipelines.progress`.
"""
