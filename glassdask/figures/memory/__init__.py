"""Figures of memory functions."""
