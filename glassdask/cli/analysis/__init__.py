"""Verbs of theory, fits, learning and figures."""
