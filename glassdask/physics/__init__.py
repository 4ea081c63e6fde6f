"""Equations and estimators on plain arrays; nothing here knows of files, clusters or datasets."""
