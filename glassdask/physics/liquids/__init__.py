"""Liquids: their mixture and their pair potentials."""
