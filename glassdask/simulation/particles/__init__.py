"""Particles of one moment, where they start, and the step at which they move."""
