"""The driver: feeds stages to Dask, and takes their results."""
