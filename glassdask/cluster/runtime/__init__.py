"""What every Dask cluster of ours is given: settings, keys, interruption, GPUs."""
