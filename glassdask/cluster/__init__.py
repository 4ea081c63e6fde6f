"""Where stages run: the only package that imports dask, distributed, dask-jobqueue or dask-mpi."""
