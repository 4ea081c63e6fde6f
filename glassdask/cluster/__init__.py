"""Where stages run: the only place that knows of Dask."""
