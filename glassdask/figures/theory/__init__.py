"""Figures of mode-coupling theory."""
