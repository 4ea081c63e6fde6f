"""Telling somebody who does not look on that a run has ended, or that states fail."""
