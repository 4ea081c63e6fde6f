"""Batches, errors of correlated data and small matrices: what several estimators rest on."""
