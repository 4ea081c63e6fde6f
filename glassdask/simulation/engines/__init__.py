"""Engines of molecular dynamics behind one protocol."""
