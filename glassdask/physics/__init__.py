"""Equations and estimators on plain arrays; nothing here knows of files, clusters or datasets.

Symbols are those of the paper; every docstring names units and normalisation. Most of what a script needs is also a name of
``glassdask`` itself, as ``glassdask.structure_factor``.
"""
