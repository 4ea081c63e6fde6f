"""Figures of dynamic heterogeneity: how differently particles move."""
