"""Statics: wavevectors, structure factors, the grids that they lie on, and what crystals look like."""
