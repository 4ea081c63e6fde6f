"""Figures with two campaigns in each panel: lines are A, points are B."""
