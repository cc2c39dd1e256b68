"""Worker processes, limits, Dask."""
