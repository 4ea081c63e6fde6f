"""What is to be done and what is done; nothing here knows of Dask."""
