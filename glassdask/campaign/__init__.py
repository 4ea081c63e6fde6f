"""What is to be done and what is done, as files in the campaign's folder; nothing here knows of Dask.

What ``glassdask status`` needs loads nothing but the standard library.
"""
