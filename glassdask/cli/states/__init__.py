"""Verbs that show states."""
